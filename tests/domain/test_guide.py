"""The guided conversation: every way ends, and ends at a service that a reader can use."""

from __future__ import annotations

from itertools import product
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from redirect.adapters.directory import load_directory
from redirect.adapters.guide import load_guide
from redirect.domain.chains import chain
from redirect.domain.content import Door
from redirect.domain.errors import ContentError
from redirect.domain.guide import LONGEST_PATH, MOST_QUESTIONS, Answer, End, Ending, Option, Question, fitting, places
from redirect.domain.services import Card, Service

MESSAGES = Path(__file__).parents[2] / "messages"
GUIDE = load_guide(MESSAGES / "guide.toml")
DIRECTORY = load_directory(MESSAGES / "resources")
COUNTRIES = [*sorted({country for service in DIRECTORY for country in service.countries} - {"*"}), "ZZ", ""]
LANGUAGES = [("en",), ("es",), ("ar",), ("de",), ("nb",), ("zh-Hant",), ()]
SERVICES = [place for place in GUIDE.places.values() if place.says == GUIDE.places["g.look.talk.free"].says]
PAGE = "https://zorblax.example/"


def service(id_: str = "zorblax", **fields: object) -> Service:
    known: dict[str, object] = {
        "id": id_,
        "name": "Zorblax",
        "operator": "",
        "audience": ("self",),
        "kind": ("helpline",),
        "countries": ("AA",),
        "languages": (),
        "confidence": "official-page",
        "sources": ("https://minku.example/",),
    }
    return Service(**{**known, **fields})  # type: ignore[arg-type]


def card(id_: str, *, url: str | None = PAGE, phone: str | None = None, **fields: object) -> Card:
    return Card(service(id_, **fields), url, phone, phone)


PLAIN = card("plain", kind=("directory",))
PHONE = card("phone", url=None, phone="112")
SITE = card("site", kind=("helpline",))
CHAT = card("chat", kind=("chat",))
MAIL = card("mail", kind=("email",))
ALONE = card("alone", kind=("online_self_help",))
NAMELESS = card("nameless", kind=("directory",), anonymous=True)
FREE = card("free", kind=("directory",), free=True)
NIGHT = card("night", kind=("directory",), hours="24/7")
SPANISH = card("spanish", kind=("directory",), languages=("es",))


def first(*chain_: Card, said: tuple[Answer, ...], languages: tuple[str, ...] = ("es",)) -> str:
    return fitting(chain_, said, languages)[0].service.id


def test_every_way_through_the_conversation_ends_within_its_number_of_steps() -> None:
    for place in GUIDE.places.values():
        assert len(place.path) <= LONGEST_PATH
        if isinstance(place.says, Question):
            assert place.number <= place.questions <= MOST_QUESTIONS
            for option in place.says.options:
                assert GUIDE.places[f"{place.path}.{option.answer}"].answers == (*place.answers, option.answer)
        else:
            assert place.number == place.questions + 1


def test_every_place_but_the_first_leads_one_step_back() -> None:
    for place in GUIDE.places.values():
        assert (place.before in GUIDE.places) == (place.path != "g")


def test_every_way_of_every_country_ends_at_a_service_of_the_chain_for_adults() -> None:
    for country, languages in product(COUNTRIES, LANGUAGES):
        whole = chain(DIRECTORY, Door.MAIN, country, languages)
        for place in SERVICES:
            found = fitting(whole, place.answers, languages)
            assert sorted(shown.service.id for shown in found) == sorted(shown.service.id for shown in whole)
            assert found[0].url or found[0].phone


def test_who_is_here_by_accident_is_sent_to_no_service_and_who_is_here_for_something_else_to_the_doors() -> None:
    ends = {path: place.says.end for path, place in GUIDE.places.items() if isinstance(place.says, Ending)}
    assert ends["g.accident"] is End.LEAVE
    assert ends["g.else"] is End.DOORS
    assert {end for path, end in ends.items() if path.count(".") > 1} == {End.SERVICE}


@pytest.mark.parametrize(
    ("said", "offered", "expected"),
    [
        (Answer.TALK, (PLAIN, CHAT, SITE, PHONE), "phone"),
        (Answer.TALK, (PLAIN, CHAT, SITE), "site"),
        (Answer.WRITE, (PLAIN, PHONE, CHAT), "chat"),
        (Answer.WRITE, (PLAIN, PHONE, MAIL), "mail"),
        (Answer.ALONE, (PLAIN, PHONE, ALONE), "alone"),
        (Answer.OPEN, (PLAIN, PHONE, ALONE), "plain"),
        (Answer.ANONYMOUS, (PLAIN, NAMELESS), "nameless"),
        (Answer.FREE, (PLAIN, FREE), "free"),
        (Answer.NOW, (PLAIN, NIGHT), "night"),
        (Answer.NOW, (PLAIN, ALONE), "alone"),
        (Answer.LANGUAGE, (PLAIN, SPANISH), "spanish"),
    ],
)
def test_an_answer_finds_the_service_that_fits_it(said: Answer, offered: tuple[Card, ...], expected: str) -> None:
    assert first(*offered, said=(Answer.LOOK, said)) == expected


