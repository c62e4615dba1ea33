"""What the service is told of a request: everything that decides, and nothing that could end a header."""

from __future__ import annotations

import re
from urllib.parse import parse_qsl

from hypothesis import given
from hypothesis import strategies as st

from redirect.proxies.question import FORM_LIMIT, Question, forward_headers, whole_address

SENDABLE = re.compile(rb"[^\x00-\x20\x7f]*")


@given(st.binary(max_size=300), st.text(max_size=20), st.text(max_size=900), st.binary(max_size=300))
def test_no_header_of_a_question_can_hold_another_one(address: bytes, method: str, languages: str, form: bytes) -> None:
    headers = forward_headers(Question(address, method, languages, form))
    assert {name for name, _ in headers} <= {
        b"X-Original-URI", b"X-Forwarded-Uri", b"X-Original-Method", b"Accept-Language"
    }  # fmt: skip
    assert all(SENDABLE.fullmatch(value) for _, value in headers)
    assert dict(headers)[b"X-Original-URI"]


@given(st.lists(st.tuples(st.sampled_from(["q", "p", "search[a]"]), st.binary(max_size=20)), min_size=1, max_size=5))
def test_a_form_means_to_the_service_what_it_means_to_a_site(fields: list[tuple[str, bytes]]) -> None:
    form = b"&".join(name.encode() + b"=" + value.replace(b"&", b"%26") for name, value in fields)
    told = dict(forward_headers(Question(b"/", form=form)))[b"X-Forwarded-Uri"].removeprefix(b"?")
    assert _fields(told) == _fields(form)


def _fields(form: bytes) -> list[tuple[str, str]]:
    return parse_qsl(form.decode("latin-1"), encoding="latin-1")


def test_address_and_form_stay_below_what_the_service_takes() -> None:
    headers = forward_headers(Question(b"\0" * (1 << 20), "GET", "x" * 9000, b"\0" * (1 << 20)))
    assert sum(len(name) + len(value) + 4 for name, value in headers) < (1 << 17) - 2000
    assert len(dict(headers)[b"X-Forwarded-Uri"]) <= FORM_LIMIT


def test_an_address_is_whole_where_its_host_is_known() -> None:
    assert whole_address("GET", b"/a?q=b", b"search.example") == b"http://search.example/a?q=b"
    assert whole_address("GET", b"http://a.example/b", b"other.example") == b"http://a.example/b"
    assert whole_address("CONNECT", b"blocked.example:443", b"other.example") == b"https://blocked.example:443/"
    assert whole_address("GET", b"/a?q=b", b"") == b"/a?q=b"
    assert whole_address("OPTIONS", b"*", b"search.example") == b"*"


def test_nothing_of_a_question_shows() -> None:
    assert repr(Question(b"http://search.example/?q=zorblax", form=b"q=zorblax")) == "Question(…)"
