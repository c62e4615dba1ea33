"""Owns what is promised of every message, in every language: `redirect messages check` finds nothing in what is
shipped, and finds each fault in a copy that was damaged."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from typer.testing import CliRunner

from redirect.adapters.content import load_texts
from redirect.adapters.directory import load_directory
from redirect.adapters.vocabulary import load_words, words_for
from redirect.cli import application
from redirect.domain.content import Door
from redirect.domain.errors import ContentError
from redirect.domain.wording import harmful_in_address
from redirect.domain.wording_rules import ABOUT, Rule

if TYPE_CHECKING:
    from tests.conftest import Pages

ROOT = Path(__file__).parents[2]
MESSAGES = ROOT / "messages"
TEXTS = load_texts(MESSAGES)
REVIEWS = """[en]
name = "English"
state = "draft"
reviewers = []

[es]
name = "Español"
state = "draft"
reviewers = []
"""


@dataclass
class Tree:
    """A copy of what is checked, with a Spanish that says everything in English behind a mark."""

    messages: Path
    locales: Path
    spanish: dict[str, str]

    def change(self, old: str, new: str, file: str = "messages.toml") -> None:
        path = self.messages / file
        source = path.read_text("utf-8")
        assert old in source
        path.write_text(source.replace(old, new, 1), "utf-8")

    def check(self) -> tuple[list[dict[str, str]], int]:
        """The findings, and the exit code."""
        self._compile()
        where = ["--messages", str(self.messages), "--locales", str(self.locales)]
        done = CliRunner().invoke(application("messages"), ["messages", "check", *where, "--format", "json"])
        found: list[dict[str, str]] = json.loads(done.stdout)["findings"]
        return found, done.exit_code

    def found(self, language: str = "") -> set[tuple[str, str]]:
        """Rules that were broken, and where, in one language or in any."""
        rules = {about: rule for rule, about in ABOUT.items()}
        remarks = [remark for remark in self.check()[0] if language in {"", remark["language"]}]
        return {(rules[remark["rule"]], remark["place"]) for remark in remarks}

    def _compile(self) -> None:
        catalogue = Catalog(locale="es")
        for text in load_texts(self.messages).strings() | self.spanish.keys():
            catalogue.add(text, self.spanish.get(text, f"¡{text}"))
        with (self.locales / "es" / "LC_MESSAGES" / "redirect.mo").open("wb") as compiled:
            write_mo(compiled, catalogue)


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    messages, locales = tmp_path / "messages", tmp_path / "locales"
    shutil.copytree(MESSAGES, messages, ignore=shutil.ignore_patterns("resources"))
    (locales / "es" / "LC_MESSAGES").mkdir(parents=True)
    shutil.copy(ROOT / "locales" / "redirect.pot", locales)
    (locales / "review.toml").write_text(REVIEWS)
    with (locales / "redirect.pot").open("rb") as template:
        texts = [str(message.id) for message in read_po(template) if message.id]
    return Tree(messages, locales, {text: f"¡{text}" for text in texts})


def test_what_is_shipped_breaks_no_rule(locales_dir: Path) -> None:
    where = ["--messages", str(MESSAGES), "--locales", str(locales_dir)]
    done = CliRunner().invoke(application("messages"), ["messages", "check", *where, "--format", "json"])
    assert json.loads(done.stdout)["findings"] == []


def test_an_undamaged_copy_is_fit(tree: Tree) -> None:
    assert tree.check() == ([], 0)


LONG_WORDS = (
    "Notwithstanding considerable institutional apprehension, psychological consultation necessitates extraordinary"
    " determination, perseverance, deliberation, individual accountability, uninterrupted participation."
)
ASKING = "Asking for help is a good step."


@pytest.mark.parametrize(
    ("old", "new", "rule", "place"),
    [
        ('element = "harm", text = "Behind', 'element = "help", text = "Behind', Rule.ELEMENTS, "V1.A"),
        ('element = "appeal"', 'element = "explain"', Rule.ELEMENTS, "V3.A"),
        ('layout = "repeat"', 'layout = "first"', Rule.LAYOUT, "V2.A"),
        ('"https://www.stopitnow.org.uk/helpline/",', "", Rule.EVIDENCE, "V6.A"),
        ("https://www.stopitnow", "http://www.stopitnow", Rule.EVIDENCE, "V6.A"),
        (" are a crime in many countries.", " are a crime here.", Rule.HEDGE, "V1.A"),
        ('"In some countries the law also covers', '"The law also covers', Rule.HEDGE, "V4.A"),
        ("under 18 can be a crime", "under 18 is a crime", Rule.HEDGE, "V5.A"),
        (ASKING, "The police can trace you. Asking is good.", Rule.LAW, "V5.A"),
        ("You choose what happens next, and when.", "It is a crime in many countries.", Rule.LAW, "V7.A"),
        (ASKING, "Asking for \u202ehelp is good.", Rule.BIDI, "V5.A"),
        (ASKING, "Asking <b>for help</b> is good.", Rule.MARKUP, "V5.A"),
        (ASKING, "Asking at https://minku.example is good.", Rule.MARKUP, "V5.A"),
        (ASKING, LONG_WORDS, Rule.GRADE, "V5.A"),
        ("You choose what happens next, and when.", "You choose. " * 15, Rule.WORDS, "V7.A"),
    ],
)
def test_a_fault_in_an_english_message_is_found(tree: Tree, old: str, new: str, rule: Rule, place: str) -> None:
    tree.change(old, new)
    assert (rule, place) in tree.found("en")


def rules(found: set[tuple[str, str]]) -> set[str]:
    return {rule for rule, _ in found}


def test_a_survivor_is_told_of_no_law_even_by_an_element(tree: Tree) -> None:
    tree.change('element = "advice", text = "You can report', 'element = "crime", text = "You can report')
    assert (Rule.ELEMENTS, "V7.A") in tree.found("en")


def test_a_message_of_no_known_purpose_and_one_that_is_missing_are_both_named(tree: Tree) -> None:
    tree.change("[V8.A]", "[V9.A]")
    tree.change('message = "V8.A"', 'message = "V9.A"', "doors.toml")
    assert tree.found("en") == {(Rule.ELEMENTS, "V8"), (Rule.ELEMENTS, "V9.A")}


def test_no_message_for_a_door_has_a_headline_on_the_law(tree: Tree) -> None:
    tree.change('headline = "You are not', 'headline_law = "Illegal here."\nheadline = "You are not')
    assert (Rule.HEDGE, "V5.A") in tree.found("en")


def test_a_repeat_that_says_the_same_again_is_found(tree: Tree) -> None:
    tree.change('"What could follow can still be avoided."', '"People do stop, and there is help with it."')
    assert (Rule.REPEAT, "V2.A") in tree.found("en")


def test_words_that_harm_are_found_in_english_and_in_translations(tree: Tree) -> None:
    tree.change(ASKING, "Asking a predator is no step.")
    tree.spanish["Leave this page"] = "Un delincuente"
    assert tree.found() == {(Rule.HARMFUL, "V5.A"), (Rule.HARMFUL, "")}


@pytest.mark.parametrize(
    "claim",
    [
        "You searched for this.",
        "You have looked for such images.",
        "We know what you did.",
        "Your visit was saved.",
        "This has been reported.",
    ],
)
def test_a_claim_about_the_reader_is_found(tree: Tree, claim: str) -> None:
    tree.change("You did right to ask.", claim)
    assert Rule.CLAIM in rules(tree.found("en"))


@pytest.mark.parametrize(
    ("said", "rule"),
    [
        ("\u200f¡Salir", Rule.BIDI),
        ("¡Salir <b>ya</b>", Rule.MARKUP),
        ("¡Salir: https://minku.example", Rule.MARKUP),
        ("¡Salir: www.minku.example", Rule.MARKUP),
        ("¡Salir &amp; ya", Rule.MARKUP),
        ("¡Salir {minku}", Rule.PLACEHOLDERS),
    ],
)
def test_a_fault_in_a_translation_is_found(tree: Tree, said: str, rule: Rule) -> None:
    tree.spanish["Leave this page"] = said
    assert tree.found("es") == {(rule, "")}


def test_numbers_and_places_survive_translation_in_any_digits(tree: Tree) -> None:
    tree.spanish["I am under 18"] = "¡Menor de edad"
    tree.spanish[TEXTS.laws.sentences["making"]] = "¡La norma de aquí"  # type: ignore[index]
    assert tree.found() == {(Rule.PLACEHOLDERS, "under-18"), (Rule.PLACEHOLDERS, "making")}
    tree.spanish["I am under 18"] = "¡١٨"
    assert (Rule.PLACEHOLDERS, "under-18") not in tree.found()


def test_a_message_left_in_english_is_found(tree: Tree) -> None:
    tree.spanish["You are not the only one"] = "You are not the only one"
    assert tree.found() == {(Rule.UNTRANSLATED, "V5.A")}


def test_a_threat_that_a_translation_adds_is_found(tree: Tree) -> None:
    tree.spanish[ASKING] = "¡La policía lo sabe."
    assert tree.found() == {(Rule.LAW, "V5.A")}


def test_words_are_counted_in_every_language(tree: Tree) -> None:
    tree.spanish["You are not the only one"] = "¡" + "palabra " * 30
    assert tree.found() == {(Rule.WORDS, "V5.A")}


def test_in_english_the_exit_and_the_draft_line_are_counted_too(tree: Tree) -> None:
    text = "People do stop, and there is help with it."
    tree.change(text, f"{text} It is near you, too, and it is there by day and by night.")
    assert (Rule.WORDS, "V1.A") in tree.found("en")


def test_the_longest_sentence_on_the_law_is_counted(tree: Tree) -> None:
    sentence = 'sentence = "The law here ({country}) makes it a crime to make, share, keep or knowingly open'
    tree.change(sentence, sentence + " or " + "ever " * 12, "law.toml")
    assert rules(tree.found("en")) >= {Rule.WORDS}


@pytest.mark.parametrize(
    ("question", "old", "new"),
    [
        ("making", "make or share sexual", "make, share or keep sexual"),
        ("possession", "make, share or keep sexual", "make or share sexual"),
        ("viewing", "knowingly open", "open"),
        ("ai", "can also cover", "covers"),
    ],
)
def test_a_sentence_on_the_law_says_exactly_what_was_asked(tree: Tree, question: str, old: str, new: str) -> None:
    tree.change(old, new, "law.toml")
    assert tree.found("en") == {(Rule.SENTENCE, question)}


def test_a_statute_whose_title_harms_is_found(tree: Tree) -> None:
    tree.change('statutes = ["', 'statutes = ["The Predator Act, ', "law/NO.toml")
    assert tree.found() == {(Rule.HARMFUL, "law/NO")}


@pytest.mark.parametrize(
    "address",
    [
        "https://minku.example/the-predator-act",
        "https://minku.example/The_PREDATOR%2DAct",
        "https://minku.example/p%C3%A9dofilia",
        "https://predators.minku.example/act",
    ],
)
def test_an_address_with_words_that_harm_is_found_however_it_writes_them(tree: Tree, address: str) -> None:
    tree.change("sources = [", f'sources = ["{address}", ', "law/NO.toml")
    tree.change("source_dates = [", 'source_dates = ["", ', "law/NO.toml")
    assert tree.found() == {(Rule.ADDRESS, "law/NO")}
    tree.change("confidence = ", 'link = "https://minku.example/"\nconfidence = ', "law/NO.toml")
    assert tree.found() == set()


def test_no_service_has_an_address_with_words_that_harm() -> None:
    harmful = {word for words in load_words("harmful_words").values() for word in words}
    addresses = {service.url for service in load_directory(MESSAGES / "resources") if service.url}
    assert [address for address in addresses if harmful_in_address(address, harmful)] == []


def test_a_finding_names_the_file_to_mend(tree: Tree) -> None:
    tree.change(ASKING, "Asking a predator is no step.")
    tree.change('label = "It happened to me"', 'label = "It happened <here>"', "doors.toml")
    tree.change("make or share sexual", "make, share or keep sexual", "law.toml")
    tree.spanish["Leave this page"] = "Un delincuente"
    assert {remark["file"] for remark in tree.check()[0] if remark["text"]} >= {
        "messages/messages.toml",
        "messages/doors.toml",
        "messages/law.toml",
        "locales/es/LC_MESSAGES/redirect.po",
    }


def test_findings_are_shown_as_a_table_with_how_each_language_stands(tree: Tree) -> None:
    tree.change(ASKING, "Asking a predator is no step.")
    tree.check()
    where = ["--messages", str(tree.messages), "--locales", str(tree.locales)]
    done = CliRunner().invoke(application("messages"), ["messages", "check", *where])
    assert done.exit_code == 1
    for told in ("messages/messages.toml", "V5.A", "predator", "has a word that harms", "a draft: 0 of 2 reviews"):
        assert told in done.stdout


def test_a_language_that_lacks_a_text_is_named_with_its_file(tree: Tree) -> None:
    tree.check()
    (tree.locales / "es" / "LC_MESSAGES" / "redirect.mo").unlink()
    where = ["--messages", str(tree.messages), "--locales", str(tree.locales)]
    done = CliRunner().invoke(application("messages"), ["messages", "check", *where])
    assert done.exit_code == 1
    assert "not served until it is whole: no compiled catalogue; edit locales/es/LC_MESSAGES" in done.stdout


def test_every_language_has_words_to_look_for_and_they_are_words_of_it(pages: Pages) -> None:
    """A list that finds nothing in a sentence on crime does not know the language."""
    harmful, law = load_words("harmful_words"), load_words("law_words")
    crime = "In many countries it is a crime to make, share or keep sexual images of children; in some, also to open"
    crime += " them on purpose."
    for tag, catalogue in pages.catalogues.translations.items():
        assert words_for(harmful, tag), tag
        said = catalogue.gettext(crime).casefold()
        assert any(word.casefold() in said for word in words_for(law, tag)), tag


def test_every_door_opens_a_message_made_for_a_door() -> None:
    assert [text.door for text in TEXTS.doors] == [door for door in Door if door is not Door.MAIN]
    assert all(TEXTS.behind(text.door).layout == "door" for text in TEXTS.doors)


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ('layout = "first"', 'layout = "shout"', "[V1.A]: layout must be one of: first, repeat, door"),
        ('review = "draft"', 'review = "fine"', "[V1.A]: review must be one of: draft, reviewed"),
        ('element = "crime"', 'element = "threat"', "[V1.A.paragraphs]: element must be one of"),
        ("reading_level = 8", 'reading_level = "8"', "[V1.A]: reading_level needs a whole number"),
        ('headline = "Stop', 'headlin = "Stop', "[V1.A]: does not know headlin"),
        ('headline_law = "Stop', "headline_law = 3 # ", "[V1.A]: headline_law needs a text"),
        ('audience = "adult"', 'audience = ""', "[V1.A]: audience needs a text"),
        ('action_else = "Get help"\n', "", "[V1.A]: action_else needs a text"),
        ("[V1.A]", "[V1.A", "messages.toml: cannot be read"),
        ("more = [", "more = 3\nless = [", "[V1.A]: does not know less"),
    ],
)
def test_a_mistake_in_a_message_is_named_with_file_and_field(tree: Tree, old: str, new: str, complaint: str) -> None:
    tree.change(old, new)
    with pytest.raises(ContentError) as raised:
        load_texts(tree.messages)
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
def test_a_mistake_in_a_door_is_named_with_file_and_field(tree: Tree, old: str, new: str, complaint: str) -> None:
    tree.change(old, new, "doors.toml")
    with pytest.raises(ContentError) as raised:
        load_texts(tree.messages)
    assert "doors.toml" in str(raised.value)
    assert complaint in str(raised.value)


def test_a_missing_door_stops_the_start(tree: Tree) -> None:
    doors = tree.messages / "doors.toml"
    doors.write_text(doors.read_text("utf-8").partition("[work-or-mistake]")[0], "utf-8")
    with pytest.raises(ContentError, match="each of the four doors"):
        load_texts(tree.messages)