def test_nobody_is_sent_to_a_chat_or_a_programme_that_has_only_a_number() -> None:
    by_phone = card("by-phone", url=None, phone="112", kind=("helpline", "chat", "online_self_help"))
    assert first(by_phone, CHAT, said=(Answer.WRITE,)) == "chat"
    assert first(by_phone, ALONE, said=(Answer.ALONE,)) == "alone"


def test_what_matters_most_weighs_more_than_how_to_begin() -> None:
    costly = card("costly", url=None, phone="112", free=False)
    assert first(costly, FREE, said=(Answer.LOOK, Answer.TALK, Answer.FREE)) == "free"
    also_free = card("also-free", url=None, phone="113", free=True)
    assert first(costly, FREE, also_free, said=(Answer.LOOK, Answer.TALK, Answer.FREE)) == "also-free"


def test_where_nothing_fits_the_chain_decides() -> None:
    for answers in product(Answer, Answer):
        assert fitting((PLAIN,), answers, ("es",)) == (PLAIN,)
    assert first(SITE, PLAIN, said=(Answer.ALONE, Answer.FREE)) == "site"


ANSWERS = st.lists(st.sampled_from(Answer), max_size=5).map(tuple)
CARDS = st.lists(st.sampled_from([PLAIN, PHONE, SITE, CHAT, MAIL, ALONE, NAMELESS, FREE, NIGHT, SPANISH]), min_size=1)


@given(CARDS, ANSWERS, st.sampled_from(LANGUAGES))
def test_whatever_is_answered_no_service_is_lost_or_added(
    offered: list[Card], answers: tuple[Answer, ...], languages: tuple[str, ...]
) -> None:
    unique = list(dict.fromkeys(offered))
    found = fitting(unique, answers, languages)
    assert list(found[1:]) == [shown for shown in unique if shown is not found[0]]


END = Ending(End.LEAVE, "Zorblax", "Minku.", "Quellfen")


def question(*leads_to: str) -> Question:
    options = tuple(Option("Drovic", answer, name) for answer, name in zip(Answer, leads_to, strict=False))
    return Question("Zorblax?", "Minku.", options)


@pytest.mark.parametrize(
    ("questions", "complaint"),
    [
        ({}, r"\[start\] is missing"),
        ({"start": question("nowhere")}, r"\[start\], options: next names no step of this file: nowhere"),
        ({"start": question()}, r"\[start\], options: needs at least one, or no way ends here"),
        ({"start": question("leave"), "quellfen": question("leave")}, r"\[quellfen\]: no way leads there"),
        ({"start": question("start")}, r"\[start\], options: a way comes back to \[start\]"),
        ({"start": question("b", "leave"), "b": question("start")}, r"\[b\], options: a way comes back to \[start\]"),
        (
            {"start": question("b"), **{a: question(b) for a, b in zip("bcdef", [*"cdef", "leave"], strict=True)}},
            r"\[f\]: is question 6 of a way",
        ),
        (
            {"start": Question("?", ".", (Option("a", Answer.LOOK, "leave"), Option("b", Answer.LOOK, "leave")))},
            r"\[start\], options: an answer stands twice",
        ),
        (
            {
                "start": Question("?", ".", (Option("a", Answer.ANONYMOUS, "b"),)),
                "b": Question("?", ".", (Option("a", Answer.ANONYMOUS, "c"),)),
                "c": Question("?", ".", (Option("a", Answer.ANONYMOUS, "leave"),)),
            },
            r"\[leave\]: the answers that lead there are too long",
        ),
    ],
)
def test_a_conversation_that_may_not_end_is_refused(questions: dict[str, Question], complaint: str) -> None:
    with pytest.raises(ContentError, match=complaint):
        places(questions, {End.LEAVE: END})


def test_an_end_that_nobody_reaches_is_refused() -> None:
    with pytest.raises(ContentError, match=r"\[doors\]: no way leads there"):
        places({"start": question("leave")}, {End.LEAVE: END, End.DOORS: Ending(End.DOORS, "a", "b", "c")})


GRAPHS = st.dictionaries(
    st.sampled_from(["start", "b", "c", "d"]),
    st.lists(st.sampled_from(["start", "b", "c", "d", "leave", "zorblax"]), max_size=3).map(lambda n: question(*n)),
)


@given(GRAPHS)
def test_what_is_accepted_always_ends(questions: dict[str, Question]) -> None:
    try:
        found = places(questions, {End.LEAVE: END})
    except ContentError:
        return
    for place in found.values():
        if isinstance(place.says, Question):
            assert all(f"{place.path}.{option.answer}" in found for option in place.says.options)
