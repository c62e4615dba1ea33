"""Owns what an answer carries for platforms that show it themselves: a card above results, the error of a Matrix
server."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from conftest import LISTED, LISTED_URL, PLAIN, Html, Service
from redirect.domain.faces import Face
from redirect.web.faces import CARD_LIMIT, CARD_STYLE
from redirect.web.render import source_expression

if TYPE_CHECKING:
    from collections.abc import Iterator

DOCUMENT = (Path(__file__).parents[2] / "docs" / "faces.md").read_text("utf-8")
JSON = {"Accept": "application/json"}
LIKELY = "quellfen drovic"
SUBJECTS: tuple[dict[str, Any], ...] = (
    {"query": LISTED},
    {"query": LISTED, "attempt": 1},
    {"query": LIKELY},
    {"url": LISTED_URL},
)
MESSAGES = "org.matrix.msc4176.messages"


def squeezed(text: str) -> str:
    return " ".join(text.split())


def words(card: str) -> str:
    return Html(re.sub(r"<style>.*?</style>", "", card)).words


@pytest.fixture(scope="module")
def cards(demo: Service) -> list[tuple[str, str, str]]:
    """Language, card and page, for every message in every language, with and without a law and a crisis line."""
    key = {"Authorization": f"Bearer {demo.key}"}
    with httpx.Client(verify=PLAIN, base_url=demo.url, headers=key) as platform:
        return list(_cards(platform, [row["lang"] for row in _languages(demo)]))


def _languages(demo: Service) -> list[dict[str, str]]:
    languages: list[dict[str, str]] = demo.get("/w/x", headers=JSON).json()["languages"]
    return languages


def _cards(platform: httpx.Client, tags: list[str]) -> Iterator[tuple[str, str, str]]:
    for tag in tags:
        for subject in SUBJECTS:
            for country in ({"country": "CO"}, {"country": "DE"}):
                asked = {**subject, **country, "languages": tag, "face": "card"}
                answer = platform.post("/v1/check", json=asked).json()
                yield tag, answer["card"], answer["page"]


def test_a_card_is_small_and_brings_all_it_needs(cards: list[tuple[str, str, str]]) -> None:
    assert len(cards) >= 8
    for tag, card, page in cards:
        assert len(card.encode()) <= CARD_LIMIT <= 2048, tag
        read = Html(card)
        assert {name for name, _ in read.tags} <= {"section", "style", "h2", "p", "a", "span", "bdi", "small"}
        assert not [attributes for _, attributes in read.tags if {"src", "style", "ping", "target"} & attributes.keys()]
        assert not re.search(r"url\(|@import|javascript:|\bon\w+=", card)
        assert read.all("a")[0]["href"] == page
        assert all(link["href"].startswith("tel:") or link["rel"] == "noreferrer" for link in read.all("a"))


def test_a_card_is_a_named_region_in_its_own_language(cards: list[tuple[str, str, str]]) -> None:
    for tag, card, _ in cards:
        (region,) = Html(card).all("section")
        assert region["lang"] == tag
        assert region["dir"] == ("rtl" if tag in {"ar", "fa", "he", "ur"} else "ltr")
        (heading,) = Html(card).all("h2")
        assert region["aria-labelledby"] == heading["id"]


def test_a_card_says_what_the_page_says(demo: Service, cards: list[tuple[str, str, str]]) -> None:
    for _, card, page in cards[::7]:
        left = squeezed(words(card))
        face = demo.get(page, headers=JSON).json()
        contact = face["crisis"].get("contact", {})
        said = [face["title"], *(said["text"] for said in face["paragraphs"]), face["crisis"]["text"], face["draft"]]
        for text in (*said, face["act"]["title"], contact.get("name", ""), contact.get("phone_display", "")):
            left = left.replace(squeezed(text), "", 1)
        assert not left.strip()


def test_a_card_offers_help_and_a_crisis_line(demo: Service) -> None:
    card = demo.check(LISTED, country="GB", languages="en", face="card")["card"]
    assert "People do stop, and there is help with it." in words(card)
    assert "you can talk to someone here: Samaritans (UK) 116 123" in squeezed(words(card))
    assert 'href="tel:116123"' in card
    assert "Get anonymous help" in words(card)


def test_every_card_has_the_style_that_a_policy_can_name(cards: list[tuple[str, str, str]]) -> None:
    assert {card.partition("<style>")[2].partition("</style>")[0] for _, card, _ in cards} == {CARD_STYLE}


def test_the_document_names_that_style_and_every_field_of_a_face() -> None:
    assert source_expression(CARD_STYLE) in DOCUMENT
    assert {f"`{field}`" for field in Face.__struct_fields__} <= set(re.findall("`[^`\n]+`", DOCUMENT))


def test_a_matrix_server_gets_an_error_with_every_language(demo: Service) -> None:
    error = demo.check(LISTED, country="GB", languages="de", face="matrix")["matrix"]
    assert error.keys() == {"errcode", "error", MESSAGES}
    assert error["errcode"] == "M_FORBIDDEN"
    assert error["error"] == error[MESSAGES]["de"]
    assert list(error[MESSAGES]) == list(dict.fromkeys(("de", *(row["lang"] for row in _languages(demo)))))
    for tag, text in error[MESSAGES].items():
        assert "\n" not in text
        if tag in {"de", "ar", "ja", "ta"}:
            face = demo.get(text.rpartition(" ")[2], headers={**JSON, "Accept-Language": "en"}).json()
            offer = next(said["text"] for said in face["paragraphs"] if said.get("element") == "help")
            draft, act = face["draft"], face["act"]["title"]
            said = (face["title"], face["paragraphs"][0]["text"], offer, draft, act, face["page"])
            assert face["language"] == tag
            assert text == " ".join(said)


def test_an_answer_carries_only_what_was_asked_for(demo: Service) -> None:
    assert not {"card", "matrix"} & demo.check(LISTED).keys()
    assert "matrix" not in demo.check(LISTED, face="card")
    assert "card" not in demo.check(LISTED, face="matrix")
    plain, carded = demo.check(LISTED), demo.check(LISTED, face="card")
    assert {name: value for name, value in carded.items() if name != "card"} == plain
    for harmless in ({"query": "chocolate cake"}, {"query": LISTED, "mode": "shadow"}):
        assert "card" not in demo.check(face="card", **harmless)


@pytest.mark.parametrize("face", ["", "html", "page", 1, ["card"]])
def test_no_other_face_can_be_asked_for(demo: Service, face: object) -> None:
    assert demo.ask("/v1/check", json={"query": LISTED, "face": face}).status_code == 400


def test_a_batch_carries_no_faces(demo: Service) -> None:
    subjects = [{"query": LISTED}, {"query": LISTED, "face": "card"}]
    assert demo.ask("/v1/check/batch", json={"subjects": subjects}).status_code == 400
