"""Who is sent where, over every country of the directory that is shipped, and over invented ones."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from itertools import product
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from redirect.adapters.directory import load_directory
from redirect.domain.chains import MOST_CARDS, SELF_HELP, chain, crisis, emergency, report_line
from redirect.domain.content import Door
from redirect.domain.errors import ContentError
from redirect.domain.services import FURTHER_NOTICE, STALE_AFTER, Card, Directory, Service, card

DIRECTORY = load_directory(Path(__file__).parents[2] / "messages" / "resources")
COUNTRIES = sorted({country for service in DIRECTORY for country in service.countries} - {"*"})
ELSEWHERE = ["ZZ", "AQ", "NU", "KP", "xx", ""]
LANGUAGES: list[tuple[str, ...]] = [
    ("en",),
    ("es-AR", "es", "en"),
    ("ar",),
    ("de-CH",),
    ("zh-Hant", "en"),
    (),
]
HELD = {"pedo-help", "b4u-act-us", "stepto-support", "td-chat-stop-csam"}
NO_ENTRANCE = {
    "stop-it-now-nl",
    "stop-it-now-us",
    "retspsykiatrisk-klinik-aarhus-dk",
    "bryd-cirklen-dk",
    "praeventionsstelle-paedosexualitaet-zh",
    "stopso-uk",
    "jp-clinic-list",
}

EVERYWHERE = [*COUNTRIES, *ELSEWHERE]


def ids(door: Door, country: str, *languages: str) -> list[str]:
    return [shown.service.id for shown in chain(DIRECTORY, door, country, languages)]


def anyone(id_: str = "zorblax", **fields: object) -> Service:
    """A service of ZZ that may be shown; `fields` make it what the test is about."""
    blank = Service(
        id=id_,
        name="Zorblax",
        operator="",
        audience=("self",),
        kind=("helpline",),
        countries=("AA",),
        languages=("en",),
        confidence="official-page",
        sources=("https://minku.example/a", "https://quellfen.example/b"),
        url=f"https://{id_}.example/",
    )
    return replace(blank, **fields)  # type: ignore[arg-type]


TODAY = date(2026, 11, 22)
PILLARS = tuple(
    anyone(id_, audience=(), kind=("directory",), countries=("*",))
    for id_ in (
        "find-a-helpline",
        "child-helpline-international-members",
        "icmec-reporting-directory",
        *SELF_HELP,
    )
)


def directory(*services: Service) -> Directory:
    return Directory([*PILLARS, *services])


@pytest.mark.parametrize("door", Door)
def test_every_reader_everywhere_finds_the_right_help(door: Door) -> None:
    for country, languages in product(EVERYWHERE, LANGUAGES):
        cards = chain(DIRECTORY, door, country, languages)
        assert 0 < len(cards) <= MOST_CARDS, country
        assert "find-a-helpline" in {shown.service.id for shown in cards}
        assert len({shown.service.id for shown in cards}) == len(cards)
        for shown in cards:
            assert_usable(shown, country)
            assert_right_audience(shown.service, door)


@pytest.mark.parametrize("door", Door)
def test_every_reader_everywhere_finds_a_crisis_line_or_what_stands_in_for_it(door: Door) -> None:
    suits = {"youth", "all"} if door is Door.UNDER_18 else {"adult", "all"}
    for country, languages in product(EVERYWHERE, LANGUAGES):
        slot = crisis(DIRECTORY, door, country, languages)
        assert slot.directory.service.id == "find-a-helpline"
        if slot.line:
            assert_usable(slot.line, country)
            assert {*slot.line.service.audience} <= suits
        assert slot.emergency == (None if slot.line else emergency(DIRECTORY, country))
        if slot.emergency:
            assert_usable(slot.emergency, country)
            assert slot.emergency.phone


@pytest.mark.parametrize("country", EVERYWHERE)
def test_every_country_has_somewhere_to_report(country: str) -> None:
    shown = report_line(DIRECTORY, country)
    assert_usable(shown, country)
    assert "report_hotline" in shown.service.kind or shown.service.id == "icmec-reporting-directory"


def assert_usable(shown: Card, country: str) -> None:
    service = shown.service
    assert shown.url or shown.phone
    assert service.confidence in {"official-page", "secondary"}
    assert not service.hold
    if shown.phone:
        assert {country, "*"} & {*service.countries}, "a number of another country"
        assert shown.phone == service.phone
        assert shown.phone_display
        confirmed = service.confidence == "official-page" or bool(service.verified_on)
        twice = {"child_helpline", "crisis_line", "emergency_number"} & {*service.kind}
        assert confirmed or (twice and len(service.sources) > 1)
    else:
        assert shown.phone_display is None


def assert_right_audience(service: Service, door: Door) -> None:
    if door is Door.MAIN:
        assert "self" in service.audience or service.id == "find-a-helpline"
        assert not service.made_for_young_people
        assert service.audience != ("professional",)
    if door is Door.UNDER_18:
        assert (service.minimum_age or 0) < 18
        assert "adult" not in service.audience
        assert service.made_for_young_people or "self" not in service.audience
        assert (
            service.made_for_young_people
            or {"child_helpline", "takedown", "victim_support"} & {*service.kind}
            or service.id in {"find-a-helpline", "child-helpline-international-members"}
        )
    if door is Door.HAPPENED_TO_ME:
        assert "self" not in service.audience


@pytest.mark.parametrize("id_", sorted(HELD))
def test_what_is_held_back_is_shown_nowhere(id_: str) -> None:
    service = DIRECTORY.by_id(id_)
    assert service
    assert service.hold
    assert card(service) is None


@pytest.mark.parametrize("id_", sorted(NO_ENTRANCE))
def test_an_article_is_no_entrance(id_: str) -> None:
    service = DIRECTORY.by_id(id_)
    assert service
    assert service.url is None


def test_a_service_without_an_entrance_is_shown_by_its_official_number_alone() -> None:
    cards = chain(DIRECTORY, Door.MAIN, "US", ("en",))
    assert cards[0].service.id == "stop-it-now-us"
    assert (cards[0].url, cards[0].phone_display) == (None, "1-888-PREVENT (1-888-773-8368)")


def test_a_number_that_only_others_print_is_hidden() -> None:
    assert "stop-it-now-nl" not in ids(Door.MAIN, "NL", "nl")


def test_a_number_is_shown_once_a_person_has_checked_it() -> None:
    service = DIRECTORY.by_id("stop-it-now-nl")
    assert service
    checked = replace(service, verified_on="2026-11-01", verified_by="Zorblax Minku")
    shown = card(checked)
    assert shown
    assert shown.phone_display == "0800 266 64 36"


@pytest.mark.parametrize("id_", ["stopncii", "bridge-iterapi", "det-finnes-hjelp-no"])
def test_what_is_for_adults_only_says_so(id_: str) -> None:
    service = DIRECTORY.by_id(id_)
    assert service
    assert service.minimum_age == 18
    assert all(id_ not in ids(Door.UNDER_18, country, "en") for country in [*COUNTRIES, "ZZ"])


def test_young_people_in_germany_reach_their_project_by_phone_and_never_its_page_for_adults() -> None:
    cards = {shown.service.id: shown for shown in chain(DIRECTORY, Door.UNDER_18, "DE", ("de",))}
    shown = cards["du-traeumst-von-ihnen-de"]
    assert (shown.url, shown.phone) == (None, "+4930450529529")
    assert "du-traeumst-von-ihnen-de" not in ids(Door.MAIN, "DE", "de")


def test_made_for_young_people_are_just_the_three_that_were_found() -> None:
    made = {service.id for service in DIRECTORY if service.made_for_young_people}
    assert made == {"shore-uk", "whatsok-us", "du-traeumst-von-ihnen-de"}


def test_in_argentina_the_portal_takes_reports_and_the_child_line_stands_behind_under_18() -> None:
    assert report_line(DIRECTORY, "AR").url == "https://report.iwf.org.uk/ar"
    first = chain(DIRECTORY, Door.UNDER_18, "AR", ("es-AR", "es"))[0]
    assert (first.service.id, first.phone_display) == ("ar-linea-102", "102")
    assert ids(Door.HAPPENED_TO_ME, "AR", "es")[-1] == "iwf-portal-ar"
    assert ids(Door.SOMEONE_ELSE, "AR", "es")[0] == "iwf-portal-ar"


def test_where_nothing_is_known_the_fallback_stands_in_its_order() -> None:
    assert ids(Door.MAIN, "ZZ", "en") == [*SELF_HELP, "find-a-helpline"]


def test_the_fallback_starts_with_what_the_reader_can_read() -> None:
    assert ids(Door.MAIN, "ZZ", "pl", "en")[0] == "redirection"
    assert ids(Door.MAIN, "ZZ", "pt-BR")[0] == "troubled-desire"


def test_under_18_ends_with_removal_the_child_helplines_and_the_general_directory() -> None:
    assert ids(Door.UNDER_18, "ZZ", "en") == [
        "ncmec-take-it-down",
        "child-helpline-international-members",
        "find-a-helpline",
    ]


def test_happened_to_me_never_starts_with_reporting() -> None:
    for country in COUNTRIES:
        assert ids(Door.HAPPENED_TO_ME, country)[-1] == report_line(DIRECTORY, country).service.id


def test_work_or_mistake_starts_with_reporting() -> None:
    for country in [*COUNTRIES, "ZZ"]:
        assert ids(Door.WORK_OR_MISTAKE, country)[0] == report_line(DIRECTORY, country).service.id


def test_the_reader_s_language_comes_first_within_a_country() -> None:
    assert ids(Door.MAIN, "BE", "nl")[0] == "stop-it-now-vlaanderen"
    assert ids(Door.MAIN, "BE", "fr")[0] == "stop-it-now-bruxelles"
    french = crisis(DIRECTORY, Door.MAIN, "BE", ("fr",)).line
    assert french
    assert "fr" in french.service.languages


def test_bokmal_and_nynorsk_are_norwegian() -> None:
    near = anyone("near", languages=("no",))
    other = anyone("a-other", languages=("sv",))
    assert chain(directory(near, other), Door.MAIN, "AA", ("nb-NO",))[0].service == near


def test_a_line_for_one_city_is_not_the_country_s() -> None:
    slot = crisis(DIRECTORY, Door.MAIN, "CO", ("es",))
    assert slot.line is None
    assert slot.emergency
    assert slot.emergency.phone == "123"


def test_a_line_for_children_is_not_shown_to_adults_nor_the_reverse() -> None:
    adult, young = (crisis(DIRECTORY, door, "CH").line for door in (Door.MAIN, Door.UNDER_18))
    assert adult
    assert adult.service.id == "143-ch"
    assert young
    assert young.service.id == "147-ch"
    assert crisis(DIRECTORY, Door.MAIN, "VN").line is None


def test_where_neither_line_nor_emergency_number_is_known_no_number_is_named() -> None:
    slot = crisis(DIRECTORY, Door.MAIN, "ZZ")
    assert (slot.line, slot.emergency) == (None, None)


def test_those_who_work_from_abroad_stand_without_their_number_and_in_the_reader_s_language_only() -> None:
    abroad = anyone("abroad", countries=("BB",), works_from_abroad=True, phone="0800111", languages=("es",))
    silent = anyone("silent", countries=("BB",), works_from_abroad=True, phone="0800112", url=None)
    near = anyone("near", countries=("AA",), phone="0800113")
    built = directory(abroad, silent, near)
    cards = chain(built, Door.MAIN, "AA", ("es", "en"))
    assert [shown.service.id for shown in cards[:2]] == ["near", "abroad"]
    assert (cards[0].phone, cards[1].phone) == ("0800113", None)
    assert "abroad" not in {shown.service.id for shown in chain(built, Door.MAIN, "AA", ("en",))}


def test_absent_is_not_yes() -> None:
    built = directory(anyone("abroad", countries=("BB",)))
    assert "abroad" not in {shown.service.id for shown in chain(built, Door.MAIN, "AA", ("en",))}


def test_a_full_country_leaves_room_for_self_help_and_the_general_directory() -> None:
    built = directory(*(anyone(f"line-{number}") for number in range(9)))
    cards = [shown.service.id for shown in chain(built, Door.MAIN, "AA", ("en",))]
    assert len(cards) == MOST_CARDS
    assert cards[-2:] == ["troubled-desire", "find-a-helpline"]


def test_at_once_comes_before_therapy_and_official_before_secondary() -> None:
    therapy = anyone("a-therapy", kind=("therapy",))
    secondary = anyone("b-chat", kind=("chat",), confidence="secondary")
    official = anyone("c-chat", kind=("chat",))
    cards = chain(directory(therapy, secondary, official), Door.MAIN, "AA", ("en",))
    assert [shown.service.id for shown in cards[:3]] == ["c-chat", "b-chat", "a-therapy"]


def test_a_record_that_was_checked_too_long_ago_is_marked_and_falls_behind() -> None:
    old = anyone("a-line", verified_on="2025-11-21", verified_by="AB")
    year = anyone("b-line", verified_on="2025-11-22", verified_by="AB")
    never = anyone("c-line")
    on_the_day = directory(old, year, never).on(TODAY, {})
    cards = chain(on_the_day, Door.MAIN, "AA", ("en",))
    assert [shown.service.id for shown in cards[:3]] == ["b-line", "c-line", "a-line"]
    assert [shown.stale for shown in cards[:3]] == [False, False, True]
    assert cards[2].url, "it still helps somebody"


def test_a_stale_crisis_line_gives_way_to_one_that_was_not_checked_at_all() -> None:
    old = anyone(
        "a", kind=("crisis_line",), audience=("all",), phone="112", verified_on="2020-01-01", confidence="secondary"
    )
    new = replace(old, id="b", verified_on="", phone="113")
    line = crisis(directory(old, new).on(TODAY, {}), Door.MAIN, "AA").line
    assert line
    assert line.service.id == "b"


def test_staleness_comes_with_the_day_and_not_before() -> None:
    checked = anyone(verified_on="2025-11-22", verified_by="AB")
    for day, stale in ((TODAY, False), (TODAY + timedelta(days=1), True)):
        (shown,) = directory(checked).on(day, {}).cards("AA")
        assert shown.stale is stale
    assert timedelta(days=365) == STALE_AFTER


@pytest.mark.parametrize("door", Door)
def test_nobody_is_sent_to_a_paused_service(door: Door) -> None:
    built = directory(anyone("paused", works_from_abroad=True), anyone("other"))
    seen = built.on(TODAY, {"paused": FURTHER_NOTICE})
    assert "paused" in {shown.service.id for shown in built.cards("AA")}
    for country in ("AA", "BB"):
        assert "paused" not in {shown.service.id for shown in chain(seen, door, country, ("en",))}
    assert "paused" not in {shown.service.id for shown in seen.from_abroad("BB")}
    assert seen.by_id("paused")


@pytest.mark.parametrize(
    ("until", "away"),
    [
        ("2026-11-21", False),
        ("2026-11-22", False),
        ("2026-11-23", True),
        (FURTHER_NOTICE, True),
        ("", False),
        ("soon", True),
    ],
)
def test_a_pause_ends_on_the_day_it_names(until: str, away: bool) -> None:
    for seen in (
        directory(anyone(paused_until=until)).on(TODAY, {}),
        directory(anyone()).on(TODAY, {"zorblax": until}),
    ):
        assert bool(seen.cards("AA")) is not away


def test_without_a_day_whatever_may_be_paused_is() -> None:
    assert directory(anyone(paused_until="2026-01-01")).cards("AA") == ()


def test_what_ends_the_chains_cannot_be_paused() -> None:
    pauses = {pillar.id: FURTHER_NOTICE for pillar in PILLARS}
    assert ids_of(directory().on(TODAY, pauses), "ZZ")[-1] == "find-a-helpline"
    with pytest.raises(ContentError, match="find-a-helpline"):
        Directory([replace(service, paused_until=FURTHER_NOTICE) for service in PILLARS])


def ids_of(built: Directory, country: str) -> list[str]:
    return [shown.service.id for shown in chain(built, Door.MAIN, country, ("en",))]


def test_limits_of_confidentiality_are_those_that_the_facts_name() -> None:
    told = {service.id: service.passes_on for service in DIRECTORY if service.passes_on}
    assert told["stop-it-now-uk"] == told["stop-it-now-ie"] == ("child_at_risk", "crime")
    assert told["one-in-four-ie"] == ("crime",)
    assert not DIRECTORY.by_id("one-in-four-ie").hold  # type: ignore[union-attr]
    assert DIRECTORY.by_id("kem-pppsv-in").hold  # type: ignore[union-attr]


def test_two_records_of_one_address_are_one_card() -> None:
    twin = anyone("twin", url="https://zorblax.example/")
    cards = chain(directory(anyone(), twin), Door.MAIN, "AA", ("en",))
    assert sum(shown.url == "https://zorblax.example/" for shown in cards) == 1


def test_a_directory_without_its_last_resort_cannot_be_built() -> None:
    for missing in PILLARS[:3]:
        with pytest.raises(ContentError, match=missing.id):
            Directory([service for service in PILLARS if service != missing])


def test_an_id_that_stands_twice_is_refused() -> None:
    with pytest.raises(ContentError, match="twice"):
        directory(anyone(), anyone())


AUDIENCES = ["self", "other", "family", "professional", "youth", "adult", "all"]
KINDS = [
    "helpline",
    "therapy",
    "takedown",
    "victim_support",
    "child_helpline",
    "report_hotline",
    "parent_guide",
]
CRISIS_KINDS = ["crisis_line", "emergency_number", "directory"]
SERVICES = st.builds(
    anyone,
    st.uuids().map(lambda value: f"s{value}"),
    audience=st.lists(st.sampled_from(AUDIENCES), max_size=3).map(tuple),
    kind=st.lists(st.sampled_from([*KINDS, *CRISIS_KINDS]), min_size=1, max_size=3).map(tuple),
    countries=st.lists(st.sampled_from(["AA", "BB", "*"]), max_size=2, unique=True).map(tuple),
    languages=st.lists(st.sampled_from(["en", "es", "ar"]), max_size=2).map(tuple),
    confidence=st.sampled_from(["official-page", "secondary", "weak"]),
    sources=st.lists(st.just("https://minku.example/"), max_size=2).map(tuple),
    url=st.none() | st.just("https://drovic.example/") | st.uuids().map(lambda value: f"https://{value}.example/"),
    phone=st.none() | st.just("112") | st.integers(100, 999).map(str),
    minimum_age=st.none() | st.integers(10, 21),
    works_from_abroad=st.none() | st.booleans(),
    made_for_young_people=st.booleans(),
    hold=st.booleans(),
    region=st.none() | st.just("North"),
    verified_on=st.sampled_from(["", "2026-01-01"]),
)


@given(st.lists(SERVICES, max_size=12), st.sampled_from(Door), st.sampled_from(["AA", "BB", "ZZ"]))
def test_no_directory_whatsoever_leaves_a_reader_without_help_or_sends_one_astray(
    services: list[Service], door: Door, country: str
) -> None:
    built = directory(*services)
    cards = chain(built, door, country, ("es", "en"))
    assert 0 < len(cards) <= MOST_CARDS
    assert "find-a-helpline" in {shown.service.id for shown in cards}
    slot = crisis(built, door, country)
    for shown in (*cards, *filter(None, (slot.line, slot.emergency)), report_line(built, country)):
        if shown.service not in PILLARS and not shown.service.verified_on:
            assert_usable(shown, country)
        assert not shown.service.hold
        assert shown.service.confidence != "weak"
        if shown in cards and shown.service not in PILLARS:
            assert_right_audience(shown.service, door)
