"""Owns the shapes of what is written in `messages/`, and of what a page's address says. Must never decide which
services a reader is sent to (`chains.py`)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from redirect.domain.decision import DEFAULT_VARIANT

if TYPE_CHECKING:
    from collections.abc import Mapping

    from redirect.domain.guide import Guide
    from redirect.domain.law import Laws


THANKS: Final = "thanks"
GUIDE: Final = "guide"
VIDEO: Final = "video"
"""Steps of a statement beside the doors and the places of the guided conversation."""


class Door(StrEnum):
    """Who the reader says they are, chosen and never inferred; MAIN is the page without a choice."""

    MAIN = "main"
    UNDER_18 = "under-18"
    SOMEONE_ELSE = "someone-else"
    HAPPENED_TO_ME = "happened-to-me"
    WORK_OR_MISTAKE = "work-or-mistake"


class Element(StrEnum):
    """What a paragraph of a message is for; the linter asks for the elements that the evidence names."""

    CRIME = "crime"
    CONSEQUENCES = "consequences"
    HARM = "harm"
    HELP = "help"
    EXPLAIN = "explain"
    ADVICE = "advice"
    APPEAL = "appeal"


class Need(StrEnum):
    """What a page must offer for a message's `action` to be true; without it, `action_else` is said."""

    NOTHING = ""
    ANONYMOUS = "anonymous"
    TALK = "talk"
    WRONG = "wrong"


@dataclass(frozen=True, slots=True)
class Paragraph:
    """One paragraph above the fold, in English; its translation is found by this text."""

    element: Element
    text: str


@dataclass(frozen=True, slots=True)
class Message:
    """One warning message or door text: `messages/messages.toml`, table `[ID.VARIANT]`.

    `paragraphs` stand above the fold, `more` below it. `evidence` are source links. `layout` is `first`,
    `repeat` or `door`; a repeat looks different so that it is read again. `headline_law` is the headline where
    the country's law is known to forbid keeping such images.
    """

    id: str
    variant: str
    purpose: str
    evidence: tuple[str, ...]
    audience: str
    reading_level: int
    review: str
    layout: str
    headline: str
    paragraphs: tuple[Paragraph, ...]
    action: str
    more: tuple[str, ...] = ()
    action_needs: Need = Need.NOTHING
    action_else: str = ""
    headline_law: str = ""

    def strings(self) -> tuple[str, ...]:
        """Every text of this message that a reader may see, and so a translator must have."""
        said = (p.text for p in self.paragraphs)
        texts = (self.headline, self.headline_law, *said, self.action, self.action_else, *self.more)
        return tuple(text for text in texts if text)


@dataclass(frozen=True, slots=True)
class DoorText:
    """The label of a door on the main page and the message behind it: `messages/doors.toml`."""

    door: Door
    label: str
    message: str


@dataclass(frozen=True, slots=True)
class Texts:
    """What the pages say: messages by id and variant (`V1`, `A`), the doors in their order, what may be said of each
    country's law, and the guided conversation."""

    messages: Mapping[tuple[str, str], Message]
    doors: tuple[DoorText, ...]
    laws: Laws
    guide: Guide

    def behind(self, door: Door) -> Message:
        """The message behind a door; KeyError for `MAIN`, which has no single one."""
        name = {text.door: text.message for text in self.doors}[door]
        message_id, _, variant = name.partition(".")
        return self.messages[message_id, variant]

    def wording(self, message: str, variant: str) -> Message | None:
        """A message as an arm words it; as the default arm does where this one has no words of its own, as on a repeat.
        None where there is no such message, or no such arm of any."""
        if variant not in {known for _, known in self.messages}:
            return None
        return self.messages.get((message, variant)) or self.messages.get((message, DEFAULT_VARIANT))

    def strings(self) -> frozenset[str]:
        """Every text that a catalogue must translate."""
        labels = (door.label for door in self.doors)
        said = (text for message in self.messages.values() for text in message.strings())
        return frozenset((*labels, *said, *self.laws.sentences.values(), *self.guide.strings()))


@dataclass(frozen=True, slots=True)
class Platform:
    """What the operator says of one platform in `platforms.toml`; shown to people, so nothing here is secret.

    `status` is 200 for a warning, 403 for a policy block, 451 for a legal order (RFC 7725).
    `on_error` is what callers do when no decision is to be had: `open`, `closed` or `warn`.
    """

    name: str
    shown_name: str = ""
    blocked_by: str = ""
    blocked_by_address: str = ""
    appeal: str = ""
    exit: str = "https://www.wikipedia.org/"
    privacy_notice: str = ""
    status: int = 200
    on_error: str = "open"
    languages: tuple[str, ...] = ()


class Statement(Struct, frozen=True):
    """All that a page's address says, encrypted: the same for everyone in that situation.

    `country` is ISO 3166-1 alpha-2 or `ZZ` (unknown); `attempt` is `0`, `1`, `2+` or `unknown`; `language` is
    the platform's hint or empty; `day` counts days since 1970-01-01 UTC; `step` is empty on the first page,
    else a `Door`, THANKS, VIDEO, GUIDE where the guided conversation is entered, or the path of a place in it.
    `enrolled`: the showing takes part in the experiment that runs on this platform on that day, as arm `variant`.
    """

    platform: str
    category: str
    message: str
    variant: str
    country: str
    attempt: str
    language: str
    day: int
    step: str = ""
    enrolled: bool = False
