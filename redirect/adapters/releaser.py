"""Owns when releases are made, and sums of closed months with them. Must never hold up an answer, nor let every worker
do what one has to."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING

from redirect.domain.errors import StoreError
from redirect.journeys.months import Months
from redirect.journeys.report import release_closed

if TYPE_CHECKING:
    from collections.abc import Callable

    from redirect.adapters.store import Store
    from redirect.journeys.ports import Clock

RELEASE_EVERY = 5.0
"""Seconds between looks of one worker."""
TURN = 60
"""Seconds between looks of all workers of all nodes for days, weeks and months that have closed."""


class Releaser:
    """Makes what is due, whichever worker of whichever node comes first.

    Not before `settled` says that what was counted on this node is in the store: after an outage, yesterday would else
    be released without its last hours.
    """

    def __init__(self, store: Store, clock: Clock, minimum: int, settled: Callable[[], bool]) -> None:
        self._store = store
        self._clock = clock
        self._minimum = minimum
        self._settled = settled
        self._months = Months(store, clock, asyncio.to_thread, minimum)

    async def round(self) -> None:
        """One look. Where the store does not answer, the next will do."""
        with suppress(StoreError):
            if self._settled() and await self._store.take_turn("release", TURN):
                await release_closed(self._store, self._clock, asyncio.to_thread, self._minimum)
                await self._months.make()
