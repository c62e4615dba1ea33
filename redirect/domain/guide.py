"""Owns the guided conversation: its questions, every way through them, and the one service that fits the answers.
Must never send a reader where nobody can be reached, nor keep an answer anywhere but in an encrypted address."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from redirect.domain.chains import speaks
from redirect.domain.errors import ContentError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from redirect.domain.services import Card

FIRST: Final = "start"
"""The question that every way begins with."""

ROOT: Final = "g"
"""What the name of every place begins with."""

MOST_QUESTIONS: Final = 5
LONGEST_PATH: Final = 24
"""Letters that an address has room for, beside the longest names of a platform and a category."""


class Answer(StrEnum):
    """What an option says about the reader."""

    LOOK = "look"
    THINK = "think"
    ACCIDENT = "accident"
    ELSE = "else"
    TALK = "talk"
    WRITE = "write"
    ALONE = "alone"
    OPEN = "open"
    ANONYMOUS = "anonymous"
    FREE = "free"
    NOW = "now"
    LANGUAGE = "language"


class End(StrEnum):
    """How a way can end: at the service that fits, with the advice to leave, or at the doors."""

    SERVICE = "service"
    LEAVE = "leave"
    DOORS = "doors"


@dataclass(frozen=True, slots=True)
class Option:
    """A button: what it says, what that means, and the name of the question or the end it leads to."""

    label: str
    answer: Answer
    next: str


@dataclass(frozen=True, slots=True)
class Question:
    """One step: a question and its buttons."""

    headline: str
    text: str
    options: tuple[Option, ...]


@dataclass(frozen=True, slots=True)
class Ending:
    """The last page of a way; `again` leads back to the first question."""

    end: End
    headline: str
    text: str
    again: str


@dataclass(frozen=True, slots=True)
class Place:
    """One page of the conversation: its `path` (`g`, `g.look`, `g.look.talk`), the answers that led there, what it
    says, and how many questions there are at most on the ways through it."""

    path: str
    answers: tuple[Answer, ...]
    says: Question | Ending
    questions: int

    @property
    def number(self) -> int:
        """Which step this is, from 1."""
        return len(self.answers) + 1

    @property
    def before(self) -> str:
        """The path of the place one step back, empty at the first."""
        return self.path.rpartition(".")[0]


@dataclass(frozen=True, slots=True)
class Guide:
    """The conversation as it is written, `messages/guide.toml`, and every place in it by its path."""

    invite: str
    places: Mapping[str, Place]
    review: str = "draft"

    def strings(self) -> frozenset[str]:
        """Every text that a catalogue must translate."""
        said = {self.invite}
        for place in self.places.values():
            page = place.says
            said |= {page.headline, page.text}
            said |= {page.again} if isinstance(page, Ending) else {option.label for option in page.options}
        return frozenset(said)


def places(questions: Mapping[str, Question], endings: Mapping[End, Ending]) -> dict[str, Place]:
    """Every place that a way through leads to, by its path.

    Raises ContentError, naming table and field, for a way without an end, in a circle, of more than MOST_QUESTIONS or
    too long for an address, and for a step to which no way leads.
    """
    if FIRST not in questions:
        raise ContentError(f"[{FIRST}] is missing, and every way begins there")
    found = {place.path: place for place in _walk(questions, endings, ROOT, FIRST, (), ())}
    reached = {id(place.says) for place in found.values()}
    for name, page in (*questions.items(), *endings.items()):
        if id(page) not in reached:
            raise ContentError(f"[{name}]: no way leads there")
    return found


def _walk(
    questions: Mapping[str, Question],
    endings: Mapping[End, Ending],
    path: str,
    name: str,
    answers: tuple[Answer, ...],
    asked: tuple[str, ...],
) -> Iterator[Place]:
    """The place itself first, then all that lie behind it."""
    asked = _asked(name, asked) if name in questions else asked
    if len(path) > LONGEST_PATH:
        raise ContentError(f"[{name}]: the answers that lead there are too long for an address ({path})")
    if name not in questions:
        yield Place(path, answers, endings[End(name)], len(asked))
        return
    question = questions[name]
    _check(name, question, questions, endings)
    behind: list[Place] = []
    for option in question.options:
        onward = (*answers, option.answer)
        behind += _walk(questions, endings, f"{path}.{option.answer}", option.next, onward, asked)
    yield Place(path, answers, question, max(place.questions for place in behind))
    yield from behind


def _asked(name: str, asked: tuple[str, ...]) -> tuple[str, ...]:
    if name in asked:
        raise ContentError(f"[{asked[-1]}], options: a way comes back to [{name}] and may never end")
    if len(asked) == MOST_QUESTIONS:
        raise ContentError(f"[{name}]: is question {MOST_QUESTIONS + 1} of a way, and {MOST_QUESTIONS} are the most")
    return (*asked, name)


def _check(name: str, question: Question, questions: Mapping[str, Question], endings: Mapping[End, Ending]) -> None:
    if not question.options:
        raise ContentError(f"[{name}], options: needs at least one, or no way ends here")
    if len({option.answer for option in question.options}) < len(question.options):
        raise ContentError(f"[{name}], options: an answer stands twice")
    for option in question.options:
        if option.next not in questions and option.next not in endings:
            raise ContentError(f"[{name}], options: next names no step of this file: {option.next}")


def fitting(chain: Sequence[Card], answers: Sequence[Answer], languages: Sequence[str]) -> tuple[Card, ...]:
    """The chain with the service that fits the answers best in front; nothing is added and nothing lost.

    The last question asks what matters most, so a later answer weighs more than an earlier one, and the order of the
    chain decides what the answers leave open. What a record does not say counts as no.
    """
    asked = [_MISS[answer] for answer in reversed(answers) if answer in _MISS]
    best = min(chain, key=lambda shown: tuple(miss(shown, languages) for miss in asked))
    return (best, *(shown for shown in chain if shown is not best))


def _no_talk(shown: Card, _languages: Sequence[str]) -> int:
    """A number to call is nearest, then a line behind an address."""
    return 0 if shown.phone else 1 if _is(shown, "helpline") else 2


def _no_writing(shown: Card, _languages: Sequence[str]) -> int:
    return 0 if shown.url and _is(shown, "chat", "email") else 1


def _no_self_help(shown: Card, _languages: Sequence[str]) -> int:
    return 0 if shown.url and _is(shown, "online_self_help") else 1


def _names(shown: Card, _languages: Sequence[str]) -> int:
    return 0 if shown.service.anonymous else 1


def _costs(shown: Card, _languages: Sequence[str]) -> int:
    return 0 if shown.service.free else 1


def _waits(shown: Card, languages: Sequence[str]) -> int:
    """A programme never closes."""
    return 0 if shown.service.hours == "24/7" else _no_self_help(shown, languages)


def _is_foreign(shown: Card, languages: Sequence[str]) -> int:
    return 0 if speaks(shown, languages) else 1


def _is(shown: Card, *kinds: str) -> bool:
    return not set(kinds).isdisjoint(shown.service.kind)


_MISS: Final[Mapping[Answer, Callable[[Card, Sequence[str]], int]]] = {
    Answer.TALK: _no_talk,
    Answer.WRITE: _no_writing,
    Answer.ALONE: _no_self_help,
    Answer.ANONYMOUS: _names,
    Answer.FREE: _costs,
    Answer.NOW: _waits,
    Answer.LANGUAGE: _is_foreign,
}
"""How far a service is from what an answer asks for, 0 where it fits; other answers ask for nothing."""
