"""Owns what is promised of sentences on the law: only a sourced "yes" to that very question makes one."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from redirect.adapters.content import load_texts
from redirect.domain.content import Element, Message
from redirect.domain.law import NEEDS, Law, Laws, Question, Says, placed

TEXTS = load_texts(Path(__file__).parents[2] / "messages", drafts=True)
SENTENCES = {question: f"{question} ({{country}})" for question in Question}
ADULT = [message for message in TEXTS.messages.values() if message.id in {"V1", "V2", "V3"}]
AI = TEXTS.messages["V4", "A"]
DOORS = [message for message in TEXTS.messages.values() if message.id in {"V5", "V6", "V7", "V8"}]
YES = dict.fromkeys(Question, Says.YES)

laws = st.builds(
    Law,
    country=st.just("AA"),
    answers=st.fixed_dictionaries(dict.fromkeys(Question, st.sampled_from(Says))),
    confidence=st.sampled_from(["statute", "official", "secondary", "weak"]),
    statutes=st.just(("Zorblax 1",)),
    sources=st.sampled_from([("https://minku.example/law",), ("https://minku.example/",), ("https://minku.example",)]),
    held=st.frozensets(st.sampled_from(Question)),
    checked_by=st.sampled_from(["", "a lawyer"]),
)


def law(**changes: object) -> Law:
    fields = {
        "country": "AA",
        "answers": YES,
        "confidence": "statute",
        "statutes": ("Zorblax 1",),
        "sources": ("https://minku.example/law",),
    }
    return Law(**{**fields, **changes})  # type: ignore[arg-type]


def stated(message: Message, known: Law, *, drafts: bool = True) -> tuple[Message, Law | None]:
    return Laws(SENTENCES, {"AA": known}, drafts=drafts).stated(message, "AA")


def said(message: Message) -> Question | None:
    """The question whose sentence stands in a message."""
    texts = {paragraph.text for paragraph in message.paragraphs}
    return next((question for question, sentence in SENTENCES.items() if sentence in texts), None)


@given(laws, st.sampled_from([*ADULT, AI, *DOORS]), st.booleans())
def test_a_sentence_stands_only_on_a_sourced_yes_to_each_of_its_questions(
    known: Law, message: Message, drafts: bool
) -> None:
    result, basis = stated(message, known, drafts=drafts)
    question = said(result)
    assert (question is None) == (basis is None)
    if question is None:
        assert result.headline == message.headline
        return
    asked = NEEDS.get(question, (question,))
    assert all(known.answers[each] is Says.YES for each in asked)
    assert known.held.isdisjoint(asked)
    assert known.confidence in {"statute", "official"}
    assert known.sources == ("https://minku.example/law",)
    assert drafts or known.checked_by
    assert message in [*ADULT, AI]


@given(laws, st.sampled_from([*ADULT, AI, *DOORS]))
def test_no_line_but_the_one_on_crime_gives_way(known: Law, message: Message) -> None:
    result, basis = stated(message, known)
    others = [paragraph for paragraph in message.paragraphs if paragraph.element is not Element.CRIME]
    if basis is not None:
        assert [paragraph for paragraph in result.paragraphs if paragraph.element is not Element.CRIME] == others
        assert len(result.paragraphs) == len(message.paragraphs)
    assert (result.more, result.action, result.id, result.variant) == (
        message.more,
        message.action,
        message.id,
        message.variant,
    )


@pytest.mark.parametrize("message", ADULT, ids=lambda message: f"{message.id}.{message.variant}")
@pytest.mark.parametrize(
    ("unanswered", "expected"),
    [
        ((), Question.VIEWING),
        ((Question.AI,), Question.VIEWING),
        ((Question.VIEWING,), Question.POSSESSION),
        ((Question.POSSESSION,), Question.MAKING),
        ((Question.POSSESSION, Question.VIEWING), Question.MAKING),
        ((Question.MAKING,), None),
        ((Question.MAKING, Question.POSSESSION), None),
    ],
)
@pytest.mark.parametrize("answer", [Says.UNKNOWN, Says.PARTLY, Says.NO])
def test_the_sentence_says_no_more_than_is_answered(
    message: Message, unanswered: tuple[Question, ...], expected: Question | None, answer: Says
) -> None:
    answers = {**YES, **dict.fromkeys(unanswered, answer)}
    assert said(stated(message, law(answers=answers))[0]) == expected


def test_illegal_here_needs_a_yes_to_possession() -> None:
    first = TEXTS.messages["V1", "A"]
    assert stated(first, law())[0].headline == first.headline_law
    only_making = law(answers={**YES, Question.POSSESSION: Says.UNKNOWN})
    assert said(stated(first, only_making)[0]) is Question.MAKING
    assert stated(first, only_making)[0].headline == first.headline


def test_a_message_without_a_headline_on_the_law_keeps_its_own() -> None:
    other = TEXTS.messages["V1", "B"]
    assert stated(other, law())[0].headline == other.headline


@pytest.mark.parametrize("answer", [Says.UNKNOWN, Says.PARTLY])
def test_where_nobody_knows_about_made_images_their_message_stays_hedged(answer: Says) -> None:
    assert stated(AI, law(answers={**YES, Question.AI: answer})) == (AI, None)


def test_where_the_law_leaves_made_images_out_their_message_speaks_of_harm_and_help() -> None:
    left_out = law(answers={**YES, Question.AI: Says.NO}, confidence="secondary")
    for drafts in (True, False):
        result, basis = stated(AI, left_out, drafts=drafts)
        assert [paragraph.element for paragraph in result.paragraphs] == [Element.HARM, Element.HELP]
        assert basis is None


@pytest.mark.parametrize("message", DOORS, ids=lambda message: message.id)
def test_behind_a_door_nobody_is_held_up_a_law(message: Message) -> None:
    assert stated(message, law()) == (message, None)


def test_an_unknown_country_keeps_the_hedged_words() -> None:
    known = Laws(SENTENCES, {"AA": law()}, drafts=True)
    for message in TEXTS.messages.values():
        for country in ("ZZ", "", "BB"):
            assert known.stated(message, country) == (message, None)


def test_a_home_page_is_no_source_for_a_sentence_and_a_page_beside_it_is() -> None:
    home, page = "https://minku.example/", "https://quellfen.example/law?id=1"
    assert not law(sources=(home,)).affirms(Question.MAKING)
    assert law(sources=(home, page)).page == page
    assert law(sources=(home, page)).affirms(*Question)


def test_the_country_is_named_where_the_sentence_has_room_for_it() -> None:
    assert placed("Here ({country}): yes", "Noreg") == "Here (Noreg): yes"
    assert placed("No room", "Noreg") == "No room"
