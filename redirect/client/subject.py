"""Owns what a platform asks about, made fit to be asked. Must never show a query or address, nor fail because of what
a person typed or sent."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias, get_args

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterator

Text: TypeAlias = str | bytes
Surface = Literal["web", "image", "video", "suggest", "people", "proxy", "dns"]
Mode = Literal["enforce", "shadow"]

TEXT_LIMIT: Final = 4096
"""Bytes of UTF-8 that are asked about at once."""
OVERLAP: Final = 512
"""Bytes that two pieces of a long text share: longer than any phrase on a list."""
LANGUAGES_LIMIT: Final = 512
BUCKETS: Final = 10_000

_COUNTRY: Final = re.compile("[A-Za-z0-9]{2}")
_ATTEMPTS: Final = ("0", "1", "2+")


class Subject(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One question: exactly one of `query` and `url`, and what the platform knows of the situation.

    `languages` is a BCP 47 tag or an Accept-Language value; `country` ISO 3166-1 alpha-2; `attempt` how many warnings
    this browser session has already shown; `bucket` any number that the platform holds for the session, so that a
    person keeps one message. What came from a person is cut, repaired or left out where it cannot be asked as it
    is. Raises ValueError where the platform's own code is wrong: both or none of `query` and `url`, an unknown
    `surface` or `mode`.
    """

    query: Text | None = None
    url: Text | None = None
    languages: str = ""
    country: str | None = None
    surface: Surface = "web"
    attempt: int | str | None = None
    bucket: int | None = None
    mode: Mode = "enforce"

    def __post_init__(self) -> None:
        if (self.query is None) is (self.url is None):
            raise ValueError("give exactly one of query and url")
        if self.surface not in get_args(Surface):
            raise ValueError(f"surface: one of {', '.join(get_args(Surface))} is needed")
        if self.mode not in get_args(Mode):
            raise ValueError(f"mode: one of {', '.join(get_args(Mode))} is needed")
        fit = {
            "query": None if self.query is None else cut(self.query),
            "url": None if self.url is None else cut(self.url),
            "languages": cut(self.languages, LANGUAGES_LIMIT),
            "country": self.country if _COUNTRY.fullmatch(self.country or "") else None,
            "attempt": _attempt(self.attempt),
            "bucket": None if self.bucket is None else self.bucket % BUCKETS,
        }
        for name, value in fit.items():
            msgspec.structs.force_setattr(self, name, value)

    def __repr__(self) -> str:
        """Hide every field: a traceback or a log line may carry a repr."""
        return "Subject(…)"


def cut(text: Text, limit: int = TEXT_LIMIT) -> str:
    """The text up to `limit` bytes, in whole characters. What is not Unicode becomes U+FFFD."""
    whole = _bytes(text)
    return whole[:limit].decode(errors="ignore") if len(whole) > limit else whole.decode()


def pieces(text: Text) -> Iterator[str]:
    """The text in pieces that can be asked about, each with the end of the one before: padding in front of what is
    listed is no way around."""
    whole = _bytes(text)
    if len(whole) <= TEXT_LIMIT:
        yield whole.decode()
        return
    for start in range(0, len(whole) - OVERLAP, TEXT_LIMIT - OVERLAP):
        yield whole[start : start + TEXT_LIMIT].decode(errors="ignore")


def _bytes(text: Text) -> bytes:
    """UTF-8 without anything broken."""
    if isinstance(text, str):
        try:
            return text.encode()
        except UnicodeEncodeError:  # lone surrogates; a turn through UTF-16 joins pairs of them and replaces the rest
            return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace").encode()
    return bytes(text).decode(errors="replace").encode()


def _attempt(said: Any) -> int | str | None:
    if isinstance(said, int):
        return min(said, 2) if said >= 0 else None
    return said if said in _ATTEMPTS else None
