"""Owns the way of counts from spools to the store. Must never hold up an answer, nor give a count up."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

from redirect.adapters.events import Event, tell
from redirect.adapters.spool import LateSpool, Spool, adopt
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

    def __init__(self, spool: Spool | LateSpool, directory: Path, store: SumTaker) -> None:
        self._spool = spool
        self._directory = directory
        self._store = store
        self._turn = 0
        self.reachable = True
        self._has_room = True
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
        except StoreError:
            self.reachable = self.settled = False
        except OSError as error:
            self.settled = False
            self._say_once(has_room=False, why=error.strerror or type(error).__name__)
        else:
            self.reachable = self.settled = True
            self._say_once(has_room=True)
        return self.settled

    def _say_once(self, *, has_room: bool, why: str = "") -> None:
        if has_room and not self._has_room:
            tell(Event.ROOM_FOR_COUNTS)
        elif self._has_room and not has_room:
            tell(Event.NO_ROOM_FOR_COUNTS, reason=why)
        self._has_room = has_room

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
