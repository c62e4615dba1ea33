"""Owns where a node finds the live bundle when that is not the store: a directory, or an HTTPS address.

Must never tell the far side more than that somebody asks. Both hold what `redirect lists build` writes.
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Protocol

import msgspec

from redirect.adapters import bundles
from redirect.domain.errors import ListError

UNREADABLE = -1


class ListPlace(Protocol):
    """Where the live bundle lies: the store is one, too."""

    async def list_version(self) -> int: ...

    async def read_list(self) -> tuple[bytes, bytes] | None: ...

    async def close(self) -> None: ...


class DirectoryPlace:
    """A directory, perhaps on a disk that several nodes share."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    async def list_version(self) -> int:
        """The version that lies there, 0 where none does."""
        return claimed_version(await asyncio.to_thread(_read, self._directory / bundles.ENVELOPE_NAME))

    async def read_list(self) -> tuple[bytes, bytes] | None:
        """Envelope and body."""
        parts = (self._directory / name for name in (bundles.ENVELOPE_NAME, bundles.BODY_NAME))
        envelope, body = [await asyncio.to_thread(_read, path) for path in parts]
        return (envelope, body) if envelope and body else None

    async def close(self) -> None:
        """Nothing is kept open."""


def place_of(source: str) -> ListPlace | None:
    """Where a directory or an https:// address says that the live bundle lies; None where it says nothing."""
    if source.startswith("https://"):
        from redirect.adapters.https_place import HttpsPlace  # noqa: PLC0415 (few need its HTTP client)

        return HttpsPlace(source)
    return DirectoryPlace(Path(source)) if source else None


def claimed_version(envelope: bytes) -> int:
    """What a manifest says of itself before anything of it is believed. 0 where there is none; UNREADABLE where there
    is one that says nothing."""
    try:
        return msgspec.json.decode(msgspec.json.decode(envelope, type=bundles.Envelope).manifest, type=_Claim).version
    except (msgspec.DecodeError, ValueError):  # bytes that are no UTF-8 are no DecodeError
        return UNREADABLE if envelope else 0


class _Claim(msgspec.Struct):
    version: int


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return b""
    except OSError as error:
        raise ListError(f"{path}: {error.strerror}") from None
