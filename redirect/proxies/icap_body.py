"""Owns a body that comes in chunks, perhaps its beginning first. Must never hold more of it than it is told to."""

from __future__ import annotations

import asyncio
from enum import Enum, auto

from redirect.proxies.icap_wire import PREVIEW_LIMIT, Malformed, read_chunk_line

READ_AT_ONCE = 1 << 16
TRAILER_LIMIT = 32


class At(Enum):
    """Where in a body its reader is."""

    PREVIEW = auto()
    WAITING = auto()
    REST = auto()
    END = auto()


class Body:
    """A body as it is read. `known` is what was kept of it. WAITING: the proxy has shown a beginning, and waits to hear
    whether more is wanted. `quiet` is for how many seconds the other side may say nothing."""

    def __init__(self, reader: asyncio.StreamReader, at: At, quiet: float) -> None:
        self._reader = reader
        self._quiet = quiet
        self._left = 0
        self.at = at
        self.known = b""

    async def keep(self, limit: int) -> None:
        """Read and keep until `limit` bytes are known, or more by less than one read; a preview always to its end.
        Raises Malformed where that is longer than offered."""
        while (self.at is At.PREVIEW or len(self.known) < limit) and (data := await self.piece()):
            self.known += data
            if self.at is At.PREVIEW and len(self.known) > PREVIEW_LIMIT:
                raise Malformed

    async def piece(self) -> bytes:
        """What comes next, empty at the end and where the proxy waits. Raises Malformed, TimeoutError, or EOFError."""
        if self.at in {At.WAITING, At.END}:
            return b""
        if not self._left:
            self._left, was_all = read_chunk_line(await self._line())
            if not self._left:
                await self._skip_trailer()
                self.at = At.WAITING if self.at is At.PREVIEW and not was_all else At.END
                return b""
        data = await self._some()
        self._left -= len(data)
        if not self._left and (await self._line()).strip():
            raise Malformed
        return data

    async def skip(self, limit: int) -> None:
        """Read up to about `limit` bytes more, and forget them."""
        while limit > 0 and (data := await self.piece()):
            limit -= len(data)

    async def _some(self) -> bytes:
        async with asyncio.timeout(self._quiet):
            data = await self._reader.read(min(self._left, READ_AT_ONCE))
        if not data:
            raise EOFError
        return data

    async def _line(self) -> bytes:
        async with asyncio.timeout(self._quiet):
            try:
                return await self._reader.readuntil(b"\n")
            except asyncio.LimitOverrunError:
                raise Malformed from None

    async def _skip_trailer(self) -> None:
        for _ in range(TRAILER_LIMIT):
            if not (await self._line()).strip():
                return
        raise Malformed
