"""Owns that changes are noted by themselves: of the list, of what pages say, of how they look. Must never note one
twice, nor hold up what was changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from redirect.domain.notes import Kind, Note, of_list
from redirect.domain.periods import DAY_SECONDS, iso

if TYPE_CHECKING:
    from redirect.domain.manifest import Manifest
    from redirect.journeys.ports import Clock, Ledger

CHANGED = {
    Kind.MESSAGE: "Messages, law lines, services or translations were changed",
    Kind.LAYOUT: "The layout of the pages was changed",
}


async def note_list(ledger: Ledger, clock: Clock, manifest: Manifest) -> None:
    """Note a list that went live, unless it was noted. The first one ever is no change. Raises StoreError."""
    before = await ledger.saw(Kind.LIST, f"{manifest.version} {manifest.total} {manifest.created}")
    if before is not None:
        _, total, created = before.split(" ")
        text = of_list(manifest.total, int(total), back=manifest.created < created)
        await _note(ledger, clock, Kind.LIST, str(manifest.version), text)


async def note_content(ledger: Ledger, clock: Clock, kind: Kind, digest: str) -> None:
    """Note that messages or layout are others than before; nodes that are renewed in turn are one change a day."""
    if await ledger.saw(kind, digest) is not None:
        await _note(ledger, clock, kind, "", CHANGED[kind])


async def _note(ledger: Ledger, clock: Clock, kind: Kind, version: str, text: str) -> None:
    day = iso(int(clock()) // DAY_SECONDS)
    await ledger.write_note("", f"{kind}-{version or day}", Note(day, kind, text))
