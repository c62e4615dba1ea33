"""Tests of the store on a real cluster: three primaries with a replica each, on loopback. What a whole service does on
one stands in tests/soak/test_cluster.py."""

from __future__ import annotations

import asyncio
import os
import signal
import tempfile
import time
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import pytest

from bench.valkeys import Cluster, Valkey, running_cluster
from conftest import eventually
from redirect.adapters import store_facts
from redirect.adapters.backup_file import Counted, Kept, Released
from redirect.adapters.copies import Copies, Fate
from redirect.adapters.store import Store
from redirect.domain.counts import CHECKS, FUNNEL, Cell, Sums
from redirect.domain.disclosure import Release
from redirect.domain.errors import StoreError
from redirect.domain.periods import Span, Unit
from redirect.settings import Settings, load
from redirect.tools.backup import back_up, restore
from tests.ports import free_port

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator

Found = TypeVar("Found")
NOW = CHECKS.period(time.time()) + 50
TODAY = FUNNEL.period(time.time()) + 50
"""To come, where no service of these tests counts."""
LABELS = ("acme", "web", "block", "enforce", "0", "no")
STEPS = ("acme", "AR", "es", "csam", "V1", "A", "0", "shown")


@pytest.fixture(scope="module")
def nodes() -> Iterator[Cluster]:
    """The cluster itself."""
    with tempfile.TemporaryDirectory(prefix="rd-") as directory, running_cluster(Path(directory), free_port) as made:
        yield made


@pytest.fixture(scope="module")
def cluster(nodes: Cluster) -> str:
    """Its address."""
    return nodes.url


def sums(spool: str, sequence: int, hour: int, count: int = 10) -> Sums:
    """A batch with one cell."""
    return Sums(spool, sequence, ((Cell("checks", hour, LABELS), count),))


def of(hour: int) -> str:
    """The key in which the counts of an hour lie."""
    return f"counts:{{checks:{hour}}}"


