"""Owns what can go wrong between counting and the store: nothing is counted twice, and nothing acknowledged is lost."""

from __future__ import annotations

import asyncio
import random
import shutil
import time
from collections import Counter
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from bench.valkeys import Valkey
from conftest import eventually
from redirect.adapters import store_client
from redirect.adapters.flush import Flusher, drain
from redirect.adapters.spool import Spool, SpooledBatch, holding
from redirect.adapters.store import Store
from redirect.domain.counts import CHECKS, FUNNEL, Cell, Table
from redirect.domain.errors import StoreError
from tests.ports import free_port

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

HOUR, DAY = 3600, 86400
LABELS = ("acme", "web", "block", "enforce", "0", "no")
FATES = ("whole", "whole", "swallow", "cut", "silence")
PATIENCE, SILENCE = 0.05, 0.1
STEPS = ("acme", "AR", "es", "csam", "V1", "A", "0", "shown")


@pytest.fixture
def valkeys(tmp_path: Path) -> Iterator[list[Valkey]]:
    """Those that a test starts, so that each is ended."""
    started: list[Valkey] = []
    yield started
    for valkey in started:
        valkey.kill()


@pytest.fixture
def own(valkeys: list[Valkey], tmp_path: Path) -> Valkey:
    valkeys.append(Valkey(tmp_path / "store", free_port()))
    valkeys[0].start()
    return valkeys[0]


