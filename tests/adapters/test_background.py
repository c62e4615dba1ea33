"""Tests of work beside answering: it goes on after a failed turn, and ends when it is told to."""

from __future__ import annotations

import asyncio
from contextlib import suppress

from redirect.adapters.background import end, repeat


async def test_a_turn_that_fails_does_not_end_the_work() -> None:
    turns = [False, False, True]
    lasting = asyncio.Event()

    async def work() -> None:
        if not turns.pop(0):
            raise RuntimeError
        lasting.set()

    task = asyncio.create_task(repeat(work, 0.001))
    await asyncio.wait_for(lasting.wait(), 5)
    await end([task])
    assert task.done()


async def test_work_ends_though_it_takes_a_cancellation_for_something_else() -> None:
    begun = asyncio.Event()

    async def work() -> None:
        begun.set()
        with suppress(asyncio.CancelledError):
            await asyncio.sleep(60)

    task = asyncio.create_task(repeat(work, 60))
    await begun.wait()
    await asyncio.wait_for(end([task]), 5)
    assert task.cancelled()
