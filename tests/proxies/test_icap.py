"""The ICAP server over real sockets: every way in which a proxy may send a request, and whatever else comes."""

from __future__ import annotations

import asyncio
import re
import signal
import socket
import subprocess
import time
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conftest import PROGRAM, Service, eventually
from redirect.proxies.asking import Asker
from redirect.proxies.icap import IcapServer
from redirect.proxies.icap_wire import CONTINUE, PREVIEW_LIMIT, chunk
from redirect.proxies.question import FORM_LIMIT
from tests.ports import free_port

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

LISTED, UNLISTED = b"a=b&q=zorblax+minku", b"a=b&q=weather"
FORM = b"Content-Type: application/x-www-form-urlencoded\r\n"
UNCHANGED = b"ICAP/1.0 204 "
STOPPED = b"HTTP/1.1 303 See Other\r\nLocation: "
CANARY = "canaryvessik"


def http(target: bytes = b"http://search.example/search", method: bytes = b"GET", fields: bytes = b"") -> bytes:
    return b"%b %b HTTP/1.1\r\nHost: search.example\r\nAccept-Language: es\r\n%b\r\n" % (method, target, fields)


def reqmod(head: bytes, fields: bytes = b"", body: bytes | None = None) -> bytes:
    """A request; `body` as it stands, in chunks."""
    part = b"null-body" if body is None else b"req-body"
    said = b"REQMOD icap://127.0.0.1/reqmod ICAP/1.0\r\nHost: 127.0.0.1\r\n%bEncapsulated: req-hdr=0, %b=%d\r\n\r\n"
    return said % (fields, part, len(head)) + head + (body or b"")


def form(content: bytes, fields: bytes = b"Allow: 204\r\n", end: bytes = b"0\r\n\r\n", size: int = 4096) -> bytes:
    """A form in chunks of `size`."""
    chunks = b"".join(chunk(content[start : start + size]) for start in range(0, len(content), size))
    return reqmod(http(method=b"POST", fields=FORM), fields, chunks + end)


