"""Owns notes of what was changed and when, so that nobody takes a longer list for more people. Must never say at what
moment of a day, nor who changed it."""

from __future__ import annotations

import unicodedata
from enum import StrEnum

import msgspec

from redirect.domain.errors import BadRequest

TEXT_LIMIT = 200
MOST_NOTES = 500
"""Of one platform, written by hand."""


class Kind(StrEnum):
    """What was changed."""

    LIST = "list"
    MESSAGE = "message"
    LAYOUT = "layout"
    OTHER = "other"


class Note(msgspec.Struct, frozen=True):
    """One change, on an ISO date. `by_hand`: somebody wrote it, for one platform; else the service did, for all."""

    day: str
    kind: Kind
    text: str
    by_hand: bool = False


def written(day: str, kind: str, text: str) -> Note:
    """A note as somebody typed it. Raises BadRequest for one without words, too long, or of no known kind."""
    words = " ".join("".join(c if unicodedata.category(c)[0] != "C" else " " for c in text[: 4 * TEXT_LIMIT]).split())
    if not words or len(words) > TEXT_LIMIT or kind not in {*Kind}:
        raise BadRequest("invalid-request")
    return Note(day, Kind(kind), words, by_hand=True)


def of_list(entries: int, before: int, *, back: bool) -> str:
    """What is said of a list that went live; `before` is how many entries it had before, 0 where none was live."""
    if back:
        return f"Back to the earlier list: {entries:,} entries, {entries - before:+,}"
    change = f", {(entries - before) / before:+.1%}" if before else ""
    return f"New list: {entries:,} entries{change}"
