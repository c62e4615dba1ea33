"""Owns what every adapter is tested with: searches in every disguise, a platform that tells what reached it, and
services that misbehave. Must never reach beyond loopback, nor leave a thread or socket behind."""

from __future__ import annotations

import socket
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import quote_from_bytes

import pytest

from conftest import eventually

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Iterator, Mapping

    from conftest import Service
    from integrations.contract import Front, MakeFront

pytest.register_assert_rewrite("integrations.contract")

LISTED_HOST = "wholly-blocked.example"
PAGES = f"https://{LISTED_HOST}/safety/w/"
"""The pages stand under a host that is listed itself, so that a page which stops itself would show."""
RESULTS = b"Results of the platform.\n"
WIDE = "ＺＯＲＢＬＡＸ ｍｉｎｋｕ"

DISGUISES = {
    "plus": b"q=zorblax+minku",
    "percent": b"q=zorblax%20minku",
    "every letter escaped": b"q=" + b"".join(b"%%%02x" % letter for letter in b"zorblax minku"),
    "escaped twice": b"q=zorblax%2520minku",
    "mixed case": b"q=zOrBlAx+MiNkU",
    "full width": b"q=" + quote_from_bytes(WIDE.encode()).encode(),
    "full width, unescaped": b"q=" + WIDE.replace(" ", "+").encode(),
    "mixed script": b"q=" + quote_from_bytes("zоrblаx minku".encode()).encode(),
    "broken bytes": b"q=%FFzorblax%C3+%80minku%ED%A0%80",
    "broken bytes, unescaped": b"q=\xffzorblax\xc3+minku\x80",
    "second parameter": b"page=2&query=zorblax+minku",
    "second value": b"q=weather&q=zorblax+minku",
    "after many values": b"p=1&" * 50 + b"q=zorblax+minku",
    "before many values": b"q=zorblax+minku" + b"&q=weather" * 50,
    "name escaped": b"%71=zorblax+minku",
    "name in capitals": b"Q=zorblax+minku",
    "name in brackets": b"search[text]=zorblax+minku",
    "behind a fragment": b"page=1#&q=zorblax+minku",
    "4 kB behind": b"q=zorblax+minku+" + b"x" * 4096,
    "4 kB in front": b"q=" + b"x+" * 2100 + b"zorblax+minku",
    "4 kB of spaces in front": b"q=" + b"+" * 4200 + b"zorblax+minku",
}
"""Query strings of the same listed search. Every adapter that sees addresses stops them all."""


class Reply(NamedTuple):
    """What came back, and how long it took."""

    status: int
    headers: dict[str, str]
    body: bytes
    seconds: float


def ask(
    port: int,
    target: bytes | str,
    method: str = "GET",
    body: bytes = b"",
    source: str = "127.0.0.1",
    headers: Mapping[str, str] | None = None,
) -> Reply:
    """One request as its bytes stand, also those that no client library would send."""
    fields = {"Host": "search.example", "Connection": "close", **(headers or {})}
    lines = [f"{name.replace('_', '-')}: {value}" for name, value in fields.items()]
    lines += [f"Content-Length: {len(body)}"] * bool(body)
    line = method.encode() + b" " + (target.encode() if isinstance(target, str) else target) + b" HTTP/1.1\r\n"
    began = time.monotonic()
    with socket.create_connection(("127.0.0.1", port), timeout=20, source_address=(source, 0)) as connection:
        connection.sendall(line + "\r\n".join(lines).encode() + b"\r\n\r\n" + body)
        with connection.makefile("rb") as stream:
            received = stream.read()
    if not received:
        raise ConnectionError("closed without an answer")
    head, _, content = received.partition(b"\r\n\r\n")
    first, *rest = head.decode("latin-1").split("\r\n")
    named = {name.lower(): value for name, _, value in (line.partition(": ") for line in rest)}
    whole = _dechunked(content) if named.get("transfer-encoding") == "chunked" else content
    return Reply(int(first.split()[1]), named, whole, time.monotonic() - began)


