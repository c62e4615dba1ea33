"""Owns the counts as the operator's own machine shows them. Must never show one that has not been rounded."""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress
from typing import TYPE_CHECKING

from redirect.adapters.flush import drain
from redirect.adapters.spool import holding
from redirect.domain.errors import StoreError
from redirect.journeys import report
from redirect.tools.stores import open_store

if TYPE_CHECKING:
    from redirect.adapters.store import Store
    from redirect.settings import Settings

PATIENCE = 3.0
"""Seconds that `counted` waits for what a running service has not sent yet."""


async def counted(settings: Settings, table: str, first: str, last: str) -> tuple[list[dict[str, str | int]], bool]:
    """Rows of a table, and whether everything that was counted before this call is in them."""
    async with open_store(settings) as store:
        complete = await _sent(settings, store)
        return await report.counted(store, time.time, table, first, last), complete


async def _sent(settings: Settings, store: Store) -> bool:
    """Wait until what was counted so far has reached the store, sent by the service or, where none runs, by us."""
    spools = settings.data_dir / "spool"
    waiting, deadline = holding(spools), time.monotonic() + PATIENCE
    while waiting & holding(spools) and time.monotonic() < deadline:
        with suppress(StoreError, OSError):
            await drain(spools, store)
        await asyncio.sleep(0.05)
    return not waiting & holding(spools)
