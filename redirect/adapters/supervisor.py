"""Owns the processes of one node: the embedded store and the workers. Must never serve a request itself.

Start: lock, listening sockets, store, workers. Stop: these sockets close, so that whoever comes is refused at once;
workers finish what they have and flush their counts; then the store writes its file out and ends. A worker or store
that dies is started again within a second; one that keeps dying, after ever longer pauses, and that is said once. On
SIGHUP it becomes the next program, see `handover.py`.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from redirect.adapters.events import Event, tell
from redirect.adapters.handover import Retiring, Trial, hand_over, hear, hold_back
from redirect.adapters.processes import end_with_parent
from redirect.domain.errors import RedirectError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from redirect.adapters.embedded import EmbeddedStore
    from redirect.adapters.handover import Handover
    from redirect.adapters.lock import DataDirectoryLock

LOOK_EVERY = 0.1
QUICK_DEATH = 5.0
"""Seconds of a life that was none: what ended it will most likely end the next one, too."""
PAUSE_AFTER_QUICK_DEATH = 0.5
LONGEST_PAUSE = 30.0
CHANCES = 2
"""Quick deaths in a row after which the pauses grow."""
TERMINAL = 0
"""The descriptor of standard input."""


@dataclass(frozen=True)
class Node:
    """What a supervisor knows of its node. `run_worker(index)` is called in a child process and returns when the worker
    has ended in order. `serving` says how many workers have ever begun to serve; `announce` is called once, as soon as
    all have. `handover` says what the next program is given, with these workers; `close` lets go of what this process
    listens on."""

    count: int
    run_worker: Callable[[int], None]
    serving: Callable[[], int]
    announce: Callable[[], None]
    handover: Callable[[Sequence[int]], Handover]
    close: Callable[[], None]


class Revival:
    """When one process is started again, and whether that is worth a line."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._began = clock()
        self._quick_deaths = 0

    @property
    def keeps_dying(self) -> bool:
        """Whether it has died quickly too often in a row."""
        return self._quick_deaths > CHANCES

    @property
    def is_news(self) -> bool:
        """Whether its last death is worth a line: of many in a row only the first ones are."""
        return self._quick_deaths <= CHANCES + 1

    def begins(self) -> None:
        """It was started."""
        self._began = self._clock()

    def lives(self) -> bool:
        """To be asked while it runs: True once, when one that kept dying has come through."""
        if not self.keeps_dying or self._clock() - self._began < QUICK_DEATH:
            return False
        self._quick_deaths = 0
        return True

    def due_after_death(self) -> float:
        """The moment for another."""
        now = self._clock()
        if now - self._began >= QUICK_DEATH:
            self._quick_deaths = 0
            return now
        self._quick_deaths += 1
        return now + min(PAUSE_AFTER_QUICK_DEATH * 2.0 ** max(0, self._quick_deaths - CHANCES), LONGEST_PAUSE)


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
        self._revivals = {index: Revival() for index in range(node.count)}
        self._store_revival, self._store_due = Revival(), 0.0
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
            self._reloading = False
            try:
                self._trial = Trial(self._handover())
            except OSError as error:
                tell(Event.RELOAD_REFUSED, reason=str(error))
        why_not = self._trial.verdict() if self._trial else None
        if why_not is None:
            return
        self._trial = None
        if not why_not:
            hold_back()
            # A stop that came before is known here alone; one that comes from now on, the next program hears.
            if not self._stopping:
                tell(Event.HANDING_OVER)
                why_not = hand_over(self._handover())
            hear()
        if why_not:
            tell(Event.RELOAD_REFUSED, reason=why_not)

    def _handover(self) -> Handover:
        return self._node.handover((*self._workers, *self._before.workers))

    def _start_due_workers(self) -> None:
        for index, due in list(self._due.items()):
            if time.monotonic() >= due:
                del self._due[index]
                self._revivals[index].begins()
                try:
                    self._workers[self._fork(index)] = index
                except OSError as error:
                    self._lost_worker(index, f"not started: {error}")

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
            if not self._revivals[index].keeps_dying:
                tell(Event.WORKER_FAILED, trace=True, worker=index)
        finally:
            sys.stderr.flush()
            os._exit(status)

    def _reap_workers(self) -> None:
        self._before.reap()
        for pid, index in list(self._workers.items()):
            ended, status = os.waitpid(pid, os.WNOHANG)
            if ended:
                del self._workers[pid]
                self._lost_worker(index, _how(status))
            elif self._revivals[index].lives():
                tell(Event.WORKER_RUNS_AGAIN, worker=index)

    def _lost_worker(self, index: int, how: str) -> None:
        revival = self._revivals[index]
        self._due[index] = revival.due_after_death()
        if not self._stopping and revival.is_news:
            tell(Event.WORKER_KEEPS_ENDING if revival.keeps_dying else Event.WORKER_ENDED, worker=index, how=how)

    def _revive_store(self) -> None:
        if not self._store or self._stopping or not self._store.ended():
            return
        if not self._store_due:
            self._lost_store("see valkey.log")
        if time.monotonic() >= self._store_due:
            self._store_revival.begins()
            self._store_due = 0.0
            try:
                self._store.start()
            except (OSError, RedirectError) as error:
                self._lost_store(f"not started: {error}")

    def _lost_store(self, how: str) -> None:
        revival = self._store_revival
        self._store_due = revival.due_after_death()
        if revival.is_news:
            tell(Event.STORE_KEEPS_ENDING if revival.keeps_dying else Event.STORE_ENDED, how=how)

    def _stop_workers(self) -> None:
        self._node.close()
        retiring = Retiring((*self._workers, *self._before.workers))
        retiring.end()
        while retiring.workers:
            retiring.reap()
            time.sleep(0.02)


def _how(status: int) -> str:
    code = os.waitstatus_to_exitcode(status)
    return f"signal {-code}" if code < 0 else f"status {code}"
