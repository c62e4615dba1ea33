"""Owns what is remembered of the sources of a build, to ask later whether any has changed.

Must never hold an address, a credential or anything of a list: only keyed digests, and what servers call a version.
"""

from __future__ import annotations

import hmac
from hashlib import blake2b
from typing import TYPE_CHECKING, Final

import msgspec

from redirect.adapters.fetch import Fetched, Mark
from redirect.adapters.files import write_atomically
from redirect.domain.records import decoded

if TYPE_CHECKING:
    from pathlib import Path

_LONGEST: Final = 300
_DIGEST_BYTES: Final = 16


class Kept(msgspec.Struct, frozen=True):
    """Of one source: a keyed digest of its content, and what its server calls that version."""

    content: str
    etag: str = ""
    modified: str = ""


class _State(msgspec.Struct, frozen=True):
    recipe: str
    version: int
    sources: tuple[Kept, ...]


class SourceMarks:
    """Of one build: the same sources, read the same way, into the same directory."""

    def __init__(self, directory: Path, list_key: bytes, out: Path, recipe: bytes) -> None:
        self._key = list_key
        self._path = directory / f"{self._digest(str(out.absolute()).encode())}.json"
        self._recipe = self._digest(recipe)
        self._kept: tuple[Kept, ...] = ()
        self._noted: dict[int, Kept] = {}

    def recall(self, version: int) -> None:
        """Take up what was kept, if it was for this recipe and for the bundle of this version."""
        try:
            state = decoded(self._path.read_bytes(), _State)
        except OSError:
            return
        if state and state.version == version and hmac.compare_digest(state.recipe.encode(), self._recipe.encode()):
            self._kept = state.sources

    def of(self, place: int) -> Mark | None:
        """What the server called the last version of a source."""
        if place >= len(self._kept):
            return None
        return Mark(self._kept[place].etag, self._kept[place].modified)

    def is_same(self, place: int, fetched: Fetched | None) -> bool:
        """Whether a source is as it was: its server says so, or its content does."""
        if fetched is None:
            return True
        return place < len(self._kept) and self._kept[place].content == self._digest(fetched.body)

    def note(self, place: int, fetched: Fetched) -> None:
        """What is to be kept of a source, once it is built."""
        etag, modified = (text if len(text) <= _LONGEST else "" for text in (fetched.mark.etag, fetched.mark.modified))
        self._noted[place] = Kept(self._digest(fetched.body), etag, modified)

    def keep(self, version: int) -> None:
        """Write down what was noted, for the bundle that was made of it; nothing where nothing was fetched."""
        if not self._noted:
            return
        noted = tuple(kept for _, kept in sorted(self._noted.items()))
        write_atomically(self._path, msgspec.json.encode(_State(self._recipe, version, noted)))

    def _digest(self, data: bytes) -> str:
        return blake2b(data, digest_size=_DIGEST_BYTES, key=self._key, person=b"redirect sources").hexdigest()
