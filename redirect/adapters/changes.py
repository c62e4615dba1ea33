"""Owns how a node notices what it serves anew: another list, other messages, another layout. Must never hold up an
answer."""

from __future__ import annotations

import asyncio
import hashlib
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from redirect.adapters.content import shipped
from redirect.domain.errors import StoreError
from redirect.domain.notes import Kind
from redirect.journeys.changes import note_content, note_list

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from redirect.adapters.live_list import LiveList
    from redirect.journeys.ports import Clock, Ledger

LOOK_FOR_CHANGES = 5.0
"""Seconds between looks of one worker."""
NO_PAGE = ("preview", "reports", "trial")
"""How templates begin that are part of no page that people see."""


class ChangeWatcher:
    """Notes changes, whichever worker of whichever node sees them first. A store that is away is asked again."""

    def __init__(self, ledger: Ledger, lists: LiveList, clock: Clock) -> None:
        self._ledger = ledger
        self._lists = lists
        self._clock = clock
        self._version = 0
        self._content_seen = False

    async def look(self) -> None:
        """Note what is new here."""
        with suppress(StoreError):
            if not self._content_seen:
                for kind, files in ((Kind.MESSAGE, messages()), (Kind.LAYOUT, layout())):
                    await note_content(self._ledger, self._clock, kind, await asyncio.to_thread(digest, files))
                self._content_seen = True
            manifest = self._lists.manifest
            if manifest is not None and manifest.version != self._version:
                await note_list(self._ledger, self._clock, manifest)
                self._version = manifest.version


def messages() -> Iterator[Path]:
    """The files of all that pages say."""
    yield from shipped("messages").rglob("*.toml")
    yield from shipped("locales").rglob("*.mo")


def layout() -> Iterator[Path]:
    """The files of how pages look."""
    templates = Path(__file__).parents[1] / "web" / "templates"
    return (path for path in templates.iterdir() if not path.name.startswith(NO_PAGE))


def digest(files: Iterable[Path]) -> str:
    """What stands in files, in few letters."""
    whole = hashlib.blake2b(digest_size=16)
    for path in sorted(files):
        part = hashlib.blake2b(path.read_bytes(), digest_size=16).digest()
        whole.update(f"{path.parent.name}/{path.name}".encode() + b"\0" + part)
    return whole.hexdigest()
