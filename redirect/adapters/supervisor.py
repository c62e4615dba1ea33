"""Owns the processes of one node: the embedded store and the workers. Must never serve a request itself.

Start: lock, store, listening socket, workers. Stop, in the opposite order: workers finish what they have and
flush their counts, then the store writes its file out and ends. A worker or store that dies is started again
within a second. On SIGHUP it becomes the next program, see `handover.py`.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from redirect.adapters.events import Event, tell
from redirect.adapters.handover import Retiring, Trial, hand_over, hear
from redirect.adapters.processes import end_with_parent

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from redirect.adapters.embedded import EmbeddedStore
    from redirect.adapters.handover import Handover
    from redirect.adapters.lock import DataDirectoryLock

LOOK_EVERY = 0.1
QUICK_DEATH = 1.0
PAUSE_AFTER_QUICK_DEATH = 0.5
LONGEST_PAUSE = 30.0
TERMINAL = 0
"""The descriptor of standard input."""


@dataclass(frozen=True)
class Node:
    """What a supervisor knows of its node. `run_worker(index)` is called in a child process and returns when the worker
    has ended in order. `serving` says how many workers answer; `announce` is called once, as soon as all do. `handover`
    says what the next program is given, with these workers."""

    count: int
    run_worker: Callable[[int], None]
    serving: Callable[[], int]
    announce: Callable[[], None]
    handover: Callable[[Sequence[int]], Handover]


class Supervisor:
    """Keeps workers and, if there is one, the embedded store alive until it is told to stop, or to become another.
    `before` are workers of the program before this one."""

    def __init__(
        self, node: Node, lock: DataDirectoryLock, store: EmbeddedStore | None, before: Sequence[int] = ()
    ) -> None:
        self._lock = lock
        self._store = store
        self._node = node
        self._workers: dict[int, int] = {}
        self._due = dict.fromkeys(range(node.count), 0.0)
        self._started: dict[int, float] = {}
        self._store_started = self._store_due = 0.0
        self._store_pause = PAUSE_AFTER_QUICK_DEATH
        self._before = Retiring(before)
        self._trial: Trial | None = None
        self._stopping = self._reloading = False
        self._at_terminal = os.isatty(TERMINAL)

    def run(self) -> None:
        """Until SIGTERM or SIGINT, or SIGHUP and a good trial."""
        for number, heard in (
            (signal.SIGTERM, self._stop),
            (signal.SIGINT, self._stop),
            (signal.SIGHUP, self._hang_up),
        ):
            signal.signal(number, heard)
        hear()
        silent = True
        while not self._stopping:
            self._start_due_workers()
            if silent and self._node.serving() == self._node.count:
                self._before.end()
                self._node.announce()
                silent = False
            time.sleep(LOOK_EVERY)
            self._reap_workers()
            self._revive_store()
            self._reload()
        if self._trial:
            self._trial.give_up()
        self._stop_workers()

    def _stop(self, _number: int, _frame: object) -> None:
        self._stopping = True

    def _hang_up(self, _number: int, _frame: object) -> None:
        """Read everything anew; or stop, where it was the terminal that went."""
        if self._at_terminal and not os.isatty(TERMINAL):
            self._stopping = True
        else:
            self._reloading = True

    def _reload(self) -> None:
        if self._reloading and self._trial is None:
            self._reloading, self._trial = False, Trial(self._handover())
        why_not = self._trial.verdict() if self._trial else None
        if why_not is None:
            return
        self._trial = None
        if not why_not:
            tell(Event.HANDING_OVER)
            why_not = hand_over(self._handover())
        tell(Event.RELOAD_REFUSED, reason=why_not)

    def _handover(self) -> Handover:
        return self._node.handover((*self._workers, *self._before.workers))

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
            signal.signal(signal.SIGHUP, signal.SIG_IGN)
            self._lock.forget()
            self._node.run_worker(index)
            status = 0
        except Exception:  # noqa: BLE001 (told, with its trace)
            tell(Event.WORKER_FAILED, trace=True, worker=index)
        finally:
            sys.stderr.flush()
            os._exit(status)

    def _reap_workers(self) -> None:
        self._before.reap()
        for pid, index in list(self._workers.items()):
            ended, status = os.waitpid(pid, os.WNOHANG)
            if not ended:
                continue
            del self._workers[pid]
            quick = time.monotonic() - self._started[index] < QUICK_DEATH
            self._due[index] = time.monotonic() + (PAUSE_AFTER_QUICK_DEATH if quick else 0)
            if not self._stopping:
                tell(Event.WORKER_ENDED, worker=index, how=_how(status))

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
            tell(Event.STORE_ENDED)
            self._store_started, self._store_due = now, 0.0
            self._store.start()

    def _stop_workers(self) -> None:
        retiring = Retiring((*self._workers, *self._before.workers))
        retiring.end()
        while retiring.workers:
            retiring.reap()
            time.sleep(0.02)


def _how(status: int) -> str:
    code = os.waitstatus_to_exitcode(status)
    return f"signal {-code}" if code < 0 else f"status {code}"
