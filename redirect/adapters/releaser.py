"""Owns when releases are made. Must never hold up an answer, nor let every worker do what one has to."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING

from redirect.domain.errors import StoreError
from redirect.journeys.report import release_closed

if TYPE_CHECKING:
    from redirect.adapters.store import Store
    from redirect.journeys.ports import Clock

RELEASE_EVERY = 60.0
"""Seconds between looks for days, weeks and months that have closed."""


class Releaser:
    """Makes what is due, whichever worker of whichever node comes first. Where the store does not answer, later."""

    def __init__(self, store: Store, clock: Clock, minimum: int) -> None:
        self._store = store
        self._clock = clock
        self._minimum = minimum

    async def round(self) -> None:
        """One look."""
        with suppress(StoreError):
            if await self._store.take_turn("release", int(RELEASE_EVERY) - 1):
                await release_closed(self._store, self._clock, asyncio.to_thread, self._minimum)
