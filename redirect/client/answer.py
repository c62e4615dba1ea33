"""Owns what comes back: an answer of the service, or one that stands in for it. Must never take for an answer what is
none: whatever else listens at that address, decides nothing."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Final

import msgspec

PAGE: Final = re.compile(r"https?://[!-~]+")
"""Where a person may be sent: absolute, and nothing in it that could end a header."""


class Action(StrEnum):
    """`block`: no results, the full page. `warn`: results stay, the card stands above them. `allow`: nothing."""

    ALLOW = "allow"
    WARN = "warn"
    BLOCK = "block"


class Reason(StrEnum):
    """Why a subject was not decided, as `degraded_reason` says it. The service has reasons of its own."""

    TIMEOUT = "timeout"
    UNREACHABLE = "unreachable"
    ERROR = "error"
    UNREADABLE = "unreadable"
    REFUSED = "refused"
    PAUSED = "paused"


class Resource(msgspec.Struct, frozen=True, kw_only=True):
    """A place to get help: at least one of `url` and `phone` is given. None is unknown. `hours` are in OpenStreetMap's
    opening_hours syntax, by the clock of `time_zone`; `passes_on`: what it may tell others."""

    id: str
    name: str
    languages: tuple[str, ...] = ()
    url: str | None = None
    phone: str | None = None
    phone_display: str | None = None
    hours: str | None = None
    time_zone: str | None = None
    free: bool | None = None
    anonymous: bool | None = None
    passes_on: tuple[str, ...] = ()
    verified_on: str = ""


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What to do about one subject.

    When the service decided, `warn` and `block` come with `page`, and with its `title`, `text` and `resources` in
    `language` (a BCP 47 tag: mark them up with it). When it did not, `action` is what `on_error` means,
    `degraded_reason` one of Reason, and there is no page.
    """

    action: Action
    list_version: int = 0
    degraded: bool = False
    degraded_reason: str | None = None
    category: str | None = None
    message: str | None = None
    variant: str | None = None
    page: str | None = None
    language: str | None = None
    title: str | None = None
    text: str | None = None
    resources: tuple[Resource, ...] = ()

    def __repr__(self) -> str:
        """The rest says what somebody searched for."""
        return f"Answer({self.action.value}, degraded={self.degraded})"


class Answers(msgspec.Struct, frozen=True):
    """Answers to a batch, in order."""

    answers: list[Answer]


class Unreadable(Exception):  # noqa: N818 (never leaves this package)
    """No answer of the service."""


_ONE: Final = msgspec.json.Decoder(Answer)
_MANY: Final = msgspec.json.Decoder(Answers)


def read_answers(content: bytes, count: int, *, batch: bool) -> list[Answer]:
    """The answers in a body. Raises Unreadable where these are not `count` answers that can be acted upon."""
    try:
        answers = _MANY.decode(content).answers if batch else [_ONE.decode(content)]
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise Unreadable from None
    if len(answers) != count or not all(map(_can_be_acted_upon, answers)):
        raise Unreadable
    return answers


def _can_be_acted_upon(answer: Answer) -> bool:
    return answer.action is Action.ALLOW or PAGE.fullmatch(answer.page or "") is not None
