"""Slow clients, over real sockets: the server's protocol is the real one, and time passes when a test says so."""

from __future__ import annotations

import asyncio
import socket
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import pytest
import uvicorn
from starlette.responses import PlainTextResponse, Response
from uvicorn.server import ServerState

from conftest import LISTED
from redirect.web.connections import PATIENCE, Connections, Phase
from redirect.web.http import read_body, whole_json
from redirect.web.protocol import HEAD_LIMIT, no_call, protocol
from redirect.web.turn import Turn
from tests.ports import free_port

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from conftest import Service
    from redirect.web.http import Whole

KEEP_ALIVE = 75
MOST = 8
WAIT = 2.0
LARGE = b"x" * 50_000_000
HEAD = b"POST /v1/check HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n"


class Listener:
    """A server in this process; `pass_seconds` lets time go by for whoever it waits for."""

    def __init__(self, port: int, places: Connections, noted: list[str]) -> None:
        self.port, self.places, self.noted = port, places, noted
        self.opened: list[asyncio.StreamWriter] = []

    async def open(self, sent: bytes = b"") -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        self.opened.append(writer)
        writer.write(sent)
        await asyncio.sleep(0.05)
        return reader, writer

    async def pass_seconds(self, seconds: int) -> None:
        for _ in range(seconds):
            await self.places.look()
            await asyncio.sleep(0)


@asynccontextmanager
async def listening() -> AsyncIterator[Listener]:
    noted: list[str] = []
    places = Connections(MOST, KEEP_ALIVE, noted.append)
    state, port = ServerState(), free_port()
    listener = Listener(port, places, noted)
    config = uvicorn.Config(
        answered, http=protocol(b"help", at_once, 100, places, Turn(lambda: None), no_call), lifespan="off"
    )
    config.load()
    made: Callable[[], Any] = lambda: config.http_protocol_class(config, state, {})  # type: ignore[call-arg] # noqa: E731
    server = await asyncio.get_running_loop().create_server(made, "127.0.0.1", port)
    try:
        yield listener
    finally:
        server.close()
        for writer in listener.opened:
            writer.transport.abort()
        await asyncio.sleep(0.05)


def at_once(_method: bytes, target: bytes) -> Callable[[Any, bytes], Whole] | None:
    """Says what it was sent, or under which headers."""
    if target == b"/headers":
        return lambda request, _: whole_json(repr(request["headers"]).encode())
    return (lambda _, body: whole_json(body)) if target == b"/v1/check" else None


async def heard(reader: asyncio.StreamReader) -> bytes:
    """All that comes until the connection ends, however it does."""
    try:
        return await asyncio.wait_for(reader.read(), WAIT)
    except ConnectionError:
        return b""


async def answered(scope: Any, receive: Any, send: Any) -> None:
    """Reads the body before it answers; with a lot, where that is asked for."""
    await read_body(receive, 1000)
    answer: Response = PlainTextResponse(LARGE if scope["path"] == "/large" else "ok")
    await answer(scope, receive, send)


@pytest.mark.parametrize(
    ("sent", "phase"),
    [
        (HEAD, Phase.HEAD),
        (HEAD[:5], Phase.HEAD),
        (HEAD + b"\r\n123", Phase.BODY),
        (HEAD.replace(b"/v1/check", b"/v1/check/batch") + b"\r\n123", Phase.BODY),
    ],
    ids=["half a head", "half a line", "half a check", "half a batch"],
)
async def test_who_does_not_finish_a_request_gets_help_and_no_more_time(sent: bytes, phase: Phase) -> None:
    async with listening() as listener:
        reader, _ = await listener.open(sent)
        await listener.pass_seconds(PATIENCE[phase])
        assert len(listener.places) == 1
        await listener.pass_seconds(1)
        said = await asyncio.wait_for(reader.read(), WAIT)
        assert said.startswith(b"HTTP/1.1 408 ")
        assert said.endswith(b"help")
        assert listener.noted == [f"a connection was given up ({phase.name.lower()})"]


async def test_who_says_nothing_at_all_is_not_waited_for() -> None:
    async with listening() as listener:
        reader, _ = await listener.open()
        await listener.pass_seconds(PATIENCE[Phase.HEAD] + 1)
        assert await heard(reader) == b""


@pytest.mark.parametrize(
    ("sent", "drop", "phase"),
    [(b"GET / HTTP/1.1\r\nHost: a\r\n", b"X: y\r\n", Phase.HEAD), (HEAD[:-3] + b"99\r\n\r\n", b"1", Phase.BODY)],
    ids=["head", "body"],
)
async def test_a_byte_now_and_then_buys_no_time(sent: bytes, drop: bytes, phase: Phase) -> None:
    async with listening() as listener:
        _, writer = await listener.open(sent)
        for _ in range(PATIENCE[phase] + 1):
            writer.write(drop)
            await asyncio.sleep(0.005)
            await listener.pass_seconds(1)
        assert listener.noted == [f"a connection was given up ({phase.name.lower()})"]


