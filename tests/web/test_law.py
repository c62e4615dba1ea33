"""Owns what a person, and a platform, is told of the law: the country's where it is sourced, hedged words elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from conftest import LISTED, LISTED_URL, Html, Service

if TYPE_CHECKING:
    from collections.abc import Callable

VIEWING = "makes it a crime to make, share, keep or knowingly open sexual images of children."
POSSESSION = "makes it a crime to make, share or keep sexual images of children."
MADE = "can also cover images made with AI, by computer or by drawing."
MADE_ELSEWHERE = "In some countries the law also covers images made with AI or drawn."
BEHIND = "The law behind this:"
AI_QUERY = "quellfen drovic"


def words(page: Html) -> str:
    return " ".join(page.words.split())


def links(page: Html) -> list[dict[str, str]]:
    """Links to other sites than ours."""
    return [link for link in page.all("a") if link["href"].startswith("http")]


def test_a_sourced_law_is_named_with_its_statute_and_its_source(demo: Service) -> None:
    page = demo.page(demo.check(LISTED, country="NO", languages="en")["page"])
    assert f"The law here (Norway) {VIEWING}" in words(page)
    assert "Sexual images of children are illegal here." in words(page)
    assert "In some countries" not in words(page)
    assert f"{BEHIND} Straffeloven § 311" in words(page)
    (source,) = (link for link in links(page) if "lovdata.no" in link["href"])
    assert source["rel"] == "noreferrer noopener external"


def test_possession_and_viewing_are_different_questions(demo: Service) -> None:
    page = words(demo.page(demo.check(LISTED, country="FR", languages="en")["page"]))
    assert f"The law here (France) {POSSESSION}" in page
    assert "knowingly open" not in page


@pytest.mark.parametrize("country", [None, "GB", "RU", "JP", "MX", "FJ"])
def test_elsewhere_the_hedged_words_stay(demo: Service, country: str | None) -> None:
    fields = {"country": country} if country else {}
    page = words(demo.page(demo.check(LISTED, languages="en", **fields)["page"]))
    assert "The law here" not in page
    assert "illegal here" not in page
    assert "In some countries, it covers opening them on purpose too." in page
    assert BEHIND not in page


def test_a_blocked_address_and_a_repeat_name_the_law_too(demo: Service) -> None:
    for asked in (demo.check(url=LISTED_URL, country="NO"), demo.check(LISTED, country="NO", attempt=1)):
        page = words(demo.page(asked["page"] + "?lang=en"))
        assert f"The law here (Norway) {VIEWING}" in page
        assert BEHIND in page


@pytest.mark.parametrize(
    ("country", "said", "unsaid"),
    [
        ("CH", MADE, MADE_ELSEWHERE),
        ("NO", MADE_ELSEWHERE, "The law here"),
        ("JP", "Pictures of real children can be reused to make them.", "police can trace"),
    ],
)
def test_on_made_images_only_an_answer_on_made_images_counts(
    demo: Service, country: str, said: str, unsaid: str
) -> None:
    page = words(demo.page(demo.check(AI_QUERY, country=country)["page"] + "?lang=en"))
    assert said in page
    assert unsaid not in page
    assert (MADE_ELSEWHERE in page) is (country == "NO")


def test_behind_the_doors_no_law_is_held_up_to_anyone(demo: Service) -> None:
    first = demo.page(demo.check(LISTED, country="NO", languages="en")["page"])
    for address in first.doors.values():
        door = words(demo.page(address))
        assert "The law here" not in door
        assert "illegal here" not in door
        assert BEHIND not in door


@pytest.mark.parametrize("country", ["NO", "FR", "GB", "JP"])
@pytest.mark.parametrize("query", [LISTED, AI_QUERY])
def test_a_platform_is_told_what_the_page_says(demo: Service, country: str, query: str) -> None:
    answer = demo.check(query, country=country, languages="en")
    page = words(demo.page(answer["page"]))
    for said in (answer["title"], *answer["text"].split("\n\n")):
        assert said in page
    assert "{country}" not in answer["text"] + page


def test_until_a_lawyer_has_checked_it_the_law_is_a_draft(make_service: Callable[..., Service]) -> None:
    careful = make_service("--demo", REDIRECT_LANGUAGES="reviewed")
    answer = careful.check(LISTED, country="NO", languages="en")
    page = words(careful.page(answer["page"]))
    assert "The law here" not in page + answer["text"]
    assert "illegal here" not in page + answer["title"]
    assert BEHIND not in page
    without_crime = careful.check(AI_QUERY, country="JP", languages="en")["text"]
    assert "In some countries" not in without_crime
