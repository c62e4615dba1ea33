"""Owns what is promised of every message, in every language: the elements that the evidence names, short,
plain, true and kind."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from redirect.adapters.content import load_texts
from redirect.domain.content import Door, Element, Message
from redirect.domain.errors import ContentError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.conftest import Pages

MESSAGES = Path(__file__).parents[2] / "messages"
HARMFUL = tomllib.loads(Path(__file__).with_name("harmful_words.toml").read_text(encoding="utf-8"))
TEXTS = load_texts(MESSAGES)
IDS = sorted(f"{message_id}.{variant}" for message_id, variant in TEXTS.messages)
LANGUAGES = ("en", "es", "ar")
FOUR = {Element.CRIME, Element.CONSEQUENCES, Element.HARM, Element.HELP}
ELEMENTS = {
    "V1": FOUR,
    "V2": FOUR,
    "V3": FOUR | {Element.EXPLAIN, Element.APPEAL},
    "V4": FOUR,
    "V5": {Element.EXPLAIN, Element.CRIME, Element.HELP},
    "V6": {Element.EXPLAIN, Element.ADVICE, Element.HELP},
    "V7": {Element.EXPLAIN, Element.ADVICE, Element.HELP},
    "V8": {Element.EXPLAIN, Element.ADVICE, Element.HELP},
}
HEDGES = re.compile(r"\b(many|some) countries\b|\bIn some\b|\bcan be\b")
BIDI_CONTROLS = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
MOST_WORDS = 75  # with exit control, history note and draft line no more than 90 above the fold


def message(name: str) -> Message:
    message_id, _, variant = name.partition(".")
    return TEXTS.messages[message_id, variant]


def above_the_fold(said: Message) -> tuple[str, ...]:
    return said.headline, *(paragraph.text for paragraph in said.paragraphs), said.action


def syllables(word: str) -> int:
    groups = re.findall(r"[aeiouy]+", re.sub(r"(?<=[^l])e$", "", word.lower()))
    return max(1, len(groups))


def grade(text: str) -> float:
    """Flesch-Kincaid grade level."""
    words, sentences = re.findall(r"[A-Za-z']+", text), re.findall(r"[.?!:;]+", text)
    parts = sum(map(syllables, words))
    return 0.39 * len(words) / len(sentences) + 11.8 * parts / len(words) - 15.59


def everything_said(pages: Pages, language: str) -> Iterator[str]:
    """Every text of the template file, messages and page alike, in one language."""
    catalogue = pages.catalogues.translations[language]
    for text in pages.catalogues.core:
        yield catalogue.gettext(text)


def test_there_is_one_message_for_every_purpose_of_the_evidence() -> None:
    assert {message_id for message_id, _ in TEXTS.messages} == set(ELEMENTS)


@pytest.mark.parametrize("name", IDS)
def test_a_message_has_exactly_the_elements_of_its_purpose(name: str) -> None:
    assert {paragraph.element for paragraph in message(name).paragraphs} == ELEMENTS[message(name).id]


def test_v7_speaks_of_no_law_and_v5_threatens_nobody() -> None:
    survivor, young = message("V7.A"), message("V5.A")
    assert not any(word in " ".join(survivor.strings()).lower() for word in ("crime", "law", "illegal", "police"))
    assert not any(word in " ".join(young.strings()).lower() for word in ("police", "trace", "prison", "consequence"))


@pytest.mark.parametrize("name", IDS)
def test_every_sentence_on_crime_is_hedged_while_no_law_file_says_more(name: str) -> None:
    for paragraph in message(name).paragraphs:
        if paragraph.element is Element.CRIME and paragraph.text != message(name).paragraphs[0].text:
            assert HEDGES.search(paragraph.text)
    law = " ".join((message(name).headline, message(name).paragraphs[0].text))
    assert "crime" not in law or HEDGES.search(law)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", IDS)
def test_a_message_stays_short_in_every_language(pages: Pages, name: str, language: str) -> None:
    catalogue = pages.catalogues.translations[language]
    words = " ".join(catalogue.gettext(text) for text in above_the_fold(message(name))).split()
    assert len(words) <= (MOST_WORDS if language == "en" else 90)


@pytest.mark.parametrize("name", IDS)
def test_a_message_reads_at_its_level_or_below(name: str) -> None:
    text = " ".join(text if text[-1] in ".?!" else f"{text}." for text in above_the_fold(message(name)))
    assert grade(text) <= message(name).reading_level <= 8


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_harmful_word_stands_in_any_language(pages: Pages, language: str) -> None:
    said = " ".join(everything_said(pages, language)).lower()
    assert [word for word in HARMFUL[language] if word in said] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_text_carries_bidi_controls_or_markup(pages: Pages, language: str) -> None:
    for text in everything_said(pages, language):
        assert not BIDI_CONTROLS.search(text)
        assert not re.search(r"[<>]|&\w+;|https?:", text)


@pytest.mark.parametrize("language", LANGUAGES)
def test_placeholders_and_digits_survive_translation(pages: Pages, language: str) -> None:
    catalogue = pages.catalogues.translations[language]
    for text in pages.catalogues.core:
        for pattern in (r"%\(\w+\)s", r"\d+"):
            assert sorted(re.findall(pattern, catalogue.gettext(text))) == sorted(re.findall(pattern, text))


def test_every_door_opens_a_message_made_for_a_door() -> None:
    assert [text.door for text in TEXTS.doors] == [door for door in Door if door is not Door.MAIN]
    assert all(TEXTS.behind(text.door).layout == "door" for text in TEXTS.doors)


def test_the_repeat_looks_different_from_the_first_showing() -> None:
    assert message("V1.A").layout == "first"
    assert message("V2.A").layout == "repeat"
    assert set(message("V1.A").strings()).isdisjoint(above_the_fold(message("V2.A")))


@pytest.mark.parametrize("name", IDS)
def test_a_message_names_the_evidence_it_rests_on(name: str) -> None:
    assert message(name).evidence
    assert all(source.startswith("https://") for source in message(name).evidence)


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ('layout = "first"', 'layout = "shout"', "[V1.A]: layout must be one of: first, repeat, door"),
        ('review = "draft"', 'review = "fine"', "[V1.A]: review must be one of: draft, reviewed"),
        ('element = "crime"', 'element = "threat"', "[V1.A.paragraphs]: element must be one of"),
        ("reading_level = 8", 'reading_level = "8"', "[V1.A]: reading_level needs a whole number"),
        ('headline = "Stop', 'headlin = "Stop', "[V1.A]: does not know headlin"),
        ('audience = "adult"', 'audience = ""', "[V1.A]: audience needs a text"),
        ('action_else = "Get help"\n', "", "[V1.A]: action_else needs a text"),
        ("[V1.A]", "[V1.A", "messages.toml: cannot be read"),
        ("more = [", "more = 3\nless = [", "[V1.A]: does not know less"),
    ],
)
def test_a_mistake_in_a_message_is_named_with_file_and_field(
    tmp_path: Path, old: str, new: str, complaint: str
) -> None:
    source = (MESSAGES / "messages.toml").read_text(encoding="utf-8")
    (tmp_path / "messages.toml").write_text(source.replace(old, new, 1), encoding="utf-8")
    (tmp_path / "doors.toml").write_bytes((MESSAGES / "doors.toml").read_bytes())
    with pytest.raises(ContentError) as raised:
        load_texts(tmp_path)
    assert "messages.toml" in str(raised.value)
    assert complaint in str(raised.value)


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ("[under-18]", "[under-81]", "[under-81]: is no door"),
        ('message = "V5.A"', 'message = "V9.A"', "[under-18]: message names none of messages.toml"),
        ('label = "I am under 18"', "label = 18", "[under-18]: label needs a text"),
    ],
)
def test_a_mistake_in_a_door_is_named_with_file_and_field(tmp_path: Path, old: str, new: str, complaint: str) -> None:
    source = (MESSAGES / "doors.toml").read_text(encoding="utf-8")
    (tmp_path / "doors.toml").write_text(source.replace(old, new, 1), encoding="utf-8")
    (tmp_path / "messages.toml").write_bytes((MESSAGES / "messages.toml").read_bytes())
    with pytest.raises(ContentError) as raised:
        load_texts(tmp_path)
    assert "doors.toml" in str(raised.value)
    assert complaint in str(raised.value)


def test_a_missing_door_stops_the_start(tmp_path: Path) -> None:
    source = (MESSAGES / "doors.toml").read_text(encoding="utf-8")
    (tmp_path / "doors.toml").write_text(source.partition("[work-or-mistake]")[0], encoding="utf-8")
    (tmp_path / "messages.toml").write_bytes((MESSAGES / "messages.toml").read_bytes())
    with pytest.raises(ContentError, match="each of the four doors"):
        load_texts(tmp_path)