async def test_empty_lines_after_an_answer_keep_no_connection() -> None:
    async with listening() as listener:
        _, writer = await listener.open(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        for second in range(KEEP_ALIVE + 10):
            writer.write(b"\r\n" if second % 4 == 0 and not writer.is_closing() else b"")
            await asyncio.sleep(0.001)
            await listener.pass_seconds(1)
        assert listener.noted == ["a connection was given up (idle)"]


async def test_who_does_not_read_an_answer_is_let_go_in_the_end() -> None:
    async with listening() as listener:
        _, writer = await listener.open(b"GET /large HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        writer.transport.pause_reading()  # type: ignore[attr-defined]
        await listener.pass_seconds(max(PATIENCE.values()) + PATIENCE[Phase.CLOSING] + 5)
        await asyncio.sleep(0.05)
        assert len(listener.places) == 0


async def test_a_connection_that_brings_request_after_request_stays() -> None:
    async with listening() as listener:
        reader, writer = await listener.open()
        for _ in range(40):
            writer.write(HEAD + b"\r\n123456789")
            assert b"123456789" in await asyncio.wait_for(reader.readuntil(b"123456789"), WAIT)
            await listener.pass_seconds(8)
        assert not listener.noted


async def test_whoever_fills_all_places_by_waiting_shuts_nobody_out() -> None:
    async with listening() as listener:
        proven, told = await listener.open(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        await proven.readuntil(b"ok")
        await listener.pass_seconds(1)
        slow = [await listener.open(b"GET / HTTP/1.1\r\n") for _ in range(MOST + 5)]
        assert len(listener.places) == MOST
        reader, _ = await listener.open(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        assert b"200 OK" in await asyncio.wait_for(reader.readuntil(b"ok"), WAIT)
        told.write(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        assert b"200 OK" in await asyncio.wait_for(proven.readuntil(b"ok"), WAIT)
        assert sum(reader.at_eof() or reader.exception() is not None for reader, _ in slow) == 7


async def test_whoever_fills_all_places_by_asking_now_and_then_shuts_nobody_out() -> None:
    ask = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"
    async with listening() as listener:
        proven = [await listener.open(ask) for _ in range(MOST)]
        for reader, _ in proven:
            await reader.readuntil(b"ok")
        await listener.pass_seconds(2)
        busy = proven[0]
        busy[1].write(ask)
        await busy[0].readuntil(b"ok")
        await listener.pass_seconds(1)
        for _ in range(MOST - 1):
            reader, _ = await listener.open(ask)
            assert b"200 OK" in await asyncio.wait_for(reader.readuntil(b"ok"), WAIT)
        assert [reader.at_eof() for reader, _ in proven] == [False, *[True] * (MOST - 1)]
        assert len(listener.places) == MOST


async def test_one_too_many_is_refused_where_all_others_have_just_asked() -> None:
    async with listening() as listener:
        for _ in range(MOST):
            reader, _ = await listener.open(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            await reader.readuntil(b"ok")
        await listener.pass_seconds(1)
        reader, _ = await listener.open(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        said = await heard(reader)
        assert said.startswith(b"HTTP/1.1 503 ")
        assert b"\r\nretry-after: 1\r\n" in said
        assert said.endswith(b"help")
        silent, _ = await listener.open()
        await listener.pass_seconds(3)
        assert await heard(silent) == b""
        assert len(listener.places) == MOST


@pytest.mark.parametrize(
    "sent",
    [
        b'POST /v1/check HTTP/1.1\r\nHost: a\r\nContent-Length: 16\r\n\r\n{"q":"zulmekdro"}'[:-1],
        b"GET /zulmekdro?q=zulmekdro HTTP/1.1\r\nHost: a\r\nX-Original-URI: /?q=zulmekdro\r\n\r\n",
        b"POST /v1/other HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nzulmekdro",
        b"GET /zulmekdro HTTP/1.1\r\nHost: a\r\n\r\n" * 3,
    ],
    ids=["a check", "a sub-request", "a call with a task of its own", "several without waiting"],
)
async def test_an_idle_connection_holds_nothing_of_what_it_asked(sent: bytes) -> None:
    async with listening() as listener:
        reader, _ = await listener.open(sent)
        assert b"200 OK" in await asyncio.wait_for(reader.read(4096), WAIT)
        await asyncio.sleep(0.05)
        (connection,) = listener.places._seen
        held: dict[str, Any] = vars(connection)
        of_the_last_call = vars(held["cycle"]) if held["cycle"] else {}
        assert "zulmekdro" not in repr(held) + repr(of_the_last_call)


ENDLESS = b"POST /headers HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"


async def test_a_trailer_adds_nothing_to_what_was_asked() -> None:
    async with listening() as listener:
        reader, _ = await listener.open(ENDLESS + b"0\r\nAuthorization: Bearer demo\r\n\r\n")
        said = await asyncio.wait_for(reader.read(4096), WAIT)
        assert b"200 OK" in said
        assert b"transfer-encoding" in said
        assert b"authorization" not in said


@pytest.mark.parametrize(
    ("begun", "more"),
    [(b"0\r\n", b"a:\r\n"), (b"0\r\na:", b"b"), (b"", b"0"), (b"1;", b"x")],
    ids=["trailers", "one trailer", "a size", "an extension"],
)
async def test_what_stands_around_a_body_without_end_is_cut_off(begun: bytes, more: bytes) -> None:
    async with listening() as listener:
        reader, writer = await listener.open(ENDLESS + begun)
        for _ in range(8):
            writer.write(more * (HEAD_LIMIT // 4 // len(more)))
            await asyncio.sleep(0.01)
        assert len(listener.places) == 0
        assert b"200 OK" not in await heard(reader)


def test_checks_are_answered_while_more_slow_clients_hang_on_than_there_are_places(
    make_service: Callable[..., Service],
) -> None:
    service = make_service("--demo", REDIRECT_CONNECTIONS="50")
    slow = [socket.create_connection(("127.0.0.1", service.port)) for _ in range(120)]
    try:
        for connection in slow:
            connection.setblocking(False)
            try:
                connection.send(b"POST /v1/check HTTP/1.1\r\n")
            except (BlockingIOError, ConnectionError):
                continue
        for _ in range(20):
            assert service.check(LISTED)["action"] == "block"
    finally:
        for connection in slow:
            connection.close()
