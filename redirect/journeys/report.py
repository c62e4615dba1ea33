"""Owns what leaves of the counts: releases are made here once, and read from here ever after. Must never let a number
out that the rule of publication holds back."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING

import msgspec

from redirect.domain.counts import SEPARATOR, TABLES
from redirect.domain.counts import span as kept_span
from redirect.domain.disclosure import MINIMUM_CELL, ROUND_TO, disclose, rounded_rows, still_shown
from redirect.domain.errors import BadRequest
from redirect.domain.periods import DAY_SECONDS, Span, Unit, day_of, iso, newest_closed, units_within

if TYPE_CHECKING:
    from collections.abc import Iterable

    from redirect.domain.counts import Table
    from redirect.domain.disclosure import Labels, Release
    from redirect.journeys.ports import Aside, Clock, CountStore, ReleaseStore

WHEN = ("from", "to", "span")
"""How a row says when: its first day, its last, and whether that is a day, a week or a month."""
USUAL_DAYS = 91
"""Days that are answered where nobody says from when."""
UNITS_AT_ONCE = 16
"""Between them, others get their turn."""


class Row(msgspec.Struct, frozen=True, gc=False):
    """One published count. `labels` in the order of the table's dimensions."""

    unit: Unit
    labels: tuple[str, ...]
    count: int

    def as_dict(self, dimensions: tuple[str, ...]) -> dict[str, str | int]:
        """As it is written in JSON and CSV."""
        named = zip((*WHEN, *dimensions), (*self.unit.named, *self.labels), strict=True)
        return {**dict(named), "count": self.count}


@dataclass(frozen=True, slots=True)
class Published:
    """What may be known of one table for one platform. `first` to `last` is what was asked for, as far as it has closed
    (by `closed_to`) and is still kept. A row never overlaps another; what has none is suppressed, not zero. `complete`:
    all of it has been released, so that it will never change."""

    table: str
    platform: str
    dimensions: tuple[str, ...]
    first: str
    last: str
    closed_to: str
    minimum_cell: int
    rounded_to: int
    rows: tuple[Row, ...]
    complete: bool

    @property
    def total(self) -> int:
        """The sum of what is shown."""
        return sum(row.count for row in self.rows)

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of a row's fields, in order."""
        return (*WHEN, *self.dimensions, "count")


async def published(
    store: ReleaseStore,
    clock: Clock,
    table_name: str,
    platform: str,
    first: str = "",
    last: str = "",
    minimum: int = MINIMUM_CELL,
) -> Published:
    """All rows of a table for one platform that lie whole between two ISO dates, both included, and have closed.

    Raises BadRequest for a table or date that does not exist, StoreError.
    """
    table, closed = _table(table_name), newest_closed(clock())
    days = _days(table, closed, first, last)
    units = sorted((unit for span in Span for unit in units_within(span, days)), key=_order)
    rows: list[Row] = []
    complete = True
    for start in range(0, len(units), UNITS_AT_ONCE):
        several = units[start : start + UNITS_AT_ONCE]
        for unit, release in zip(several, await store.releases(table, several, platform), strict=True):
            complete &= release is not None or all(rung.span is not unit.span for rung in table.ladder)
            if release is not None:
                rows += [Row(unit, labels, count) for labels, count in still_shown(release, minimum)]
    return Published(
        table=table.name,
        platform=platform,
        dimensions=table.dimensions,
        first=iso(days.start),
        last=iso(max(days.stop - 1, days.start)),
        closed_to=iso(closed),
        minimum_cell=minimum,
        rounded_to=ROUND_TO,
        rows=tuple(rows),
        complete=complete,
    )


async def release_closed(store: ReleaseStore, clock: Clock, aside: Aside, minimum: int = MINIMUM_CELL) -> None:
    """Make every release that is due: of closed days, then weeks, then months, of which all counts are still kept.

    Each is made once; whoever comes second finds it made. `aside` runs what takes its time beside other work.
    """
    closed = newest_closed(clock())
    for table in TABLES.values():
        kept = range(closed - table.retention_days + 2, closed + 1)  # the oldest day may be going just now
        for span in dict.fromkeys(rung.span for rung in table.ladder):
            units = units_within(span, kept)
            made = await store.released(table, units)
            for unit in units:
                if unit not in made:
                    await _release(store, aside, table, unit, minimum)


async def _release(store: ReleaseStore, aside: Aside, table: Table, unit: Unit, minimum: int) -> None:
    inner = [each for span in Span if span is not unit.span for each in units_within(span, unit.days)]
    earlier: dict[Unit, Release] = {}
    for each in inner:
        (release,) = await store.releases(table, [each])
        if release is not None:
            earlier[each] = release
    cells = [await store.counts(table, _periods(table, day)) for day in unit.days]
    made = await aside(lambda: disclose(table, unit, _leaves(table, chain.from_iterable(cells)), earlier, minimum))
    await store.write_release(table, unit, made)


async def counted(
    store: CountStore, clock: Clock, table_name: str, first: str = "", last: str = ""
) -> list[dict[str, str | int]]:
    """Rows of a table from `first` to `last` (ISO dates or times; empty: all), the open period included, rounded.

    For the operator's own machine alone: over HTTP only what has been released may leave. Raises BadRequest for a
    table or period that does not exist.
    """
    table = _table(table_name)
    return list(rounded_rows(table, await store.counts(table, kept_span(table, clock(), first, last))))


def _table(name: str) -> Table:
    table = TABLES.get(name)
    if table is None:
        raise BadRequest("no-table")
    return table


def _days(table: Table, closed: int, first: str, last: str) -> range:
    try:
        end = min(day_of(last) if last else closed, closed)
        begin = day_of(first) if first else end - USUAL_DAYS + 1
    except ValueError:
        raise BadRequest("bad-period") from None
    return range(max(begin, closed - table.published_days + 1), end + 1)


def _periods(table: Table, day: int) -> range:
    a_day = DAY_SECONDS // table.grain
    return range(day * a_day, (day + 1) * a_day)


def _leaves(table: Table, cells: Iterable[tuple[int, str, int]]) -> Iterable[tuple[int, Labels, int]]:
    """Stored cells by day and labels; what an earlier version kept with other dimensions is left out."""
    for period, joined, count in cells:
        labels = tuple(joined.split(SEPARATOR))
        if len(labels) == len(table.dimensions):
            yield period * table.grain // DAY_SECONDS, labels, count


def _order(unit: Unit) -> tuple[int, int]:
    return unit.days.start, len(unit.days)
