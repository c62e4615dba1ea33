"""Owns one request of an ICAP client and its answer. Must never hold more of it than its head and the part of a form
that is looked at, nor wait without end."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, NamedTuple

from redirect.proxies import icap_wire as wire
from redirect.proxies.icap_body import At, Body
from redirect.proxies.question import FORM_LIMIT

if TYPE_CHECKING:
    from redirect.proxies.asking import Asker, Verdict

IDLE = 300.0
"""Seconds for which a connection may wait for its next request."""
QUIET = 30.0
"""Seconds for which the other side may say nothing within a request, or take nothing of an answer."""
BEGINNING = 300.0
"""Seconds in which all that is looked at must have come."""
SKIPPED = 1 << 20
"""Bytes of a body that are read only so that the connection can be kept."""


class Service(NamedTuple):
    """What all exchanges share. `closed`: what could not be decided is answered with 503, and else it passes."""

    asker: Asker
    closed: bool
    connections: int


class Exchange:
    """Reads a request, asks, answers."""

    def __init__(self, service: Service, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._service = service
        self._reader = reader
        self._writer = writer

    async def run(self) -> bool:
        """Whether another request may follow. Raises Malformed, and OSError, EOFError or TimeoutError where there is
        nobody to answer."""
        asked = wire.read_icap(await self._head())
        if asked.method == "OPTIONS":
            await self._write(wire.options(self._service.connections, closes=asked.closes))
            return not asked.closes
        async with asyncio.timeout(BEGINNING):
            head = await self._reader.readexactly(asked.head)
            http = wire.read_http(head)
            body, may_say_unchanged = await self._beginning(asked, http)
        verdict = await self._service.asker.ask(http.question(body.known if http.has_form else b""))
        answer = self._answer(verdict, http.method, closes=asked.closes)
        if answer is None and not may_say_unchanged:
            await self._send_back(head, body, asked)
        else:
            await self._write(answer or wire.icap_head(204, closes=asked.closes))
        await body.skip(SKIPPED)
        return not asked.closes and body.at in {At.WAITING, At.END}

    async def _head(self) -> bytes:
        try:
            async with asyncio.timeout(IDLE):
                return (await self._reader.readuntil(b"\r\n\r\n")).lstrip()
        except asyncio.LimitOverrunError:
            raise wire.Malformed from None

    async def _beginning(self, asked: wire.Asked, http: wire.Http) -> tuple[Body, bool]:
        """The body, read as far as it is looked at, and whether the proxy takes "unchanged" for an answer: always
        within a preview, and otherwise where it says so."""
        at = At.END if not asked.has_body else At.REST if asked.preview is None else At.PREVIEW
        body = Body(self._reader, at, QUIET)
        limit = FORM_LIMIT if http.has_form else 0
        await body.keep(limit)
        if body.at is At.WAITING and len(body.known) < limit:
            await self._write(wire.CONTINUE)
            body.at = At.REST
            await body.keep(limit)
            return body, asked.takes_204
        return body, asked.takes_204 or asked.preview is not None

    def _answer(self, verdict: Verdict, method: str, *, closes: bool) -> bytes | None:
        """What the person gets in place of what was asked for; None where that passes."""
        if verdict.page:
            return wire.stop(method, verdict.page, closes=closes)
        if not verdict.decided and self._service.closed:
            return wire.unavailable(method, closes=closes)
        return None

    async def _send_back(self, head: bytes, body: Body, asked: wire.Asked) -> None:
        await self._write(wire.sent_back(head, has_body=asked.has_body, closes=asked.closes))
        if not asked.has_body:
            return
        if body.known:
            await self._write(wire.chunk(body.known))
        while data := await body.piece():
            await self._write(wire.chunk(data))
        await self._write(wire.LAST_CHUNK)

    async def _write(self, data: bytes) -> None:
        self._writer.write(data)
        async with asyncio.timeout(QUIET):
            await self._writer.drain()
