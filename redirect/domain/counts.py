"""Owns which numbers are kept and how they may be shown. Must never hold anything about one person.

Publication follows the 10-5 rule: cells below 10 are left out, the rest rounded to the nearest 5
(Office for National Statistics, comparison of post-tabular statistical disclosure control methods).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import IntEnum
from typing import TYPE_CHECKING

from redirect.domain.errors import BadRequest

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

MINIMUM_CELL = 10
ROUND_TO = 5
SEPARATOR = "|"
"""Stands between the labels of a stored cell; no label may contain it."""


class Grain(IntEnum):
    """Seconds that one row covers, always in UTC."""

    HOUR = 3600
    DAY = 86400


@dataclass(frozen=True, slots=True)
class Table:
    """A declared table: one integer for each period and combination of labels, deleted after retention."""

    name: str
    grain: Grain
    dimensions: tuple[str, ...]
    retention_days: int

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of a row's fields in order: the period, the dimensions, the count."""
        return (self.grain.name.lower(), *self.dimensions, "count")

    def period(self, when: float) -> int:
        """The number of the period that holds `when` (seconds since 1970-01-01 UTC)."""
        return int(when) // self.grain

    def start(self, period: int) -> str:
        """When a period began, as ISO 8601: `2026-11-22T01:00Z` for hours, `2026-11-22` for days."""
        began = datetime.fromtimestamp(period * self.grain, UTC)
        return began.strftime("%Y-%m-%dT%H:00Z" if self.grain is Grain.HOUR else "%Y-%m-%d")

    @property
    def kept_periods(self) -> int:
        """How many periods retention spans, the open one included."""
        return self.retention_days * 86400 // self.grain + 1


CHECKS = Table("checks", Grain.HOUR, ("platform", "surface", "action", "mode", "attempt", "degraded"), 35)
FUNNEL = Table(
    "funnel",
    Grain.DAY,
    ("platform", "country", "language", "category", "message", "variant", "attempt", "step"),
    760,
)
SERVICES = Table("services", Grain.DAY, ("service", "country", "audience"), 760)

TABLES: Mapping[str, Table] = {table.name: table for table in (CHECKS, FUNNEL, SERVICES)}


@dataclass(frozen=True, slots=True)
class Cell:
    """The address of one integer: table name, period number and labels in the order of the dimensions."""

    table: str
    period: int
    labels: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Sums:
    """A numbered batch of sums on its way to the store: applied once, whatever happens on the way."""

    spool: str
    sequence: int
    cells: tuple[tuple[Cell, int], ...]


def publishable(count: int) -> int | None:
    """The number as it may be shown, or None where it must be left out."""
    if count < MINIMUM_CELL:
        return None
    return (count + ROUND_TO // 2) // ROUND_TO * ROUND_TO


def rows(table: Table, cells: Iterable[tuple[int, str, int]]) -> Iterator[dict[str, str | int]]:
    """Rows fit to be shown, oldest first, of stored cells (period, joined labels, count)."""
    for period, joined, count in sorted(cells):
        shown = publishable(count)
        if shown is not None:
            labels = dict(zip(table.dimensions, joined.split(SEPARATOR), strict=True))
            yield {table.columns[0]: table.start(period), **labels, "count": shown}


def span(table: Table, now: float, first: str = "", last: str = "") -> range:
    """The periods from `first` to `last` (ISO dates or times, both included), within retention.

    Raises BadRequest("bad-period") for anything that is no date or time.
    """
    newest = table.period(now)
    oldest = newest - table.kept_periods + 1
    begin = table.period(_moment(first)) if first else oldest
    end = table.period(_moment(last, end_of_day=True)) if last else newest
    return range(max(begin, oldest), min(end, newest) + 1)


def _moment(text: str, *, end_of_day: bool = False) -> float:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise BadRequest("bad-period") from None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    if end_of_day and len(text) == len("2026-11-22"):
        moment += timedelta(days=1, seconds=-1)
    return moment.timestamp()
