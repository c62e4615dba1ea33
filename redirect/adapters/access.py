"""Owns the keys that platforms present. Must never keep a key itself, only its SHA-256 (keys are 256 random bits).

Records lie in the store; each node keeps the last known copy in `access.json`, so that it can serve while the
store is down.
"""

from __future__ import annotations

import hashlib
import secrets
from contextlib import suppress
from typing import TYPE_CHECKING

import msgspec

from redirect.adapters.files import write_atomically
from redirect.domain.access import Access, Scope

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

PREFIX = "rd_"
DEMO_KEY = "demo"


def new_key() -> str:
    """A fresh key, to be shown once."""
    return PREFIX + secrets.token_urlsafe(32)


def digest(key: str | bytes) -> str:
    """What is stored of a key."""
    return hashlib.sha256(key if isinstance(key, bytes) else key.encode()).hexdigest()


def demo_access() -> tuple[str, Access]:
    """The key `demo` with every scope, for `--demo` alone."""
    return digest(DEMO_KEY), Access(id="demo", platform="demo", scopes=tuple(Scope))


class AccessKeys:
    """The access keys known to this process, by digest."""

    def __init__(self, cache: Path, built_in: Mapping[str, Access]) -> None:
        self._cache = cache
        self._built_in = dict(built_in)
        self._known = dict(built_in)
        if cache.exists():
            # A damaged copy must not stop the start: the store has the keys too.
            with suppress(msgspec.DecodeError, OSError):
                self._take(msgspec.json.decode(cache.read_bytes(), type=dict[str, Access]))

    def find(self, presented: bytes) -> Access | None:
        """The access that this key gives. Only digests are compared, so timing tells nothing of a key."""
        return self._known.get(digest(presented))

    def refresh(self, records: Mapping[str, bytes]) -> None:
        """Take over what the store holds, and keep a copy for the time when it does not answer."""
        read = {key: _read(record) for key, record in records.items()}
        access = {key: record for key, record in read.items() if record is not None}
        if self._take(access):
            write_atomically(self._cache, msgspec.json.encode(access))

    def _take(self, access: Mapping[str, Access]) -> bool:
        known = {**access, **self._built_in}
        changed, self._known = known != self._known, known
        return changed


def _read(record: bytes) -> Access | None:
    """None for a record that is none: it gives no access, and takes nobody else's away."""
    try:
        return msgspec.json.decode(record, type=Access)
    except msgspec.DecodeError:
        return None
