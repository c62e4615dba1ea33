"""Owns the faults: each is one small function that breaks something until its block ends, and one row. Must never
decide what is right; `test_faults.py` does."""

from __future__ import annotations

import os
import random
import resource
import shutil
import signal
import threading
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from redis import Redis

from conftest import eventually
from redirect.adapters.bundles import BODY_NAME
from redirect.adapters.files import write_atomically
from redirect.adapters.spool import CAPACITY, Spool
from redirect.adapters.store import LIVE_LIST
from redirect.domain.counts import CHECKS
from redirect.tools.live import SAMPLE
from tests.chaos.stage import SLACK, Valkey

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

    from tests.chaos.stage import Stage

HOUR, DAY = 3600, 86400
SOON = 0.8
"""Seconds that a slow store takes to answer, each way."""


@dataclass(frozen=True)
class Fault:
    """It lasts so many seconds; meanwhile `/readyz` says that the store is as in `store`, and the log says a line.
    `cuts`: some connections of callers break, as they must. `needs_names`: a library of the distribution. `quick`: also
    in the short form."""

    name: str
    strike: Callable[[Stage], AbstractContextManager[None]]
    lasts: float = 3.0
    store: str = "reachable"
    says: str = ""
    cuts: bool = False
    needs_names: bool = False
    quick: bool = False


@contextmanager
def store_killed(stage: Stage) -> Iterator[None]:
    stage.store.kill()
    yield
    stage.store.start()


@contextmanager
def store_hung(stage: Stage) -> Iterator[None]:
    stage.store.send(signal.SIGSTOP)
    yield
    stage.store.send(signal.SIGCONT)


@contextmanager
def store_slow(stage: Stage) -> Iterator[None]:
    stage.line.delay = SOON
    yield
    stage.line.delay = 0


@contextmanager
def store_full(stage: Stage) -> Iterator[None]:
    stage.store.ask("CONFIG", "SET", "maxmemory", "1")
    yield
    stage.store.ask("CONFIG", "SET", "maxmemory", "0")


@contextmanager
def store_read_only(stage: Stage) -> Iterator[None]:
    stage.store.ask("REPLICAOF", "127.0.0.1", "1")
    yield
    stage.store.ask("REPLICAOF", "NO", "ONE")


@contextmanager
def store_fails_over(stage: Stage) -> Iterator[None]:
    """To a replica that has everything: what was not copied yet would be lost with the first, as docs/data.md says."""
    first = stage.store
    second = Valkey(stage.directory / "second", "--replicaof", f"127.0.0.1 {first.port}")
    eventually(lambda: second.ask("INFO", "replication")["master_link_status"] == "up", SLACK)
    stage.line.target = second.port
    stage.line.cut()
    written = first.ask("INFO", "replication")["master_repl_offset"]
    eventually(lambda: second.ask("INFO", "replication")["slave_repl_offset"] >= written, SLACK)
    first.kill()
    second.ask("REPLICAOF", "NO", "ONE")
    stage.store = second
    yield


@contextmanager
def name_gone(stage: Stage) -> Iterator[None]:
    stage.know_the_store(known=False)
    stage.line.cut()
    yield
    stage.know_the_store()


@contextmanager
def disk_full(stage: Stage) -> Iterator[None]:
    """No file of a worker may become as large as a spool: the same error as on a full disk, without one."""
    with _no_room(stage.service.workers()):
        yield


@contextmanager
def worker_starts_on_a_full_disk(stage: Stage) -> Iterator[None]:
    assert stage.service.process is not None
    with _no_room([stage.service.process.pid, *stage.service.workers()]):
        os.kill(stage.service.workers()[0], signal.SIGKILL)
        eventually(lambda: len(stage.service.workers()) == 2, SLACK)
        yield
        after = stage.service.workers()
        _give_room(after)
    eventually(lambda: "there is room for counts again" in stage.service.log.read_text(), SLACK)


@contextmanager
def list_comes_to_a_full_disk(stage: Stage) -> Iterator[None]:
    """Larger than any file may become. Not every second is it fetched for that, and it is live once there is room."""
    source, out = stage.directory / "large.csv", str(stage.directory / "large")
    source.write_text("\n".join(["kind,value", *(f"url,http://large.example/{n}" for n in range(30_000))]))
    stage.service.run("lists", "build", str(SAMPLE), str(source), "--out", out)
    before = stage.service.get("/readyz").json()["list_version"]
    with _no_room(stage.service.workers()):
        stage.service.run("lists", "publish", out, "--accept-change")
        yield
        assert stage.metric("list_refused") == 1
        assert stage.service.log.read_text().count("is refused") <= 2 * len(stage.service.workers())
    eventually(lambda: stage.service.get("/readyz").json()["list_version"] > before, SLACK)


@contextmanager
def _no_room(pids: list[int]) -> Iterator[None]:
    for pid in pids:
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (CAPACITY - 1, resource.RLIM_INFINITY))
    yield
    _give_room(pids)


