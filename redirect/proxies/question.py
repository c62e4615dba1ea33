"""Owns how the request of a person, as a proxy saw it, becomes one question of `/v1/forward`. Must never show it: the
repr of a question is masked."""

from __future__ import annotations

import re
from dataclasses import dataclass

ADDRESS_LIMIT = 1 << 16
FORM_LIMIT = 48 << 10
"""Bytes of a form that are looked at. Together with an address they stay below what the service takes as a head."""
LANGUAGES_LIMIT = 512

_UNSENDABLE = re.compile(rb"[\x00-\x20\x7f]")
_WHOLE = re.compile(rb"[a-z][a-z0-9+.-]*://", re.IGNORECASE)
_TOKEN = re.compile(r"[A-Za-z!#$%&'*+.^_`|~0-9-]{1,32}")


@dataclass(frozen=True, slots=True, repr=False)
class Question:
    """The address that was asked for, whole where its host is known, and a form that was sent there."""

    address: bytes
    method: str = "GET"
    languages: str = ""
    form: bytes = b""

    def __repr__(self) -> str:
        """Hide every field: a traceback may carry a repr."""
        return "Question(…)"


def whole_address(method: str, target: bytes, host: bytes) -> bytes:
    """The address that a request line means: CONNECT names a host and a port, a browser behind no proxy a path."""
    if method == "CONNECT":
        return b"https://" + target + b"/"
    if host and target.startswith(b"/") and not _WHOLE.match(target):
        return b"http://" + host + target
    return target


def forward_headers(question: Question) -> list[tuple[bytes, bytes]]:
    """What `/v1/forward` is told. A form is the query of one more address: both are written in the same way."""
    headers = [(b"X-Original-URI", _sendable(question.address, ADDRESS_LIMIT) or b"/")]
    if question.form:
        headers.append((b"X-Forwarded-Uri", _sendable(b"?" + question.form, FORM_LIMIT)))
    if _TOKEN.fullmatch(question.method):
        headers.append((b"X-Original-Method", question.method.encode()))
    languages = question.languages.encode("latin-1", "replace")[:LANGUAGES_LIMIT]
    headers.append((b"Accept-Language", _UNSENDABLE.sub(b"", languages)))
    return headers


def _sendable(text: bytes, limit: int) -> bytes:
    """The same address, in bytes that a header may have."""
    return _UNSENDABLE.sub(_escape, text[:limit])[:limit]


def _escape(found: re.Match[bytes]) -> bytes:
    return b"%%%02X" % found[0][0]
