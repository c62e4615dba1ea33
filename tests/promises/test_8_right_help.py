"""Owns promise 8: the right help for the right person, in every country, behind every door and in every language, and
followed through the doors of the real pages."""

from __future__ import annotations

import re
import tomllib
from datetime import date
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urljoin

import httpx
import pytest
from babel import Locale as Cldr

from conftest import LISTED, LISTED_URL, PLAIN, Html, Service
from redirect.adapters.directory import load_directory
from redirect.domain.chains import MOST_CARDS, chain, crisis, report_line
from redirect.domain.content import Door
from redirect.domain.services import FURTHER_NOTICE, PILLARS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from redirect.domain.services import Card, Directory
    from redirect.domain.services import Service as Record

ROOT = Path(__file__).parents[2]
RESOURCES = ROOT / "messages" / "resources"
SERVED = tuple(tomllib.loads((ROOT / "locales" / "review.toml").read_text("utf-8")))
TERRITORIES = tuple(sorted(code for code in map(str, Cldr("en").territories) if len(code) == 2))
"""All of CLDR, `ZZ` for an unknown one among them."""
TODAY = date(2026, 11, 22)
COUNTRIES = tuple(sorted(path.stem for path in RESOURCES.glob("??.toml")))
SAMPLE = tuple(sorted({*COUNTRIES[::9], "AR", "GB", "US", "DE", "FI", "CO", "NL", "NO", "BR"}))
LANGUAGES = ("en", "es", "ar")
DOORS = ("under-18", "someone-else", "happened-to-me", "work-or-mistake")
FOR_CHILDREN = {"child_helpline", "takedown", "victim_support"}
FOR_OTHERS = {"report_hotline", "parent_guide", "directory"}
TWICE = {"child_helpline", "crisis_line", "emergency_number"}
FOR_EVERYONE = {"child-helpline-international-members", "find-a-helpline"}


@pytest.fixture(scope="module")
def directory() -> Directory:
    return load_directory(RESOURCES)


@pytest.fixture(scope="module")
def person(demo: Service) -> Iterator[httpx.Client]:
    with httpx.Client(verify=PLAIN, base_url=demo.url) as browser:
        yield browser


def opened(demo: Service, country: str, language: str, door: str = "") -> str:
    """The text of a page, reached as a person would."""
    with httpx.Client(verify=PLAIN, base_url=demo.url, headers={"Authorization": "Bearer demo"}) as browser:
        page = browser.post("/v1/check", json={"query": LISTED, "country": country, "languages": language}).json()[
            "page"
        ]
        text = browser.get(page).text
        return browser.get(urljoin(page, Html(text).doors[door])).text if door else text


def crisis_slot(page: str) -> str:
    (slot,) = re.findall(r'<section class="crisis".*?</section>', page, re.DOTALL)
    return str(slot)


def contacts(person: httpx.Client, text: str) -> set[str]:
    """Numbers and addresses of services in a piece of a page, counted links followed."""
    found = set()
    for link in Html(text).contacts:
        if "/go/" in link:
            answer = person.get(link)
            assert answer.status_code == 303, link
            found.add(answer.headers["location"])
        else:
            found.add(link.removeprefix("tel:"))
    return found


def known(directory: Directory, country: str, contact: str) -> list[Record]:
    """Records that a reader in this country may mean by a number or an address."""
    near = [record for record in directory if {country, "*"} & {*record.countries}]
    return [record for record in near or directory if contact in {record.url, record.phone}]


def everywhere(directory: Directory, door: Door) -> Iterator[tuple[str, str, tuple[Card, ...]]]:
    """The chain of every country in every language that is served."""
    assert len(SERVED) > 50
    assert len(TERRITORIES) > 250
    for country, tag in product(TERRITORIES, SERVED):
        yield country, tag, chain(directory, door, country, (tag,))


@pytest.mark.parametrize("door", Door)
def test_in_every_country_and_language_there_is_somebody_to_reach(directory: Directory, door: Door) -> None:
    for country, tag, cards in everywhere(directory, door):
        assert 0 < len(cards) <= MOST_CARDS, (country, tag)
        assert {"find-a-helpline", "child-helpline-international-members"} & {card.service.id for card in cards}
        for card in cards:
            assert is_usable(card, country), (country, tag, card)


@pytest.mark.parametrize("door", Door)
def test_in_every_country_and_language_help_is_for_who_is_asking(directory: Directory, door: Door) -> None:
    for country, tag, cards in everywhere(directory, door):
        for card in cards:
            assert suits(card.service, door), (country, tag, card)


@pytest.mark.parametrize("door", Door)
def test_in_every_country_and_language_there_is_a_crisis_line_or_its_fallback(directory: Directory, door: Door) -> None:
    audiences = {"youth", "all"} if door is Door.UNDER_18 else {"adult", "all"}
    for country, tag in product(TERRITORIES, SERVED):
        slot = crisis(directory, door, country, (tag,))
        assert slot.directory.service.id == "find-a-helpline"
        assert not (slot.line and slot.emergency)
        for shown in filter(None, (slot.line, slot.emergency, slot.directory)):
            assert is_usable(shown, country), (country, tag, shown)
        if slot.line:
            assert {*slot.line.service.audience} <= audiences, (country, tag, slot.line)
            assert country in slot.line.service.countries
            assert not slot.line.service.region
        if slot.emergency:
            assert slot.emergency.phone


def test_in_every_country_there_is_somewhere_to_report(directory: Directory) -> None:
    for country in TERRITORIES:
        shown = report_line(directory, country)
        assert is_usable(shown, country)
        assert shown.url or shown.phone


