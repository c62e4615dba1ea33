"""Owns what a platform may ask about."""

from __future__ import annotations

import logging

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from redirect.domain.errors import BadRequest
from redirect.domain.subject import ATTEMPTS, TEXT_LIMIT, Subject

SECRET = "Vorlinqet7Basmo"  # noqa: S105 (an invented word)


def problem(subject: Subject) -> str:
    with pytest.raises(BadRequest) as caught:
        subject.ensure_valid()
    return caught.value.problem


def test_a_subject_is_a_query_or_an_address() -> None:
    Subject(query="").ensure_valid()
    Subject(url="").ensure_valid()
    assert problem(Subject()) == "query-or-url"
    assert problem(Subject(query="", url="")) == "query-or-url"


@given(st.text(st.characters(), max_size=2000).map(lambda text: text * 5))
def test_length_is_measured_in_bytes(text: str) -> None:
    size = len(text.encode(errors="replace"))
    for subject in (Subject(query=text), Subject(url=text)):
        if size > TEXT_LIMIT:
            assert problem(subject) == "text-too-long"
        else:
            subject.ensure_valid()


@pytest.mark.parametrize("unit", ["x", "\u00e9", "\u20ac", "\U0001f600"])
def test_the_limit_itself_is_allowed(unit: str) -> None:
    most = TEXT_LIMIT // len(unit.encode())
    Subject(query=unit * most).ensure_valid()
    assert problem(Subject(query=unit * most + "x" * len(unit.encode()))) == "text-too-long"


def test_no_way_of_showing_a_subject_shows_it(caplog: pytest.LogCaptureFixture) -> None:
    subject = Subject(query=SECRET, languages=SECRET, country="AR")
    logging.getLogger("zorblax").warning("asked %s %r", subject, [subject])
    for shown in (repr(subject), str(subject), f"{subject}", repr({"a": (subject,)}), caplog.text):
        assert SECRET not in shown
    with pytest.raises(BadRequest) as caught:
        Subject(query=SECRET, url=SECRET).ensure_valid()
    assert SECRET not in repr(caught.value)


@pytest.mark.parametrize(
    ("given_", "label"), [(None, "unknown"), (0, "0"), (1, "1"), (2, "2+"), (10**30, "2+"), ("0", "0"), ("2+", "2+")]
)
def test_an_attempt_is_one_of_four(given_: object, label: str) -> None:
    body = msgspec.json.encode({"query": "x", "attempt": given_})
    assert msgspec.json.decode(body, type=Subject).attempt_label == label
    assert label in ATTEMPTS
