"""Owns the choice of a face: browsers and programs get HTML, and others what they name."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from redirect.web.accept import Kind, asked

HTML = (
    b"",
    b"*/*",
    b"text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8",
    b"application/json, text/plain, */*",
    b"text/*",
    b"application/*",
    b"image/png",
    b"text/plain;q=0",
    b"text/plain;q=0.5, text/html;q=0.5",
    b"application/json;q=0.4, */*;q=0.5",
    b"text/plain;q=nan",
    b"text/plain;q=inf",
    b"text/plain;q=2",
    b"text/plain;q=-1",
    b"text/plainly",
    b"application/ld+json",
    b"," * 600 + b"text/plain",
)
TEXT = (
    b"text/plain",
    b"TEXT/Plain; charset=utf-8",
    b"text/plain;q=0.9, text/html;q=0.8",
    b"text/plain, */*;q=0.1",
    b"application/json;q=0.2,text/plain;q=0.3",
    b"text/html;q=0, text/plain;q=0.001",
)
JSON = (b"application/json", b"application/json, */*;q=0.5", b"text/plain;q=0.2, application/json;q=0.3")


@pytest.mark.parametrize("accept", HTML)
def test_browsers_and_programs_that_take_anything_get_html(accept: bytes) -> None:
    assert asked(accept) is Kind.HTML


@pytest.mark.parametrize("accept", TEXT)
def test_who_prefers_text_gets_text(accept: bytes) -> None:
    assert asked(accept) is Kind.TEXT


@pytest.mark.parametrize("accept", JSON)
def test_who_prefers_json_gets_json(accept: bytes) -> None:
    assert asked(accept) is Kind.JSON


@given(st.binary(max_size=2000))
def test_any_header_asks_for_some_face(accept: bytes) -> None:
    assert asked(accept) in Kind


@given(st.lists(st.sampled_from([b"text/plain", b"application/json", b"text/html", b"*/*", b";q=0.5", b";q=", b","])))
def test_headers_made_of_real_parts_ask_for_some_face(parts: list[bytes]) -> None:
    assert asked(b"".join(parts)) in Kind
