"""Owns the long trial of counting: workers and store are killed, frozen and started again while events are counted.
Must never end a process that it did not start.

    python -m bench.soak [--events 10000000] [--last 240]

Real supervisor, real embedded store, real spools; only the checks are left out, so that counting is all the work. Each
life of a worker counts under a name of its own, and notes in shared memory what it is about to count and what it has
counted: so afterwards the store must hold, for each life, exactly what was acknowledged. One event more is right only
where the life was ended in the middle of counting it, when nobody was told that it was counted. Everything runs in a
directory of its own, over a Unix socket, and ends by itself.
"""

from __future__ import annotations

import argparse
import asyncio
import mmap
import os
import random
import signal
import sys
import tempfile
import time
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table

from bench.processes import children
from redirect.adapters.background import end, repeat
from redirect.adapters.embedded import EmbeddedStore
from redirect.adapters.flush import ROUND, Flusher, drain
from redirect.adapters.lock import DataDirectoryLock
from redirect.adapters.processes import end_with_parent
from redirect.adapters.spool import Spool
from redirect.adapters.store import Store
from redirect.adapters.supervisor import Node, Supervisor
from redirect.domain.counts import CHECKS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from redirect.adapters.handover import Handover

WORKERS = 4
AT_ONCE = 1000
"""Events between two turns of the loop, as many as a batch of checks has."""
LABELS = [
    (surface, action, "enforce", attempt, "no")
    for surface in ("web", "image", "video", "dns")
    for action in ("block", "warn", "allow")
    for attempt in ("0", "1", "2+", "unknown")
]
BLOW_EVERY = 1.0
"""Seconds between two blows, on average."""
PATIENCE = 10
"""How many times as long as it should a trial may take, before it is given up."""
FROZEN = 2.6
"""Seconds for which the store says nothing: longer than a call waits, so that nobody knows whether it was done."""
LIVES = 4096
"""Of one worker, at most."""
ROW = 2 + 2 * LIVES
"""Words that the notes of one worker take."""


class Notes:
    """Shared memory: how many lives a worker has had, and of each what it meant to count and what it has counted."""

    def __init__(self, target: int, pause: float) -> None:
        self._words = memoryview(mmap.mmap(-1, 8 * (2 + WORKERS * ROW))).cast("Q")
        self._words[0] = target
        self.pause = pause

    def begin(self, worker: int) -> int:
        """The number of a new life."""
        base = 2 + worker * ROW
        self._words[base + 1] = os.getpid()
        self._words[base] += 1
        return self._words[base] - 1

    def place(self, worker: int, life: int) -> int:
        """Where a life notes what it means to count; what it has counted stands behind it."""
        return 2 + worker * ROW + 2 + 2 * life

    def counting(self, worker: int, patience: float) -> int:
        """The process of a worker, if it can be caught while it counts; else after a while, whatever it does."""
        deadline, last = time.monotonic() + patience, -1
        while time.monotonic() < deadline:
            now = self._words[self.place(worker, max(self._words[2 + worker * ROW] - 1, 0))]
            if 0 <= last < now:
                break
            last = now
        return self._words[2 + worker * ROW + 1]

    def lose(self) -> None:
        """Note a count that found no room."""
        self._words[1] += 1

    @property
    def words(self) -> memoryview:
        """All of it."""
        return self._words

    def counted(self, worker: int) -> int:
        """What a worker has counted in all its lives."""
        return sum(done for each, _, _, done in self.lives() if each == worker)

    def lives(self) -> Iterator[tuple[int, int, int, int]]:
        """Worker, life, events begun, events counted."""
        for worker in range(WORKERS):
            for life in range(self._words[2 + worker * ROW]):
                at = self.place(worker, life)
                yield worker, life, self._words[at], self._words[at + 1]

    @property
    def finished(self) -> bool:
        """Whether every worker has counted its share."""
        return all(self.counted(worker) >= self._words[0] for worker in range(WORKERS))


