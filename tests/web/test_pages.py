"""Owns how pages are opened: what counts as a person's step, and which language is answered."""

from __future__ import annotations

import gzip
from typing import TYPE_CHECKING
from urllib.parse import urljoin

import httpx
import pytest

from conftest import LISTED, PLAIN, WEB, Html, Service, eventually

if TYPE_CHECKING:
    from collections.abc import Callable

NOT_A_PERSON = (
    {"Sec-Fetch-Dest": "empty"},
    {"Sec-Fetch-Dest": "image"},
    {"Sec-Fetch-Dest": "iframe"},
    {"Sec-Purpose": "prefetch"},
    {"Sec-Purpose": "prefetch;prerender"},
    {"Purpose": "prefetch"},
    {"X-Moz": "prefetch"},
)


@pytest.fixture
def quiet(make_service: Callable[..., Service]) -> Service:
    """A service that nobody else asks."""
    return make_service("--demo")


def steps(service: Service) -> dict[str, int]:
    """Published counts of the funnel by step."""
    return {row["step"]: row["count"] for row in service.counts("funnel")}


def test_each_step_of_a_person_counts_once(quiet: Service) -> None:
    with httpx.Client(verify=PLAIN, base_url=quiet.url) as person:
        for _ in range(15):
            page = quiet.check(LISTED, country="GB", languages="en")["page"]
            shown = person.get(page, headers={"Sec-Fetch-Dest": "document"})
            door = person.get(Html(shown.text).doors["work-or-mistake"])
            person.post(f"{door.url}/wrong")
            person.get(next(link for link in Html(shown.text).links if "/go/" in link))
            person.get(f"{page}/leave")
    expected = {"shown": 15, "door_work_or_mistake": 15, "wrong_match": 15, "help_opened": 15, "left": 15}
    eventually(lambda: steps(quiet) == expected)
    (service,) = quiet.counts("services")
    assert (service["country"], service["audience"], service["count"]) == ("GB", "main", 15)


def test_what_no_person_opened_is_answered_and_not_counted(quiet: Service) -> None:
    page = quiet.check(LISTED)["page"]
    help_ = next(link for link in quiet.page(page).links if "/go/" in link)
    with httpx.Client(verify=PLAIN, base_url=quiet.url) as program:
        for headers in NOT_A_PERSON:
            for _ in range(3):
                assert program.get(page, headers=headers).status_code == 200
                assert program.get(f"{page}/leave", headers=headers).status_code == 303
                assert program.get(help_, headers=headers).status_code == 303
        for _ in range(12):
            assert program.head(page).status_code == 200
            assert program.post(page).status_code == 200
    assert steps(quiet) == {}


def test_a_tap_from_another_site_is_not_counted(quiet: Service) -> None:
    door = quiet.url + quiet.page(quiet.check(LISTED)["page"]).doors["work-or-mistake"]
    with httpx.Client(verify=PLAIN) as elsewhere:
        for site in ("cross-site", "same-site", "none"):
            for _ in range(6):
                assert elsewhere.post(f"{door}/wrong", headers={"Sec-Fetch-Site": site}).status_code == 303
    assert "wrong_match" not in steps(quiet)


def test_what_a_form_carries_is_never_read(demo: Service) -> None:
    door = demo.url + demo.page(demo.check(LISTED)["page"]).doors["work-or-mistake"]
    for body in (b"", b"x" * 100_000, b"\xff\xfe", b"reason=Vorlinqet7Basmo"):
        assert WEB.post(f"{door}/wrong", content=body).status_code == 303


@pytest.mark.parametrize(
    ("address", "header", "country", "expected"),
    [
        ("", "", None, "en"),
        ("", "ar", None, "ar"),
        ("", "tlh;q=1, es;q=0.5", None, "es"),
        ("", "tlh", "AR", "es-419"),
        ("", "", "EG", "ar"),
        ("?lang=es", "ar", "EG", "es"),
        ("?lang=nonsense", "ar", "AR", "ar"),
    ],
)
def test_the_language_is_the_chosen_one_then_the_browsers_then_the_countrys(
    demo: Service, address: str, header: str, country: str | None, expected: str
) -> None:
    page = demo.check(LISTED, **({"country": country} if country else {}))["page"]
    answer = demo.get(page + address, headers={"Accept-Language": header})
    assert Html(answer.text).all("html")[0]["lang"] == expected
    assert answer.headers["content-language"] == expected
    assert "Accept-Language" in answer.headers["vary"]


def test_the_path_of_a_language_speaks_it(demo: Service) -> None:
    for path, expected in {"/es/help": "es", "/ar": "ar", "/en/help/AR": "en", "/es-MX/x": "es-419"}.items():
        assert demo.page(path, headers={"Accept-Language": "en"}).all("html")[0]["lang"] == expected


def test_every_language_names_itself_and_leads_to_itself(demo: Service) -> None:
    page = demo.check(LISTED, languages="en")["page"]
    offered = [link for link in demo.page(page).all("a") if "hreflang" in link]
    assert {link["hreflang"] for link in offered} >= {"es", "ar"}
    for link in offered:
        assert link["lang"] == link["hreflang"]
        assert demo.page(urljoin(page, link["href"])).all("html")[0]["lang"] == link["hreflang"]


def test_the_way_back_leads_to_the_first_page(demo: Service) -> None:
    page = demo.check(LISTED, country="AR", languages="es")["page"]
    for door in demo.page(page).doors.values():
        ways = [link for link in demo.page(door).links if link.startswith("/w/") and link.count("/") == 2]
        assert page in [urljoin(demo.url, way) for way in ways]


def test_a_page_is_packed_for_who_can_unpack_it(demo: Service) -> None:
    page = demo.check(LISTED)["page"]
    with (
        httpx.Client(verify=PLAIN) as browser,
        browser.stream("GET", page, headers={"Accept-Encoding": "gzip"}) as packed,
    ):
        assert packed.headers["content-encoding"] == "gzip"
        raw = b"".join(packed.iter_raw())
    plain = demo.get(page, headers={"Accept-Encoding": "identity"})
    assert "content-encoding" not in plain.headers
    assert gzip.decompress(raw) == plain.content
    assert "Accept-Encoding" in plain.headers["vary"]


def test_a_page_never_repeats_what_was_searched(demo: Service) -> None:
    for query in (LISTED, "zorblax minku"):
        text = demo.get(demo.check(query)["page"]).text.lower()
        assert "zorblax" not in text
        assert "minku" not in text
