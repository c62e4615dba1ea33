"""Owns what a platform asks about. Must never show a query or URL: the repr of a subject is masked."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Literal, get_args

import msgspec

from redirect.domain.errors import BadRequest

TEXT_LIMIT = 4096
"""Bytes of UTF-8 that one query or URL may have."""

UNKNOWN_COUNTRY = "ZZ"
Attempt = Literal["0", "1", "2+", "unknown"]
ATTEMPTS: tuple[Attempt, ...] = get_args(Attempt)


def is_address(text: str) -> bool:
    """Whether a text that may be either is a URL, and no query."""
    return text[:8].lower().startswith(("http://", "https://"))


class Surface(StrEnum):
    """Where on the platform the subject came up."""

    WEB = "web"
    IMAGE = "image"
    VIDEO = "video"
    SUGGEST = "suggest"
    PEOPLE = "people"
    PROXY = "proxy"
    DNS = "dns"


class Mode(StrEnum):
    """`shadow` always answers allow; only the counts know what would have been."""

    ENFORCE = "enforce"
    SHADOW = "shadow"


class Wanted(StrEnum):
    """What an answer that is not `allow` carries besides: a card to stand above results, or the error of a Matrix
    server."""

    CARD = "card"
    MATRIX = "matrix"


class Subject(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, gc=False):
    """One question: exactly one of `query` and `url`, and what the platform knows of the situation.

    `languages` is a BCP 47 tag or an Accept-Language value; `country` ISO 3166-1 alpha-2, absent is unknown;
    `attempt` how many warnings this browser session has already shown; `bucket` any number the platform holds
    for the session so that a person keeps one message; `face` what the platform wants to show itself, not in a
    batch. None of it is kept.
    """

    query: str | None = None
    url: str | None = None
    languages: str = ""
    country: Annotated[str, msgspec.Meta(pattern="^[A-Za-z0-9]{2}$")] | None = None
    surface: Surface = Surface.WEB
    attempt: Annotated[int, msgspec.Meta(ge=0)] | Literal["0", "1", "2+"] | None = None
    bucket: Annotated[int, msgspec.Meta(ge=0, le=9999)] | None = None
    mode: Mode = Mode.ENFORCE
    face: Wanted | None = None

    def __repr__(self) -> str:
        """Hide every field: a traceback or a log line may carry a repr."""
        return "Subject(…)"

    def ensure_valid(self) -> None:
        """Raise BadRequest unless exactly one of query and url is given, and it is within TEXT_LIMIT."""
        text = self.query if self.url is None else self.url
        if text is None or (self.query is not None and self.url is not None):
            raise BadRequest("query-or-url")
        # A character takes at most four bytes, so most texts need no encoding to be known short enough.
        if len(text) * 4 > TEXT_LIMIT and len(text.encode(errors="replace")) > TEXT_LIMIT:
            raise BadRequest("text-too-long")

    @property
    def attempt_label(self) -> str:
        """One of ATTEMPTS."""
        if self.attempt is None:
            return "unknown"
        if isinstance(self.attempt, str):
            return self.attempt
        return str(self.attempt) if self.attempt < 2 else "2+"