def _dechunked(content: bytes) -> bytes:
    whole = b""
    while content:
        length, _, content = content.partition(b"\r\n")
        end = int(length, 16)
        whole, content = whole + content[:end], content[end + 2 :]
    return whole


class Seen(NamedTuple):
    """A request that a stand-in got. `headers` by small name."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes


@dataclass
class StandIn:
    """A program that listens, remembers what it got, and answers as it is told: after `delay` seconds; with `garbage`
    in place of an answer; with `pause` seconds before each byte, so that no single wait is long."""

    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    delay: float = 0.0
    pause: float = 0.0
    garbage: bytes = b""
    port: int = 0
    connections: int = 0
    seen: list[Seen] = field(default_factory=list)

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        """Read one request and answer it."""
        content = request.rfile.read(int(request.headers.get("Content-Length") or 0))
        headers = {name.lower(): ", ".join(request.headers.get_all(name, [])) for name in request.headers}
        self.seen.append(Seen(request.command, request.path, headers, content))
        time.sleep(self.delay)
        if self.garbage:
            self._write_raw(request)
            return
        request.send_response(self.status)
        for name, value in {"Content-Length": str(len(self.body)), **self.headers}.items():
            request.send_header(name, value)
        request.end_headers()
        if request.command != "HEAD":
            request.wfile.write(self.body)

    def _write_raw(self, request: BaseHTTPRequestHandler) -> None:
        pieces = [bytes([byte]) for byte in self.garbage] if self.pause else [self.garbage]
        for piece in pieces:
            request.wfile.write(piece)
            time.sleep(self.pause)
        request.close_connection = True


@contextmanager
def listening(stand_in: StandIn, tls: ssl.SSLContext | None = None) -> Iterator[StandIn]:
    """Run a stand-in on a port of its own."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True  # heads and bodies are written apart, and would wait for each other

        def setup(self) -> None:
            super().setup()
            stand_in.connections += 1

        def handle(self) -> None:
            try:
                super().handle()
            except ConnectionError:  # whoever asked did not wait for the answer
                self.close_connection = True

        def log_message(self, *_: object) -> None:
            """Nothing: a test reads `seen`."""

        def do_GET(self) -> None:
            stand_in.answer(self)

        do_HEAD = do_POST = do_PUT = do_GET  # noqa: N815 (names that the library calls)

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        if tls:
            server.socket = tls.wrap_socket(server.socket, server_side=True)
        stand_in.port = server.server_port
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield stand_in
        server.shutdown()
        thread.join()


@pytest.fixture(scope="session")
def service(make_service: Callable[..., Service]) -> Service:
    """The real service, with pages under the host of the platform: one for all adapters, which may hang but not end."""
    return make_service("--demo", REDIRECT_PUBLIC_URL=PAGES.removesuffix("/w/"))


@pytest.fixture(scope="module")
def front(make_front: MakeFront) -> Front:
    """The adapter in front of the platform, asking the real service. The test file owns `make_front`."""
    front = make_front()
    eventually(lambda: front.search(b"q=zorblax+minku").status != 200, why="it never stopped anything")
    return front


@pytest.fixture(scope="module")
def platform() -> Iterator[StandIn]:
    """The platform behind an adapter."""
    with listening(StandIn(body=RESULTS, headers={"Content-Type": "text/plain"})) as stand_in:
        yield stand_in


@pytest.fixture
def stand_in() -> Iterator[Callable[..., StandIn]]:
    """Make stand-ins for a service that is not well: `stand_in(status=500)`."""
    running = []

    def make(**answer: object) -> StandIn:
        context = listening(StandIn(**answer))  # type: ignore[arg-type]
        running.append(context)
        return context.__enter__()

    yield make
    for context in running:
        context.__exit__(None, None, None)


@pytest.fixture(params=list(DISGUISES.values()), ids=list(DISGUISES))
def disguise(request: pytest.FixtureRequest) -> bytes:
    """One query string after the other, all of the same listed search."""
    query: bytes = request.param
    return query
