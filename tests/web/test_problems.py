"""Owns what errors look like to callers: a problem of a closed set, with nothing of the input in it."""

from __future__ import annotations

import http.client
import json
from typing import TYPE_CHECKING, Any

import pytest

from conftest import WEB, Service, eventually
from redirect.web.problems import MEDIA_TYPE, PROBLEMS, type_of

if TYPE_CHECKING:
    from collections.abc import Callable

    import httpx

ECHO = "Vorlinqet7Basmo"
CALLS = ("/v1/check", "/v1/check/batch", "/v1/explain")


def ensure_problem(response: httpx.Response, name: str) -> None:
    """This very problem, and no trace of what was sent."""
    status, title, detail = PROBLEMS[name]
    assert response.json() == {"type": type_of(name), "title": title, "status": status, "detail": detail}
    assert response.status_code == status
    assert response.headers["content-type"] == MEDIA_TYPE
    assert response.headers["cache-control"] == "no-store"
    assert ECHO.lower() not in (response.text + str(response.headers)).lower()


@pytest.mark.parametrize("path", CALLS)
@pytest.mark.parametrize(
    "body", ["", "{", f"{{{ECHO}", f'"{ECHO}', f"'{ECHO}'", f'{{"subjects" "{ECHO}"', "\0", "[" * 60_000]
)
def test_what_is_no_json(demo: Service, path: str, body: str) -> None:
    ensure_problem(demo.ask(path, content=body), "malformed-json")


@pytest.mark.parametrize("path", CALLS)
@pytest.mark.parametrize("body", ["null", "[]", "7", f'"{ECHO}"', f'{{"{ECHO}": 1}}', f'{{"query": "x", "{ECHO}": 1}}'])
def test_what_does_not_fit(demo: Service, path: str, body: str) -> None:
    ensure_problem(demo.ask(path, content=body), "invalid-request")


@pytest.mark.parametrize(
    "fields",
    [
        {"query": [ECHO]},
        {"query": 7},
        {"query": ECHO, "surface": ECHO},
        {"query": ECHO, "mode": ECHO},
        {"query": ECHO, "country": ECHO},
        {"query": ECHO, "attempt": -1},
        {"query": ECHO, "attempt": True},
        {"query": ECHO, "attempt": 1.5},
        {"query": ECHO, "bucket": 10_000},
        {"query": ECHO, "languages": [ECHO]},
        {"query": ECHO, "Query": ECHO},
    ],
)
def test_fields_of_a_wrong_type_or_name(demo: Service, fields: dict[str, Any]) -> None:
    ensure_problem(demo.ask("/v1/check", json=fields), "invalid-request")


@pytest.mark.parametrize("fields", [{}, {"query": ECHO, "url": ECHO}, {"query": None}, {"query": None, "url": None}])
def test_neither_or_both_of_query_and_url(demo: Service, fields: dict[str, Any]) -> None:
    ensure_problem(demo.ask("/v1/check", json=fields), "query-or-url")


def test_a_body_that_is_too_large(demo: Service) -> None:
    ensure_problem(demo.ask("/v1/check", json={"query": ECHO * 5000}), "body-too-large")
    ensure_problem(demo.ask("/v1/check", content=(ECHO.encode() for _ in range(9000))), "body-too-large")
    ensure_problem(demo.ask("/v1/check/batch", content=ECHO.encode() * 300_000), "body-too-large")


@pytest.mark.parametrize("path", CALLS)
def test_a_missing_or_wrong_key(demo: Service, path: str) -> None:
    for given, name in {
        "": "no-key",
        ECHO: "no-key",
        f"Basic {ECHO}": "no-key",
        "Bearer": "no-key",
        f"Bearer {ECHO}": "wrong-key",
        f"Bearer demo {ECHO}": "wrong-key",
        "Bearer DEMO": "wrong-key",
    }.items():
        response = WEB.post(demo.url + path, json={"query": ECHO}, headers={"Authorization": given} if given else {})
        ensure_problem(response, name)
        assert response.headers["www-authenticate"] == "Bearer"


def test_a_key_without_the_scope(make_service: Callable[..., Service]) -> None:
    service = make_service("--demo")
    service.key = service.run("keys", "create", "--platform", "acme", "--scope", "report").stdout.strip()
    eventually(lambda: service.ask("/v1/check", json={"query": "x"}).status_code != 401)
    ensure_problem(service.ask("/v1/check", json={"query": ECHO}), "wrong-scope")
    (key_id,) = (line.split()[1] for line in service.run("keys", "list").stdout.splitlines() if "acme" in line)
    service.run("keys", "revoke", key_id)
    eventually(lambda: service.ask("/v1/check", json={"query": "x"}).status_code == 401)
    ensure_problem(service.ask("/v1/check", json={"query": ECHO}), "wrong-key")


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE", "PATCH", "OPTIONS", "PROPFIND"])
def test_a_wrong_method(demo: Service, method: str) -> None:
    response = WEB.request(method, f"{demo.url}/v1/check?q={ECHO}")
    assert response.headers["allow"] == "POST"
    if method == "HEAD":
        assert response.status_code == 405
    else:
        ensure_problem(response, "wrong-method")


@pytest.mark.parametrize(
    "path", ["/v1", "/v1/", f"/v1/{ECHO}", f"/v1/check/?q={ECHO}", f"/{ECHO}", "/v2/check", "/favicon.ico"]
)
def test_an_unknown_path(demo: Service, path: str) -> None:
    for method in ("GET", "POST"):
        ensure_problem(WEB.request(method, demo.url + path), "not-found")


def test_a_caller_who_leaves_harms_nobody(demo: Service) -> None:
    for _ in range(5):
        line = http.client.HTTPConnection("127.0.0.1", demo.port)
        line.putrequest("POST", "/v1/check")
        line.putheader("Authorization", "Bearer demo")
        line.putheader("Content-Length", "500")
        line.endheaders(b'{"query":')
        line.close()
    assert demo.check("zorblax minku")["action"] == "block"


def test_every_problem_says_what_to_do() -> None:
    for name, (status, title, detail) in PROBLEMS.items():
        assert 400 <= status <= 599, name
        assert title
        assert detail.endswith(".")
        assert json.dumps(title).isascii()
