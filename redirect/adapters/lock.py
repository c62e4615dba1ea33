"""Owns who may use a data directory: one service, or one command for a moment. Must never outlive its holder."""

from __future__ import annotations

import fcntl
import os
import time
from typing import TYPE_CHECKING

from redirect.domain.errors import SettingsError

if TYPE_CHECKING:
    from pathlib import Path

LOOK_EVERY = 0.1
PATIENCE = 10.0


class DataDirectoryLock:
    """Says that a service holds this data directory. Held by the supervisor, released by its end however it ends.
    `held` is the descriptor by which the program before held it."""

    def __init__(self, data_dir: Path, held: int = -1) -> None:
        data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._path = data_dir / "lock"
        self._descriptor = held
        if held >= 0:
            os.set_inheritable(held, False)  # noqa: FBT003

    @property
    def descriptor(self) -> int:
        """By which it is held; -1 while it is not."""
        return self._descriptor

    def take(self) -> bool:
        """Whether it was free, or ours before, and is now ours."""
        if self._descriptor >= 0:
            return True
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
        deadline = time.monotonic() + PATIENCE
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


def is_held(data_dir: Path) -> bool:
    """Whether a service, or a command for a moment, uses this directory. Leaves no trace."""
    try:
        descriptor = os.open(data_dir / "lock", os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False
