"""Owns pages as plain text: nothing lost, nothing cut, numbers in order."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from redirect.domain.faces import Contact, Crisis, Face, Line, Notes, Part, Said, Way
from redirect.domain.plain import COLUMNS, plain, width, wrapped

PAGE = "https://search.example/w/" + "kQ7x" * 44
HELPLINE = Contact(
    id="a",
    name="Invented Helpline",
    url="https://help.example/",
    phone="+15550100200",
    phone_display="0800 100 200",
    call="Call",
    facts=("No name needed", "Free"),
)
FACE = Face(
    page=PAGE,
    language="en",
    dir="ltr",
    layout="first",
    title="A headline",
    exit=Way(label="Leave this page", href=f"{PAGE}/leave"),
    history="History stays.",
    crisis=Crisis(title="Too much", text="Talk here:", contact=HELPLINE, elsewhere="Elsewhere:", directory=HELPLINE),
    notes=Notes(keeps="Keeps nothing.", fraud="Asks for nothing."),
    blocked=(Line(label="Blocked by", text="Zorblax Ltd", href="https://zorblax.example/"),),
    paragraphs=(Said("First."), Said("Second.")),
    act=Part(title="Get help", contacts=(HELPLINE,)),
    doors=Part(title="Doors", ways=(Way(label="A door", href=f"{PAGE}1"),)),
    help=Part(title="More help", contacts=(HELPLINE,), note="Ask them."),
    also=("Advice.",),
)
words = st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters=" "), min_size=1, max_size=90)


@given(st.lists(words, min_size=1, max_size=30), st.sampled_from(["", "  "]))
def test_a_line_is_too_long_only_where_one_word_is(text: list[str], indent: str) -> None:
    lines = wrapped(" ".join(text), indent)
    assert " ".join(line.removeprefix(indent) for line in lines) == " ".join(text)
    assert all(line.startswith(indent) for line in lines)
    for line in lines:
        assert width(line) <= COLUMNS or " " not in line.removeprefix(indent)


def test_width_is_what_a_terminal_gives() -> None:
    assert [width(text) for text in ("abc", "ภาพ", "กำ", "子ども", "한국", "e\u0301", "ع\u064e")] == [
        3,
        3,
        2,
        6,
        4,
        1,
        1,
    ]


def test_a_script_without_spaces_is_not_cut() -> None:
    text = "子どもの性的な画像や動画は多くの国で犯罪です" * 3
    assert wrapped(text) == [text]


def test_addresses_stand_alone_and_whole() -> None:
    text = plain(FACE)
    addresses = re.findall(r"https?://\S+", text)
    assert {f"{PAGE}/leave", f"{PAGE}1", "https://help.example/", "https://zorblax.example/"} == {*addresses}
    for line in text.splitlines():
        assert "http" not in line or line.strip().startswith("http")


def test_every_text_of_a_face_is_there_once_for_each_time_that_the_page_says_it() -> None:
    text = plain(FACE)
    said = ("A headline", "First.", "Second.", "Get help", "Too much", "Talk here:", "Doors", "A door", "More help")
    for each in (*said, "Ask them.", "Advice.", "Keeps nothing.", "Asks for nothing.", "Zorblax Ltd", "History stays."):
        assert text.count(each) == 1, each
    assert text.count("0800 100 200") == 4
    assert "  No name needed · Free" in text


def test_a_repeat_has_people_to_talk_to_before_the_rest() -> None:
    assert plain(FACE).index("Doors") < plain(FACE).index("Too much")
    repeat = plain(replace(FACE, layout="repeat"))
    assert repeat.index("Too much") < repeat.index("More help") < repeat.index("Doors")


def test_a_number_keeps_its_order_where_text_runs_from_right_to_left() -> None:
    assert "\u2066" not in plain(FACE)
    assert "Call \u20660800 100 200\u2069" in plain(replace(FACE, dir="rtl"))


def test_a_tap_says_that_it_is_sent() -> None:
    wrong = Part(title="Wrong match", ways=(Way(label="It was wrong", href=f"{PAGE}/wrong", post=True),))
    assert f"* It was wrong\n  POST {PAGE}/wrong\n" in plain(replace(FACE, act=wrong))
