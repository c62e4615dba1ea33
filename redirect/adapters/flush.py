"""Owns the way of counts from spools to the store. Must never hold up an answer, nor give a count up."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

from redirect.adapters.spool import NoSpool, Spool, adopt
from redirect.domain.errors import StoreError

if TYPE_CHECKING:
    from pathlib import Path

    from redirect.journeys.ports import SumTaker

ROUND = 0.5
"""Seconds between rounds."""
ADOPT_EVERY = 4
"""Rounds between looks for the spools of dead workers."""


class Flusher:
    """Sends what its own spool and orphaned spools hold. A store that does not answer is asked again next round."""

    def __init__(self, spool: Spool | NoSpool, directory: Path, store: SumTaker) -> None:
        self._spool = spool
        self._directory = directory
        self._store = store
        self._turn = 0
        self.reachable = True
        self.settled = False
        """Whether what was counted here until a moment ago, also by the dead, has reached the store."""

    async def round(self) -> bool:
        """One round; whether everything that was found has reached the store."""
        self._turn += 1
        try:
            for batch in self._spool.seal():
                await self._store.apply(batch)
                batch.path.unlink()
            if not self.settled or self._turn % ADOPT_EVERY == 1:
                await drain(self._directory, self._store)
        except (StoreError, OSError):
            self.reachable = self.settled = False
            return False
        self.reachable = self.settled = True
        return True

    async def finish(self) -> None:
        """At the end of a worker: two rounds send what was waiting and what was still open."""
        if await self.round():
            await self.round()


async def drain(directory: Path, store: SumTaker) -> None:
    """Send what the spools of dead workers hold. Raises StoreError where the store does not take it."""
    with closing(adopt(directory)) as orphans:
        for batch in orphans:
            await store.apply(batch)
            batch.path.unlink()
