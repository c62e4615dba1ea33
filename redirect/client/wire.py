"""Owns the bytes of HTTP/1.1 between a client and the service: a request that is one piece, an answer as it comes. Must
never follow a redirect, or believe that an answer is whole before it is.

Why no HTTP library: their time-outs are for each step, so a service that sends a byte now and then is waited for as
long as it likes; where a whole call is cancelled instead, httpx 0.28 (httpcore 1.0.9) loses the connections that it
was about to use, and after as many as its limit answers nothing any more; they heed proxies of the environment, which
would learn of every query; and they take longer than the decision itself. There is one origin, one method and a small
answer here; what is hard about HTTP, its parser, is the one that the service has, too.
"""

from __future__ import annotations

import re
import time
from typing import Final, NamedTuple
from urllib.parse import urlsplit

import httptools

from redirect.client.signing import SIGNING, signed

ANSWER_LIMIT: Final = 1 << 25
"""Bytes of an answer: a batch of a thousand stops, each with its text and places to get help, is far below."""
READ_AT_ONCE: Final = 1 << 16
IDLE: Final = 60.0
"""Seconds for which an idle connection is kept: less than the service keeps it."""

_KEY: Final = re.compile("[!-~]+")
_PLACE: Final = re.compile("[!-~]+")
_PORTS: Final = {"http": 80, "https": 443}


class Closed(Exception):  # noqa: N818 (never leaves this package)
    """The connection ended before the service said anything."""


class NoHttp(Exception):  # noqa: N818 (never leaves this package)
    """What came back is no answer of a web server, or not all of it."""


class Response(NamedTuple):
    """A whole answer."""

    status: int
    content: bytes


class Service:
    """Where to ask, and as whom. Raises ValueError naming an argument that cannot be used."""

    def __init__(self, address: str, key: str) -> None:
        parts = urlsplit(address)
        is_plain = _PLACE.fullmatch(address) and not parts.query and not parts.fragment and "@" not in parts.netloc
        if parts.scheme not in _PORTS or not parts.hostname or not is_plain:
            raise ValueError("service: an http or https address is needed, such as http://127.0.0.1:8080")
        if not _KEY.fullmatch(key):
            raise ValueError("key: what `redirect keys create` printed is needed")
        self.is_tls = parts.scheme == "https"
        self.host = parts.hostname
        self.port = parts.port or _PORTS[parts.scheme]
        self.shown = f"{parts.scheme}://{parts.netloc}{parts.path}"
        self._path = parts.path.rstrip("/")
        self._key = key if key.startswith(SIGNING) else ""
        presented = "" if self._key else f"Authorization: Bearer {key}\r\n"
        self._fields = f"Host: {parts.netloc}\r\n{presented}Content-Type: application/json\r\n"

    def request(self, path: str, body: bytes) -> bytes:
        """All that is sent, in one piece. Nothing of a person is in its head."""
        target = f"{self._path}{path}"
        fields = f"{self._fields}{self._signed(target, body)}Content-Length: {len(body)}\r\n"
        return f"POST {target} HTTP/1.1\r\n{fields}\r\n".encode() + body

    def _signed(self, target: str, body: bytes) -> str:
        if not self._key:
            return ""
        headers = signed(self._key, "POST", target, body, int(time.time()))
        return "".join(f"{name}: {value}\r\n" for name, value in headers.items())


class Reading:
    """One answer as it comes. The parser calls the methods that begin with `on_`."""

    def __init__(self) -> None:
        self._parser = httptools.HttpResponseParser(self)
        self._content = bytearray()
        self._length = 0
        self._keeps = False
        self.is_whole = False

    def feed(self, data: bytes) -> None:
        """What was read, nothing at the end of the connection. Raises Closed or NoHttp."""
        if not data:
            raise (NoHttp if self._length else Closed)
        self._length += len(data)
        if self.is_whole or self._length > ANSWER_LIMIT:
            raise NoHttp
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError:
            raise NoHttp from None

    @property
    def has_begun(self) -> bool:
        """Whether the service has said anything."""
        return self._length > 0

    @property
    def keeps(self) -> bool:
        """Whether the connection can take another question."""
        return self.is_whole and self._keeps

    def response(self) -> Response:
        """The answer, once it is whole."""
        return Response(self._parser.get_status_code(), bytes(self._content))

    def on_message_begin(self) -> None:
        if self.is_whole:
            raise NoHttp  # more than was asked for: whatever that is, the next answer does not begin here

    def on_body(self, data: bytes) -> None:
        self._content += data

    def on_message_complete(self) -> None:
        self.is_whole, self._keeps = True, self._parser.should_keep_alive()


def left(deadline: float) -> float:
    """Seconds until a point in time of `time.monotonic`. Raises TimeoutError where there are none."""
    seconds = deadline - time.monotonic()
    if seconds <= 0:
        raise TimeoutError
    return seconds
