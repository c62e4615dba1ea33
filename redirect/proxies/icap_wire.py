"""Owns the bytes of ICAP (RFC 3507): heads that are read, answers that are written. Must never take a header of a
person into an answer, but for a request that is sent back as it came."""

from __future__ import annotations

import re
from typing import NamedTuple

from redirect import __version__
from redirect.proxies.question import FORM_LIMIT, Question, whole_address

ICAP_HEAD_LIMIT = 1 << 14
HTTP_HEAD_LIMIT = 1 << 17
PREVIEW_LIMIT = FORM_LIMIT
"""Bytes of a body that a proxy may show before it hears whether more is wanted: all that is ever looked at."""
SERVICE_PATH = "/reqmod"
OPTIONS_TTL = 3600
FORM = b"application/x-www-form-urlencoded"

_REQUEST_LINE = re.compile(rb"([A-Z]{1,16}) icap://[!-.0-~]+(/[!-~]*)? ICAP/1\.0", re.IGNORECASE)
_ENCAPSULATED = re.compile(r"req-hdr=0, *(req|null)-body=([0-9]{1,6})")
_CHUNK = re.compile(rb"([0-9A-Fa-f]{1,15})[ \t]*(;[^\r\n]*)?\r?\n")

CONTINUE = b"ICAP/1.0 100 Continue\r\n\r\n"
LAST_CHUNK = b"0\r\n\r\n"
REASONS = {200: "OK", 204: "No Modifications", 400: "Bad Request", 404: "Service Not Found",
           405: "Method Not Allowed", 503: "Service Overloaded"}  # fmt: skip


class Malformed(Exception):  # noqa: N818 (what an ICAP client is told)
    """No request that can be answered otherwise than with `status`."""

    def __init__(self, status: int = 400) -> None:
        self.status = status
        super().__init__(status)


class Asked(NamedTuple):
    """The head of an ICAP request. `head` is the length of the HTTP head in it, `preview` is None where there is none,
    `takes_204` whether "unchanged" may be said without a preview."""

    method: str
    head: int = 0
    has_body: bool = False
    preview: int | None = None
    takes_204: bool = False
    closes: bool = False


class Http(NamedTuple):
    """The request of a person that an ICAP request is about."""

    method: str
    target: bytes
    headers: dict[bytes, bytes]

    @property
    def has_form(self) -> bool:
        """Whether its body, if any, may be a form that was filled in."""
        return self.headers.get(b"content-type", FORM).partition(b";")[0].strip().lower() in {FORM, b""}

    def question(self, form: bytes) -> Question:
        """What to ask the service."""
        address = whole_address(self.method, self.target, self.headers.get(b"host", b""))
        languages = self.headers.get(b"accept-language", b"").decode("latin-1")
        return Question(address, self.method, languages, form)


def read_icap(head: bytes) -> Asked:
    """The head of an ICAP request, with its empty line. Raises Malformed."""
    first, *lines = head.split(b"\r\n")
    found = _REQUEST_LINE.fullmatch(first)
    if found is None:
        raise Malformed
    method, path = found[1].decode().upper(), (found[2] or b"/").partition(b"?")[0].decode()
    fields = {name: value.decode("latin-1") for name, value in _fields(lines).items()}
    closes = fields.get(b"connection", "").lower() == "close"
    if path != SERVICE_PATH:
        raise Malformed(404)
    if method == "OPTIONS" and fields.get(b"encapsulated", "null-body=0") == "null-body=0":
        return Asked(method, closes=closes)
    if method != "REQMOD":
        raise Malformed(400 if method == "OPTIONS" else 405)
    length, has_body = _encapsulated(fields.get(b"encapsulated", ""))
    allowed = re.split("[, ]+", fields.get(b"allow", ""))
    return Asked(method, length, has_body, _preview(fields.get(b"preview")), "204" in allowed, closes)


