"""Owns charts as pictures (SVG). Must never draw a curve through a number that is missing, nor fetch anything."""

from __future__ import annotations

from math import ceil, floor
from typing import TYPE_CHECKING, Any, Final

from redirect.charts import pygal
from redirect.domain.document import Unit

if TYPE_CHECKING:
    from redirect.domain.document import Chart

COLOURS: Final = ("#1d4e79", "#b5541c", "#2f6f4f", "#6b4c8a", "#7a6a00", "#8c2f4b")
"""Told apart also by those who see no red or green, and when printed in grey."""
DOTS_SHOWN: Final = 12
WIDTH, LETTER = 840, 9
"""Of a chart, and of a letter below it, in pixels."""
DASHES: Final = ("", "8, 5", "2, 5")
"""How lines are drawn, so that they are told apart without their colour."""
BAR_HEIGHT: Final = 34


def svg(chart: Chart) -> str:
    """The chart, to stand within a page."""
    drawn = _bars(chart) if chart.across else _lines(chart)
    for place, (name, values) in enumerate(chart.series.items()):
        # Bars are drawn from the bottom.
        style = {"width": 2.5, "dasharray": DASHES[place % len(DASHES)]}
        drawn.add(name, list(reversed(values) if chart.across else values), stroke_style=style)
    drawn.add_xml_filter(_without_scripts)
    picture: str = drawn.render(is_unicode=True)
    return picture


def _without_scripts(root: Any) -> Any:
    """The library adds one for what moves under a mouse; a report is read on paper, and runs nothing."""
    for parent in root.iter():
        for child in [each for each in parent if str(each.tag).rpartition("}")[2] == "script"]:
            parent.remove(child)
    return root


def _lines(chart: Chart) -> Any:
    many = len(chart.labels) > DOTS_SHOWN
    values = [value for one in chart.series.values() for value in one if value is not None]
    drawn = pygal.Line(
        _config(chart, height=300),
        show_dots=not many,
        dots_size=3,
        range=_share_range(values) if chart.unit is Unit.SHARE else (0, max(values, default=1.0) * 1.05),
        show_minor_x_labels=False,
        allow_interruptions=True,
        legend_at_bottom=True,
        show_legend=len(chart.series) > 1,
    )
    drawn.x_labels = list(chart.labels)
    room = (WIDTH - 80) // (LETTER * max(map(len, chart.labels), default=1))
    step = max(1, -(-len(chart.labels) // room))
    drawn.x_labels_major = list(chart.labels[::step])
    return drawn


def _share_range(values: list[float]) -> tuple[float, float]:
    """Whole tens of percent, so that what hardly moves looks so."""
    low, high = min(values, default=0.0), max(values, default=1.0)
    return max(0.0, floor(low * 10 - 0.2) / 10), min(1.0, ceil(high * 10 + 0.2) / 10)


def _bars(chart: Chart) -> Any:
    height = 60 + BAR_HEIGHT * len(chart.labels)
    drawn = pygal.HorizontalBar(_config(chart, height), show_legend=False, spacing=10, show_x_labels=False)
    (values,) = chart.series.values()
    named = [f"{label}  {_count(value)}" for label, value in zip(chart.labels, values, strict=True)]
    drawn.x_labels = named[::-1]
    return drawn


def _config(chart: Chart, height: int) -> Any:
    style = pygal.style.Style(
        background="transparent",
        plot_background="transparent",
        foreground="#3c4650",
        foreground_strong="#1b232b",
        foreground_subtle="#7b8794",
        opacity="1",
        colors=COLOURS,
        font_family="'Noto Sans', 'DejaVu Sans', sans-serif",
        label_font_size=13,
        major_label_font_size=13,
        legend_font_size=13,
        value_font_size=12,
        stroke_width=2.5,
        guide_stroke_color="#d9dee3",
        major_guide_stroke_color="#c3cad1",
        guide_stroke_dasharray="none",
        major_guide_stroke_dasharray="none",
    )
    return pygal.Config(
        width=WIDTH,
        height=height,
        explicit_size=True,
        style=style,
        js=[],
        disable_xml_declaration=True,
        no_prefix=False,
        show_x_guides=False,
        value_formatter=_share if chart.unit is Unit.SHARE else _count,
        no_data_text="",
        title=None,
        truncate_label=-1,
        x_label_rotation=0,
    )


def _count(value: float | None) -> str:
    return "" if value is None else f"{value:,.0f}"


def _share(value: float | None) -> str:
    return "" if value is None else f"{value:.1%}"
