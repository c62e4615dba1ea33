"""Owns what a month comes to: published cells of one platform, added up for a page. Must never be given a count that
has not been published.

How much may be hidden beside a sum follows from the ladder of its table: what disclosure took from cells that it
merged, and what it did not show at all. For each kind of warning (category, message, variant, attempt) and each step,
one cell of a month may have remained too small to be shown even with all countries together; in `checks`, of a week.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field, fields
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Final, NamedTuple, Protocol

import msgspec

from redirect.domain.counts import CHECKS, DEVICES, FUNNEL, SEPARATOR, SERVICES, SHOWN
from redirect.domain.decision import Action
from redirect.domain.disclosure import most_beyond, most_unseen, rungs_passed
from redirect.domain.periods import Span, Unit, unit_of
from redirect.domain.records import decoded
from redirect.domain.subject import ATTEMPTS, Mode
from redirect.domain.sureness import Count

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from redirect.domain.counts import Table

UNKNOWN = "unknown"
REPEATS = frozenset(ATTEMPTS) - {UNKNOWN}
"""What a platform sends as `attempt`, if it does."""
NO_WEEK = ""
"""Stands where a cell is shown by the month alone."""


class Cell(Protocol):
    """One published cell."""

    @property
    def unit(self) -> Unit: ...
    @property
    def labels(self) -> tuple[str, ...]: ...
    @property
    def count(self) -> int: ...


Key = tuple[str, ...]
Pivot = dict[Key, Count]


class Kind(NamedTuple):
    """A merged cell of `funnel`: languages, days and weeks are together."""

    country: str
    category: str
    message: str
    variant: str
    attempt: str
    step: str


@dataclass(frozen=True, slots=True)
class Summary:
    """Sums of a month, or of several. Weeks are named by their Monday.

    `steps`: (step); `countries`: (country, step), regions by their M49 number and `rest` among them; `categories`:
    (category, step); `weeks`: (week, step), only what is shown by day or week; `services`: (service, audience);
    `devices`: (device). Of enforced checks: `warned`: (surface, attempt); `warned_weeks`: (week, surface, attempt);
    `checked`: (surface), allowed ones too.
    """

    steps: Pivot = field(default_factory=dict)
    countries: Pivot = field(default_factory=dict)
    categories: Pivot = field(default_factory=dict)
    weeks: Pivot = field(default_factory=dict)
    services: Pivot = field(default_factory=dict)
    devices: Pivot = field(default_factory=dict)
    warned: Pivot = field(default_factory=dict)
    warned_weeks: Pivot = field(default_factory=dict)
    checked: Pivot = field(default_factory=dict)


def summary(tables: Mapping[str, Sequence[Cell]], minimum: int) -> Summary:
    """What one month comes to. `tables`: its published cells, by the name of their table."""
    kinds, weeks = _kinds(tables[FUNNEL.name])
    checks = list(_checks(tables[CHECKS.name]))
    warned = [row for row in checks if row.action != Action.ALLOW]
    return Summary(
        steps=_stepwise(kinds, lambda _: (), minimum),
        countries=_stepwise(kinds, lambda kind: (kind.country,), minimum),
        categories=_stepwise(kinds, lambda kind: (kind.category,), minimum),
        weeks=weeks,
        services=_each(SERVICES, tables, lambda labels: (labels[1], labels[3]), minimum),
        devices=_each(DEVICES, tables, lambda labels: labels[2:], minimum),
        warned=_by_attempt(warned, lambda row: (row.surface,), minimum),
        warned_weeks=_by_attempt(warned, lambda row: (row.week, row.surface), minimum),
        checked=sums(((row.surface,), row.sum) for row in checks),
    )


FORM: Final = 2
"""Of what is kept of a summary. Raise it when a summary of the same cells comes to something else: then what was kept
before is made anew."""


class _Kept(msgspec.Struct, array_like=True):
    form: int
    parts: dict[str, dict[str, Count]]


def packed(sums: Summary) -> bytes:
    """A summary as it is kept; the same for the same sums."""
    parts = {
        each.name: {SEPARATOR.join(key): count for key, count in sorted(getattr(sums, each.name).items())}
        for each in fields(Summary)
    }
    return msgspec.json.encode(_Kept(FORM, parts))


def unpacked(record: bytes) -> Summary | None:
    """One that was kept; None where that was done in another form, or is damaged."""
    kept = decoded(record, _Kept)
    if kept is None or kept.form != FORM or kept.parts.keys() != {each.name for each in fields(Summary)}:
        return None
    apart = {
        name: {tuple(key.split(SEPARATOR)): count for key, count in pivot.items()} for name, pivot in kept.parts.items()
    }
    return Summary(**apart)


def together(months: Iterable[Summary]) -> Summary:
    """Several months as one."""
    parts = list(months)
    names = [each.name for each in fields(Summary)]
    return Summary(**{name: sums(item for part in parts for item in getattr(part, name).items()) for name in names})


def sums(pairs: Iterable[tuple[Key, Count]]) -> Pivot:
    """Counts added up by their key."""
    found: dict[Key, list[int]] = {}
    for key, (shown, cells, hidden) in pairs:
        before = found.setdefault(key, [0, 0, 0])
        before[0] += shown
        before[1] += cells
        before[2] += hidden
    return {key: Count(*three) for key, three in found.items()}


def _kinds(cells: Iterable[Cell]) -> tuple[dict[Kind, Count], Pivot]:
    """Cells by kind, and of what is shown by day or week the steps of each week. A year of a large platform has many
    cells of few labels: so those are looked at once."""
    week, beyond = _WeekOf(), _Beyond(FUNNEL)
    whole: dict[Key, list[int]] = defaultdict(lambda: [0, 0, 0])
    weeks: dict[Key, list[int]] = defaultdict(lambda: [0, 0, 0])
    for cell in cells:
        labels, count = cell.labels, cell.count
        more = beyond.of(cell)
        for three in (whole[labels], weeks[week[cell.unit], labels[-1]]):
            three[0] += count
            three[1] += 1
            three[2] += more
    kinds = sums((labels[1:2] + labels[3:], Count(*three)) for labels, three in whole.items())
    return (
        {Kind(*key): count for key, count in kinds.items()},
        {key: Count(*three) for key, three in weeks.items() if key[0] != NO_WEEK},
    )


class _Check(NamedTuple):
    week: str
    surface: str
    action: str
    attempt: str
    degraded: str
    sum: Count


def _checks(cells: Iterable[Cell]) -> Iterable[_Check]:
    week, beyond = _WeekOf(), _Beyond(CHECKS)
    for cell in cells:
        _, surface, action, mode, attempt, degraded = cell.labels
        if mode == Mode.ENFORCE:
            yield _Check(week[cell.unit], surface, action, attempt, degraded, Count(cell.count, 1, beyond.of(cell)))


def _stepwise(kinds: Mapping[Kind, Count], key: Callable[[Kind], Key], minimum: int) -> Pivot:
    """Sums by key and step; beside each, one hidden cell for every kind of warning that was shown there."""
    found = sums(((*key(kind), kind.step), count) for kind, count in kinds.items())
    shown: dict[Key, set[Key]] = defaultdict(set)
    for kind in kinds:
        if kind.step == SHOWN:
            shown[key(kind)].add((kind.category, kind.message, kind.variant, kind.attempt))
    steps, unseen = {step for *_, step in found}, most_unseen(FUNNEL, minimum)
    hidden = [((*where, step), Count(hidden=unseen * len(each))) for where, each in shown.items() for step in steps]
    return sums([*found.items(), *hidden])


def _by_attempt(rows: Sequence[_Check], key: Callable[[_Check], Key], minimum: int) -> Pivot:
    """Sums by key and attempt; beside each, one hidden cell for every week and kind of check that was shown there."""
    kinds: dict[Key, set[tuple[str, str, str, bool]]] = defaultdict(set)
    for row in rows:
        kinds[key(row)].add((row.week, row.action, row.degraded, row.attempt in REPEATS))
    attempts = {row.attempt for row in rows}
    if attempts & REPEATS:
        attempts |= REPEATS
    unseen = most_unseen(CHECKS, minimum)
    hidden = (
        ((*where, attempt), Count(hidden=unseen * sum(sent is (attempt in REPEATS) for *_, sent in several)))
        for where, several in kinds.items()
        for attempt in attempts
    )
    return sums([*(((*key(row), row.attempt), row.sum) for row in rows), *hidden])


def _each(table: Table, tables: Mapping[str, Sequence[Cell]], key: Callable[[Key], Key], minimum: int) -> Pivot:
    """Sums of published cells of a table by key; beside each, one hidden cell."""
    beyond = _Beyond(table)
    found = sums((key(cell.labels), Count(cell.count, 1, beyond.of(cell))) for cell in tables[table.name])
    unseen = Count(hidden=most_unseen(table, minimum))
    return {each: count.plus(unseen) for each, count in found.items()}


class _Beyond:
    """How much more a published cell of a table may stand for; how it was merged is worked out once for like ones."""

    def __init__(self, table: Table) -> None:
        self._passed = lru_cache(None)(partial(rungs_passed, table))

    def of(self, cell: Cell) -> int:
        return most_beyond(cell.count, self._passed(cell.unit.span, cell.labels))


class _WeekOf(dict[Unit, str]):
    """The Monday of a unit's week, worked out once for each unit."""

    def __missing__(self, unit: Unit) -> str:
        self[unit] = NO_WEEK if unit.span is Span.MONTH else unit_of(Span.WEEK, unit.days.start).first
        return self[unit]
