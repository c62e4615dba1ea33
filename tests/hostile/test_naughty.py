"""Texts that break programs, through every input that takes one: nothing breaks, nothing comes back."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import httpx
import pytest

from conftest import LISTED, PLAIN, Html, Service
from tests.hostile.naughty import TEXTS
from tests.web.test_openapi import ensure_described

if TYPE_CHECKING:
    from collections.abc import Iterator

KEY = {"Authorization": "Bearer demo"}
LABELS = ["web", "allow", "enforce", "unknown", "no"]
ECHOED = ("alert(1)", "1337", "X-Injected", "passwd", "FLUSHALL", "DROP TABLE")
"""What would be seen if a text came back, or was carried out: 7 times 191 is 1337."""
IN_FIELDS = ("query", "url", "languages", "country", "surface", "attempt", "bucket", "mode", "face", "unknown")
IN_HEADERS = (
    "Accept", "Accept-Language", "Accept-Encoding", "User-Agent", "Referer", "Cookie", "Origin", "X-Forwarded-For",
    "X-Forwarded-Host", "X-Forwarded-Proto", "X-Original-URI", "X-Original-Method", "X-HTTP-Method-Override",
    "X-Rewrite-URL", "If-None-Match", "Range", "Sec-Fetch-Dest", "Sec-Fetch-Site", "Content-Type", "Authorization",
    "Signature-Input", "Signature", "Content-Digest",
)  # fmt: skip


@pytest.fixture(scope="module")
def line() -> Iterator[httpx.Client]:
    with httpx.Client(verify=PLAIN, timeout=20) as client:
        yield client


def ensure_calm(response: httpx.Response, name: str) -> None:
    """No failure of ours, and nothing of what was sent."""
    assert response.status_code < 500, name
    said = response.text + str(response.headers)
    assert not [text for text in ECHOED if text in said], name
    if response.headers.get("content-type", "").startswith("text/html"):
        assert "script" not in dict(Html(response.text).tags)


def sent(body: Any) -> bytes:
    """JSON with escapes, so that every text can be sent."""
    return json.dumps(body).encode()


@pytest.mark.parametrize("name", sorted(TEXTS))
def test_in_every_field_of_every_call(demo: Service, line: httpx.Client, name: str) -> None:
    text = TEXTS[name]
    for field in IN_FIELDS:
        body = {"query": LISTED, field: text} if field != "url" else {"url": text}
        for path, wrapped in (("/v1/check", body), ("/v1/explain", body), ("/v1/check/batch", {"subjects": [body]})):
            answer = line.post(demo.url + path, content=sent(wrapped), headers=KEY)
            ensure_calm(answer, f"{field} of {path}")
            ensure_described(answer, path)
    for cell in ({"labels": [text, *LABELS[1:]]}, {"labels": LABELS, "table": text}, {"labels": LABELS, "count": text}):
        batch = {"spool": "0" * 16, "sequence": 1, "cells": [{"period": 1, "count": 1, **cell}]}
        for whole in (batch, {**batch, "spool": text}):
            answer = line.post(demo.url + "/v1/tallies", content=sent(whole), headers=KEY)
            ensure_calm(answer, "a sum")
            ensure_described(answer, "/v1/tallies")


@pytest.mark.parametrize("name", sorted(TEXTS))
def test_in_every_part_of_an_address(demo: Service, line: httpx.Client, name: str) -> None:
    text = quote(TEXTS[name].encode("utf-8", "replace"), safe="")
    token = demo.check(LISTED)["page"].removeprefix(demo.url)
    for path in (f"/w/{text}", f"{token}/{text}", f"{token}/go/{text}", f"{token}/leave/{text}", f"{token}?lang={text}",
                 f"/en/help/{text}", f"/en/{text}", f"/{text}", f"/en/help?lang={text}"):  # fmt: skip
        ensure_calm(line.get(demo.url + path), path)
    for query in (f"country={text}", f"audience={text}", f"{text}={text}"):
        ensure_calm(line.get(f"{demo.url}/v1/resources?{query}"), query)
    for query in (
        f"table={text}",
        f"table=checks&from={text}",
        f"table=checks&to={text}",
        f"table=checks&format={text}",
    ):
        ensure_calm(line.get(f"{demo.url}/v1/counts?{query}", headers=KEY), query)
    for query in (f"style={text}&q=x", f"country={text}&q=x", f"surface={text}&q=x", f"q={text}", f"url={text}"):
        ensure_calm(line.get(f"{demo.url}/v1/forward?{query}", headers=KEY), query)
    ensure_calm(line.post(demo.url, data={"text": text, "country": text, "languages": text}), "the form")


@pytest.mark.parametrize(
    "name", sorted(set(TEXTS) - {"null", "controls", "line breaks", "store command", "separators"})
)
def test_in_every_header_that_is_looked_at_and_some_that_are_not(demo: Service, line: httpx.Client, name: str) -> None:
    value = TEXTS[name].encode("utf-8", "replace").strip()
    page = demo.check(LISTED)["page"]
    for header in IN_HEADERS:
        named: Any = {header: value}
        ensure_calm(line.get(page, headers=named), header)
        ensure_calm(
            line.post(f"{demo.url}/v1/check", content=sent({"query": LISTED}), headers={**KEY, **named}), header
        )
    whole: Any = dict.fromkeys(IN_HEADERS, value)
    for address in (f"{page}/leave", f"{demo.url}/en/help", f"{demo.url}/v1/resources"):
        ensure_calm(line.get(address, headers=whole), address)
    ensure_calm(line.get(f"{demo.url}/v1/forward?q=x", headers={**whole, **KEY}), "forward")


def test_after_all_of_it_the_service_answers_as_before(demo: Service) -> None:
    assert demo.check(LISTED)["action"] == "block"
    assert demo.check("chocolate cake")["action"] == "allow"
    assert demo.process is not None
    assert demo.process.poll() is None
    assert "Traceback" not in demo.log.read_text()
