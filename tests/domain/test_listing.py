"""What stands in the public directory, over every country of what is shipped."""

from __future__ import annotations

from itertools import product
from pathlib import Path

import pytest

from redirect.adapters.directory import load_directory
from redirect.domain.chains import SELF_HELP, is_for_adults
from redirect.domain.content import Door
from redirect.domain.listing import Group, Listed, listing, suits
from redirect.domain.services import WORLD

DIRECTORY = load_directory(Path(__file__).parents[2] / "messages" / "resources")
EVERYWHERE = [*sorted(DIRECTORY.countries), "ZZ", "AQ"]


def section(country: str, group: Group, *languages: str) -> Listed:
    (found,) = (listed for listed in listing(DIRECTORY, country, languages) if listed.group is group)
    return found


def ids(listed: Listed) -> list[str]:
    return [card.service.id for card in listed.cards]


@pytest.mark.parametrize("country", EVERYWHERE)
def test_no_section_is_empty_and_none_but_the_crisis_lines_is_missing(country: str) -> None:
    sections = listing(DIRECTORY, country, ("en",))
    assert {*Group} - {listed.group for listed in sections} <= {Group.CRISIS}
    for listed in sections:
        assert listed.cards
        for card in listed.cards:
            assert card.url or card.phone
            assert listed.own == (country in card.service.countries)
            assert listed.own or WORLD in card.service.countries or card.service.id in SELF_HELP


@pytest.mark.parametrize("country", EVERYWHERE)
def test_young_people_and_those_it_happened_to_are_shown_nothing_for_adults(country: str) -> None:
    for card in section(country, Group.YOUNG).cards:
        assert not is_for_adults(card)
        assert (card.service.minimum_age or 0) <= 17
        assert "adult" not in card.service.audience
    assert not [card for card in section(country, Group.HAPPENED).cards if "self" in card.service.audience]


def test_everything_that_a_country_has_stands_in_some_section_of_it() -> None:
    for country in DIRECTORY.countries:
        listed = [card for each in listing(DIRECTORY, country, ()) if each.own for card in each.cards]
        shown = {mark for card in listed for mark in (card.url, card.phone)}
        for card in DIRECTORY.cards(country):
            assert {card.url, card.phone} & shown - {None} or "emergency_number" in card.service.kind, card


def test_a_line_that_two_records_name_stands_once() -> None:
    assert ids(section("DE", Group.YOUNG, "de")).count("nummer-gegen-kummer-de") == 0
    assert ids(section("DE", Group.YOUNG, "de"))[0] == "de-nummer-gegen-kummer"


def test_where_a_country_has_none_of_a_kind_those_for_everyone_stand() -> None:
    assert not section("FJ", Group.YOURSELF).own
    assert ids(section("FJ", Group.YOURSELF, "en"))[-1] == "find-a-helpline"
    assert ids(section("FJ", Group.REPORT)) == ["icmec-reporting-directory"]


def test_a_crisis_line_for_young_people_stands_among_what_is_for_them() -> None:
    assert "147-ch" in ids(section("CH", Group.YOUNG))
    assert "147-ch" not in ids(section("CH", Group.CRISIS))


def test_what_is_held_back_or_paused_is_not_listed() -> None:
    everything = {card.service.id for card in DIRECTORY.shown}
    assert not everything & {"pedo-help", "b4u-act-us", "kem-pppsv-in", "stepto-support"}


def test_each_service_says_behind_which_doors_it_may_stand() -> None:
    by_id = {card.service.id: suits(card) for card in DIRECTORY.shown}
    assert Door.UNDER_18 not in by_id["troubled-desire"]
    assert by_id["ncmec-take-it-down"] == (Door.UNDER_18,)
    assert Door.UNDER_18 not in by_id["stopncii"]
    for card, door in product(DIRECTORY.shown, (Door.UNDER_18, Door.HAPPENED_TO_ME)):
        assert door not in suits(card) or not is_for_adults(card)
