"""Owns what is wrong with a wording, in every language: messages have the elements that the evidence names, and are
short, plain, true and kind. Must never mend a text; it says which one breaks which rule."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import unquote

from redirect.domain.content import GUIDE, Element
from redirect.domain.law import NEEDS, REAL_IMAGES, Question, placed
from redirect.domain.reading import grade, words
from redirect.domain.wording_rules import (
    BIDI_CONTROLS,
    CLAIMS,
    ELEMENTS,
    FIRST,
    FURNITURE,
    HEDGES,
    HIGHEST_GRADE,
    LAYOUTS,
    LEGAL,
    MARKUP,
    MOST_WORDS,
    NUMBERS,
    PLACEHOLDERS,
    REPEAT,
    UNTHREATENED,
    VERBS,
    Rule,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from redirect.domain.content import Message, Texts


@dataclass(frozen=True, slots=True)
class Finding:
    """A text that breaks a rule, in one language. `place` is the message (`V1.A`), door or question on the law it
    belongs to, `guide`, or empty for texts of the page itself; `reason` says more."""

    rule: Rule
    language: str
    place: str
    text: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Language:
    """A language as it is checked: how it says a text, what it calls the countries whose law is known, and the words
    that must not stand in it (`harmful` nowhere, `law` in no message to a young person or a survivor)."""

    tag: str
    say: Callable[[str], str]
    countries: Mapping[str, str]
    harmful: Sequence[str]
    law: Sequence[str]


def findings(texts: Texts, core: Iterable[str], languages: Sequence[Language]) -> Iterator[Finding]:
    """Everything wrong with messages and page texts; `core` are all that a page may say. `texts` should have drafts
    of the law on, so that these are looked at, too."""
    named = _named(texts)
    yield from _of_purposes(texts)
    yield from _of_law(texts)
    for language in languages:
        if not language.harmful or not language.law:
            yield Finding(Rule.LISTS, language.tag, "", "")
        for message in texts.messages.values():
            yield from _of_message(texts, message, language)
        for text in sorted({*core, *named}):
            yield from _of_text(text, named.get(text, ""), language)
    yield from _of_statutes(texts, sorted({word for language in languages for word in language.harmful}))


def harmful_in_address(address: str, harmful: Iterable[str]) -> list[str]:
    """The words that an address has in it, however it writes them: coded, without accents, joined by hyphens."""
    letters = _letters(unquote(address))
    return [word for word in harmful if _letters(word) in letters]


def above_the_fold(message: Message) -> tuple[str, ...]:
    """What stands there, in English; of the two labels that the button may have, the longer."""
    action = max(message.action, message.action_else, key=words)
    return message.headline, *(paragraph.text for paragraph in message.paragraphs), action


def _folds(texts: Texts, message: Message) -> dict[tuple[str, ...], list[str]]:
    """Everything that a message may say above the fold: hedged, and with each sentence on the law, in which
    countries."""
    folds: dict[tuple[str, ...], list[str]] = {above_the_fold(message): []}
    for country in texts.laws.countries:
        stated, law = texts.laws.stated(message, country)
        if law is not None:
            folds.setdefault(above_the_fold(stated), []).append(country)
    return folds


def _name(message: Message) -> str:
    return f"{message.id}.{message.variant}"


def _named(texts: Texts) -> dict[str, str]:
    """Where each text of `messages/` stands; a text that stands twice, where it stands first."""
    places = [(text, _name(message)) for message in texts.messages.values() for text in message.strings()]
    places += [(door.label, door.door.value) for door in texts.doors]
    places += [(text, question.value) for question, text in texts.laws.sentences.items()]
    places += [(text, GUIDE) for text in texts.guide.strings()]
    return dict(reversed(places))


def _of_purposes(texts: Texts) -> Iterator[Finding]:
    for missing in sorted(ELEMENTS.keys() - {message.id for message in texts.messages.values()}):
        yield Finding(Rule.ELEMENTS, "en", missing, "", "there is no such message")
    first = {text for message in texts.messages.values() if message.id == FIRST for text in message.strings()}
    for message in texts.messages.values():
        name, elements = _name(message), frozenset(paragraph.element for paragraph in message.paragraphs)
        if elements != ELEMENTS.get(message.id):
            wanted = ", ".join(sorted(ELEMENTS.get(message.id, ()))) or "no such message"
            yield Finding(Rule.ELEMENTS, "en", name, ", ".join(sorted(elements)), f"wanted: {wanted}")
        if message.layout != LAYOUTS.get(message.id, "door"):
            yield Finding(Rule.LAYOUT, "en", name, message.layout)
        if not message.evidence or not all(source.startswith("https://") for source in message.evidence):
            yield Finding(Rule.EVIDENCE, "en", name, ", ".join(message.evidence))
        if message.id == REPEAT:
            yield from (Finding(Rule.REPEAT, "en", name, text) for text in above_the_fold(message) if text in first)
        yield from _of_reading(texts, message)


def _of_reading(texts: Texts, message: Message) -> Iterator[Finding]:
    """The hardest that a country's law makes of it counts; the country's name does not, since nobody chose that."""
    level = max(grade([placed(text, "X") for text in said]) for said in _folds(texts, message))
    if not level <= message.reading_level <= HIGHEST_GRADE:
        yield Finding(Rule.GRADE, "en", _name(message), message.headline, f"grade {level:.1f} of {HIGHEST_GRADE}")


def _of_law(texts: Texts) -> Iterator[Finding]:
    for message in texts.messages.values():
        if message.headline_law and message.id not in REAL_IMAGES:
            yield Finding(Rule.HEDGE, "en", _name(message), message.headline_law)
        crimes = {paragraph.text for paragraph in message.paragraphs if paragraph.element is Element.CRIME}
        for text in message.strings():
            legal = text in crimes or LEGAL.search(text)
            if legal and text != message.headline_law and not HEDGES.search(text):
                yield Finding(Rule.HEDGE, "en", _name(message), text)
    for question, sentence in texts.laws.sentences.items():
        said = {each for each, verb in VERBS.items() if re.search(verb, sentence)}
        if said != set(NEEDS.get(question, (question,))):
            yield Finding(Rule.SENTENCE, "en", question.value, sentence)


def _of_statutes(texts: Texts, harmful: Sequence[str]) -> Iterator[Finding]:
    """Statutes stand on pages in their own words, whatever the language, and so does the address they were read at."""
    for law in texts.laws.countries.values():
        if any(law.affirms(question) for question in Question):
            place = f"law/{law.country}"
            for statute in law.statutes:
                yield from _of_words(statute, place, "", harmful)
            if found := harmful_in_address(law.page, harmful):
                yield Finding(Rule.ADDRESS, "", place, law.page, ", ".join(found))


def _of_message(texts: Texts, message: Message, language: Language) -> Iterator[Finding]:
    most, where = max(_counts(texts, message, language))
    if most > MOST_WORDS:
        reason = f"{most} words, as in {where}" if where else f"{most} words"
        yield Finding(Rule.WORDS, language.tag, _name(message), language.say(message.headline), reason)
    if message.id in UNTHREATENED:
        yield from _of_threat(message, language)


def _counts(texts: Texts, message: Message, language: Language) -> Iterator[tuple[int, str]]:
    """Words above the fold, and the country of the longest name where they stand; none for the hedged text."""
    furniture = FURNITURE if language.tag == "en" else ()
    for fold, countries in _folds(texts, message).items():
        said = words(" ".join((*furniture, *(placed(language.say(text), "") for text in fold))))
        names = ((words(language.countries.get(country, "")), country) for country in countries)
        longest, country = max(names, default=(0, ""))
        yield said + longest, country


def _of_threat(message: Message, language: Language) -> Iterator[Finding]:
    told = {paragraph.text for paragraph in message.paragraphs if paragraph.element is Element.CRIME}
    for text in message.strings():
        said = language.say(text)
        found = [word for word in language.law if word.casefold() in said.casefold()]
        if found and text not in told:
            yield Finding(Rule.LAW, language.tag, _name(message), said, ", ".join(found))


def _of_text(text: str, place: str, language: Language) -> Iterator[Finding]:
    said, tag = language.say(text), language.tag
    yield from _of_words(said, place, tag, language.harmful)
    if tag == "en" and CLAIMS.search(said):
        yield Finding(Rule.CLAIM, tag, place, said)
    if BIDI_CONTROLS.search(said):
        yield Finding(Rule.BIDI, tag, place, BIDI_CONTROLS.sub("\N{REPLACEMENT CHARACTER}", said))
    if MARKUP.search(said):
        yield Finding(Rule.MARKUP, tag, place, said)
    if Counter(PLACEHOLDERS.findall(said)) != Counter(PLACEHOLDERS.findall(text)) or _numbers(text) - _numbers(said):
        yield Finding(Rule.PLACEHOLDERS, tag, place, said)
    # A single word may be the same in two languages; a sentence is not.
    if tag.partition("-")[0] != "en" and said == text and place and " " in text:
        yield Finding(Rule.UNTRANSLATED, tag, place, said)


def _of_words(said: str, place: str, tag: str, harmful: Sequence[str]) -> Iterator[Finding]:
    found = [word for word in harmful if word.casefold() in said.casefold()]
    if found:
        yield Finding(Rule.HARMFUL, tag, place, said, ", ".join(found))


def _letters(text: str) -> str:
    """Letters and digits alone, without accents; the vowel signs of other scripts stay."""
    folded = unicodedata.normalize("NFKD", text).casefold()
    return "".join(
        each for each in folded if unicodedata.category(each)[0] in "LNM" and not unicodedata.combining(each)
    )


def _numbers(text: str) -> Counter[int]:
    """By their value, since other scripts have digits of their own. A translation may write "1" for "one"."""
    return Counter(map(int, NUMBERS.findall(text)))
