"""The public directory: its pages and its open data, as anyone may ask for them."""

from __future__ import annotations

import gzip
import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import msgspec
import pytest

from conftest import PLAIN, Html, Service
from redirect.adapters.directory import load_directory

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from redirect.domain.services import Card, Directory

ROOT = Path(__file__).parents[2]
LANGUAGES = ("en", "es", "ar")
COUNTRIES = ("DE", "GB", "FJ", "CO", "XK")
SIZE_LIMIT = 14_000


@pytest.fixture(scope="module")
def directory() -> Directory:
    return load_directory(ROOT / "messages" / "resources")


@pytest.fixture(scope="module")
def reader(demo: Service) -> Iterator[httpx.Client]:
    with httpx.Client(verify=PLAIN, base_url=demo.url, headers={"Accept-Encoding": "gzip"}) as reader:
        yield reader


def data(reader: httpx.Client, **asked: str) -> dict[str, dict[str, Any]]:
    answer = reader.get("/v1/resources", params=asked)
    assert answer.status_code == 200
    return {entry["id"]: entry for entry in answer.json()["services"]}


# Pages


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_of_the_world_leads_to_every_country_with_a_service(
    reader: httpx.Client, directory: Directory, language: str
) -> None:
    page = Html(reader.get(f"/{language}/help").text)
    countries = {link.rpartition("/")[2] for link in page.links if re.fullmatch(rf"/{language}/help/[A-Z]{{2}}", link)}
    assert countries == {*directory.countries}
    assert page.contacts


def test_a_reader_is_told_that_nobody_answers_on_public_holidays(reader: httpx.Client) -> None:
    assert "Closed on public holidays" in Html(reader.get("/en/help/CZ").text).words
    assert "Mimo provoz o státních svátcích" in Html(reader.get("/cs/help/CZ").text).words
    assert "public holidays" not in Html(reader.get("/en/help/GB").text).words


def test_countries_stand_in_the_reader_s_language_and_in_its_order(reader: httpx.Client) -> None:
    text = reader.get("/es/help").text
    names = re.findall(r'<a href="/es/help/[A-Z]{2}">([^<]+)</a>', text)
    assert names.index("Alemania") < names.index("Austria") < names.index("España") < names.index("Estonia")


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("country", COUNTRIES)
def test_the_page_of_a_country_shows_all_that_it_has_with_direct_links(
    reader: httpx.Client, directory: Directory, language: str, country: str
) -> None:
    answer = reader.get(f"/{language}/help/{country}")
    page = Html(answer.text)
    assert answer.headers["content-language"] == language
    shown = {contact.removeprefix("tel:") for contact in page.contacts}
    for card in directory.cards(country):
        assert {card.url, card.phone} & shown, card.service.id
    for link in page.all("a"):
        if link["href"].startswith("http"):
            assert "noreferrer" in link["rel"], link
    assert not [link for link in page.links if "/w/" in link], "no token, no counted step"
    assert not page.all("script")
    assert not page.all("form")


@pytest.mark.parametrize(
    "path",
    ["/en/help/QQ", "/en/help/de", "/en/help/ZZ", "/en/help/D%00", "/en/help/" + "x" * 2000, "/xx/help", "/en/help/"],
)
def test_whatever_the_address_says_there_is_help(reader: httpx.Client, path: str) -> None:
    answer = reader.get(path)
    assert answer.status_code in {200, 404}
    if not path.startswith("/xx"):
        assert answer.status_code == 200
        assert Html(answer.text).contacts


def test_a_country_may_be_written_in_small_letters(reader: httpx.Client) -> None:
    assert reader.get("/en/help/de").text == reader.get("/en/help/DE").text


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "HEAD", "OPTIONS"])
def test_help_answers_any_method(reader: httpx.Client, method: str) -> None:
    assert reader.request(method, "/en/help/DE").status_code == 200


def test_a_language_that_is_not_served_falls_back_to_one_that_is(reader: httpx.Client) -> None:
    answer = reader.get("/tlh/help/GB", headers={"Accept-Language": "ar"})
    if answer.status_code == 200:
        assert answer.headers["content-language"] in {"ar", "en"}
    again = reader.get("/en/help/GB", params={"lang": "es"})
    assert again.headers["content-language"] == "es"


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_page_carries_the_exit_the_crisis_slot_and_the_draft_line(reader: httpx.Client, language: str) -> None:
    for path in (f"/{language}/help", f"/{language}/help/GB", f"/{language}/help/FJ"):
        text = reader.get(path).text
        page = Html(text)
        exits = [link["href"] for link in page.all("a") if link.get("class") == "exit"]
        assert exits == ["https://www.wikipedia.org/"] * 2
        assert text.count('<section class="crisis"') >= 1
        assert '<aside class="draft">' in text
    assert "tel:116123" in reader.get(f"/{language}/help/GB").text


def test_every_page_fits_into_the_first_packets(reader: httpx.Client, directory: Directory) -> None:
    sizes = {}
    for language in LANGUAGES:
        for country in ("", *sorted(directory.countries)):
            with reader.stream("GET", f"/{language}/help/{country}") as answer:
                packed = b"".join(answer.iter_raw())
            assert answer.headers["content-encoding"] == "gzip"
            sizes[language, country] = len(packed)
            assert gzip.decompress(packed).startswith(b"<!doctype html>")
    assert max(sizes.values()) <= SIZE_LIMIT, max(sizes, key=sizes.__getitem__)


