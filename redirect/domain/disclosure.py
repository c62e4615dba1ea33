"""Owns what leaves of the counts. Must never show a cell below the minimum, nor let one be worked out.

The 10-5 rule: cells below 10 are left out, the rest rounded to the nearest 5 (Office for National Statistics,
comparison of post-tabular statistical disclosure control methods). Cells that are too small are merged with each
other, rung by rung of their table's ladder, until the sum is large enough. docs/publication.md says why nothing can be
subtracted.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from functools import lru_cache, partial
from itertools import takewhile
from operator import contains
from typing import TYPE_CHECKING

from redirect.domain.counts import SEPARATOR
from redirect.domain.periods import unit_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from redirect.domain.counts import Rung, Table
    from redirect.domain.periods import Span, Unit

MINIMUM_CELL = 10
ROUND_TO = 5

Labels = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Release:
    """What is shown of one day, week or month, once and for all: counts by labels, in their order.

    No count stands in two releases, nor twice in one. `minimum` is the smallest cell that was shown then.
    """

    minimum: int
    shown: Mapping[Labels, int]


def publishable(count: int, minimum: int = MINIMUM_CELL) -> int | None:
    """The number as it may be shown, or None where it must be left out."""
    return _down(count + ROUND_TO // 2) if count >= minimum else None


def still_shown(release: Release, minimum: int) -> Iterable[tuple[Labels, int]]:
    """Rows of a release under today's minimum: one that was raised since hides what it would not have shown."""
    rows = release.shown.items()
    if release.minimum >= minimum:
        return rows
    return (row for row in rows if row[1] - ROUND_TO // 2 >= minimum)


def rounded_rows(table: Table, cells: Iterable[tuple[int, str, int]]) -> Iterator[dict[str, str | int]]:
    """Rows for the operator's own machine alone, oldest first, of stored cells (period, joined labels, count): each
    cell by itself, also of periods that are still open."""
    for period, joined, count in sorted(cells):
        shown, labels = publishable(count), joined.split(SEPARATOR)
        if shown is not None and len(labels) == len(table.dimensions):
            yield dict(zip(table.columns, (table.start(period), *labels, shown), strict=True))


def rungs_passed(table: Table, span: Span, labels: Labels) -> int:
    """How many rungs did not show a row of these labels before one did; as many as may be where that cannot be told."""
    rungs = enumerate(table.ladder)
    found = [place for place, rung in rungs if rung.span is span and table.merged(labels, rung) == labels]
    return max(found, default=len(table.ladder) - 1)


def most_beyond(shown: int, passed: int) -> int:
    """How much larger than a sum that is shown, after so many rungs, its cells may be together, rounding aside.

    A cell that has passed n rungs may be n larger than what it adds (see `most_unseen`), and adds MINIMUM_CELL - 2 at
    least then: so there are no more of those than fill the sum. Where nothing else is in it, it is shown still lower.
    """
    if not passed:
        return 0
    parts = (shown + ROUND_TO) // (MINIMUM_CELL - 2)
    return passed * parts + max(0, parts * (MINIMUM_CELL - 2) - shown - ROUND_TO // 2)


def most_unseen(table: Table, minimum: int) -> int:
    """How large a cell may be that no rung shows. On the first, one less than `minimum`; on each that follows, one such
    cell adds one less than that, which leaves room for another one of 1."""
    return minimum - 1 + len(table.ladder) - 1


def disclose(
    table: Table,
    unit: Unit,
    leaves: Iterable[tuple[int, Labels, int]],
    earlier: Mapping[Unit, Release],
    minimum: int = MINIMUM_CELL,
) -> Release:
    """What is shown of a unit that has closed.

    `leaves` are the exact counts of its days (day, labels, count), a cell of a day once or in parts; `earlier` the
    releases of the shorter units within it, which have shown the large ones already. `minimum` is a multiple of 5 from
    MINIMUM_CELL on; where the parts were held to a larger one, so is the whole.
    """
    minimum = max(minimum, *(release.minimum for release in earlier.values()), MINIMUM_CELL)
    shown: dict[Labels, int] = {}
    parts = _left(table, unit, leaves, earlier)
    for rung in table.ladder:
        if rung.span is unit.span:
            whole = rung is table.ladder[0]
            parts = list(_merge(table, rung, parts, partial(_whole if whole else _sum, minimum=minimum), shown))
    return Release(minimum, dict(sorted(shown.items())))


def _merge(
    table: Table,
    rung: Rung,
    parts: Iterable[tuple[Labels, int]],
    visible: Callable[[list[int]], int | None],
    shown: dict[Labels, int],
) -> Iterator[tuple[Labels, int]]:
    """Put what is large enough into `shown`; give the rest on."""
    merged: dict[Labels, list[int]] = defaultdict(list)
    for labels, count in parts:
        merged[table.merged(labels, rung)].append(count)
    for labels, counts in merged.items():
        seen = visible(counts)
        if seen is None:
            yield labels, sum(counts)
        else:
            shown[labels] = seen


def _whole(counts: list[int], minimum: int) -> int | None:
    """A cell as it was counted, of which nothing has been said yet."""
    return publishable(sum(counts), minimum)


def _sum(counts: list[int], minimum: int) -> int | None:
    """A sum of cells that are known to be small, because they were not shown.

    One less than the largest small cell is all that a part adds: whoever knows every other part, because they clicked
    for them, cannot tell it from that one. And a sum never shows that all its parts are nearly that large.
    """
    most = minimum - 2
    shown = publishable(sum(min(count, most) for count in counts), minimum)
    return None if shown is None else min(shown, _down(most * len(counts) - 1))


def _left(
    table: Table, unit: Unit, leaves: Iterable[tuple[int, Labels, int]], earlier: Mapping[Unit, Release]
) -> list[tuple[Labels, int]]:
    """What no earlier release shows, summed as the last rung before this unit saw it."""
    # The same labels come back day after day, so each is looked at once.
    passed = list(takewhile(lambda rung: rung.span is not unit.span, table.ladder))
    merged = lru_cache(None)(lambda labels: [table.merged(labels, rung) for rung in passed] or [labels])
    places = lru_cache(None)(lambda day: [unit_of(rung.span, day) for rung in passed] or [unit])
    nothing = Release(0, {})
    shown = lru_cache(None)(lambda day: [earlier.get(place, nothing).shown for place in places(day)])
    sums: dict[tuple[Unit, Labels], int] = defaultdict(int)
    for day, labels, count in leaves:
        coarse = merged(labels)
        if not any(map(contains, shown(day), coarse)):
            sums[places(day)[-1], coarse[-1]] += count
    return [(labels, count) for (_, labels), count in sums.items()]


def _down(count: int) -> int:
    return count // ROUND_TO * ROUND_TO
