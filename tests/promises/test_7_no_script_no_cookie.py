"""Owns promise 7: no script, no cookie, nothing from elsewhere on any page that a person sees."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import re
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urljoin, urlsplit

import pytest

from conftest import LISTED, LISTED_URL, WEB, Html, Service

if TYPE_CHECKING:
    from collections.abc import Callable

    import httpx

    from tests.promises.conftest import Worker

ROOT = Path(__file__).parents[2]
COUNTRIES = sorted(path.stem for path in (ROOT / "messages" / "resources").glob("??.toml"))
LANGUAGES = sorted(path.parts[-3].replace("_", "-") for path in (ROOT / "locales").glob("*/LC_MESSAGES/redirect.po"))
FIRST_FLIGHT = 14_000
LOADING = ("iframe", "frame", "object", "embed", "video", "audio", "source", "track", "base", "applet", "portal")
HEADERS = {
    "cache-control": "no-store",
    "referrer-policy": "no-referrer",
    "x-robots-tag": "noindex, nofollow",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "permissions-policy": "camera=(), microphone=(), geolocation=(), browsing-topics=()",
}


@pytest.fixture(scope="module")
def seen(demo: Service) -> dict[str, httpx.Response]:
    """One page of every kind, by what it is."""
    pages = {
        "a query": demo.get(demo.check(LISTED, country="GB")["page"]),
        "a repeat": demo.get(demo.check(LISTED, attempt=1)["page"]),
        "an address": demo.get(demo.check(url=LISTED_URL, country="AR", languages="es")["page"]),
        "right to left": demo.get(demo.check(LISTED, languages="ar")["page"]),
        "a likely match": demo.get(demo.check("quellfen drovic")["page"]),
        "unreadable": demo.get("/w/nonsense"),
        "help": demo.get("/en/help"),
    }
    for door, address in Html(pages["a query"].text).doors.items():
        pages[door] = demo.get(address)
    pages["a question"] = pages["an end"] = demo.get(way(pages["a query"], "invite"))
    while onward := way(pages["an end"], "choices"):
        pages["an end"] = demo.get(onward)
    thanked = WEB.post(f"{pages['work-or-mistake'].url}/wrong")
    pages["thanks"] = demo.get(urljoin(demo.url, thanked.headers["location"]))
    pages["trial"] = demo.get("/")
    return pages


def way(page: httpx.Response, place: str) -> str:
    """The first link in the piece of a page with this class, empty where there is none."""
    return next(iter(Html(page.text.partition(f'class="{place}"')[2]).links), "")


def test_all_kinds_of_pages_are_looked_at(seen: dict[str, httpx.Response]) -> None:
    assert len(seen) == 15
    assert len({page.text for page in seen.values()}) >= 14


def test_no_page_has_a_script(seen: dict[str, httpx.Response]) -> None:
    for kind, page in seen.items():
        for tag, attributes in Html(page.text).tags:
            assert tag != "script", kind
            assert not [name for name in attributes if name.startswith("on") or name == "srcdoc"], kind
            assert not [value for value in attributes.values() if "javascript:" in value.lower()], kind


def test_no_page_loads_anything(seen: dict[str, httpx.Response]) -> None:
    for kind, page in seen.items():
        read = Html(page.text)
        assert not [tag for tag, _ in read.tags if tag in LOADING], kind
        assert all(image.pop("src").startswith("data:image/png;base64,") for image in read.all("img")), kind
        assert {link["href"] for link in read.all("link")} <= {"data:,"}, kind
        assert not [meta for meta in read.all("meta") if meta.get("http-equiv", "").lower() == "refresh"], kind
        assert not [attributes for _, attributes in read.tags if attributes.keys() & {"src", "srcset", "ping", "style"}]
        assert not re.search(r"url\(|@import|expression\(", page.text), kind


def test_no_answer_sets_a_cookie(demo: Service, seen: dict[str, httpx.Response]) -> None:
    page = str(seen["a query"].url)
    others = [demo.get(f"{page}/leave"), demo.get("/readyz"), demo.get("/metrics"), demo.get("/v1/openapi.json")]
    others += [demo.ask("/v1/check", json={"query": LISTED}), WEB.post(f"{demo.url}/", data={"text": LISTED})]
    for answer in (*seen.values(), *others):
        assert "set-cookie" not in answer.headers


def test_every_page_carries_every_guarding_header(seen: dict[str, httpx.Response]) -> None:
    for kind, page in seen.items():
        assert {name: page.headers.get(name) for name in HEADERS} == HEADERS, kind
        assert page.headers["content-language"] == Html(page.text).all("html")[0]["lang"], kind
        assert "server" not in page.headers, kind


def test_the_policy_allows_the_style_of_the_page_and_nothing_else(seen: dict[str, httpx.Response]) -> None:
    for kind, page in seen.items():
        (style,) = re.findall(r"<style>(.*?)</style>", page.text, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
        form = "'self'" if Html(page.text).all("form") else "'none'"
        assert page.headers["content-security-policy"] == (
            f"default-src 'none'; style-src 'sha256-{digest}'; img-src data:; base-uri 'none';"
            f" form-action {form}; frame-ancestors 'none'"
        ), kind


def test_only_the_wrong_match_page_has_a_form(seen: dict[str, httpx.Response]) -> None:
    with_forms = {kind for kind, page in seen.items() if Html(page.text).all("form")}
    assert with_forms == {"work-or-mistake", "trial"}
    (form,) = Html(seen["work-or-mistake"].text).all("form")
    assert form["action"].startswith("/w/")
    assert not Html(seen["work-or-mistake"].text).all("input")


def test_a_page_fits_the_first_flight_of_a_connection(seen: dict[str, httpx.Response]) -> None:
    for kind, page in seen.items():
        assert len(gzip.compress(page.content)) <= FIRST_FLIGHT, kind


def test_a_page_fits_the_first_flight_in_every_language_and_country(worker: Worker) -> None:
    """The languages whose pages are largest in every country, and every language where the pages are largest."""
    pairs = [*product(COUNTRIES, ("el", "ta")), *product(("BE", "CZ", "GB"), LANGUAGES)]
    for country, language in pairs:
        asked = {"url": LISTED_URL, "country": country, "languages": language}
        _, _, answer = worker.call("POST", "/v1/check", json.dumps(asked).encode())
        page = urlsplit(json.loads(answer)["page"]).path
        _, headers, packed = worker.call("GET", page, accept_encoding="gzip")
        assert headers["content-language"] == language
        assert len(packed) <= FIRST_FLIGHT, (country, language)


def test_every_way_out_says_nothing_of_where_the_person_came_from(
    seen: dict[str, httpx.Response], demo: Service
) -> None:
    read = Html(seen["a query"].text)
    for link in read.all("a"):
        if "/go/" in link["href"]:
            answer = demo.get(link["href"])
            assert answer.status_code == 303
            assert answer.headers["referrer-policy"] == "no-referrer"
            assert answer.headers["cache-control"] == "no-store"
            assert str(demo.port) not in answer.headers["location"]
        if link["href"].startswith("http"):
            assert "noreferrer" in link["rel"]


def test_no_title_and_no_address_tells_which_door_was_opened(seen: dict[str, httpx.Response]) -> None:
    warnings = {kind: page for kind, page in seen.items() if kind not in {"trial", "unreadable", "help"}}
    titles = {kind: re.findall(r"<title>(.*?)</title>", page.text) for kind, page in warnings.items()}
    english = {kind: title for kind, title in titles.items() if kind not in {"an address", "right to left"}}
    assert len({tuple(title) for title in english.values()}) == 1
    assert len({len(str(page.url)) for page in warnings.values()}) == 1
    for page in warnings.values():
        assert not page.url.query


def test_the_page_for_when_all_else_breaks_keeps_the_promise(worker: Worker, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError

    monkeypatch.setattr("redirect.web.render.Renderer.page", broken)
    _, headers, body = worker.call("GET", "/w/x")
    style = re.findall(r"<style>(.*?)</style>", body.decode(), re.DOTALL)[0]
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert f"style-src 'sha256-{digest}';" in headers["content-security-policy"]
    assert {name: headers.get(name) for name in HEADERS} == HEADERS
    assert not [tag for tag, _ in Html(body.decode()).tags if tag in {*LOADING, "script", "form"}]


def test_under_a_path_of_the_platforms_host_nothing_is_said_of_the_whole_host(
    make_service: Callable[..., Service],
) -> None:
    service = make_service("--demo", REDIRECT_PUBLIC_URL="https://search.example/safety")
    for path in ("/w/x", "/en/help", "/v1/nothing", "/readyz"):
        assert "strict-transport-security" not in service.get(path).headers
    assert json.loads(service.get("/readyz").text)["ready"]
