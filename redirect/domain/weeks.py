"""Owns series of weeks made of published rows. Must never take a week that was not shown for one without any count."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from redirect.domain.periods import Span, unit_of, units_within

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from redirect.domain.summary import Cell


@dataclass(frozen=True, slots=True)
class Weeks:
    """Sums by week, named by their Monday; None where nothing of a week was shown."""

    mondays: tuple[str, ...]
    counts: tuple[int | None, ...]


def weekly(cells: Iterable[Cell], dimensions: tuple[str, ...], where: Mapping[str, str], days: range) -> Weeks:
    """Sums of the cells whose labels are as `where` says, days and weeks in their week. What is shown by the month
    alone lies in no week, and is left out."""
    wanted = [(dimensions.index(name), label) for name, label in where.items()]
    units = units_within(Span.WEEK, days)
    sums: dict[int, int] = {}
    for cell in cells:
        if cell.unit.span is not Span.MONTH and all(cell.labels[place] == label for place, label in wanted):
            week = unit_of(Span.WEEK, cell.unit.days[0]).number
            sums[week] = sums.get(week, 0) + cell.count
    return Weeks(tuple(unit.first for unit in units), tuple(sums.get(unit.number) for unit in units))
