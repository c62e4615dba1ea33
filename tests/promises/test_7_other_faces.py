"""Owns promises 1, 2 and 7 for the other faces of a page: nothing of a search in them, help whatever breaks, no script
and no cookie."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from conftest import LISTED, Html
from tests.promises.test_7_no_script_no_cookie import HEADERS

if TYPE_CHECKING:
    from tests.promises.conftest import Worker

FACES = {"text/plain": "text/plain; charset=utf-8", "application/json": "application/json"}
BREAKABLE = ("redirect.web.scribe.Scribe.face", "redirect.web.faces.plain", "redirect.journeys.views.Views.page")


def asked(worker: Worker, face: str) -> dict[str, object]:
    _, _, body = worker.call("POST", "/v1/check", json.dumps({"query": LISTED, "face": face}).encode())
    answer: dict[str, object] = json.loads(body)
    return answer


@pytest.mark.parametrize("accept", FACES)
@pytest.mark.parametrize("part", BREAKABLE)
def test_a_face_that_breaks_still_helps(
    worker: Worker, monkeypatch: pytest.MonkeyPatch, accept: str, part: str
) -> None:
    page = str(asked(worker, "card")["page"]).removeprefix("http://127.0.0.1:8080")

    def broken(*_: object, **__: object) -> None:
        raise RuntimeError

    monkeypatch.setattr(part, broken)
    for path in (page, "/w/x"):
        status, headers, body = worker.call("GET", path, accept=accept, accept_language="ar")
        assert status == 200
        assert headers["content-type"] == FACES[accept]
        assert b"https://findahelpline.com" in body
        assert {name: headers.get(name) for name in HEADERS} == HEADERS


@pytest.mark.parametrize("face", ["card", "matrix"])
def test_an_answer_is_not_lost_with_its_face(worker: Worker, monkeypatch: pytest.MonkeyPatch, face: str) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError

    monkeypatch.setattr("redirect.web.scribe.Scribe.face", broken)
    monkeypatch.setattr("redirect.web.scribe.Scribe.brief", broken)
    answer = asked(worker, face)
    assert answer["action"] == "block"
    assert answer["page"]
    assert face not in answer
    assert worker.notes == ["a face broke (RuntimeError)"]


@pytest.mark.parametrize("face", ["card", "matrix"])
def test_no_face_tells_what_was_searched(worker: Worker, face: str) -> None:
    said = json.dumps(asked(worker, face)).lower()
    assert "zorblax" not in said
    assert "minku" not in said


def test_a_card_has_no_script_and_loads_nothing(worker: Worker) -> None:
    read = Html(str(asked(worker, "card")["card"]))
    assert {name for name, _ in read.tags} == {"section", "style", "h2", "p", "a", "small"}
    assert not [name for _, attributes in read.tags for name in attributes if name.startswith("on") or name == "src"]
