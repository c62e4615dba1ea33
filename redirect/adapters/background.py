"""Owns work that a worker repeats beside answering. Must never end because one turn failed."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

LOG = logging.getLogger(__name__)


async def repeat(work: Callable[[], Awaitable[object]], every: float) -> None:
    """Until cancelled: do it, wait, do it again."""
    while True:
        try:
            await work()
        except Exception:
            LOG.exception("background work failed; it goes on")
        await asyncio.sleep(every)
