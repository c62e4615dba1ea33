"""Owns the ICAP server: its socket, and how many connections it takes. Must never write anything of a request."""

from __future__ import annotations

import asyncio
import signal
from contextlib import suppress
from typing import TYPE_CHECKING

from redirect.proxies import icap_wire as wire
from redirect.proxies.icap_exchange import Exchange, Service

if TYPE_CHECKING:
    from collections.abc import Callable

    from redirect.proxies.asking import Asker

CONNECTIONS = 1000
LINGER = 2.0
"""Seconds in which the other side may read what was last said to it, before the connection is gone."""


class IcapServer:
    """Answers REQMOD. `closed`: what could not be decided is answered with 503, and else it passes."""

    def __init__(self, asker: Asker, *, closed: bool, connections: int = CONNECTIONS) -> None:
        self._service = Service(asker, closed, connections)
        self._open: set[asyncio.Task[None]] = set()

    async def run(self, host: str, port: int, announce: Callable[[int], object]) -> None:
        """Serve until SIGTERM or SIGINT; `announce` is told the port. Raises OSError where it cannot listen."""
        server = await self.listen(host, port)
        stopping = asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, stopping.set)
        announce(server.sockets[0].getsockname()[1])
        await self._service.asker.look()
        await stopping.wait()
        server.close()
        await self.stop()

    async def listen(self, host: str, port: int) -> asyncio.Server:
        """Take connections. Raises OSError where it cannot."""
        return await asyncio.start_server(self._connected, host, port, limit=wire.ICAP_HEAD_LIMIT)

    async def stop(self) -> None:
        """End every connection."""
        for task in self._open:
            task.cancel()
        await asyncio.gather(*self._open)
        self._service.asker.close()

    def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(self._serve(reader, writer))
        self._open.add(task)
        task.add_done_callback(self._open.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection. Whoever has gone, or says nothing, gets no answer."""
        try:
            with suppress(OSError, EOFError, asyncio.CancelledError):
                await self._exchange(reader, writer)
                await _linger(reader, writer)
        finally:
            writer.transport.abort()

    async def _exchange(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if len(self._open) > self._service.connections:
            writer.write(wire.icap_head(503, closes=True))
            return
        try:
            while await Exchange(self._service, reader, writer).run():
                pass
        except wire.Malformed as error:
            writer.write(wire.icap_head(error.status, closes=True))


async def _linger(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Closing over what was not read would take back the answer as well."""
    with suppress(TimeoutError):
        async with asyncio.timeout(LINGER):
            writer.write_eof()
            while await reader.read(wire.ICAP_HEAD_LIMIT):
                pass
