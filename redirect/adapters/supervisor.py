"""Owns the processes of one node: the embedded store and the workers. Must never serve a request itself.

Start: lock, store, listening socket, workers. Stop, in the opposite order: workers finish what they have and
flush their counts, then the store writes its file out and ends. A worker or store that dies is started again
within a second.
"""

from __future__ import annotations

import fcntl
import logging
import os
import signal
import sys
import time
from typing import TYPE_CHECKING

from redirect.adapters.processes import end_with_parent
from redirect.domain.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from redirect.adapters.embedded import EmbeddedStore

LOG = logging.getLogger(__name__)

LOOK_EVERY = 0.1
QUICK_DEATH = 1.0
PAUSE_AFTER_QUICK_DEATH = 0.5
LONGEST_PAUSE = 30.0
STOP_LIMIT = 15.0
LOCK_PATIENCE = 10.0


class DataDirectoryLock:
    """Says that a service holds this data directory. Held by the supervisor, released by its end however it ends."""

    def __init__(self, data_dir: Path) -> None:
        data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._path = data_dir / "lock"
        self._descriptor = -1

    def take(self) -> bool:
        """Whether it was free and is now ours."""
        descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            return False
        self._descriptor = descriptor
        return True

    def take_or_raise(self) -> None:
        """Raise SettingsError where another service holds the directory. A command of ours may hold it for a moment."""
        deadline = time.monotonic() + LOCK_PATIENCE
        while not self.take():
            if time.monotonic() > deadline:
                where = self._path.parent
                raise SettingsError(
                    f"REDIRECT_DATA_DIR: another redirect service uses {where}; stop it or choose another"
                )
            time.sleep(LOOK_EVERY)

    def forget(self) -> None:
        """In a child: close this copy, so that the lock ends with its owner."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    release = forget


class Supervisor:
    """Keeps `count` workers and, if there is one, the embedded store alive until it is told to stop.

    `run_worker(index)` is called in a child process and returns when the worker has ended in order.
    `announce` is called once, as soon as `serving` says that a worker answers.
    """

    def __init__(
        self,
        lock: DataDirectoryLock,
        store: EmbeddedStore | None,
        count: int,
        run_worker: Callable[[int], None],
        serving: Callable[[], bool],
        announce: Callable[[], None],
    ) -> None:
        self._lock = lock
        self._store = store
        self._run_worker = run_worker
        self._serving = serving
        self._announce = announce
        self._workers: dict[int, int] = {}
        self._due = dict.fromkeys(range(count), 0.0)
        self._started: dict[int, float] = {}
        self._store_started = self._store_due = 0.0
        self._store_pause = PAUSE_AFTER_QUICK_DEATH
        self._stopping = False

    def run(self) -> None:
        """Until SIGTERM or SIGINT."""
        signal.signal(signal.SIGTERM, self._stop)
        signal.signal(signal.SIGINT, self._stop)
        silent = True
        while not self._stopping:
            self._start_due_workers()
            if silent and self._serving():
                self._announce()
                silent = False
            time.sleep(LOOK_EVERY)
            self._reap_workers()
            self._revive_store()
        self._stop_workers()

    def _stop(self, _number: int, _frame: object) -> None:
        self._stopping = True

    def _start_due_workers(self) -> None:
        for index, due in list(self._due.items()):
            if time.monotonic() >= due:
                del self._due[index]
                self._workers[self._fork(index)] = index
                self._started[index] = time.monotonic()

    def _fork(self, index: int) -> int:
        sys.stdout.flush()
        sys.stderr.flush()
        pid = os.fork()
        if pid:
            return pid
        status = 1
        try:
            end_with_parent()
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            signal.signal(signal.SIGINT, signal.SIG_IGN)
            self._lock.forget()
            self._run_worker(index)
            status = 0
        except Exception:
            LOG.exception("worker %d ended with an error", index)
        finally:
            sys.stderr.flush()
            os._exit(status)

    def _reap_workers(self) -> None:
        for pid, index in list(self._workers.items()):
            ended, status = os.waitpid(pid, os.WNOHANG)
            if not ended:
                continue
            del self._workers[pid]
            quick = time.monotonic() - self._started[index] < QUICK_DEATH
            self._due[index] = time.monotonic() + (PAUSE_AFTER_QUICK_DEATH if quick else 0)
            if not self._stopping:
                LOG.error("worker %d ended (%s); starting another", index, _how(status))

    def _revive_store(self) -> None:
        """At once, but for a store that ends as soon as it starts: then after ever longer pauses."""
        if not self._store or self._stopping or not self._store.ended():
            return
        now = time.monotonic()
        if not self._store_due:
            quick = now - self._store_started < QUICK_DEATH
            self._store_pause = min(2 * self._store_pause, LONGEST_PAUSE) if quick else PAUSE_AFTER_QUICK_DEATH
            self._store_due = now + (self._store_pause if quick else 0)
        if now >= self._store_due:
            LOG.error("the embedded store ended; starting it again, see valkey.log")
            self._store_started, self._store_due = now, 0.0
            self._store.start()

    def _stop_workers(self) -> None:
        for pid in self._workers:
            os.kill(pid, signal.SIGTERM)
        deadline = time.monotonic() + STOP_LIMIT
        while self._workers and time.monotonic() < deadline:
            self._reap_workers()
            time.sleep(0.02)
        for pid in self._workers:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)


def _how(status: int) -> str:
    code = os.waitstatus_to_exitcode(status)
    return f"signal {-code}" if code < 0 else f"status {code}"
