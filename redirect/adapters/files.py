"""Owns how files are replaced. Must never leave half a file where a whole one was."""

from __future__ import annotations

import os
import secrets
import stat
from contextlib import contextmanager, suppress
from typing import IO, TYPE_CHECKING, TypeVar

import msgspec

from redirect.domain.records import decoded

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

Kind = TypeVar("Kind")


def write_atomically(path: Path, data: bytes) -> None:
    """Write beside the target, then move over it; readers see the old file or the new one, whole."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with replacing(path, 0o600) as file:
        file.write(data)


def rewrite(path: Path, data: bytes) -> None:
    """The same with a file of the project, not of the user who runs the command: whoever could read it still can."""
    known = path.stat()
    with replacing(path, stat.S_IMODE(known.st_mode), known.st_gid) as file:
        file.write(data)


class Copy:
    """What the store said last, on the disk for the time when it does not answer."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._is_kept = True

    def read(self, kind: type[Kind]) -> Kind | None:
        """What was kept, if anything; a damaged copy must not stop the start, since the store has it, too."""
        with suppress(OSError):
            return decoded(self._path.read_bytes(), kind)
        return None

    def keep(self, value: object, *, changed: bool) -> None:
        """Write what has changed, and what found no room before: a revoked key must not come back with a start. Raises
        OSError."""
        self._is_kept = self._is_kept and not changed
        if not self._is_kept:
            write_atomically(self._path, msgspec.json.encode(value))
            self._is_kept = True


@contextmanager
def replacing(path: Path, mode: int, group: int | None = None) -> Iterator[IO[bytes]]:
    """A file to write beside the target, moved over it at the end; where anything fails, the target stays.

    `mode` is less whatever the process's umask forbids, unless `group` is given: then exactly that group may do what
    `mode` says of it.
    """
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    try:
        with os.fdopen(descriptor, "wb") as file:
            if group is not None:
                os.fchown(descriptor, -1, group)
                os.fchmod(descriptor, mode)
            yield file
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise
