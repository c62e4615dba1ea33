"""Owns connections to the service on which one request after the other is asked. Must never follow a redirect, read
more of an answer than a head, or keep a connection of which it does not know where the next answer begins.

Smaller and quicker than an HTTP library on purpose: a proxy asks about every picture and every style sheet, and all
that `/v1/forward` says is a status and an address.
"""

from __future__ import annotations

import asyncio
import re
from collections import deque
from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import ssl

HEAD_LIMIT = 1 << 14
IDLE_LIMIT = 64
"""Connections that are kept open while nobody asks."""
_HEAD = re.compile(rb"HTTP/1\.1 ([1-5][0-9]{2})(?: [^\r\n]*)?\r\n((?:[!-9;-~]+:[^\r\n]*\r\n)*)\r\n")


class Unreadable(Exception):  # noqa: N818 (never leaves this package)
    """What came back is no HTTP."""


class _Closed(Exception):  # noqa: N818 (no error on a connection that was idle)
    """The other side closed before it said anything."""


class Reply(NamedTuple):
    """The head of an answer: `headers` by small name, the first of each."""

    status: int
    headers: dict[bytes, bytes]

    @property
    def is_empty(self) -> bool:
        """Whether no body follows, so that the next answer may."""
        return self.headers.get(b"content-length") == b"0" and b"transfer-encoding" not in self.headers


class Connection(NamedTuple):
    """Both ends of one."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    def drop(self) -> None:
        """End it at once."""
        writer = self.writer  # held meanwhile: a writer that goes before its transport is closed complains of it
        writer.transport.abort()


class Connections:
    """Connections to one place."""

    def __init__(self, host: str, port: int, tls: ssl.SSLContext | None = None) -> None:
        self._place = (host, port)
        self._tls = tls
        self._idle: deque[Connection] = deque(maxlen=IDLE_LIMIT)

    async def ask(self, request: bytes) -> Reply:
        """Send a request whose body is empty. Waits as long as the caller lets it; raises OSError where nobody is
        there, Unreadable where nobody is that speaks HTTP.

        A connection that was idle may have been closed by the service, which has then seen nothing of the request: it
        is sent anew.
        """
        while self._idle:
            with suppress(OSError, _Closed):
                return await self._ask(self._idle.pop(), request)
        try:
            return await self._ask(await self._connect(), request)
        except _Closed:
            raise Unreadable from None

    async def _connect(self) -> Connection:
        return Connection(*await asyncio.open_connection(*self._place, ssl=self._tls, limit=HEAD_LIMIT))

    async def _ask(self, connection: Connection, request: bytes) -> Reply:
        reader, writer = connection
        keep = False
        try:
            writer.write(request)
            head = await reader.readuntil(b"\r\n\r\n")
            reply = read_reply(head)
            keep = reply.is_empty and reply.headers.get(b"connection", b"").lower() != b"close"
        except asyncio.IncompleteReadError as error:
            raise (Unreadable if error.partial else _Closed) from None
        except asyncio.LimitOverrunError:
            raise Unreadable from None
        finally:
            if keep:
                self._keep(connection)
            else:
                connection.drop()
        return reply

    def _keep(self, connection: Connection) -> None:
        if len(self._idle) == IDLE_LIMIT:
            self._idle.popleft().drop()
        self._idle.append(connection)

    def close(self) -> None:
        """Give the connections back."""
        while self._idle:
            self._idle.pop().drop()


def read_reply(head: bytes) -> Reply:
    """A head, with its empty line. Raises Unreadable."""
    found = _HEAD.fullmatch(head)
    if found is None:
        raise Unreadable
    fields: dict[bytes, bytes] = {}
    for name, _, value in (line.partition(b":") for line in found[2].split(b"\r\n")):
        fields.setdefault(name.lower(), value.strip())
    return Reply(int(found[1]), fields)
