"""Owns `POST /v1/check/batch`: many subjects, answered in their order or not at all."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from conftest import LISTED, LISTED_URL, Service, eventually
from redirect.web.check import BATCH_LIMIT, BATCH_SUBJECTS
from redirect.web.problems import type_of

if TYPE_CHECKING:
    from collections.abc import Callable


def test_answers_come_in_the_order_of_the_subjects(demo: Service) -> None:
    subjects = [{"query": LISTED}, {"query": "chocolate cake"}, {"url": LISTED_URL}, {"query": "quellfen drovic"}] * 60
    answers = demo.ask("/v1/check/batch", json={"subjects": subjects}).json()["answers"]
    assert [answer["action"] for answer in answers] == ["block", "allow", "block", "warn"] * 60


def test_one_answer_of_a_batch_is_what_a_single_call_says(demo: Service) -> None:
    subject = {"query": LISTED, "country": "AR", "languages": "es", "attempt": 1}
    assert demo.ask("/v1/check/batch", json={"subjects": [subject]}).json() == {"answers": [demo.check(**subject)]}  # type: ignore[arg-type]


def test_an_empty_batch_has_no_answers(demo: Service) -> None:
    assert demo.ask("/v1/check/batch", json={"subjects": []}).json() == {"answers": []}


def test_a_thousand_subjects_are_answered_and_one_more_is_refused(demo: Service) -> None:
    many: list[dict[str, Any]] = [{"query": "x"}] * BATCH_SUBJECTS
    assert len(demo.ask("/v1/check/batch", json={"subjects": many}).json()["answers"]) == BATCH_SUBJECTS
    refused = demo.ask("/v1/check/batch", json={"subjects": [*many, {"query": "x"}]})
    assert (refused.status_code, refused.json()["type"]) == (400, type_of("invalid-request"))


def test_a_batch_over_its_limit_is_refused_and_one_at_its_limit_is_not(demo: Service) -> None:
    body = json.dumps({"subjects": [{"query": LISTED}]}).encode()
    assert demo.ask("/v1/check/batch", content=body.ljust(BATCH_LIMIT)).status_code == 200
    refused = demo.ask("/v1/check/batch", content=body.ljust(BATCH_LIMIT + 1))
    assert (refused.status_code, refused.json()["type"]) == (413, type_of("body-too-large"))


@pytest.mark.parametrize("wrong", [{}, {"query": "a", "url": "b"}, {"query": "x" * 5000}, {"query": 1}, {"q": "x"}])
def test_one_wrong_subject_refuses_all_and_counts_none(
    make_service: Callable[..., Service], wrong: Any, quiet: Service
) -> None:
    before = quiet.counts()
    refused = quiet.ask("/v1/check/batch", json={"subjects": [{"query": LISTED}] * 30 + [wrong]})
    assert refused.status_code in {400, 413}
    assert quiet.counts() == before


def test_every_subject_of_a_batch_is_counted(quiet: Service) -> None:
    quiet.ask("/v1/check/batch", json={"subjects": [{"query": "chocolate cake", "surface": "people"}] * 40})

    def rows() -> list[int]:
        return [row["count"] for row in quiet.counts() if row["surface"] == "people"]

    eventually(lambda: rows() == [40])


def test_broken_text_in_a_batch_is_decided(demo: Service) -> None:
    body = rb'{"subjects":[{"query":"zorblax \ud800 minku"},{"query":"x"}]}'
    answers = demo.ask("/v1/check/batch", content=body).json()["answers"]
    assert [answer["action"] for answer in answers] == ["block", "allow"]


@pytest.fixture(scope="module")
def quiet(make_service: Callable[..., Service]) -> Service:
    """A service that nobody else asks."""
    return make_service("--demo")
