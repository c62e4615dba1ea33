"""Owns which states of the pages a reviewer is shown. Must never leave out a wording that readers somewhere get."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from msgspec import structs

from redirect.domain.chains import crisis
from redirect.domain.content import GUIDE, THANKS, VIDEO, Door, Platform, Statement
from redirect.domain.guide import ROOT
from redirect.domain.subject import UNKNOWN_COUNTRY
from redirect.domain.video import Transcript, Video

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from redirect.domain.content import Message, Texts
    from redirect.domain.services import Directory

USUAL, NO_APPEAL, LEGAL_ORDER = "usual", "no-appeal", "legal-order"
_OPERATOR: Final = Platform(
    USUAL,
    shown_name="Example Search",
    blocked_by="Example Search",
    blocked_by_address="https://search.example/blocking",
    appeal="appeals@search.example",
    privacy_notice="https://search.example/privacy",
)
PLATFORMS: Final = {
    USUAL: _OPERATOR,
    NO_APPEAL: replace(_OPERATOR, name=NO_APPEAL, appeal=""),
    LEGAL_ORDER: replace(_OPERATOR, name=LEGAL_ORDER, status=451),
}

CONTACT: Final = "services@search.example"
"""Where a service writes to change or remove its entry."""

VIDEO_OF_NOBODY: Final = Video(
    force="Example Police",
    poster="data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 9'%3E"
    "%3Crect width='16' height='9' fill='%23cfc8ba'/%3E%3C/svg%3E",
    clips=(),
    captions=(),
    transcripts=(
        Transcript("en", "ltr", ("What the officer says stands here, word for word, as the operator wrote it.",)),
    ),
)
"""Stands for the operator's own: nothing of the kind is shipped."""

FIRST: Final = ("V1", "A")
DIRECTORY: Final = "directory"
COUNTRY: Final = "directory-country"
URL_MESSAGE: Final = "V3"
HEDGED: Final = "hedged"
NO_LAW: Final = "not-covered"
_ABOUT_THE_LAW: Final = {
    HEDGED: "where no law is known, or none may be said",
    NO_LAW: "where the law is known to leave such images out",
    "making": "where making and sharing are known to be a crime",
    "possession": "where keeping is known to be one, too",
    "viewing": "where knowingly opening is known to be one, too",
    "ai": "where the law is known to cover such images",
}


class Form(StrEnum):
    """What a reviewer looks at: a page, a page in short among results, or the public directory."""

    PAGE = "page"
    CARD = "card"
    DIRECTORY = "directory"


@dataclass(frozen=True, slots=True)
class Scene:
    """A page in one state: its file's `name`, the same in every language, what a reviewer is told of it, and where the
    linter finds its texts. `has_video`: whether a police officer of the country explains."""

    name: str
    about: str
    place: str
    statement: Statement
    form: Form = Form.PAGE
    has_video: bool = False

    @property
    def file(self) -> str:
        """Where its page is, within the directory of a language."""
        return f"{self.name}.html"


def scenes(texts: Texts, directory: Directory, home: str) -> tuple[Scene, ...]:
    """Every page in every state, for readers of `home` where it makes no difference."""
    first = _statement(texts.messages[FIRST], home)
    warnings = [message for message in texts.messages.values() if message.layout != "door"]
    return (
        *(scene for message in warnings for scene in _said(texts, message, home)),
        *_blocked(warnings, home),
        *_crises(directory, first),
        *_behind_doors(texts, first),
        *_guide(texts, first),
        *_videos(first),
        *_directory(first),
        *(_card(message, home) for message in warnings),
    )


def _said(texts: Texts, message: Message, home: str) -> Iterator[Scene]:
    """One for each thing that the law lets it say, in the reader's own country where that says it."""
    found: dict[str, str] = {}
    for country in (home, UNKNOWN_COUNTRY, *sorted(texts.laws.countries)):
        found.setdefault(_wording(texts, message, country), country)
    name = _name(message)
    for wording in _ABOUT_THE_LAW:
        if wording in found:
            statement = _statement(message, found[wording])
            yield Scene(f"{name}-{wording}", f"{name}, {_ABOUT_THE_LAW[wording]}", name, statement)