def test_a_page_says_how_an_entry_is_changed(demo: Service, make_service: Callable[..., Service]) -> None:
    assert "The site that shows this page can change or remove its entry" in demo.get("/en/help/GB").text
    asked = make_service(
        REDIRECT_CONTACT="services@zorblax.example", REDIRECT_PUBLIC_URL="https://zorblax.example/safety"
    )
    text = asked.get("/en/help/GB").text
    assert '<a href="mailto:services@zorblax.example"' in text
    assert 'href="/safety/v1/resources?country=GB"' in text
    assert asked.get("/v1/resources").json()["contact"] == "services@zorblax.example"
    assert asked.get("/safety/en/help/GB").text == text


def test_what_a_node_serves_is_what_its_pages_link_to(make_service: Callable[..., Service]) -> None:
    pages = make_service(REDIRECT_ONLY="pages")
    assert "/v1/resources" not in pages.get("/en/help/GB").text
    assert pages.get("/v1/resources").status_code == 404
    api = make_service(REDIRECT_ONLY="api")
    assert api.get("/v1/resources").status_code == 200
    assert api.get("/en/help").status_code == 404


def test_reading_the_directory_is_counted_in_no_table(make_service: Callable[..., Service]) -> None:
    service = make_service("--demo")
    for path in ("/en/help", "/en/help/GB", "/v1/resources") * 12:
        assert service.get(path).status_code == 200
    service.stop()
    for table in ("funnel", "services", "checks"):
        assert service.counts(table) == []


# Open data


def test_open_data_is_for_everyone_and_says_where_each_entry_comes_from(
    reader: httpx.Client, directory: Directory
) -> None:
    entries = data(reader)
    assert {*entries} == {card.service.id for card in directory.shown}
    for entry in entries.values():
        assert entry["sources"]
        assert entry["confidence"] in {"official-page", "secondary"}
        assert entry.keys() & {"url", "phone"}
        assert "verified_by" not in entry, "who has checked it is nobody's business outside"


def test_no_contact_leaves_that_a_page_would_not_show(reader: httpx.Client, directory: Directory) -> None:
    shown: dict[str, Card] = {card.service.id: card for card in directory.shown}
    for id_, entry in data(reader).items():
        card = shown[id_]
        assert (entry.get("url"), entry.get("phone"), entry.get("phone_display")) == (
            card.url,
            card.phone,
            card.phone_display,
        )
    assert "stop-it-now-nl" not in data(reader, country="NL")


def test_a_country_comes_with_what_is_open_to_everyone(reader: httpx.Client) -> None:
    entries = data(reader, country="gb")
    assert {"stop-it-now-uk", "find-a-helpline"} <= {*entries}
    assert all({"GB", "*"} & {*entry["countries"]} for entry in entries.values())
    assert {*data(reader, country="QQ")} == {*data(reader, country="ZZ")}
    assert "find-a-helpline" in data(reader, country="QQ")


def test_an_audience_gets_only_what_may_stand_behind_its_door(reader: httpx.Client) -> None:
    for audience in ("main", "under-18", "someone-else", "happened-to-me", "work-or-mistake"):
        entries = data(reader, audience=audience)
        assert entries
        assert all(audience in entry["suits"] for entry in entries.values())
    for entry in data(reader, audience="under-18").values():
        assert "self" not in entry["audience"] or entry["id"] in {"shore-uk", "whatsok-us", "du-traeumst-von-ihnen-de"}
    assert reader.get("/v1/resources", params={"audience": "everyone"}).status_code == 400


def test_limits_hours_and_pauses_are_said(reader: httpx.Client) -> None:
    entries = data(reader)
    assert entries["stop-it-now-uk"]["passes_on"] == ["child_at_risk", "crime"]
    line = entries["tw-siarc"]
    assert (line["hours"], line["time_zone"]) == ("Mo-Su 09:00-22:00", "Asia/Taipei")


def test_whoever_has_it_already_is_told_so(reader: httpx.Client) -> None:
    first = reader.get("/v1/resources", params={"country": "DE"})
    mark = first.headers["etag"]
    for known in (mark, f'"other", {mark}'):
        again = reader.get("/v1/resources", params={"country": "DE"}, headers={"If-None-Match": known})
        assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", mark)
    assert reader.get("/v1/resources", headers={"If-None-Match": mark}).status_code == 200
    plain = reader.get("/v1/resources", params={"country": "DE"}, headers={"Accept-Encoding": "identity"})
    assert plain.json() == first.json()
    assert "content-encoding" not in plain.headers


def test_any_page_elsewhere_may_read_it_and_any_cache_keep_it_for_a_minute(reader: httpx.Client) -> None:
    headers = reader.get("/v1/resources").headers
    assert headers["access-control-allow-origin"] == "*"
    assert headers["cache-control"] == "public, max-age=60"
    assert headers["content-type"] == "application/json"
    assert reader.head("/v1/resources").status_code == 200
    assert reader.post("/v1/resources").status_code == 405


def test_every_answer_fits_its_description(reader: httpx.Client) -> None:
    jsonschema = pytest.importorskip("jsonschema")
    document = reader.get("/v1/openapi.json").json()
    schema = {"$ref": "#/components/schemas/Resources", "components": document["components"]}
    for asked in ({}, {"country": "GB"}, {"audience": "under-18"}):
        jsonschema.validate(reader.get("/v1/resources", params=asked).json(), schema)
    parameters = document["paths"]["/v1/resources"]["get"]["parameters"]
    assert [parameter["name"] for parameter in parameters] == ["country", "audience"]
    assert msgspec.json.decode(json.dumps(document["paths"]["/v1/resources"]["get"]["security"])) == []
