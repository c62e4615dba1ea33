"""Owns raw requests and answers where every microsecond counts. Must never read more than it is told to."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING

from redirect.domain.errors import BadRequest

if TYPE_CHECKING:
    from collections.abc import Iterable

    from starlette.types import Receive, Scope, Send

    Whole = tuple[bytes, bytes, bytes]
    """An answer: its first line; its headers, the empty line after them included; its body."""

GUARDING = {
    b"cache-control": b"no-store",
    b"content-security-policy": b"default-src 'none'; frame-ancestors 'none'",
    b"cross-origin-resource-policy": b"same-origin",
    b"referrer-policy": b"no-referrer",
    b"x-content-type-options": b"nosniff",
    b"x-frame-options": b"DENY",
}
"""On every answer that does not say otherwise itself: an API's answer is no page, and nobody else's."""
JSON_HEADERS = [(b"content-type", b"application/json"), *GUARDING.items()]
_OK = b"HTTP/1.1 200 OK\r\n"
_JSON = b"".join(b"%b: %b\r\n" % pair for pair in JSON_HEADERS)


class Disconnected(Exception):  # noqa: N818 (a caller who leaves is no error)
    """The caller went away before the body was whole."""


async def read_body(receive: Receive, limit: int) -> bytes:
    """The request's body. Raises BadRequest over `limit` bytes, Disconnected where the caller left."""
    message = await receive()
    if message["type"] == "http.request" and not message.get("more_body"):
        body: bytes = message["body"]
        if len(body) > limit:
            raise BadRequest("body-too-large")
        return body
    return await _read_parts(message, receive, limit)


async def _read_parts(message: object, receive: Receive, limit: int) -> bytes:
    parts = bytearray()
    while isinstance(message, dict) and message["type"] == "http.request":
        parts += message.get("body", b"")
        if len(parts) > limit:
            raise BadRequest("body-too-large")
        if not message.get("more_body"):
            return bytes(parts)
        message = await receive()
    raise Disconnected


def start_line(status: int) -> bytes:
    """The first line of an answer."""
    return b"HTTP/1.1 %d %b\r\n" % (status, HTTPStatus(status).phrase.encode())


def header_lines(headers: Iterable[tuple[bytes, bytes]]) -> bytes:
    """Headers as they stand in an answer, the empty line after them included."""
    return b"".join([b"%b: %b\r\n" % pair for pair in headers]) + b"\r\n"


def whole_json(body: bytes) -> Whole:
    """An answer 200 with a JSON body."""
    return _OK, b"%bcontent-length: %d\r\n\r\n" % (_JSON, len(body)), body


async def send_json(send: Send, body: bytes) -> None:
    """Answer 200 with a JSON body."""
    length = (b"content-length", str(len(body)).encode())
    await send({"type": "http.response.start", "status": 200, "headers": [*JSON_HEADERS, length]})
    await send({"type": "http.response.body", "body": body})


def header(scope: Scope, name: bytes) -> bytes:
    """The first value of a header, empty where there is none. `name` in small letters."""
    for key, value in scope["headers"]:
        if key == name:
            return bytes(value)
    return b""


def text_header(scope: Scope, name: bytes, limit: int = 512) -> str:
    """A header as text, cut at `limit` bytes."""
    return header(scope, name)[:limit].decode("latin-1")