class Proxy:
    """One connection of a proxy."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    async def say(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()

    async def hear(self) -> bytes:
        """One answer: its head, then what is encapsulated in it, without the marks of its chunks."""
        head = await self.reader.readuntil(b"\r\n\r\n")
        found = re.search(rb"Encapsulated: .*?([a-z]+)-body=(\d+)", head)
        assert found is not None
        inner = await self.reader.readexactly(int(found[2]))
        return head + inner + (b"" if found[1] == b"null" else await self._body())

    async def _body(self) -> bytes:
        body = b""
        while size := int(await self.reader.readuntil(b"\r\n"), 16):
            body += (await self.reader.readexactly(size + 2))[:-2]
        assert await self.reader.readexactly(2) == b"\r\n"
        return body

    async def ask(self, data: bytes) -> bytes:
        await self.say(data)
        return await self.hear()


@asynccontextmanager
async def icap(port: int, *, closed: bool = False, connections: int = 1000) -> AsyncIterator[Proxy]:
    """A server that asks the service on `port`, and a proxy that is connected to it."""
    asker = Asker(f"http://127.0.0.1:{port}", "demo", limit=10)
    service = IcapServer(asker, closed=closed, connections=connections)
    server = await service.listen("127.0.0.1", 0)
    reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname(), limit=1 << 22)
    try:
        yield Proxy(reader, writer)
    finally:
        writer.close()
        server.close()
        await service.stop()


async def test_the_options_say_what_it_can_do(demo: Service) -> None:
    async with icap(demo.port) as proxy:
        for _ in range(2):
            said = await proxy.ask(b"OPTIONS icap://127.0.0.1/reqmod ICAP/1.0\r\nHost: 127.0.0.1\r\n\r\n")
            assert said.startswith(b"ICAP/1.0 200 OK\r\n")
            for field in (b"Methods: REQMOD", b"Allow: 204", b"Preview: %d" % PREVIEW_LIMIT, b'ISTag: "redirect-'):
                assert b"\r\n" + field in said


async def test_an_address_is_decided_in_every_form_on_one_connection(demo: Service) -> None:
    async with icap(demo.port) as proxy:
        for target in (b"http://search.example/search?q=zorblax+minku", b"/search?q=zorblax+minku"):
            said = await proxy.ask(reqmod(http(target), b"Allow: 204\r\n"))
            assert b"HTTP/1.1 302 Found\r\nLocation: " + demo.url.encode() + b"/w/" in said
            assert b"\r\nCache-Control: no-store\r\n" in said
        for fields in (b"Allow: 204\r\n", b"Preview: 0\r\n"):
            assert (await proxy.ask(reqmod(http(b"/search?q=weather"), fields))).startswith(UNCHANGED)
        assert STOPPED in await proxy.ask(reqmod(http(b"wholly-blocked.example:443", b"CONNECT"), b"Allow: 204\r\n"))


async def test_a_proxy_that_does_not_take_204_gets_its_request_back_as_it_was(demo: Service) -> None:
    head = http(b"/search?q=weather", fields=b"X-Own: \xff\r\n")
    async with icap(demo.port) as proxy:
        assert (await proxy.ask(reqmod(head))).endswith(b"null-body=%d\r\n\r\n" % len(head) + head)
        content = b"q=weather&" + bytes(range(256)) * 4000
        sent = asyncio.create_task(proxy.say(form(content, b"", size=50_000)))
        assert (await proxy.hear()).endswith(b"\r\n\r\n" + content)
        await sent


@pytest.mark.parametrize("fields", [b"", b"Allow: 204\r\n", b"Preview: 4096\r\n", b"Preview: 4096\r\nAllow: 204\r\n"])
@pytest.mark.parametrize("size", [1, 7, 4096])
async def test_a_form_is_decided_however_it_comes(demo: Service, fields: bytes, size: int) -> None:
    end = b"0; ieof\r\n\r\n" if b"Preview" in fields else b"0\r\n\r\n"
    async with icap(demo.port) as proxy:
        for _ in range(2):
            assert STOPPED in await proxy.ask(form(LISTED, fields, end, size))
            said = await proxy.ask(form(UNLISTED, fields, end, size))
            assert said.startswith(UNCHANGED) is bool(fields)


@pytest.mark.parametrize("allows", [b"", b"Allow: 204\r\n"])
async def test_after_a_preview_the_rest_of_a_form_is_asked_for(demo: Service, allows: bytes) -> None:
    async with icap(demo.port) as proxy:
        for content in (LISTED, UNLISTED):
            await proxy.say(form(content[:6], b"Preview: 6\r\n" + allows))
            assert await proxy.reader.readexactly(len(CONTINUE)) == CONTINUE
            said = await proxy.ask(chunk(content[6:]) + b"0\r\n\r\n")
            if content == LISTED:
                assert STOPPED in said
            else:
                assert said.startswith(UNCHANGED) if allows else said.endswith(b"\r\n\r\n" + content)


async def test_a_body_that_is_no_form_is_not_waited_for(demo: Service) -> None:
    head = http(method=b"POST", fields=b"Content-Type: image/png\r\n")
    async with icap(demo.port) as proxy:
        said = await proxy.ask(reqmod(head, b"Preview: 9\r\n", chunk(b"q=zorblax") + b"0\r\n\r\n"))
        assert said.startswith(UNCHANGED)
        content = chunk(b"x" * 60_000) * 3
        assert (await proxy.ask(reqmod(head, b"Allow: 204\r\n", content))).startswith(UNCHANGED)
        await proxy.say(b"0\r\n\r\n")
        assert (await proxy.ask(form(UNLISTED))).startswith(UNCHANGED)


async def test_of_a_long_form_the_beginning_is_looked_at_and_all_of_it_passes(demo: Service) -> None:
    padding = b"x" * (FORM_LIMIT - 100)
    async with icap(demo.port) as proxy:
        assert STOPPED in await proxy.ask(form(padding + b"&q=zorblax+minku"))
        assert (await proxy.ask(form(padding + padding + b"&q=zorblax+minku"))).startswith(UNCHANGED)


async def test_a_listed_address_is_stopped_without_its_upload(demo: Service) -> None:
    head = http(b"/?q=zorblax+minku", b"POST", b"Content-Type: video/mp4\r\n")
    async with icap(demo.port) as proxy:
        assert STOPPED in await proxy.ask(reqmod(head, b"", chunk(b"x" * 60_000)))
        for _ in range(40):
            proxy.writer.write(chunk(b"x" * 60_000))
        assert await proxy.reader.read() == b""


async def test_what_could_not_be_decided_passes_or_is_refused_as_configured() -> None:
    nobody = free_port()
    async with icap(nobody) as proxy:
        assert (await proxy.ask(form(LISTED))).startswith(UNCHANGED)
    async with icap(nobody, closed=True) as proxy:
        said = await proxy.ask(form(LISTED))
        assert b"\r\n\r\nHTTP/1.1 503 Service Unavailable\r\n" in said
        assert b"Location" not in said

        said = await proxy.ask(reqmod(http(method=b"HEAD")))
        assert said.endswith(b"Content-Length: 0\r\nCache-Control: no-store\r\n\r\n")


@pytest.mark.parametrize(("data", "status"), [
    (b"GET / HTTP/1.1\r\nHost: a.example\r\n\r\n", b"400"),
    (b"RESPMOD icap://a.example/reqmod ICAP/1.0\r\nEncapsulated: res-hdr=0, null-body=9\r\n\r\n", b"405"),
    (b"OPTIONS icap://a.example/ ICAP/1.0\r\n\r\n", b"404"),
    (b"x" * 40_000, b"400"),
    (form(b"x" * 9, end=b"zz\r\n\r\n"), b"400"),
    (form(b"x" * 9, end=b"5\r\nxxxxxxx\r\n0\r\n\r\n"), b"400"),
    (form(b"x" * 9, end=b"0\r\n" + b"x: y\r\n" * 100), b"400"),
    (form(b"x" * 9, end=b"x" * 40_000), b"400"),
    (form(b"x" * (PREVIEW_LIMIT + 1), b"Preview: 9\r\n"), b"400"),
])  # fmt: skip
async def test_what_is_no_icap_is_refused_and_the_connection_ended(demo: Service, data: bytes, status: bytes) -> None:
    async with icap(demo.port) as proxy:
        said = await proxy.ask(data)
        assert said.startswith(b"ICAP/1.0 " + status)
        assert b"\r\nConnection: close\r\n" in said
        assert await proxy.reader.read() == b""


async def test_more_connections_than_it_takes_are_told_so(demo: Service) -> None:
    async with icap(demo.port, connections=1) as proxy:
        assert (await proxy.ask(form(UNLISTED))).startswith(UNCHANGED)
        other = Proxy(*await asyncio.open_connection(*proxy.writer.get_extra_info("peername")))
        assert (await other.reader.read()).startswith(b"ICAP/1.0 503 ")
        other.writer.close()
        assert (await proxy.ask(form(UNLISTED))).startswith(UNCHANGED)


STREAM = b"".join([
    form(LISTED), form(UNLISTED, b"Preview: 13\r\n", b"0; ieof\r\n\r\n", size=3), reqmod(http(), b"Preview: 0\r\n"),
    b"OPTIONS icap://127.0.0.1/reqmod ICAP/1.0\r\n\r\n", form(UNLISTED, b"", size=1), form(LISTED, b"", size=1),
])  # fmt: skip


@settings(max_examples=30)
@given(st.lists(st.integers(0, len(STREAM)), max_size=12).map(sorted))
def test_requests_are_the_same_however_they_come(demo: Service, cuts: list[int]) -> None:
    async def talk() -> list[bytes]:
        async with icap(demo.port) as proxy:
            for begin, end in zip([0, *cuts], [*cuts, len(STREAM)], strict=True):
                await proxy.say(STREAM[begin:end])
                await asyncio.sleep(0)
            return [await proxy.hear() for _ in range(6)]

    stopped, unchanged, passed, options, sent_back, stopped_again = asyncio.run(talk())
    assert STOPPED in stopped
    assert unchanged.startswith(UNCHANGED)
    assert passed.startswith(UNCHANGED)
    assert b"Methods: REQMOD" in options
    assert sent_back.endswith(UNLISTED)
    assert STOPPED in stopped_again


@settings(max_examples=30)
@given(st.one_of(st.binary(max_size=200), st.integers(0, len(STREAM)).map(lambda end: STREAM[end // 2 : end])))
def test_no_bytes_harm_those_who_come_after(demo: Service, data: bytes) -> None:
    async def talk() -> bytes:
        async with icap(demo.port) as proxy:
            other = Proxy(*await asyncio.open_connection(*proxy.writer.get_extra_info("peername")))
            await other.say(data)
            other.writer.write_eof()
            await other.reader.read()
            other.writer.close()
            return await proxy.ask(form(LISTED))

    assert STOPPED in asyncio.run(talk())


def test_the_program_serves_until_it_is_told_to_end_and_writes_nothing_of_a_request(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("demo")
    port, nobody = free_port(), free_port()
    options = ["--port", str(port), "--service", f"http://127.0.0.1:{nobody}", "--key-file", str(tmp_path / "key")]
    with (tmp_path / "log").open("wb") as log:
        process = subprocess.Popen([*PROGRAM, "icap", *options], stdout=log, stderr=log)
    try:
        eventually(lambda: b"icap://127.0.0.1:%d/reqmod" % port in (tmp_path / "log").read_bytes())
        canary = CANARY.encode()
        with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
            connection.sendall(form(b"q=" + canary, b"X-Client-IP: " + canary + b"\r\nAllow: 204\r\n"))
            assert connection.recv(1000).startswith(UNCHANGED)
            connection.sendall(reqmod(http(b"http://%b.example/" % canary)) + canary * 9000)
            began = time.monotonic()
            process.send_signal(signal.SIGTERM)
            assert process.wait(10) == 0
            assert time.monotonic() - began < 5
    finally:
        process.kill()
        process.wait(10)
    assert CANARY not in (tmp_path / "log").read_text()
