"""One question of a proxy, and a service that may be well or anything else, over real sockets."""

from __future__ import annotations

import asyncio
import time
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from redirect.proxies.asking import FAILURES, TIME_LIMIT, Asker, Verdict
from redirect.proxies.question import Question
from redirect.proxies.wire import Unreadable, read_reply
from tests.ports import free_port

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from conftest import Service

    Says = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]

LISTED = Question(b"http://search.example/search?q=zorblax+minku")
UNLISTED = Question(b"http://search.example/search?q=weather")
UNDECIDED = Verdict(decided=False)
PAGE = b"https://search.example/safety/w/" + b"a" * 160
PASS = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
STOP = b"HTTP/1.1 302 Found\r\nContent-Length: 0\r\nLocation: " + PAGE + b"\r\n\r\n"


def saying(*answers: bytes) -> Says:
    """A service that says these, one after the other on each connection, and closes it then."""

    async def says(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for answer in answers:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(answer)

    return says


@asynccontextmanager
async def listening(says: Says, port: int = 0) -> AsyncIterator[int]:
    """A service that answers so, and its port."""
    answering = set()

    def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        async def answer() -> None:
            try:
                with suppress(OSError, EOFError, asyncio.CancelledError):
                    await says(reader, writer)
            finally:
                writer.close()

        answering.add(asyncio.create_task(answer()))

    server = await asyncio.start_server(connected, "127.0.0.1", port)
    yield server.sockets[0].getsockname()[1]
    server.close()
    for task in answering:
        task.cancel()
    await asyncio.gather(*answering)


@asynccontextmanager
async def asking(says: Says) -> AsyncIterator[Asker]:
    """An asker of a service that answers so."""
    async with listening(says) as port:
        asker = Asker(f"http://127.0.0.1:{port}", "demo")
        yield asker
        asker.close()


async def test_the_service_decides(demo: Service) -> None:
    asker = Asker(demo.url, "demo", country="GB", limit=10)
    assert (await asker.ask(LISTED)).page.startswith(f"{demo.url}/w/")
    assert await asker.ask(UNLISTED) == Verdict()
    assert (await asker.ask(Question(b"http://search.example/", "POST", "es", b"a=b&q=zorblax+minku"))).page
    asker.close()


async def test_one_connection_serves_many_questions() -> None:
    opened = []

    async def says(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        opened.append(writer)
        await saying(*[PASS] * 20)(reader, writer)

    async with asking(says) as asker:
        assert [await asker.ask(UNLISTED) for _ in range(20)] == [Verdict()] * 20
    assert len(opened) == 1


async def test_a_connection_that_the_service_has_closed_meanwhile_costs_no_decision() -> None:
    async with asking(saying(STOP)) as asker:
        for _ in range(5):
            assert (await asker.ask(LISTED)).page == PAGE.decode()
            await asyncio.sleep(0.01)


@pytest.mark.parametrize("answer", [
    b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n",
    b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nLocation: " + PAGE + b"\r\n\r\n",
    b"HTTP/1.1 500 Oh\r\nContent-Length: 0\r\n\r\n",
    b"HTTP/1.1 302 Found\r\nContent-Length: 0\r\nLocation: https://login.example/\r\n\r\n",
    b"HTTP/1.1 302 Found\r\nContent-Length: 0\r\nLocation: https://a.example/w/\x01\r\n\r\n",
    b"HTTP/1.1 302 Found\r\nContent-Length: 0\r\nLocation: https://a.example/w/a\"b\r\n\r\n",
    b"HTTP/1.1 302 Found\r\nContent-Length: 0\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nIt works!",
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    b"HTTP/1.1 200 OK\r\n\r\n",
    b"HTTP/1.1 200 O",
    b"HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n",
    b"220 mail.example ESMTP\r\n\r\n",
    b"x" * 100_000,
    b"",
])  # fmt: skip
async def test_an_answer_that_is_none_of_ours_decides_nothing(answer: bytes) -> None:
    async with asking(saying(answer)) as asker:
        assert await asker.ask(LISTED) == UNDECIDED


async def test_nobody_waits_past_the_limit_whatever_the_service_does() -> None:
    async def drips(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for byte in STOP:
            writer.write(bytes([byte]))
            await asyncio.sleep(0.01)

    async def hangs(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()

    for says in (drips, hangs):
        async with asking(says) as asker:
            began = time.monotonic()
            assert await asker.ask(LISTED) == UNDECIDED
            assert time.monotonic() - began < TIME_LIMIT + 0.1


async def test_after_some_outages_nobody_waits_and_the_service_decides_again_once_it_is_back() -> None:
    port = free_port()
    asker = Asker(f"http://127.0.0.1:{port}", "demo")
    for _ in range(FAILURES):
        assert await asker.ask(LISTED) == UNDECIDED
    async with listening(saying(STOP), port):
        assert await asker.ask(LISTED) == UNDECIDED
        deadline = time.monotonic() + 30
        while await asker.ask(LISTED) == UNDECIDED:
            assert time.monotonic() < deadline
            await asyncio.sleep(0.05)
        asker.close()


async def test_what_is_wrong_from_the_start_is_told_before_anybody_searches(caplog: pytest.LogCaptureFixture) -> None:
    async with asking(saying(b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n")) as asker:
        await asker.look()
    assert "401, unknown key" in caplog.text


@pytest.mark.parametrize(("url", "key", "country"), [
    ("127.0.0.1:8080", "demo", ""),
    ("ftp://127.0.0.1", "demo", ""),
    ("http://", "demo", ""),
    ("http://127.0.0.1", "", ""),
    ("http://127.0.0.1", "a b", ""),
    ("http://127.0.0.1", "demo", "GBR"),
    ("http://127.0.0.1", "demo", "\r\n"),
])  # fmt: skip
def test_an_argument_that_cannot_be_used_is_refused(url: str, key: str, country: str) -> None:
    with pytest.raises(ValueError, match=r"address|key|country"):
        Asker(url, key, country=country)


@given(st.one_of(st.binary(max_size=200), st.binary(max_size=100).map(lambda tail: STOP[:-2] + tail + b"\r\n\r\n")))
def test_no_bytes_are_more_than_unreadable(head: bytes) -> None:
    with suppress(Unreadable):
        assert 100 <= read_reply(head).status < 600
