"""Owns the pictures of an experiment: shares of arms, and how far they are from the default's. Must never draw a limit
that nobody knows."""

from __future__ import annotations

from math import ceil, floor, isfinite
from typing import TYPE_CHECKING

from redirect.charts import Chart, Line, Point, rounded_up
from redirect.web.figures_shown import points, written

if TYPE_CHECKING:
    from collections.abc import Sequence

    from redirect.domain.sequential import Interval
    from redirect.domain.sureness import Share


def levels(title: str, shares: Sequence[tuple[str, Share]]) -> Chart | None:
    """Shares by arm, one below the other; the axis begins where it helps to tell them apart."""
    found = [(name, each) for name, each in shares if each.value is not None]
    if not found:
        return None
    low, high = min(each.low for _, each in found) * 100, max(each.high for _, each in found) * 100
    step = rounded_up(max(high - low, 0.1) / 4)
    return Chart(
        title=title,
        says="; ".join(f"{name}: {text} ({limits})" for name, each in found for text, limits, _ in [written(each, 0)]),
        lines=(Line(title, tuple(_share_at(place, each) for place, (_, each) in enumerate(found))),),
        places=tuple((place, name) for place, (name, _) in enumerate(found)),
        unit=" %",
        sideways=True,
        stems=False,
        bottom=max(0.0, floor(low / step) * step),
        top=min(100.0, ceil(high / step) * step),
    )


def differences(title: str, gaps: Sequence[tuple[str, Interval]], smallest: float) -> Chart | None:
    """Differences in points, with a line at nought, and one on each side where they begin to matter."""
    found = [(name, gap) for name, gap in gaps if isfinite(gap.low) and isfinite(gap.high)]
    if not found:
        return None
    reach = max(smallest, *(abs(end) for _, gap in found for end in (gap.low, gap.high))) * 100
    top = rounded_up(reach)
    at = [Point(place, *(100 * part for part in _parts(gap))) for place, (_, gap) in enumerate(found)]
    return Chart(
        title=title,
        says="; ".join(
            f"{name}: {middle}, between {low} and {high}"
            for name, gap in found
            for middle, low, high in [points(*_parts(gap))]
        ),
        lines=(Line(title, tuple(at)),),
        places=tuple((place, name) for place, (name, _) in enumerate(found)),
        marks=((-100 * smallest, ""), (0.0, ""), (100 * smallest, "")),
        sideways=True,
        stems=False,
        bottom=-top,
        top=top,
    )


def _share_at(place: int, found: Share) -> Point:
    return Point(place, *(None if part is None else part * 100 for part in found))


def _parts(gap: Interval) -> tuple[float, float, float]:
    return gap.estimate, gap.low, gap.high