@dataclass
class Blows:
    """What was done to the service."""

    workers: int = 0
    store: int = 0
    frozen: int = 0
    restarts: int = 0


@dataclass(frozen=True)
class Outcome:
    """What came of it. `wrong` are lives of which the store does not hold exactly what was acknowledged."""

    acknowledged: int
    stored: int
    in_the_middle: int
    lives: int
    lost: int
    wrong: list[str]
    blows: Blows
    seconds: float


def untold(_counted: int) -> None:
    """Progress that nobody watches."""


def soak(events: int, last: float, seed: int = 1, progress: Callable[[int], object] = untold) -> Outcome:
    """Count `events` in all, over about `last` seconds, while blows fall; `progress` is told how many it has whenever
    the whole ends."""
    began, rng, blows = time.monotonic(), random.Random(seed), Blows()
    notes = Notes(events // WORKERS, last * AT_ONCE * WORKERS / events)
    with tempfile.TemporaryDirectory(prefix="rd-soak-") as scratch:
        data = Path(scratch) / "var"
        while not notes.finished:
            service = _fork(partial(_serve, data, notes))
            _strike(service, notes, rng, blows, time.monotonic() + rng.uniform(last / 8, last / 3))
            os.kill(service, signal.SIGTERM)
            os.waitpid(service, 0)
            progress(sum(map(notes.counted, range(WORKERS))))
            if time.monotonic() > began + PATIENCE * last:
                raise TimeoutError(f"{events} events were not counted within {PATIENCE * last:.0f} seconds")
            blows.restarts += not notes.finished
        stored = _stored(data)
    return _compare(notes, stored, blows, time.monotonic() - began)


def _fork(run: partial[None]) -> int:
    sys.stdout.flush()
    pid = os.fork()
    if pid == 0:
        status = 1
        try:
            end_with_parent()
            # What the supervisor says of each blow is of no interest here.
            os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
            run()
            status = 0
        finally:
            os._exit(status)
    return pid


def _serve(data: Path, notes: Notes) -> None:
    """A supervisor over a store and workers, as `redirect serve` has it."""
    lock, store = DataDirectoryLock(data), EmbeddedStore(data)
    lock.take_or_raise()
    try:
        store.start()
        store.wait()
        work = partial(_work, data, store.url, notes)
        node = Node(WORKERS, work, lambda: WORKERS, lambda: None, _no_next_program, close=lambda: None)
        Supervisor(node, lock, store).run()
    finally:
        store.stop()


def _no_next_program(_workers: Sequence[int]) -> Handover:
    raise AssertionError("nobody sends SIGHUP here")


def _work(data: Path, url: str, notes: Notes, worker: int) -> None:
    asyncio.run(_count(data, url, notes, worker))


async def _count(data: Path, url: str, notes: Notes, worker: int) -> None:
    """One life of a worker."""
    stopping = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stopping.set)
    async with Store(url) as store:
        spool = Spool(data / "spool", time.time, notes.lose)
        flusher = Flusher(spool, data / "spool", store)
        beside = asyncio.create_task(repeat(flusher.round, ROUND))
        life, left = notes.begin(worker), notes.words[0] - notes.counted(worker)
        while left > 0 and not stopping.is_set():
            _count_some(spool, notes, worker, life, min(left, AT_ONCE))
            left -= AT_ONCE
            await asyncio.sleep(notes.pause)
        if left <= 0:
            await stopping.wait()
        await end([beside])
        await flusher.finish()
        spool.close()


def _count_some(spool: Spool, notes: Notes, worker: int, life: int, many: int) -> None:
    words, at, name = notes.words, notes.place(worker, life), _name(worker, life)
    labels = [(name, *rest) for rest in LABELS]
    for number in range(many):
        words[at] += 1
        spool.add(CHECKS, labels[number % len(labels)])
        words[at + 1] += 1


def _name(worker: int, life: int) -> str:
    return f"w{worker}-{life}"


