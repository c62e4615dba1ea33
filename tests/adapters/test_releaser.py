"""Owns the making of releases: each once, when its days have closed, whoever comes first and whatever happens."""

from __future__ import annotations

import asyncio
import os
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from redis import Redis

from redirect.adapters.flush import Flusher
from redirect.adapters.releaser import TURN, Releaser
from redirect.adapters.spool import Spool, SpooledBatch
from redirect.adapters.store import Store
from redirect.domain.counts import FUNNEL, Cell
from redirect.domain.periods import CLOSING_LAG, DAY_SECONDS, Span, Unit, iso, unit_of
from redirect.journeys.report import published, release_closed

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from redirect.journeys.report import Published

LABELS = ("acme", "AR", "es", "csam", "V1", "A", "0", "shown")
MONTH = next(
    unit
    for unit in (Unit(Span.MONTH, unit_of(Span.MONTH, int(time.time()) // DAY_SECONDS).number + n) for n in range(2, 6))
    if len(unit.days) == 28
)
"""Of four weeks and to come, so that the store does not drop what lies behind its clock."""
MONDAY = MONTH.days[0]


@pytest.fixture
async def store(valkey: str) -> AsyncIterator[Store]:
    async with Store(valkey) as store:
        yield store


class Days:
    """A clock that is set to a while after some day has ended."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now

    def end(self, day: int, seconds: float = CLOSING_LAG) -> None:
        self.now = (day + 1) * DAY_SECONDS + seconds


async def count(store: Store, number: int, day: int, many: int) -> None:
    await store.apply(SpooledBatch(Path(), "aa", number, ((Cell("funnel", day, LABELS), many),)))


async def shown(store: Store, clock: Days) -> Published:
    return await published(store, clock, "funnel", "acme", MONTH.first, MONTH.last)


async def test_days_weeks_and_months_are_released_as_they_close(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    clock, seen = Days(), []
    for number, day in enumerate(range(MONDAY, MONDAY + 28)):
        await count(store, number + 1, day, 30 if number == 8 else 1)
        clock.end(day)
        await release_closed(store, clock, asyncio.to_thread)
        rows = (await shown(store, clock)).rows
        seen.append([(row.unit.span, row.unit.first, row.labels[2], row.count) for row in rows])
    assert seen[7] == []
    assert seen[26] == [("day", iso(MONDAY + 8), "es", 30)]
    assert seen[27] == [("month", iso(MONDAY), "rest", 25), ("day", iso(MONDAY + 8), "es", 30)]


async def test_a_day_is_closed_only_when_what_was_counted_on_it_has_arrived(store: Store) -> None:
    clock = Days()
    await count(store, 1, MONDAY, 20)
    clock.end(MONDAY, CLOSING_LAG - 1)
    await release_closed(store, clock, asyncio.to_thread)
    assert (await shown(store, clock)).rows == ()
    clock.end(MONDAY)
    await release_closed(store, clock, asyncio.to_thread)
    assert [row.count for row in (await shown(store, clock)).rows] == [20]


async def test_a_release_that_was_cut_short_goes_on_where_it_was(store: Store) -> None:
    """The whole is made of many releases; each is there or not."""
    clock = Days()
    for number in range(7):
        await count(store, number + 1, MONDAY + number, 10 + number)
    clock.end(MONDAY + 6)
    calls = 0

    async def dies(work: object) -> None:
        nonlocal calls
        calls += 1
        raise ConnectionResetError

    with pytest.raises(ConnectionResetError):
        await release_closed(store, clock, dies)  # type: ignore[arg-type]
    assert calls == 1
    await asyncio.gather(*(release_closed(store, clock, asyncio.to_thread) for _ in range(3)))
    assert (await shown(store, clock)).total == 10 + 10 + 10 + 15 + 15 + 15 + 15


async def test_a_week_of_which_counts_are_gone_is_not_released(store: Store) -> None:
    clock = Days()
    await count(store, 1, MONDAY + 6, 20)
    clock.end(MONDAY + FUNNEL.retention_days)
    await release_closed(store, clock, asyncio.to_thread)
    week, sunday = unit_of(Span.WEEK, MONDAY), unit_of(Span.DAY, MONDAY + 6)
    assert await store.released(FUNNEL, [week, sunday]) == {sunday}


async def test_of_many_workers_one_looks_each_minute(store: Store, valkey: str) -> None:
    clock = Days()
    await count(store, 1, MONDAY, 20)
    clock.end(MONDAY)
    first, second = (Releaser(store, clock, 10, lambda: True) for _ in range(2))
    await first.round()
    await count(store, 2, MONDAY + 1, 20)
    clock.end(MONDAY + 1)
    await second.round()
    assert len((await shown(store, clock)).rows) == 1
    with Redis.from_url(valkey) as client:
        assert 0 < client.ttl("turn:{release}") <= TURN
        client.delete("turn:{release}")
    await second.round()
    assert len((await shown(store, clock)).rows) == 2


async def test_without_a_store_a_look_is_no_error() -> None:
    async with Store("redis://127.0.0.1:1") as store:
        await Releaser(store, lambda: 0.0, 10, lambda: True).round()


async def test_nothing_is_released_while_counts_of_this_node_wait(store: Store, tmp_path: Path) -> None:
    """A worker was killed late in the evening, and the machine is started again the day after."""
    clock = Days()
    clock.now = MONDAY * DAY_SECONDS + 86_000.0
    dead = Spool(tmp_path, clock, lambda: None)
    for _ in range(20):
        dead.add(FUNNEL, LABELS)
    os.close(dead._lock)
    clock.end(MONDAY)
    away = Store("redis://127.0.0.1:1")
    flusher = Flusher(Spool(tmp_path, clock, lambda: None), tmp_path, away)
    releaser = Releaser(store, clock, 10, lambda: flusher.settled)
    for _ in range(2):
        assert not await flusher.round()
        await releaser.round()
    assert await store.released(FUNNEL, [unit_of(Span.DAY, MONDAY)]) == set()
    flusher._store = store
    assert await flusher.round()
    await releaser.round()
    assert [row.count for row in (await shown(store, clock)).rows] == [20]
    await away.close()


async def test_releases_are_kept_for_two_years_and_exact_counts_for_two_months(store: Store, valkey: str) -> None:
    clock = Days()
    await count(store, 1, MONDAY, 20)
    clock.end(MONDAY)
    await release_closed(store, clock, asyncio.to_thread)
    ended = (MONDAY + 1) * DAY_SECONDS
    with Redis.from_url(valkey) as client:
        assert client.expiretime(f"counts:{{funnel:{MONDAY}}}") == ended + 60 * DAY_SECONDS
        assert client.expiretime(f"released:{{funnel:day:{MONDAY}}}") == ended + 760 * DAY_SECONDS