def _give_room(pids: list[int]) -> None:
    for pid in pids:
        with suppress(ProcessLookupError):
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))


@contextmanager
def clock_jumps(stage: Stage) -> Iterator[None]:
    for seconds in (2 * HOUR, -3 * HOUR, 26 * HOUR, -3 * DAY):
        stage.jump(seconds)
        time.sleep(1.5)
    stage.jump(0)
    yield


@contextmanager
def worker_crashes_in_a_loop(stage: Stage) -> Iterator[None]:
    """One of the two is killed as soon as it is there."""
    spared, over = stage.service.workers()[0], threading.Event()

    def kill_on() -> None:
        while not over.wait(0.05):
            with suppress(OSError):  # it is gone already
                for pid in stage.service.workers():
                    if pid != spared:
                        os.kill(pid, signal.SIGKILL)

    killer = threading.Thread(target=kill_on)
    killer.start()
    yield
    over.set()
    killer.join()
    eventually(lambda: "keeps running again" in stage.service.log.read_text(), SLACK)
    assert stage.service.log.read_text().count("keeps ending") == 1


@contextmanager
def spool_truncated(stage: Stage) -> Iterator[None]:
    """Of a worker that is gone. What was cut off is lost; what stands before it counts, once."""
    scratch = stage.directory / "spool"
    spool = Spool(scratch, time.time, lambda: None)
    for surface, count in (("web", 5), ("image", 7), ("video", 11)):
        for _ in range(count):
            spool.add(CHECKS, ("demo", surface, "warn", "shadow", "0", "no"))
    used = int(spool._words[0])
    spool.close()
    (batch,) = scratch.glob("*.batch")
    os.truncate(batch, used - 9)
    (scratch / f"{'0' * 16}.lock").touch()
    (scratch / f"{'0' * 16}.{1:012d}.batch").write_bytes(random.Random(1).randbytes(5000))
    (scratch / f"{'1' * 16}.lock").touch()
    (scratch / f"{'1' * 16}.{1:012d}.batch").touch()
    stage.load.acknowledged += 5 + 7
    for path in sorted(scratch.iterdir()):  # batches come before locks, and only what has a lock is looked for
        shutil.move(path, stage.spool / path.name)
    yield
    eventually(lambda: len(list(stage.spool.iterdir())) == 4, SLACK, "it is not sent, or stays")


@contextmanager
def bundle_spoilt_in_the_store(stage: Stage) -> Iterator[None]:
    with Redis(port=stage.store.port) as store:
        kept = store.hgetall(LIVE_LIST)
        spoilt = {part: _spoilt(kept[part]) for part in (b"manifest", b"body")}
        store.hset(LIVE_LIST, mapping={b"version": int(kept[b"version"]) + 1, **spoilt})
        yield
        store.hset(LIVE_LIST, mapping=kept)


@contextmanager
def bundle_spoilt_on_the_disk(stage: Stage) -> Iterator[None]:
    """And a worker starts, who must not take it."""
    for body in (stage.service.data_dir / "lists").glob(f"*/{BODY_NAME}"):
        write_atomically(body, _spoilt(body.read_bytes()))
    os.kill(stage.service.workers()[0], signal.SIGKILL)
    yield


def _spoilt(data: bytes) -> bytes:
    """With one bit another."""
    middle = len(data) // 2
    return data[:middle] + bytes([data[middle] ^ 1]) + data[middle + 1 :]


FAULTS = (
    Fault("the store is killed", store_killed, store="unreachable", lasts=0.5, quick=True),
    Fault("the store hangs", store_hung, store="unreachable", lasts=4),
    Fault("the store is slow", store_slow, lasts=6),
    Fault("the store is full", store_full, store="unreachable", lasts=1),
    Fault("the store takes no writes", store_read_only, store="unreachable", lasts=1),
    Fault("the store fails over", store_fails_over, lasts=1),
    Fault("the store's name leads nowhere", name_gone, store="unreachable", needs_names=True, lasts=1),
    Fault("the disk is full", disk_full, says="no room for counts", quick=True, lasts=0.5),
    Fault("the disk is full and a worker starts", worker_starts_on_a_full_disk, says="no room for counts", cuts=True),
    Fault("the disk is full and a list comes", list_comes_to_a_full_disk, says="is refused", lasts=8),
    Fault("the clock jumps", clock_jumps, lasts=1),
    Fault("a worker crashes in a loop", worker_crashes_in_a_loop, says="keeps ending", cuts=True, lasts=8),
    Fault("a spool is cut short", spool_truncated, lasts=0, quick=True),
    Fault("the list in the store is spoilt", bundle_spoilt_in_the_store, says="is refused"),
    Fault("the list on the disk is spoilt", bundle_spoilt_on_the_disk, cuts=True),
)
