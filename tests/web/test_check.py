"""Owns `POST /v1/check`: what a platform may send, and what it is told."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conftest import LISTED, LISTED_URL, PLAIN, Service
from redirect.web.problems import MEDIA_TYPE, PROBLEMS, type_of

KNOWN = ("query", "url", "languages", "country", "surface", "attempt", "bucket", "mode")
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(), max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
SUBJECT = st.fixed_dictionaries(
    {},
    optional={
        "query": st.text(st.characters(), max_size=60) | JSON,
        "url": st.text(st.characters(), max_size=60) | JSON,
        "languages": st.text(max_size=40) | JSON,
        "country": st.sampled_from(["AR", "zz", "A1", "AR\n", ""]) | JSON,
        "surface": st.sampled_from(["web", "dns", "WEB"]) | JSON,
        "attempt": st.integers(-2, 10**30) | st.sampled_from(["0", "1", "2+", "3"]) | JSON,
        "bucket": st.integers(-1, 10_001) | JSON,
        "mode": st.sampled_from(["enforce", "shadow", "off"]) | JSON,
    },
)


def unescaped(body: object) -> bytes:
    """JSON whose lone surrogates are broken UTF-8."""
    return json.dumps(body, ensure_ascii=False).encode(errors="surrogatepass")


def ensure_answer_or_problem(response: httpx.Response) -> None:
    """An answer that can be acted on, or a problem from the closed set; never our fault."""
    body = response.json()
    if response.status_code == 200:
        assert body["action"] in {"allow", "warn", "block"}
        assert isinstance(body["list_version"], int)
        assert body["degraded"] is False
        assert (body["action"] == "allow") == ("page" not in body)
    else:
        name = body["type"].removeprefix(type_of(""))
        assert response.headers["content-type"] == MEDIA_TYPE
        assert 400 <= response.status_code < 500
        assert (response.status_code, body["title"], body["detail"]) == tuple(PROBLEMS[name])
        assert body["status"] == response.status_code


@settings(max_examples=300)
@given(body=SUBJECT | JSON)
def test_any_json_is_answered_or_refused(demo: Service, body: Any) -> None:
    ensure_answer_or_problem(demo.ask("/v1/check", content=json.dumps(body)))


@settings(max_examples=150)
@given(
    body=st.binary(max_size=80)
    | SUBJECT.map(lambda body: json.dumps(body, ensure_ascii=False).encode(errors="surrogatepass"))
)
def test_any_bytes_are_answered_or_refused(demo: Service, body: bytes) -> None:
    ensure_answer_or_problem(demo.ask("/v1/check", content=body))


@pytest.mark.parametrize(
    "body",
    [
        rb'{"query":"\ud800zorblax minku"}',
        rb'{"query":"zorblax minku\udfff\ud83d"}',
        b'{"query":"zorblax\xff minku"}',
        b'{"query":"zorblax minku \xed\xa0\x80"}',
        rb'{"url":"http://blocked.example/room/42#\ud800"}',
    ],
)
def test_broken_text_is_decided_and_no_way_around(demo: Service, body: bytes) -> None:
    response = demo.ask("/v1/check", content=body)
    assert (response.status_code, response.json()["action"]) == (200, "block")


@pytest.mark.parametrize("content_type", ["", "text/plain", "application/x-www-form-urlencoded", "nonsense"])
def test_the_body_is_read_as_json_whatever_its_type_says(demo: Service, content_type: str) -> None:
    response = demo.ask("/v1/check", content=b'{"query":"zorblax minku"}', headers={"Content-Type": content_type})
    assert response.json()["action"] == "block"


@pytest.mark.parametrize("length", [1024, 4096])
def test_a_text_of_four_kilobytes_is_decided(demo: Service, length: int) -> None:
    padded = f"zorblax minku {'x' * (length - 14)}"
    assert demo.check(padded)["action"] == "block"
    assert demo.ask("/v1/check", content=json.dumps({"query": "\u20ac" * (length // 3)})).status_code == 200


@pytest.mark.parametrize("text", ["x" * 4097, "\u20ac" * 1366, "\U0001f600" * 1025])
def test_a_text_over_four_kilobytes_is_refused(demo: Service, text: str) -> None:
    for field in ("query", "url"):
        response = demo.ask("/v1/check", content=json.dumps({field: text}))
        assert (response.status_code, response.json()["type"]) == (413, type_of("text-too-long"))


def test_a_repeat_gets_another_message(demo: Service) -> None:
    shown = [demo.check(LISTED, attempt=attempt)["message"] for attempt in (0, 1, 2, 9, "2+")]
    assert shown[0] == demo.check(LISTED)["message"]
    assert len(set(shown)) == 2
    assert shown[0] not in shown[1:]


def test_a_bucket_changes_no_page(demo: Service) -> None:
    assert len({demo.check(LISTED, bucket=bucket)["page"] for bucket in (0, 1, 9999)}) == 1


def test_text_and_services_come_in_the_language_of_the_page(demo: Service) -> None:
    english, spanish = (
        demo.check(LISTED, country="AR", languages="en"),
        demo.check(LISTED, country="AR", languages="es"),
    )
    assert english["title"] != spanish["title"]
    assert english["text"] != spanish["text"]
    assert demo.page(spanish["page"]).all("html")[0]["lang"] == "es"
    assert spanish["title"] in demo.page(spanish["page"]).words


def test_an_unknown_country_and_language_are_no_error(demo: Service) -> None:
    for fields in ({"country": "QQ"}, {"country": "99"}, {"languages": "tlh"}, {"languages": ";;;,q=x"}):
        assert demo.check(LISTED, **fields)["action"] == "block"


def test_a_surface_may_have_another_action(demo: Service) -> None:
    actions = {
        surface: demo.check("quellfen drovic", surface=surface)["action"] for surface in ("web", "suggest", "dns")
    }
    assert actions == {"web": "warn", "suggest": "block", "dns": "allow"}


def test_an_answer_is_never_kept_by_a_cache(demo: Service) -> None:
    headers = demo.ask("/v1/check", json={"url": LISTED_URL}).headers
    assert headers["cache-control"] == "no-store"
    assert headers["x-content-type-options"] == "nosniff"


def test_many_requests_share_a_connection(demo: Service) -> None:
    with httpx.Client(verify=PLAIN, base_url=demo.url, headers={"Authorization": "bearer demo"}) as platform:
        for _ in range(50):
            assert platform.post("/v1/check", content=b'{"query":"zorblax minku"}').json()["action"] == "block"
            assert platform.post("/v1/check", content=b"{").status_code == 400


@pytest.mark.parametrize(
    ("wanted", "given"), [("ar", "ar"), ("zh-TW,en;q=0.5", "zh-Hant"), ("tlh", "en"), ("pt-AO", "pt-PT")]
)
def test_title_and_text_come_with_their_language(demo: Service, wanted: str, given: str) -> None:
    answer = demo.check(LISTED, languages=wanted)
    page = demo.page(f"{answer['page']}")
    assert answer["language"] == given
    assert page.all("html")[0]["lang"] == given


def test_an_answer_that_allows_says_no_more_than_that(demo: Service) -> None:
    assert set(demo.check("weather tomorrow", languages="ar")) == {"action", "list_version", "degraded"}