class Line:
    """A line to the store that goes wrong: an answer is swallowed, a call cut in two, or nothing said for too long.
    Whoever called cannot know what was done."""

    def __init__(self, port: int, seed: int) -> None:
        self._port = port
        self._random = random.Random(seed)

    async def connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        answers, calls = await asyncio.open_connection("127.0.0.1", self._port)
        back = asyncio.create_task(self._back(answers, writer))
        with suppress(OSError, asyncio.CancelledError):
            while data := await reader.read(65536):
                fate = self._random.choice(FATES) if b"EVAL" in data else "whole"
                if fate != "whole":
                    back.cancel()
                    calls.write(data[: self._random.randrange(len(data))] if fate == "cut" else data)
                    await asyncio.sleep(SILENCE if fate == "silence" else 0.01)
                    break
                calls.write(data)
        back.cancel()
        calls.close()
        writer.close()

    async def _back(self, answers: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await answers.read(65536):
            writer.write(data)


@asynccontextmanager
async def line_to(port: int, seed: int) -> AsyncIterator[str]:
    """The address of such a line."""
    line = Line(port, seed)
    server = await asyncio.start_server(line.connected, "127.0.0.1", 0)
    try:
        yield f"redis://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()


async def stored(url: str, table: Table, periods: range) -> Counter[tuple[int, str]]:
    async with Store(url) as store:
        return Counter({(period, labels): count for period, labels, count in await store.counts(table, periods)})


@pytest.mark.parametrize("seed", range(3))
async def test_a_line_that_swallows_answers_and_cuts_calls_counts_once(
    own: Valkey, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    """A time-out says nothing about what was done, so everything is sent again, and added once."""
    monkeypatch.setattr(store_client, "TIMEOUT", PATIENCE)
    now = time.time()
    spool = Spool(tmp_path / "spool", lambda: now, lambda: None)
    counted = 0
    async with line_to(own.port, seed) as url, Store(url) as store:
        flusher = Flusher(spool, tmp_path / "spool", store)
        failed = 0
        for number in range(60):
            for _ in range(number % 7):
                spool.add(CHECKS, LABELS)
                counted += 1
            failed += not await flusher.round()
    monkeypatch.undo()
    async with Store(own.url) as store:
        flusher = Flusher(spool, tmp_path / "spool", store)
        assert [await flusher.round() for _ in range(2)] == [True, True]
    assert failed > 3
    assert (await stored(own.url, CHECKS, range(CHECKS.period(now), CHECKS.period(now) + 1))).total() == counted
    spool.close()


async def test_a_store_that_is_killed_between_calls_counts_once(own: Valkey, tmp_path: Path) -> None:
    now = time.time()
    spool = Spool(tmp_path / "spool", lambda: now, lambda: None)
    async with Store(own.url) as store:
        flusher = Flusher(spool, tmp_path / "spool", store)
        for number in range(12):
            for _ in range(100):
                spool.add(CHECKS, LABELS)
            rounds = asyncio.create_task(flusher.round())
            if number % 3 == 1:
                await asyncio.sleep(0)
                own.kill()
            await rounds
            if number % 3 == 1:
                assert not flusher.reachable
                own.start()
        assert await flusher.round()
        assert await flusher.round()
    assert (await stored(own.url, CHECKS, range(CHECKS.period(now), CHECKS.period(now) + 1))).total() == 1200
    spool.close()


async def test_a_spool_that_is_replayed_a_month_later_changes_nothing(own: Valkey, tmp_path: Path) -> None:
    """From a backup of the data directory, say. What was applied is noted as long as the counts are kept."""
    then = time.time() - 30 * DAY
    spool = Spool(tmp_path / "spool", lambda: then, lambda: None)
    for _ in range(25):
        spool.add(FUNNEL, STEPS)
        spool.add(CHECKS, LABELS)
    (batch,) = spool.seal()
    shutil.copytree(tmp_path / "spool", tmp_path / "backup")
    async with Store(own.url) as store:
        await store.apply(batch)
        for lock in (tmp_path / "backup").glob("*.lock"):
            assert lock.stem == batch.spool
        await drain(tmp_path / "backup", store)
        assert holding(tmp_path / "backup") == set()
    for table in (FUNNEL, CHECKS):
        period = table.period(then)
        assert (await stored(own.url, table, range(period, period + 1))).total() == 25
    spool.close()


async def test_a_spool_that_arrives_a_month_late_is_counted(own: Valkey, tmp_path: Path) -> None:
    then = time.time() - 30 * DAY
    spool = Spool(tmp_path / "spool", lambda: then, lambda: None)
    for _ in range(25):
        spool.add(FUNNEL, STEPS)
    async with Store(own.url) as store:
        for batch in spool.seal():
            await store.apply(batch)
    assert (await stored(own.url, FUNNEL, range(FUNNEL.period(then), FUNNEL.period(then) + 1))).total() == 25
    spool.close()


async def test_what_is_replayed_when_its_counts_are_gone_stays_gone(own: Valkey) -> None:
    old = FUNNEL.period(time.time()) - FUNNEL.retention_days - 5
    batch = SpooledBatch(Path(), "aa", 1, ((Cell("funnel", old, STEPS), 25),))
    async with Store(own.url) as store:
        for _ in range(3):
            await store.apply(batch)
    assert own.ask("DBSIZE") == 0


async def test_a_failover_counts_once_what_was_copied_and_what_is_sent_again(
    valkeys: list[Valkey], tmp_path: Path
) -> None:
    """The mark that a batch was applied is copied with its counts: both are there after a failover, or neither."""
    first = Valkey(tmp_path / "first", free_port(), "--repl-diskless-sync-delay", "0")
    second = Valkey(tmp_path / "second", free_port(), "--replicaof", f"127.0.0.1 {first.port}")
    valkeys += [first, second]
    for each in valkeys:
        each.start()
    eventually(lambda: second.ask("INFO", "replication")["master_link_status"] == "up")
    now = CHECKS.period(time.time())
    batches = [SpooledBatch(Path(), "aa", number, ((Cell("checks", now, LABELS), 10),)) for number in (1, 2, 3)]
    async with Store(first.url) as store:
        await store.apply(batches[0])
        await store.apply(batches[1])
    assert first.ask("WAIT", 1, 5000) == 1
    first.kill()
    second.ask("REPLICAOF", "NO", "ONE")
    async with Store(second.url) as store:
        for batch in batches[1:]:  # the answer to the second was lost with the first store
            await store.apply(batch)
    assert (await stored(second.url, CHECKS, range(now, now + 1))).total() == 30


async def test_clocks_that_jump_move_counts_to_another_period_and_lose_none(own: Valkey, tmp_path: Path) -> None:
    rng, now = random.Random(3), [time.time()]
    spool = Spool(tmp_path / "spool", lambda: now[0], lambda: None)
    counted: Counter[int] = Counter()
    async with Store(own.url) as store:
        flusher = Flusher(spool, tmp_path / "spool", store)
        for _ in range(40):
            now[0] += rng.choice((-90_000, -HOUR, -1, 0, 1, HOUR, 90_000))
            for _ in range(rng.randrange(50)):
                spool.add(CHECKS, LABELS)
                counted[CHECKS.period(now[0])] += 1
            assert await flusher.round()
        assert await flusher.round()
    found = await stored(own.url, CHECKS, range(min(counted), max(counted) + 1))
    assert {period: count for (period, _), count in found.items()} == dict(+counted)
    spool.close()


async def test_a_store_without_memory_takes_nothing_and_gets_it_later(own: Valkey, tmp_path: Path) -> None:
    now = time.time()
    spool = Spool(tmp_path / "spool", lambda: now, lambda: None)
    for _ in range(25):
        spool.add(CHECKS, LABELS)
    async with Store(own.url) as store:
        own.ask("CONFIG", "SET", "maxmemory", "1")
        flusher = Flusher(spool, tmp_path / "spool", store)
        assert [await flusher.round() for _ in range(3)] == [False] * 3
        own.ask("CONFIG", "SET", "maxmemory", "0")
        assert await flusher.round()
    assert (await stored(own.url, CHECKS, range(CHECKS.period(now), CHECKS.period(now) + 1))).total() == 25
    spool.close()


async def test_the_caller_is_told_when_a_store_has_no_room(own: Valkey) -> None:
    own.ask("CONFIG", "SET", "maxmemory", "1")
    async with Store(own.url) as store:
        with pytest.raises(StoreError):
            await store.apply(SpooledBatch(Path(), "aa", 1, ((Cell("checks", 500_000, LABELS), 1),)))
