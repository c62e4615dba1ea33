"""Owns pictures of figures: SVG that stands in a page, drawn by pygal. Must never carry a script, a style of its own or
anything from elsewhere, nor say in colour alone what it says.

Everything is drawn as points on two axes, so that limits, lines and marks are one thing to pygal; how it looks is said
in the style sheet of the page. Each chart is drawn twice, for wide and narrow windows, and the style sheet shows one:
letters stay legible on a phone, which they would not if one picture were made smaller.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from functools import lru_cache
from math import ceil, floor, log10
from typing import TYPE_CHECKING, Any, Final, NamedTuple
from xml.etree import ElementTree as ET

import pygal
from markupsafe import Markup
from pygal.style import Style

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Chart", "Line", "Point", "drawn", "pygal", "rounded_up"]

# pygal looks for plug-ins with a finder of the kind that Python gave up in 3.12; on 3.11 each later import would warn.
# So whatever draws takes pygal from here.
sys.meta_path[:] = [finder for finder in sys.meta_path if not isinstance(finder, pygal.PluginImportFixer)]

WIDE, NARROW = 760, 330
LETTERS: Final = {WIDE: 34, NARROW: 18}
"""Letters of a name beside its line, at most."""
KEEP: Final = frozenset(("class", "d", "x", "y", "cx", "cy", "r", "width", "height", "transform", "viewBox"))
"""Attributes that stay: where things are, and what they are called."""
KEPT: Final = frozenset(("g", "path", "circle", "text"))
"""Elements that stay; titles, styles, scripts and comments go."""
DOT = 4
SMALLEST: Final = 1e-6
"""What is smaller is nothing, to the eye."""


class Point(NamedTuple):
    """A figure at a place, and its limits; one without a value has limits alone."""

    place: float
    value: float | None
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """Points that belong together, and what they are called."""

    name: str
    points: tuple[Point, ...]


@dataclass(frozen=True, slots=True)
class Chart:
    """A picture: `title` names it, `says` is what it shows, in words. `places` name places along the first axis, the
    lines run along it; `marks` are lines across it, by what stands at their end. `sideways`: the first axis runs down,
    for names, and `marks` are values. `joined`: points are joined by a line; `stems`: each sideways point by one with
    zero. `unit` stands behind numbers. The other axis runs from `bottom` to `top`, or to a round number."""

    title: str
    says: str
    lines: tuple[Line, ...]
    places: tuple[tuple[float, str], ...]
    marks: tuple[tuple[float, str], ...] = ()
    unit: str = ""
    sideways: bool = False
    joined: bool = True
    stems: bool = True
    top: float = 0.0
    bottom: float = 0.0

    @property
    def highest(self) -> float:
        """Where the axis ends, a round number."""
        values = [value for line in self.lines for point in line.points for value in point[1:] if value is not None]
        return self.top or rounded_up(max(values, default=1.0))


def rounded_up(value: float) -> float:
    """The next of 1, 1.5, 2, 3, 4, 5, 6, 8 and 10, times a power of ten."""
    if value < SMALLEST:
        return 1.0
    power = 10.0 ** floor(log10(value))
    return next(step * power for step in (1, 1.5, 2, 3, 4, 5, 6, 8, 10) if step * power >= value * 0.999)


@lru_cache(256)
def drawn(chart: Chart, name: str) -> Markup:
    """Both pictures of a chart, kept: what they show has been published. `name` is that of nothing else in the page."""
    pictures = (_picture(chart, f"{name}-{kind}", width, kind) for width, kind in ((WIDE, "wide"), (NARROW, "narrow")))
    return Markup("").join(pictures)


def _picture(chart: Chart, name: str, width: int, kind: str) -> Markup:
    plot = _sideways(chart, width) if chart.sideways else _upright(chart, width)
    root = plot.render_tree()
    _clean(root)
    _name_series(root, chart)
    root.attrib = {
        "viewBox": root.attrib["viewBox"],
        "class": " ".join(
            ("chart", kind, *(["sideways"] if chart.sideways else []), *([] if chart.stems else ["afloat"]))
        ),
        "role": "img",
        "aria-labelledby": f"{name}-title {name}-says",
    }
    for place, (tag, text) in enumerate((("title", chart.title), ("desc", chart.says))):
        words = ET.Element(tag, {"id": f"{name}-{'title' if tag == 'title' else 'says'}"})
        words.text = text
        root.insert(place, words)
    return Markup(ET.tostring(root, encoding="unicode"))  # noqa: S704 (written by a serializer)


def _upright(chart: Chart, width: int) -> Any:
    places = chart.places if width == WIDE else _fewer(chart.places)
    first, last = _ends(chart)
    plot = _plot(chart, width, 280 if width == WIDE else 230, range=(chart.bottom, chart.highest), xrange=(first, last))
    plot.x_labels = [{"value": place, "label": label} for place, label in places]
    plot.y_labels = [{"value": value, "label": text} for value, text in _scale(chart)]
    for place, label in chart.marks:
        plot.add(label, [(place, chart.bottom), {"value": (place, chart.highest), "label": label}])
    for line in chart.lines:
        plot.add(line.name, _between(line.points, sideways=False), show_dots=False)
        plot.add(line.name, [_at(point, sideways=False) for point in line.points], stroke=chart.joined)
    return plot


def _sideways(chart: Chart, width: int) -> Any:
    """The first place stands on top."""
    ends = (-len(chart.places) + 0.5, 0.5)
    plot = _plot(chart, width, 60 + 30 * len(chart.places), xrange=(chart.bottom, chart.highest), range=ends)
    plot.y_labels = [{"value": -place, "label": _cut(label, LETTERS[width])} for place, label in chart.places]
    plot.x_labels = [{"value": value, "label": text} for value, text in _scale(chart, few=width == NARROW)]
    plot.show_x_guides = True
    for value, label in chart.marks:
        plot.add(label, [(value, ends[0]), {"value": (value, ends[1]), "label": label}])
    for line in chart.lines:
        plot.add(line.name, _stems(line.points) if chart.stems else [], show_dots=False)
        plot.add(line.name, _between(line.points, sideways=True), show_dots=False)
        plot.add(line.name, [_at(point, sideways=True) for point in line.points], stroke=False)
    return plot


def _plot(chart: Chart, width: int, height: int, **options: Any) -> Any:
    return pygal.XY(
        width=width,
        height=height,
        margin=8,
        margin_top=20 if chart.marks else 10,
        margin_right=26,
        show_legend=False,
        truncate_label=-1,
        allow_interruptions=True,
        include_x_axis=True,
        print_labels=bool(chart.marks),
        dots_size=DOT if sum(len(line.points) for line in chart.lines) < 40 else DOT / 2,
        js=(),
        css=(),
        no_data_text="",
        style=Style(label_font_size=13, major_label_font_size=13, value_label_font_size=13),
        **options,
    )


def _at(point: Point, *, sideways: bool) -> tuple[float, float] | None:
    if point.value is None:
        return None
    return (point.value, -point.place) if sideways else (point.place, point.value)


def _between(points: Sequence[Point], *, sideways: bool) -> list[tuple[float, float] | None]:
    """The limits of each point as a stroke of its own."""
    strokes: list[tuple[float, float] | None] = []
    for point in points:
        if point.low is not None and point.high is not None:
            ends = (point._replace(value=point.low), point._replace(value=point.high))
            strokes += [*(_at(end, sideways=sideways) for end in ends), None]
    return strokes


def _stems(points: Sequence[Point]) -> list[tuple[float, float] | None]:
    """From zero to each value, so that the eye finds the name."""
    from_zero = (point._replace(low=0.0, high=point.value) for point in points if point.value is not None)
    return _between(list(from_zero), sideways=True)


def _ends(chart: Chart) -> tuple[float, float]:
    places = [place for place, _ in chart.places] + [point.place for line in chart.lines for point in line.points]
    margin = (max(places, default=1) - min(places, default=0)) * 0.02 or 0.5
    return min(places, default=0) - margin, max(places, default=1) + margin


def _scale(chart: Chart, *, few: bool = False) -> list[tuple[float, str]]:
    whole = chart.highest - chart.bottom
    parts = 2 if few else next((n for n in (4, 3, 5) if _is_short(whole / n)), 4)
    values = [chart.bottom + whole * part / parts for part in range(parts + 1)]
    return [(value, _number(value, signed=chart.bottom < 0) + chart.unit) for value in values]


def _number(value: float, *, signed: bool) -> str:
    return f"{value:{'+' if signed and value else ''},.6g}".replace("-", "\N{MINUS SIGN}")


def _is_short(value: float) -> bool:
    return len(f"{value / 10 ** floor(log10(value)):.6g}") <= 3


def _fewer(places: Sequence[tuple[float, str]]) -> list[tuple[float, str]]:
    """At most five of the names, the last one among them."""
    step = ceil(len(places) / 5)
    return list(places)[:: -step or -1]


def _cut(label: str, letters: int) -> str:
    return label if len(label) <= letters else f"{label[: letters - 1].rstrip()}…"


def _clean(node: ET.Element) -> None:
    """Take away what is there for pygal's own scripts and styles."""
    for child in list(node):
        empty = child.tag == "text" and not child.text
        if empty or str(child.tag) not in KEPT or "tooltip-overlay" in child.get("class", ""):
            node.remove(child)
        else:
            child.attrib = {key: value for key, value in child.attrib.items() if key in KEEP}
            _clean(child)


def _name_series(root: ET.Element, chart: Chart) -> None:
    """Say what each series is, in the order in which they were added."""
    kinds = [f"mark mark-{number}" for number in range(len(chart.marks))]
    for number in range(len(chart.lines)):
        kinds += [*(["stem"] if chart.sideways else []), f"limits line-{number}", f"line line-{number}"]
    names = {f"serie-{place}": kind for place, kind in enumerate(kinds)}
    for node in root.iter("g"):
        for given in node.get("class", "").split():
            if given in names:
                node.set("class", f"series {names[given]}")
