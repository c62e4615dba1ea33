"""Owns which face of a page a request asks for. Must never leave anyone without a page: what it cannot read means
HTML."""

from __future__ import annotations

from enum import Enum
from typing import Final

LONGEST: Final = 512


class Kind(Enum):
    """A face, and its media type."""

    HTML = "text/html; charset=utf-8"
    TEXT = "text/plain; charset=utf-8"
    JSON = "application/json"


_NAMED: Final = {b"text/plain": Kind.TEXT, b"application/json": Kind.JSON}
_HTML: Final = (b"text/html", b"text/*", b"*/*")


def asked(accept: bytes) -> Kind:
    """The face that an Accept header (RFC 9110, section 12.5.1) prefers to HTML. Only its full name asks for one:
    `*/*`, which programs send unasked, gets HTML, and so does a tie."""
    accept = accept[:LONGEST].lower()
    if b"text/plain" not in accept and b"json" not in accept:
        return Kind.HTML
    weights = dict(map(_weighed, accept.split(b",")))
    html = next((weights[name] for name in _HTML if name in weights), 0.0)
    named = [(weights.get(name, 0.0), kind) for name, kind in _NAMED.items()]
    weight, kind = max(named, key=lambda pair: pair[0])
    return kind if weight > html else Kind.HTML


def _weighed(part: bytes) -> tuple[bytes, float]:
    name, *parameters = (piece.strip() for piece in part.split(b";"))
    return name, next((_number(piece[2:]) for piece in parameters if piece.startswith(b"q=")), 1.0)


def _number(weight: bytes) -> float:
    """0 to 1; anything else counts as not wanted."""
    try:
        value = float(weight)
    except ValueError:
        return 0.0
    return value if 0 <= value <= 1 else 0.0
