"""Owns what may be said of a country's law. Must never make a sentence of "no", "partly" or unknown, nor take the
answer to one question for the answer to another."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from redirect.domain.content import Element

if TYPE_CHECKING:
    from collections.abc import Mapping

    from redirect.domain.content import Message, Paragraph


class Question(StrEnum):
    """What was looked for in a law: making or sharing such images, keeping them, knowingly opening them, and
    whether images without a real child count, made with AI, by computer or by drawing."""

    MAKING = "making"
    POSSESSION = "possession"
    VIEWING = "viewing"
    AI = "ai"


class Says(StrEnum):
    """What a law says to a question. UNKNOWN means that nobody has read it there, never that it says no."""

    YES = "yes"
    PARTLY = "partly"
    NO = "no"
    UNKNOWN = ""


SOURCED: Final = frozenset({"statute", "official"})
"""The confidence that a sentence needs: the wording was read, or an authority says so."""

REAL_IMAGES: Final = frozenset({"V1", "V2", "V3"})
MADE_IMAGES: Final = "V4"

PLACE: Final = "{country}"
"""Stands in a sentence for the country's name in the reader's language."""

NEEDS: Final[Mapping[Question, tuple[Question, ...]]] = {
    Question.VIEWING: (Question.MAKING, Question.POSSESSION, Question.VIEWING),
    Question.POSSESSION: (Question.MAKING, Question.POSSESSION),
    Question.MAKING: (Question.MAKING,),
}
"""The sentence on real images that says most comes first, and what each needs a "yes" to."""


@dataclass(frozen=True, slots=True)
class Law:
    """One country's law as far as it was read: `messages/law/<CC>.toml`.

    `held` are questions whose answer is not to be said, whatever it is. `link` stands in the place of a source whose
    address has words that no page may have. Until `checked_by` names a lawyer it is a draft.
    """

    country: str
    answers: Mapping[Question, Says]
    confidence: str
    statutes: tuple[str, ...]
    sources: tuple[str, ...]
    held: frozenset[Question] = frozenset()
    link: str = ""
    checked_by: str = ""

    @property
    def page(self) -> str:
        """The address that stands on pages; empty where no source may be named."""
        return self.link or self.source

    @property
    def source(self) -> str:
        """The first source that leads to a page and not only to somebody's site; empty where none does."""
        return next((source for source in self.sources if source.partition("://")[2].partition("/")[2]), "")

    def affirms(self, *questions: Question) -> bool:
        """Whether a sourced "yes" to each may be said."""
        return (
            self.confidence in SOURCED
            and bool(self.source)
            and self.held.isdisjoint(questions)
            and all(self.answers.get(question) is Says.YES for question in questions)
        )


@dataclass(frozen=True, slots=True)
class Laws:
    """The laws of all countries that were looked at, by alpha-2 code, and the sentence on each question.

    `drafts`: whether a law that no lawyer has checked is served.
    """

    sentences: Mapping[Question, str]
    countries: Mapping[str, Law]
    drafts: bool = False

    def stated(self, message: Message, country: str) -> tuple[Message, Law | None]:
        """What a message says in a country, and the law that it then rests on: its hedged lines give way to a
        sentence on the law where there is one. A text with `{country}` needs `placed`."""
        law = self.countries.get(country)
        if law is None:
            return message, None
        if message.id == MADE_IMAGES and law.answers.get(Question.AI) is Says.NO:
            return _harm_and_help(message), None
        question = _question(message, law) if law.checked_by or self.drafts else None
        return (message, None) if question is None else (_put(message, self.sentences[question], question), law)


def placed(text: str, place: str) -> str:
    """A translated text with the country's name in it, where it has room for one."""
    return text.replace(PLACE, place)


def _question(message: Message, law: Law) -> Question | None:
    """The question whose sentence may stand in this message. Messages behind doors have none: no law is held up to
    a child, a survivor, or somebody who is worried about another person."""
    if message.id == MADE_IMAGES:
        return Question.AI if law.affirms(Question.AI) else None
    if message.id not in REAL_IMAGES:
        return None
    return next((question for question, needs in NEEDS.items() if law.affirms(*needs)), None)


def _put(message: Message, sentence: str, question: Question) -> Message:
    headline = message.headline
    if message.headline_law and Question.POSSESSION in NEEDS.get(question, ()):
        headline = message.headline_law
    return replace(message, headline=headline, paragraphs=_instead_of_crime(message.paragraphs, sentence))


def _instead_of_crime(paragraphs: tuple[Paragraph, ...], sentence: str) -> tuple[Paragraph, ...]:
    """The sentence where the first hedged line stood; further ones go."""
    first = next((paragraph for paragraph in paragraphs if paragraph.element is Element.CRIME), None)
    kept = (paragraph for paragraph in paragraphs if paragraph is first or paragraph.element is not Element.CRIME)
    return tuple(replace(paragraph, text=sentence) if paragraph is first else paragraph for paragraph in kept)


def _harm_and_help(message: Message) -> Message:
    """Where the law is known to leave such images out, a line on what it says elsewhere would mislead, and so would
    one on the police of those places."""
    left_out = (Element.CRIME, Element.CONSEQUENCES)
    return replace(message, paragraphs=tuple(p for p in message.paragraphs if p.element not in left_out))
