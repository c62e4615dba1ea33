"""Owns what stands on each kind of page, before it is put into words and HTML. Must never hold anything of a reader but
the language and the situation that the page is for."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from redirect.domain.content import Need

if TYPE_CHECKING:
    from redirect.domain.content import Door, Message, Platform
    from redirect.domain.guide import Place
    from redirect.domain.law import Law
    from redirect.domain.locales import Locale
    from redirect.domain.services import Card, Crisis
    from redirect.domain.video import Video


@dataclass(frozen=True, slots=True)
class Link:
    """An address and, where it matters, the door it opens or the language it is written in."""

    href: str
    label: str = ""
    door: Door | None = None
    lang: str = ""


@dataclass(frozen=True, slots=True)
class LanguageBar:
    """The languages of a page, each a link to it: `near` are the one it is in, those of the country, and English;
    `others` all the rest."""

    near: tuple[Link, ...] = ()
    others: tuple[Link, ...] = ()


@dataclass(frozen=True, slots=True)
class Help:
    """A service card on a page: `href` is the counted way to it, empty where it has only a number."""

    card: Card
    href: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """What every page carries. `exit` and `back` (to the first page; may be empty) are addresses, `country` is alpha-2
    or `ZZ`. `crisis_way` is the counted way to the crisis line; empty where nothing is counted, or it has no site."""

    locale: Locale
    platform: Platform
    country: str
    crisis: Crisis
    exit: str
    back: str = ""
    crisis_way: str = ""
    languages: LanguageBar = field(default_factory=LanguageBar)


@dataclass(frozen=True, slots=True, kw_only=True)
class PageView(Frame):
    """Everything a warning or a page behind a door says, before it is put into words and HTML.

    `help` is never empty. `wrong` is an address, and may be empty. `doors` is empty on a door's own page. Where
    `message` speaks of the country's law, `law` is what it rests on and `place` the country's name in the page's
    language. `guide` is the way into the guided conversation, `video` to the page of an officer's video.
    """

    message: Message
    door: Door
    help: tuple[Help, ...]
    report: Help | None = None
    wrong: str = ""
    thanked: bool = False
    doors: tuple[Link, ...] = ()
    law: Law | None = None
    place: str = ""
    guide: Link | None = None
    video: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class GuideView(Frame):
    """One place in the guided conversation, reached from the page of `message`. `choices` are the buttons of a
    question; `before` leads one step back, `again` to the first question; either may be empty. `help` are the services
    of an end, the one that fits first, and `doors` those of the end at the doors."""

    place: Place
    message: Message
    review: str
    choices: tuple[Link, ...] = ()
    before: str = ""
    again: str = ""
    help: tuple[Help, ...] = ()
    doors: tuple[Link, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class VideoView(Frame):
    """The page of an officer's video, reached from the page of `message`, with the services of that page. `media` is
    the address under which its files lie."""

    video: Video
    message: Message
    help: tuple[Help, ...]
    media: str


TALKING = frozenset({"helpline", "chat", "child_helpline", "crisis_line"})


def action_label(message: Message, first: Card, *, wrong: bool = False) -> str:
    """What the main button may say on a page with this first service, in English: the message's own words only where
    they are true. `wrong`: the page can count a wrong match."""
    offered = {
        Need.NOTHING: True,
        Need.ANONYMOUS: first.service.anonymous is True,
        Need.TALK: first.phone is not None or not TALKING.isdisjoint(first.service.kind),
        Need.WRONG: wrong,
    }
    return message.action if offered[message.action_needs] else message.action_else