def _wording(texts: Texts, message: Message, country: str) -> str:
    stated, law = texts.laws.stated(message, country)
    if law is None:
        return HEDGED if stated == message else NO_LAW
    said = {paragraph.text for paragraph in stated.paragraphs}
    return next(question.value for question, sentence in texts.laws.sentences.items() if sentence in said)


def _card(message: Message, home: str) -> Scene:
    name = _name(message)
    return Scene(
        f"{name}-card", f"{name}, in short, as a card above results", name, _statement(message, home), Form.CARD
    )


def _blocked(warnings: Iterable[Message], home: str) -> Iterator[Scene]:
    for message in warnings:
        if message.id == URL_MESSAGE:
            name, bare = _name(message), _statement(message, home, NO_APPEAL)
            order = _statement(message, home, LEGAL_ORDER)
            yield Scene(f"{name}-no-appeal", f"{name}, without a way to appeal", name, bare)
            yield Scene(f"{name}-legal-order", f"{name}, blocked by legal order (451)", name, order)


def _crises(directory: Directory, first: Statement) -> Iterator[Scene]:
    """The states of the crisis slot that a reader at home may not see."""
    place = ".".join(FIRST)
    nobody = structs.replace(first, country=UNKNOWN_COUNTRY)
    yield Scene("no-crisis-line", "the first page where no crisis line is known", place, nobody)
    for country in sorted(directory.countries):
        slot = crisis(directory, Door.MAIN, country)
        if slot.line is None and slot.emergency is not None:
            numbered = structs.replace(first, country=country)
            yield Scene("emergency-number", "the first page where only an emergency number is known", place, numbered)
            return


def _behind_doors(texts: Texts, first: Statement) -> Iterator[Scene]:
    for text in texts.doors:
        door = text.door.value
        yield Scene(door, f"behind the door “{text.label}”", text.message, structs.replace(first, step=door))
        nobody = structs.replace(first, step=door, country=UNKNOWN_COUNTRY)
        yield Scene(f"{door}-no-crisis-line", f"“{text.label}”, without services nearby", text.message, nobody)
    thanked = texts.behind(Door.WORK_OR_MISTAKE)
    yield Scene(
        THANKS,
        "after the tap for a wrong match",
        f"{thanked.id}.{thanked.variant}",
        structs.replace(first, step=THANKS),
    )


def _guide(texts: Texts, first: Statement) -> Iterator[Scene]:
    """Each question and each end once: what other ways lead to says the same, beside other services."""
    for path in sorted({*steps(texts).values()}, key=len):
        headline = texts.guide.places[path].says.headline
        yield Scene(f"guide-{path}", f"guided conversation: “{headline}”", "guide", structs.replace(first, step=path))


def _videos(first: Statement) -> Iterator[Scene]:
    place, shown = ".".join(FIRST), structs.replace(first, step=VIDEO)
    yield Scene(f"{place}-video", f"{place}, where a police officer explains in a video", place, first, has_video=True)
    yield Scene("video", "an officer’s video, without the operator’s own texts", "", shown, has_video=True)


def _directory(first: Statement) -> Iterator[Scene]:
    """Of the world, and of the country at home, where any service is known there."""
    world = structs.replace(first, country=UNKNOWN_COUNTRY)
    yield Scene(DIRECTORY, "the public directory, with all countries to choose from", "", world, Form.DIRECTORY)
    if first.country != UNKNOWN_COUNTRY:
        yield Scene(COUNTRY, "the public directory of one country", "", first, Form.DIRECTORY)


def steps(texts: Texts) -> dict[str, str]:
    """The place that stands for each step of the guided conversation: the first one where the same is said."""
    first: dict[int, str] = {}
    for path in sorted(texts.guide.places, key=lambda path: (path.count("."), path)):
        first.setdefault(id(texts.guide.places[path].says), path)
    return {GUIDE: ROOT, **{path: first[id(place.says)] for path, place in texts.guide.places.items()}}


def _name(message: Message) -> str:
    return f"{message.id}.{message.variant}"


def _statement(message: Message, country: str, platform: str = USUAL) -> Statement:
    return Statement(
        platform=platform,
        category="csam",
        message=message.id,
        variant=message.variant,
        country=country,
        attempt="0",
        language="",
        day=0,
    )
