"""Owns work that a worker repeats beside answering. Must never end because one turn failed."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from redirect.adapters.events import Event, tell

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable

PATIENCE = 0.2
"""Seconds between cancellations of what goes on all the same."""


async def repeat(work: Callable[[], Awaitable[object]], every: float) -> None:
    """Until cancelled: do it, wait, do it again."""
    while True:
        try:
            await work()
        except Exception:  # noqa: BLE001 (told, with its trace)
            tell(Event.WORK_FAILED, trace=True)
        await asyncio.sleep(every)


async def end(tasks: Iterable[asyncio.Task[None]]) -> None:
    """Cancel them until the last has ended: the store's client may take a cancellation for a time-out of its own, and
    what it was called from goes on as after any other."""
    going_on = set(tasks)
    while going_on:
        for task in going_on:
            task.cancel()
        _, going_on = await asyncio.wait(going_on, timeout=PATIENCE)
