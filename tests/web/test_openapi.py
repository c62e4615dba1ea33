"""Owns the description of the API: valid, whole, and true of what the service answers."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from jsonschema import Draft202012Validator
from openapi_spec_validator import validate

from conftest import LISTED, LISTED_URL, WEB, Service
from redirect.web.openapi import document

if TYPE_CHECKING:
    import httpx

DOCUMENT = json.loads(msgspec.json.encode(document()))


def ensure_described(response: httpx.Response, path: str, method: str = "post") -> None:
    """The status, the media type and the body stand in the description."""
    described = DOCUMENT["paths"][path][method]["responses"][str(response.status_code)]
    media_type = response.headers.get("content-type", "").partition(";")[0]
    assert media_type in described.get("content", {"": None}) or not response.content, (path, response.status_code)
    if media_type.endswith("json"):
        schema = described["content"][media_type]["schema"]
        Draft202012Validator({**schema, "components": DOCUMENT["components"]}).validate(response.json())


def test_the_description_is_valid_openapi() -> None:
    validate(DOCUMENT)
    assert DOCUMENT["openapi"].startswith("3.1.")


def test_the_service_shows_the_description(demo: Service) -> None:
    assert demo.get("/v1/openapi.json").json() == DOCUMENT


def test_operations_have_names_of_their_own() -> None:
    names = [call["operationId"] for calls in DOCUMENT["paths"].values() for call in calls.values()]
    assert len(names) == len(set(names))


@pytest.mark.parametrize(
    "body",
    [
        {"query": LISTED, "country": "AR", "languages": "es-AR,es;q=0.9", "attempt": 1, "bucket": 7},
        {"query": "quellfen drovic", "surface": "suggest"},
        {"query": "chocolate cake"},
        {"query": LISTED, "mode": "shadow", "attempt": "2+"},
        {"url": LISTED_URL, "country": "GB"},
        {},
        {"query": "x", "colour": 1},
        {"query": "x" * 5000},
        {"query": "x" * 70_000},
    ],
)
def test_every_answer_to_a_check_is_described(demo: Service, body: dict[str, Any]) -> None:
    single, many = demo.ask("/v1/check", json=body), demo.ask("/v1/check/batch", json={"subjects": [body, body]})
    ensure_described(single, "/v1/check")
    ensure_described(many, "/v1/check/batch")
    ensure_described(demo.ask("/v1/explain", json=body), "/v1/explain")
    fits = Draft202012Validator(DOCUMENT["components"]["schemas"]["Subject"] | {"components": DOCUMENT["components"]})
    if single.status_code == 200:
        assert fits.is_valid(body)


def test_refusals_for_want_of_a_key_are_described(demo: Service) -> None:
    for path in ("/v1/check", "/v1/check/batch", "/v1/explain"):
        for headers in ({"Authorization": ""}, {"Authorization": "Bearer wrong"}):
            ensure_described(demo.ask(path, json={}, headers=headers), path)


def test_answers_to_proxies_are_described(demo: Service) -> None:
    key = {"Authorization": "Bearer demo"}
    for path in ("/v1/forward", "/v1/forward?style=nginx", "/v1/forward?surface=nonsense"):
        for uri in ("/?q=zorblax+minku", "/?q=cake"):
            ensure_described(demo.get(path, headers={**key, "X-Original-URI": uri}), "/v1/forward", "get")
            ensure_described(demo.ask(path, headers={"X-Original-URI": uri}), "/v1/forward")
    ensure_described(demo.get("/v1/forward?q=x"), "/v1/forward", "get")


def test_the_refusal_that_nginx_understands_is_described(demo: Service) -> None:
    listed = {"Authorization": "Bearer demo", "X-Original-URI": "/?q=zorblax+minku"}
    assert demo.get("/v1/forward?style=nginx", headers=listed).status_code == 403
    assert "Location" in DOCUMENT["paths"]["/v1/forward"]["get"]["responses"]["403"]["description"]


def test_health_is_described_and_needs_no_key(demo: Service) -> None:
    for path in ("/livez", "/readyz", "/metrics", "/v1/openapi.json"):
        ensure_described(demo.get(path), path, "get")
        assert DOCUMENT["paths"][path]["get"]["security"] == []


def test_every_described_call_exists(demo: Service) -> None:
    for path, calls in DOCUMENT["paths"].items():
        for method in calls:
            response = WEB.request(method, demo.url + path)
            assert response.status_code not in {404, 405}, path