def _encapsulated(said: str) -> tuple[int, bool]:
    found = _ENCAPSULATED.fullmatch(said)
    if found is None or not 0 < int(found[2]) <= HTTP_HEAD_LIMIT:
        raise Malformed
    return int(found[2]), found[1] == "req"


def _preview(said: str | None) -> int | None:
    if said is None:
        return None
    if not (said.isascii() and said.isdecimal()) or len(said) > 6 or int(said) > PREVIEW_LIMIT:
        raise Malformed
    return int(said)


def read_http(head: bytes) -> Http:
    """The head of a person's request. Lenient, since the proxy was: a broken header is no way around."""
    first, *lines = re.split(b"\r?\n", head)
    method, _, rest = first.partition(b" ")
    target = rest.rpartition(b" HTTP/")[0] or rest
    return Http(method.decode("latin-1"), target.strip(), _fields(lines))


def _fields(lines: list[bytes]) -> dict[bytes, bytes]:
    """By small name, the first of each."""
    fields: dict[bytes, bytes] = {}
    for name, colon, value in (line.partition(b":") for line in lines):
        if colon:
            fields.setdefault(name.strip().lower(), value.strip())
    return fields


def read_chunk_line(line: bytes) -> tuple[int, bool]:
    """The size of a chunk, and whether it says that a preview was the whole body. Raises Malformed."""
    found = _CHUNK.fullmatch(line)
    if found is None:
        raise Malformed
    return int(found[1], 16), (found[2] or b"").strip(b"; \t").lower() == b"ieof"


def chunk(data: bytes) -> bytes:
    """One chunk of a body."""
    return b"%x\r\n%b\r\n" % (len(data), data)


def icap_head(status: int, *, closes: bool, encapsulated: str = "null-body=0", more: tuple[str, ...] = ()) -> bytes:
    """The head of an answer; what is encapsulated follows it."""
    lines = [f"ICAP/1.0 {status} {REASONS[status]}", f'ISTag: "redirect-{__version__}"', *more]
    lines += [f"Encapsulated: {encapsulated}"] + ["Connection: close"] * closes
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def options(connections: int, *, closes: bool) -> bytes:
    """What this service can do. Only REQMOD; previews as long as forms are looked at; no client addresses."""
    more = (
        "Methods: REQMOD",
        f"Service: redirect {__version__}",
        "Allow: 204",
        f"Preview: {PREVIEW_LIMIT}",
        "Transfer-Preview: *",
        f"Max-Connections: {connections}",
        f"Options-TTL: {OPTIONS_TTL}",
    )
    return icap_head(200, closes=closes, more=more)


def sent_back(head: bytes, *, has_body: bool, closes: bool) -> bytes:
    """The request as it came, for a proxy that does not take 204; its body follows in chunks."""
    body = "req-body" if has_body else "null-body"
    return icap_head(200, closes=closes, encapsulated=f"req-hdr=0, {body}={len(head)}") + head


def stop(method: str, page: str, *, closes: bool) -> bytes:
    """The person is sent to the page."""
    first = "302 Found" if method in {"GET", "HEAD"} else "303 See Other"
    return _answer(f"{first}\r\nLocation: {page}\r\nReferrer-Policy: no-referrer\r\nContent-Length: 0", closes=closes)


def unavailable(method: str, *, closes: bool) -> bytes:
    """The person is told to come back later."""
    text = b"" if method == "HEAD" else b"This page cannot be shown right now. Please try again in a minute.\n"
    first = "503 Service Unavailable\r\nRetry-After: 60\r\nContent-Type: text/plain; charset=utf-8"
    return _answer(f"{first}\r\nContent-Length: {len(text)}", text, closes=closes)


def _answer(head: str, text: bytes = b"", *, closes: bool) -> bytes:
    http = f"HTTP/1.1 {head}\r\nCache-Control: no-store\r\n\r\n".encode()
    body = "res-body" if text else "null-body"
    icap = icap_head(200, closes=closes, encapsulated=f"res-hdr=0, {body}={len(http)}")
    return icap + http + (chunk(text) + LAST_CHUNK if text else b"")
