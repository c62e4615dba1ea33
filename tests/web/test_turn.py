"""Owns how much a worker takes on at a time: who comes too late, and what they are told."""

from __future__ import annotations

import asyncio
import socket
from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest
import uvicorn
from uvicorn.server import ServerState

from redirect.domain.errors import BadRequest
from redirect.web.connections import Connections
from redirect.web.door import Door
from redirect.web.http import whole_json
from redirect.web.problems import type_of
from redirect.web.protocol import protocol
from redirect.web.turn import BREATH, BUSY, LEAST, LONGEST, MOST_TASKS, WORTH, Line, Turn
from tests.ports import free_port

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from redirect.web.http import Whole

CHECK = b"POST /v1/check HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n{}"
FORWARD = b"GET /v1/forward HTTP/1.1\r\nHost: a\r\n\r\n"
PAGE = b"GET /w/x HTTP/1.1\r\nHost: a\r\n\r\n"


class Clock:
    """Goes on by `step` whenever it is looked at."""

    def __init__(self, step: float) -> None:
        self.now, self.step = 0.0, step

    def __call__(self) -> float:
        self.now += self.step
        return self.now


async def test_a_few_requests_are_answered_however_long_they_take() -> None:
    turn = Turn(lambda: None, Clock(10.0), Clock(10.0))
    assert all(turn.has_time() for _ in range(LEAST))
    assert not turn.has_time()


async def test_many_are_answered_while_there_is_time_and_another_turn_has_time_again() -> None:
    clock = Clock(0.0)
    turn = Turn(lambda: None, clock, clock)
    assert all(turn.has_time() for _ in range(LEAST + 100))
    clock.now += LONGEST
    assert not turn.has_time()
    await asyncio.sleep(0)
    assert all(turn.has_time() for _ in range(LEAST + 100))


async def test_what_costs_hardly_more_than_a_refusal_is_answered_however_much_there_is() -> None:
    turn = Turn(lambda: None, Clock(WORTH / 2), Clock(0.0))
    assert all(turn.has_time() for _ in range(100_000))


async def test_a_machine_that_takes_the_cores_away_has_nobody_refused() -> None:
    turn = Turn(lambda: None, Clock(10.0), Clock(WORTH / 2))
    assert all(turn.has_time() for _ in range(100))


async def test_calls_that_need_a_task_are_counted() -> None:
    turn = Turn(lambda: None, Clock(0.0))
    assert [turn.has_room() for _ in range(MOST_TASKS + 1)] == [True] * MOST_TASKS + [False]


async def test_after_a_long_turn_all_who_wait_are_let_in_but_those_who_have_gone() -> None:
    let_in: list[asyncio.Protocol] = []

    class Guest(asyncio.Protocol):
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            let_in.append(self)
            transport.close()

    with socket.create_server(("127.0.0.1", 0)) as listener, ExitStack() as guests:
        listener.settimeout(0)
        clock = Clock(0.0)
        turn = Turn(lambda: None, clock)
        turn.after_long.append(Door(listener, Guest).let_in)
        waiting = [guests.enter_context(socket.create_connection(listener.getsockname())) for _ in range(30)]
        for gone in waiting[:10]:
            gone.close()
        turn.has_time()
        await asyncio.sleep(0.05)
        assert not let_in
        turn.has_time()
        clock.now += 2 * BUSY
        await asyncio.sleep(0.05)
        assert len(let_in) == 20


async def test_a_line_has_so_many_places_and_each_is_given_back() -> None:
    refused: list[None] = []
    line = Line(2, lambda: refused.append(None))
    with line.place(), line.place(), pytest.raises(BadRequest, match="overloaded"), line.place():
        pass
    with line.place(), line.place():
        assert len(refused) == 1


async def answers(sent: bytes, turn: Turn, times: int = 2) -> list[bytes]:
    """What is said to a request in such a turn, and to the same once more."""
    config = uvicorn.Config(answered, http=bounded(turn), lifespan="off")
    config.load()
    port, state = free_port(), ServerState()
    made: Callable[[], Any] = lambda: config.http_protocol_class(config, state, {})  # type: ignore[call-arg] # noqa: E731
    server = await asyncio.get_running_loop().create_server(made, "127.0.0.1", port)
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    found = []
    for _ in range(times):
        writer.write(sent)
        head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 5)
        length = int(head.lower().partition(b"content-length: ")[2].split()[0])
        found.append(head + await reader.readexactly(length))
    writer.close()
    server.close()
    await asyncio.sleep(2 * BREATH)
    return found


def bounded(turn: Turn) -> type[asyncio.Protocol]:
    places = Connections(5, 5, lambda _: None)
    return protocol(b"help", at_once, 100, places, turn, lambda target: target.startswith(b"/v1/"))


def at_once(_method: bytes, target: bytes) -> Callable[[Any, bytes], Whole] | None:
    return None if target == b"/v1/forward" else lambda _, body: whole_json(body)


async def answered(_scope: Any, _receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"0")]})
    await send({"type": "http.response.body", "body": b""})


class Full(Turn):
    """Has time for nobody."""

    def has_time(self) -> bool:
        return False


@pytest.mark.parametrize("sent", [CHECK, FORWARD], ids=["at once", "by a task"])
async def test_a_call_that_comes_too_late_is_told_when_to_come_back_and_keeps_its_connection(sent: bytes) -> None:
    refused: list[None] = []
    for said in await answers(sent, Full(lambda: refused.append(None))):
        assert said.startswith(b"HTTP/1.1 503 ")
        assert b"\r\nretry-after: 1\r\n" in said
        assert b"application/problem+json" in said
        assert type_of("overloaded").encode() in said
    assert len(refused) == 2


async def test_a_page_is_served_however_late_it_comes() -> None:
    assert all(said.startswith(b"HTTP/1.1 200 ") for said in await answers(PAGE, Full(lambda: None)))


class Long(Turn):
    """Lasts, and has time for everybody."""

    def has_time(self) -> bool:
        in_time = super().has_time()
        self.is_long = True
        return in_time


async def test_whoever_comes_back_within_a_long_turn_is_answered_and_then_not_heard_for_a_moment() -> None:
    loop = asyncio.get_running_loop()
    before = loop.time()
    assert all(said.startswith(b"HTTP/1.1 200 ") for said in await answers(CHECK * 2, Long(lambda: None), times=3))
    assert loop.time() - before > 2 * BREATH + BREATH
