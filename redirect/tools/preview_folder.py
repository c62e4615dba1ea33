"""Owns the directory that a preview is written to. Must never overwrite or delete what no preview wrote."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Final

from redirect.domain.errors import ContentError

if TYPE_CHECKING:
    from pathlib import Path

MARK: Final = ".redirect-preview"
"""Names the files of a preview, one a line, and so says that a directory holds one."""


class PreviewFolder:
    """Made new, or taken over from an earlier preview; with `force` from anything else, which stays beside.

    Raises ContentError where it is neither new nor empty nor a preview's.
    """

    def __init__(self, path: Path, *, force: bool) -> None:
        self._path = path
        self._mark = path / MARK
        if not force and not self._mark.is_file() and path.exists() and (not path.is_dir() or any(path.iterdir())):
            raise ContentError(f"{path} holds something that no preview wrote: name another directory, or use --force")
        self._before = frozenset(self._named())
        self._written: list[str] = []

    def write(self, name: str, text: str) -> None:
        """A file by its path within."""
        file = self._path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        if name not in self._before:
            # Named before it is there, so that a preview that breaks off can be cleared away by the next one.
            with self._mark.open("a", encoding="utf-8") as mark:
                mark.write(f"{name}\n")
        file.write_text(text, encoding="utf-8")
        self._written.append(name)

    def finish(self) -> None:
        """Delete what an earlier preview wrote and this one did not."""
        for name in self._before.difference(self._written):
            (self._path / name).unlink(missing_ok=True)
        self._mark.write_text("".join(f"{name}\n" for name in self._written), encoding="utf-8")

    def _named(self) -> list[str]:
        names = self._mark.read_text("utf-8").splitlines() if self._mark.is_file() else []
        return [name for name in names if _is_within(name)]


def _is_within(name: str) -> bool:
    path = PurePosixPath(name)
    return bool(name) and not path.is_absolute() and ".." not in path.parts