@contextmanager
def frozen(server: Valkey) -> Iterator[None]:
    """A server that says nothing meanwhile."""
    os.kill(server.pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(server.pid, signal.SIGCONT)


async def found(store: Store, hour: int) -> int:
    """What is stored of an hour."""
    return sum(count for _, _, count in await store.counts(CHECKS, [hour]))


async def test_sums_of_several_tables_and_periods_are_added_once(cluster: str) -> None:
    batch = Sums(
        "first",
        1,
        (
            (Cell("checks", NOW, LABELS), 20),
            (Cell("checks", NOW - 1, LABELS), 30),
            (Cell("funnel", TODAY, STEPS), 40),
        ),
    )
    async with Store(cluster) as store:
        await store.apply(batch)
        await store.apply(batch)
        found = await store.counts(CHECKS, range(NOW - 5, NOW + 1))
        assert sorted(count for _, _, count in found) == [20, 30]
        assert [count for _, _, count in await store.counts(FUNNEL, [TODAY])] == [40]


async def test_a_list_goes_live_and_keeps_the_one_before(cluster: str) -> None:
    async with Store(cluster) as store:
        live = await store.list_version()
        assert await store.write_list(live + 1, b"first", b"one")
        assert await store.write_list(live + 2, b"second", b"two")
        assert not await store.write_list(live + 2, b"third", b"three")
        assert await store.list_version() == live + 2
        assert await store.read_list() == (b"second", b"two")
        assert await store.read_previous_list() == (b"first", b"one")


async def test_access_keys_are_kept(cluster: str) -> None:
    async with Store(cluster) as store:
        await store.write_access_key("aa", b"{}")
        assert await store.access_keys() == {"aa": b"{}"}
        assert await store.delete_access_key("aa")
        assert await store.access_keys() == {}


async def test_releases_and_turns_lie_on_a_cluster_too(cluster: str) -> None:
    month = [Unit(Span.DAY, TODAY + 1000 + day) for day in range(28)]
    async with Store(cluster) as store:
        for unit in month:
            assert await store.write_release(FUNNEL, unit, Release(10, {STEPS: 20, ("zorblax", *STEPS[1:]): 30}))
            assert not await store.write_release(FUNNEL, unit, Release(10, {STEPS: 2000}))
        assert await store.released(FUNNEL, [*month, Unit(Span.MONTH, 1)]) == set(month)
        found = await store.releases(FUNNEL, [month[0], month[27], Unit(Span.MONTH, 1)], "acme")
        assert found == [Release(10, {STEPS: 20}), Release(10, {STEPS: 20}), None]
        assert [await store.take_turn("test", 60) for _ in range(3)] == [True, False, False]


async def test_any_node_that_is_named_tells_of_the_others(cluster: str) -> None:
    nobody = f"cluster://127.0.0.1:{free_port()},{cluster.partition('://')[2]}"
    async with Store(nobody) as store:
        await store.ping()


async def test_a_batch_is_taken_once_its_replica_has_it(cluster: str, nodes: Cluster) -> None:
    """Before that a failover could lose it, though it had been acknowledged."""
    hour = NOW + 200
    primary = nodes.primary(of(hour))
    replica = next(server for server in nodes.servers if _follows(server, primary))
    async with Store(cluster) as store:
        await store.apply(sums("late", 1, hour))
        with frozen(replica):
            for _ in range(2):  # also where it has been applied, and is sent again over another connection
                with pytest.raises(StoreError, match="late"):
                    await store.apply(sums("late", 2, hour))
        await store.apply(sums("late", 2, hour))
        assert await found(store, hour) == 20


async def test_what_a_backup_holds_is_restored_once_replicas_have_it(cluster: str, nodes: Cluster) -> None:
    """Of each kind, and also where it is there already: a restore before may have been broken off for that."""
    records = (
        Counted(table="checks", period=NOW + 500, cells={"|".join(LABELS): 10}, applied={"aa": 1}),
        Released(table="funnel", span=Span.DAY, number=TODAY + 500, minimum=10, shown={"acme": {}}),
        Kept(what="paused", about="services", fields={"*": "", "some-service": "2030-01-01"}),
        Kept(what="notes", about="acme", fields={"1": "{}"}),
    )

    async def write_all(store: Copies) -> list[object]:
        writes = (store.write(record, time.time()) for record in records)
        return await asyncio.gather(*writes, return_exceptions=True)

    async with Copies(cluster, "0" * 16, patience=2.0) as store:
        with ExitStack() as replicas:
            for server in nodes.servers:
                if server.ask("ROLE")[0] == b"slave":
                    replicas.enter_context(frozen(server))
            for _ in range(2):
                assert [str(outcome) for outcome in await write_all(store)] == ["a replica of the store is late"] * 4
        assert await write_all(store) == [Fate.ADDED, Fate.KNOWN, Fate.KNOWN, Fate.KNOWN]
        assert await write_all(store) == [Fate.KNOWN] * 4


def _follows(server: Valkey, primary: Valkey) -> bool:
    role, *rest = server.ask("ROLE")
    return bool(role == b"slave" and rest[1] == primary.port)


async def test_slots_that_move_lose_and_double_nothing(cluster: str, nodes: Cluster) -> None:
    hour = NOW + 300
    source = nodes.primary(of(hour))
    first, second = [server for server in nodes.servers[:3] if server is not source]
    async with Store(cluster) as store:
        moving = asyncio.create_task(asyncio.to_thread(nodes.move, of(hour), first))
        sequence = 0
        while not moving.done() or sequence < 40:
            sequence += 1
            await _until_taken(store, sums("moving", sequence, hour))
        await moving
        assert nodes.primary(of(hour)) is first
        slot = first.ask("CLUSTER", "KEYSLOT", of(hour))
        await asyncio.to_thread(nodes.move_at_once, slot, slot, first, second)
        await _until_taken(store, sums("moving", sequence + 1, hour))
        assert await found(store, hour) == (sequence + 1) * 10


async def test_a_primary_that_is_killed_costs_no_count(cluster: str, nodes: Cluster) -> None:
    """Some of a batch is applied, some is not: sent again, the rest is. Its replica has taken over meanwhile."""
    hours = range(NOW + 100, NOW + 130)
    cells = tuple((Cell("checks", hour, LABELS), 10) for hour in hours)
    async with Store(cluster) as store:
        await store.apply(Sums("second", 1, cells))
        gone = nodes.primary(of(hours[0]))
        gone.kill()
        with pytest.raises(StoreError):
            await store.apply(Sums("second", 2, cells))
        await _until_taken(store, Sums("second", 2, cells))
        assert nodes.primary(of(hours[0])) is not gone
        await store.apply(Sums("second", 2, cells))
        assert {hour: await found(store, hour) for hour in hours} == dict.fromkeys(hours, 20)
        gone.start()
        eventually(nodes.whole, 20, "the one that was killed does not follow")


async def test_what_is_only_read_finds_the_replica_that_took_over(cluster: str, nodes: Cluster) -> None:
    """Reads in one go, as reports make them: their library would ask the one that is gone for ever."""
    hour, month = NOW + 400, Unit(Span.MONTH, 40_000)
    gone = nodes.primary(of(hour))
    near = next(name for name in map(str, range(99)) if nodes.primary(f"summed:{{{name}:{month.number}}}:10") is gone)
    async with Store(cluster) as store, Store(cluster) as counts, Store(cluster) as months:
        await store.apply(sums("read", 1, hour))
        await store.write_summary(near, month, 10, b"kept")
        assert await found(counts, hour) == 10
        assert await months.summaries(near, [month], 10) == [b"kept"]
        gone.kill()
        assert await _once_it_answers(lambda: found(counts, hour)) == 10
        assert await _once_it_answers(lambda: months.summaries(near, [month], 10)) == [b"kept"]
        gone.start()
        eventually(nodes.whole, 20, "the one that was killed does not follow")


async def _once_it_answers(ask: Callable[[], Awaitable[Found]]) -> Found:
    for _ in range(100):
        with suppress(StoreError):
            return await ask()
        await asyncio.sleep(0.1)
    raise AssertionError("the reader did not find it")


async def _until_taken(store: Store, batch: Sums) -> None:
    for _ in range(100):
        with suppress(StoreError):
            return await store.apply(batch)
        await asyncio.sleep(0.1)
    raise AssertionError("the cluster did not come back")


async def test_counts_are_copied_from_a_single_store_into_a_cluster_and_out_of_it(
    cluster: str, valkey: str, tmp_path: Path
) -> None:
    def settings(url: str) -> Settings:
        return load({"REDIRECT_STORE_URL": url, "REDIRECT_DATA_DIR": str(tmp_path / "var")})

    def untold(*_: object) -> None:
        """No bar."""

    periods = range(NOW - 500, NOW - 400)
    async with Store(valkey) as store:
        for number, period in enumerate(periods, 1):
            await store.apply(Sums("copied", number, ((Cell("checks", period, LABELS), number),)))
        before = await store.counts(CHECKS, periods)
    await back_up(settings(valkey), tmp_path / "single.gz", untold)
    fates = await restore(settings(cluster), tmp_path / "single.gz", untold, add=True)
    assert fates == {Fate.ADDED: len(periods)}
    async with Store(cluster) as store:
        assert await store.counts(CHECKS, periods) == before
    assert await back_up(settings(cluster), tmp_path / "cluster.gz", untold) >= len(periods)
    fates = await restore(settings(cluster), tmp_path / "cluster.gz", untold, add=True)
    assert fates[Fate.ADDED] == 0


async def test_a_cluster_says_how_it_is_set_up(cluster: str) -> None:
    facts = await store_facts.look(cluster)
    assert (facts.evicts, facts.persistent, facts.replica) == (False, True, False)
    assert abs(facts.ahead) < 5
