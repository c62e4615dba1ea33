"""Owns connections of asyncio to the service. Must never lose one when whoever waits is cancelled, nor wait past a
deadline."""

from __future__ import annotations

import asyncio
import socket
import time
from collections import deque
from typing import TYPE_CHECKING, NamedTuple

from redirect.client.wire import IDLE, READ_AT_ONCE, Closed, Reading, Response, left

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable


class Connection(NamedTuple):
    """Both ends of one, and when it was last used."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    since: float


class AsyncConnections:
    """At most `limit` connections to one place, kept open while nobody asks. Belongs to one event loop."""

    def __init__(self, host: str, port: int, tls: ssl.SSLContext | None, limit: int) -> None:
        self._place = (host, port)
        self._tls = tls
        self._room = asyncio.Semaphore(limit)
        self._idle: deque[Connection] = deque()

    async def ask(self, request: bytes, deadline: float, asks_again: Callable[[], bool]) -> Response:
        """As Connections.ask."""
        async with asyncio.timeout(left(deadline)), self._room:
            kept = self._kept()
            if kept is not None:
                try:
                    return await self._exchange(kept, request)
                except Closed:
                    if not asks_again():
                        raise
            return await self._exchange(await self._connect(deadline), request)

    def close(self) -> None:
        """Give back what nobody uses now."""
        while self._idle:
            connection = self._idle.pop()
            connection.writer.transport.abort()

    def _kept(self) -> Connection | None:
        while self._idle:
            connection = self._idle.pop()
            if time.monotonic() - connection.since < IDLE and not connection.reader.at_eof():
                return connection
            connection.writer.transport.abort()
        return None

    async def _exchange(self, connection: Connection, request: bytes) -> Response:
        reading = Reading()
        try:
            connection.writer.write(request)
            while not reading.is_whole:
                reading.feed(await connection.reader.read(READ_AT_ONCE))
        except OSError as error:
            raise (error if reading.has_begun else Closed) from None
        finally:
            if reading.keeps:
                self._idle.append(connection._replace(since=time.monotonic()))
            else:
                connection.writer.transport.abort()
        return reading.response()

    async def _connect(self, deadline: float) -> Connection:
        """A new connection. The addresses of a name share the time that is left."""
        host, port = self._place
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
        addresses = list(dict.fromkeys(str(address[0]) for *_, address in found))
        for place, address in enumerate(addresses, 1):
            try:
                async with asyncio.timeout(left(deadline) / (len(addresses) - place + 1)):
                    name = host if self._tls else None
                    ends = await asyncio.open_connection(address, port, ssl=self._tls, server_hostname=name)
            except OSError:
                if place == len(addresses):
                    raise
            else:
                return Connection(*ends, time.monotonic())
        raise ConnectionError