def _strike(service: int, notes: Notes, rng: random.Random, blows: Blows, until: float) -> None:
    """Kill workers and store, freeze the store, until it is time for the whole to end in order."""
    while not notes.finished and time.monotonic() < until:
        time.sleep(rng.expovariate(1 / BLOW_EVERY))
        found = children(service)
        store = [pid for pid, command in found.items() if b"valkey" in command]
        blow = rng.random()
        if blow < 0.6:
            worker = notes.counting(rng.randrange(WORKERS), 0.2)
            blows.workers += worker in found and _send(worker, signal.SIGKILL)
        elif blow < 0.85 and store:
            blows.store += _send(store[0], signal.SIGKILL)
        elif store:
            blows.frozen += _send(store[0], signal.SIGSTOP)
            time.sleep(FROZEN)
            _send(store[0], signal.SIGCONT)


def _send(pid: int, number: int) -> bool:
    with suppress(ProcessLookupError):
        os.kill(pid, number)
        return True
    return False


def _stored(data: Path) -> dict[str, int]:
    """What the store holds for each life, once every spool has been sent."""
    embedded = EmbeddedStore(data)
    embedded.start()
    try:
        embedded.wait()
        return asyncio.run(_sums(data, embedded.url))
    finally:
        embedded.stop()


async def _sums(data: Path, url: str) -> dict[str, int]:
    sums: dict[str, int] = {}
    async with Store(url) as store:
        await drain(data / "spool", store)
        newest = CHECKS.period(time.time())
        for _, joined, count in await store.counts(CHECKS, range(newest - 24, newest + 1)):
            name = joined.partition("|")[0]
            sums[name] = sums.get(name, 0) + count
    return sums


def _compare(notes: Notes, stored: dict[str, int], blows: Blows, seconds: float) -> Outcome:
    wrong, lives, middle = [], list(notes.lives()), 0
    for worker, life, begun, counted in lives:
        found = stored.pop(_name(worker, life), 0)
        middle += found - counted
        if not counted <= found <= begun or begun - counted > 1:
            wrong.append(f"{_name(worker, life)}: {counted} acknowledged, {begun} begun, {found} stored")
    wrong += [f"{name}: nobody counted {count}" for name, count in stored.items()]
    acknowledged = sum(counted for *_, counted in lives)
    return Outcome(acknowledged, acknowledged + middle, middle, len(lives), notes.words[1], wrong, blows, seconds)


def _tell(events: int, counted: int) -> None:
    """In lines, since a bar has a thread and this forks."""
    print(f"{counted:,} of {events:,} counted", file=sys.stderr)


def main() -> None:
    """Run and print; exit 1 where a count was lost or doubled."""
    parser = argparse.ArgumentParser(prog="python -m bench.soak", description=__doc__)
    parser.add_argument("--events", type=int, default=10_000_000, help="that are counted in all")
    parser.add_argument("--last", type=float, default=240, help="seconds over which they are spread")
    parser.add_argument("--seed", type=int, default=random.randrange(1 << 30), help="of the blows")
    wanted = parser.parse_args()
    outcome = soak(wanted.events, wanted.last, wanted.seed, partial(_tell, wanted.events))
    table = Table(title=f"Soak, seed {wanted.seed}", title_justify="left", show_header=False)
    for name, value in {
        "acknowledged": f"{outcome.acknowledged:,}",
        "in the store": f"{outcome.stored:,}",
        "of them counted in the middle of a kill, so never acknowledged": f"{outcome.in_the_middle:,}",
        "lost for want of room": f"{outcome.lost:,}",
        "lost or doubled": f"{len(outcome.wrong)} of {outcome.lives} lives",
        "workers killed": f"{outcome.blows.workers}",
        "store killed, frozen": f"{outcome.blows.store}, {outcome.blows.frozen}",
        "restarts of the whole": f"{outcome.blows.restarts}",
        "seconds": f"{outcome.seconds:.0f}",
    }.items():
        table.add_row(name, value)
    Console().print(table, *outcome.wrong)
    sys.exit(1 if outcome.wrong or outcome.lost else 0)


if __name__ == "__main__":
    main()