@pytest.mark.parametrize("door", Door)
def test_not_even_where_all_that_can_be_is_paused_is_anyone_left_alone(directory: Directory, door: Door) -> None:
    paused = {service.id: FURTHER_NOTICE for service in directory}
    for country, _, cards in everywhere(directory.on(TODAY, paused), door):
        assert cards
        assert {card.service.id for card in cards} <= {*PILLARS}, country


def is_usable(card: Card, country: str) -> bool:
    """A contact that stands up, on an address over https or a number that is dialled from here."""
    service = card.service
    local = bool({country, "*"} & {*service.countries})
    confirmed = service.confidence == "official-page" or (len(service.sources) > 1 and bool(TWICE & {*service.kind}))
    has_contact = (card.url or "").startswith("https://") or bool(card.phone)
    number_stands = card.phone is None or (local and (confirmed or bool(service.verified_on)))
    return has_contact and number_stands and not service.hold and service.confidence != "weak"


def suits(record: Record, door: Door) -> bool:
    """Whether a record is for who stands behind a door; the general directories are for everyone."""
    if record.id in FOR_EVERYONE:
        return True
    if door is Door.MAIN:
        return "self" in record.audience and not record.made_for_young_people
    if door is Door.UNDER_18:
        return _suits_a_child(record) and ("self" not in record.audience or record.made_for_young_people)
    if door is Door.HAPPENED_TO_ME:
        return "self" not in record.audience
    return bool({"other", "family", "professional"} & {*record.audience}) or bool(FOR_OTHERS & {*record.kind})


@pytest.mark.parametrize("country", SAMPLE)
def test_no_child_is_sent_to_a_service_for_adults(
    demo: Service, person: httpx.Client, directory: Directory, country: str
) -> None:
    for language in LANGUAGES:
        page = opened(demo, country, language, "under-18")
        shown = contacts(person, page.replace(crisis_slot(page), ""))
        assert shown
        for contact in shown:
            records = [r for r in known(directory, country, contact) if r.id not in FOR_EVERYONE]
            assert records or contact in {directory.by_id(id_).url for id_ in FOR_EVERYONE}, contact  # type: ignore[union-attr]
            assert not records or any(_suits_a_child(record) for record in records), contact
            assert not [r.id for r in records if "self" in r.audience and not r.made_for_young_people], contact


def _suits_a_child(record: Record) -> bool:
    meant = record.made_for_young_people or bool(FOR_CHILDREN & {*record.kind})
    return meant and (record.minimum_age or 0) <= 17 and "adult" not in record.audience


@pytest.mark.parametrize("country", SAMPLE)
def test_the_crisis_line_is_for_who_is_asking(
    demo: Service, person: httpx.Client, directory: Directory, country: str
) -> None:
    for door, language in product(("", *DOORS), LANGUAGES):
        suits = {"youth", "all"} if door == "under-18" else {"adult", "all"}
        for contact in contacts(person, crisis_slot(opened(demo, country, language, door))):
            lines = [r for r in known(directory, country, contact) if "crisis_line" in r.kind]
            if lines:
                assert any({*line.audience} <= suits and not line.region for line in lines), (door, contact)


@pytest.mark.parametrize("country", SAMPLE)
def test_a_door_has_help_and_a_report_line_behind_it(
    demo: Service, person: httpx.Client, directory: Directory, country: str
) -> None:
    own = [r for r in directory if country in r.countries and "report_hotline" in r.kind and r.url and not r.hold]
    expected = {r.url for r in own} or {directory.by_id("icmec-reporting-directory").url}  # type: ignore[union-attr]
    for door in ("someone-else", "happened-to-me", "work-or-mistake"):
        assert expected & contacts(person, opened(demo, country, "en", door)), door


def test_every_country_with_a_file_gets_help_behind_every_door_in_every_language(demo: Service) -> None:
    with httpx.Client(verify=PLAIN, base_url=demo.url, headers={"Authorization": "Bearer demo"}) as browser:
        for number, country in enumerate(COUNTRIES):
            language = LANGUAGES[number % len(LANGUAGES)]
            asked = {"query": LISTED, "country": country, "languages": language}
            page = browser.post("/v1/check", json=asked).json()["page"]
            main = Html(browser.get(page).text)
            assert main.contacts, country
            assert set(main.doors) == set(DOORS)
            for address in main.doors.values():
                assert Html(browser.get(address).text).contacts, country


def test_adults_are_sent_to_their_own_country_first(demo: Service, person: httpx.Client, directory: Directory) -> None:
    for country, expected in {"GB": "stop-it-now-uk", "US": "stop-it-now-us"}.items():
        record = directory.by_id(expected)
        assert record
        assert {record.url, record.phone} & contacts(person, opened(demo, country, "en"))


def test_a_page_about_an_address_has_the_report_line(demo: Service, person: httpx.Client, directory: Directory) -> None:
    page = demo.get(demo.check(url=LISTED_URL, country="AR", languages="es")["page"]).text
    portal = directory.by_id("iwf-portal-ar")
    assert portal
    assert portal.url in contacts(person, page)


def test_a_platform_that_shows_help_itself_gets_the_same_services(
    demo: Service, person: httpx.Client, directory: Directory
) -> None:
    for country in ("AR", "GB", "FI", None):
        answer = demo.check(LISTED, **({"country": country} if country else {}))
        shown = contacts(person, demo.get(answer["page"]).text)
        for resource in answer["resources"]:
            assert resource.keys() & {"url", "phone"}
            assert {resource.get("url"), resource.get("phone")} - {None} <= shown
