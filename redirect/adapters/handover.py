"""Owns how a running service becomes the next one, of other settings, content or code. Must never end what serves
before the next has shown that it can start.

On SIGHUP the command that started the service is run once more beside it, on trial: it reads and proves all that a
start does, and ends. Where that fails, all stays as it was. Else this very process executes the command anew. Its
number, its listening sockets, its lock, its store and its workers stay; the next program starts workers of its own, and
ends the old ones once all of its own serve. So no connection is refused and none cut off.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from typing import TYPE_CHECKING

import msgspec

from redirect.domain.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Iterable, MutableMapping, Sequence

NAME = "REDIRECT_HANDOVER"
"""Carries it from one program to the next in the environment; no setting, though it is named like one."""
TRIAL_LIMIT = 60.0
RETIREMENT = 15.0
"""Seconds that a worker has to finish what it has."""
SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


class Handover(msgspec.Struct, frozen=True, kw_only=True):
    """What the next program finds. `listeners` and `lock` are descriptors, the former by address and port as they are
    set; `store` and `workers` are process ids, 0 where no store is ours.

    Programs of two versions meet here, the newer before or after the older: a new field has a default, and one that is
    not known is passed over. What the other may not pass over becomes a field of another name without a default: then
    neither takes over from the other, and who serves goes on.
    """

    data_dir: str
    embedded: bool
    listeners: dict[str, int]
    lock: int
    store: int
    workers: tuple[int, ...]
    trial: bool = False


def received(environ: MutableMapping[str, str]) -> Handover | None:
    """What a program before this one has handed over, taken out of the environment. Raises SettingsError where that
    cannot be read."""
    text = environ.pop(NAME, "")
    try:
        return msgspec.json.decode(text, type=Handover) if text else None
    except ValueError:  # of msgspec, or of what is no UTF-8
        raise SettingsError(
            f"{NAME}: this version cannot take over from the one that runs: stop the service, then start it"
        ) from None


class Trial:
    """The next program, trying whether it could start."""

    def __init__(self, handover: Handover) -> None:
        text = msgspec.json.encode(msgspec.structs.replace(handover, trial=True)).decode()
        self._began = time.monotonic()
        self._process = subprocess.Popen(
            [sys.executable, *sys.orig_argv[1:]],
            env={**os.environ, NAME: text},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )

    def verdict(self) -> str | None:
        """Empty if it could, else why not; None while it is still trying."""
        if self._process.poll() is None:
            if time.monotonic() - self._began < TRIAL_LIMIT:
                return None
            self._process.kill()
        said = self._process.communicate()[1].decode(errors="replace").strip()
        if self._process.returncode == 0:
            return ""
        return said.rpartition("\n")[2].removeprefix("redirect: ") or "it did not come to an end"

    def give_up(self) -> None:
        """End it."""
        self._process.kill()
        self._process.communicate()


def hand_over(handover: Handover) -> str:
    """Become the next program. Signals that are held back wait until it can hear them. Comes back, with the reason,
    only where the system does not let it."""
    sys.stdout.flush()
    sys.stderr.flush()
    for descriptor in (*handover.listeners.values(), handover.lock):
        os.set_inheritable(descriptor, True)  # noqa: FBT003
    text = msgspec.json.encode(handover).decode()
    try:
        os.execve(sys.executable, [sys.executable, *sys.orig_argv[1:]], {**os.environ, NAME: text})  # noqa: S606
    except OSError as error:
        return f"{sys.executable}: {error.strerror}"


def hold_back(numbers: Iterable[signal.Signals] = SIGNALS) -> None:
    """Until `hear`, also if that is in the next program. What came before has been handled when this returns."""
    signal.pthread_sigmask(signal.SIG_BLOCK, numbers)


def hear() -> None:
    """Let signals through that were held back."""
    signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)


class Retiring:
    """Workers that are not replaced: they serve until they are told to end, and then finish what they have."""

    def __init__(self, workers: Sequence[int]) -> None:
        self._workers = set(workers)
        self._ended_at = 0.0

    @property
    def workers(self) -> tuple[int, ...]:
        """Process ids of those that are still there."""
        return tuple(self._workers)

    def end(self) -> None:
        """Let them finish what they have, and end."""
        if not self._ended_at:
            self._ended_at = time.monotonic()
            self._signal(signal.SIGTERM)

    def reap(self) -> None:
        """Let go of those that have ended; end those that take too long."""
        if self._ended_at and time.monotonic() - self._ended_at > RETIREMENT:
            self._signal(signal.SIGKILL)
        for pid in tuple(self._workers):
            with suppress(ChildProcessError):
                if os.waitpid(pid, os.WNOHANG)[0] == 0:
                    continue
            self._workers.discard(pid)

    def _signal(self, number: signal.Signals) -> None:
        for pid in self._workers:
            os.kill(pid, number)
