"""Owns Squid's helper: lines in, lines out, many at once. Must never write anything but answers to standard output,
nor anything of a line to standard error, which Squid puts into its cache.log."""

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING, BinaryIO

from redirect.proxies.asking import Verdict
from redirect.proxies.squid_lines import Lines, read_line, write_line

if TYPE_CHECKING:
    from redirect.proxies.asking import Asker
    from redirect.proxies.squid_lines import Way

READ_AT_ONCE = 1 << 16
AT_ONCE = 1000
"""Lines that are being answered; while there are so many, further ones wait in the pipe, where Squid counts them."""


class Helper:
    """Answers the lines of one Squid until it closes its end of the pipe, or socket."""

    def __init__(self, way: Way, asker: Asker, asked: int, answers: BinaryIO) -> None:
        self._way = way
        self._asker = asker
        self._asked = asked
        self._answers = answers
        self._lines = Lines()
        self._answering: set[asyncio.Task[None]] = set()
        self._ended = asyncio.Event()

    async def run(self) -> None:
        """Answer each line as soon as its answer is there: Squid has numbered them."""
        self._take_up()
        await self._asker.look()
        await self._ended.wait()
        await asyncio.gather(*self._answering)
        self._asker.close()

    def _take_up(self) -> None:
        asyncio.get_running_loop().add_reader(self._asked, self._read)

    def _leave_off(self) -> None:
        asyncio.get_running_loop().remove_reader(self._asked)

    def _read(self) -> None:
        data = os.read(self._asked, READ_AT_ONCE)
        for line in self._lines.feed(data):
            task = asyncio.create_task(self._answer(line))
            self._answering.add(task)
            task.add_done_callback(self._done)
        if not data:
            self._ended.set()
        if not data or len(self._answering) >= AT_ONCE:
            self._leave_off()

    def _done(self, task: asyncio.Task[None]) -> None:
        self._answering.discard(task)
        if len(self._answering) == AT_ONCE - 1 and not self._ended.is_set():
            self._take_up()

    async def _answer(self, line: bytes) -> None:
        asked = read_line(self._way, line)
        verdict = await self._asker.ask(asked.question) if asked.question else Verdict(decided=False)
        try:
            self._answers.write(write_line(self._way, asked, verdict))
            self._answers.flush()
        except OSError:  # Squid is gone, and nobody waits
            self._ended.set()
            self._leave_off()
