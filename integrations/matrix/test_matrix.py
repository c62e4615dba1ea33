"""Owns what the Matrix recipe promises, on the real service, before a stand-in for a homeserver."""

from __future__ import annotations

import importlib.util
import json
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.conftest import PAGES, Reply, StandIn, ask, listening
from integrations.contract import CANARY, PERSON, Front, assert_unwritten, decided
from integrations.programs import program
from redirect.client import Action, Answer, AsyncClient, Resource

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conftest import Service

HERE = Path(__file__).parent
PATH = "/_matrix/client/v3/publicRooms"
ROOMS = b'{"chunk":[{"room_id":"!a:home.example"}]}'
SERVER = [sys.executable, "-m", "uvicorn", "--no-access-log", "--lifespan", "off", "--factory", "room_search:app"]
TEXTS = st.text() | st.integers() | st.none()


def _load() -> Any:
    spec = importlib.util.spec_from_file_location("room_search", HERE / "room_search.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


recipe = _load()


@pytest.fixture(scope="module")
def homeserver() -> Iterator[StandIn]:
    with listening(StandIn(body=ROOMS, headers={"Content-Type": "application/json", "X-Home": "yes"})) as stand_in:
        yield stand_in


@pytest.fixture(scope="module")
def gate(service: Service, homeserver: StandIn) -> Iterator[Front]:
    environ = {
        "REDIRECT_SERVICE": service.url, "REDIRECT_KEY": "demo", "HOMESERVER": f"http://127.0.0.1:{homeserver.port}",
    }  # fmt: skip
    with program(lambda port: [*SERVER, "--port", str(port)], environ, HERE) as front:
        yield front


def search(gate: Front, term: str, path: str = PATH, **headers: str) -> Reply:
    body = json.dumps({"limit": 20, "filter": {"generic_search_term": term}}).encode()
    return ask(gate.port, path, "POST", body, PERSON, {"Content-Type": "application/json", **headers})


def _is_refused(reply: Reply) -> bool:
    return reply.status == 403


def test_a_refusal_says_what_helps_and_where() -> None:
    place = Resource(id="a", name="A Line", phone="+440000", phone_display="0000")
    answer = Answer(action=Action.BLOCK, page=PAGES + "abc", title="Stop.", text="One.\n\nTwo.", resources=(place,) * 5)
    status, body = recipe.refusal(answer)
    assert status == 403
    assert set(body) == {"errcode", "error"}
    assert body["errcode"] == "M_FORBIDDEN"
    contacts = "A Line: 0000\nA Line: 0000\nA Line: 0000"
    assert body["error"] == f"Stop.\n\nOne.\n\nTwo.\n\n{contacts}\n\n{PAGES}abc"


def test_what_is_not_blocked_is_not_refused() -> None:
    assert recipe.refusal(Answer(action=Action.ALLOW)) is None
    assert recipe.refusal(Answer(action=Action.WARN, page=PAGES + "abc")) is None


def test_closed_without_a_page_implies_nothing() -> None:
    status, body = recipe.refusal(Answer(action=Action.BLOCK, degraded=True, degraded_reason="timeout"))
    assert (status, body["errcode"]) == (503, "M_UNKNOWN")


@given(st.recursive(TEXTS, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=5))
def test_nothing_that_is_sent_breaks_the_reading_of_it(body: Any) -> None:
    for sent in (body, {"filter": body}, {"filter": {"generic_search_term": body}}):
        term = recipe.search_term(json.dumps(sent).encode())
        assert isinstance(term, str)
    assert recipe.search_term(json.dumps({"filter": {"generic_search_term": "minku"}}).encode()) == "minku"


@given(st.binary())
def test_what_is_no_json_searches_for_nothing(body: bytes) -> None:
    assert isinstance(recipe.search_term(body), str)


async def test_a_homeserver_that_can_call_python_asks_by_itself(service: Service) -> None:
    async with AsyncClient(service.url, "demo", timeout=5) as redirect:
        rooms = recipe.RoomSearch(redirect)
        status, body = await rooms.refusal("zorblax minku", "es")
        assert status == 403
        assert PAGES in body["error"]
        assert await rooms.refusal("weather tomorrow") is None
        assert await rooms.refusal("") is None
        assert await rooms.refusal("x " * 4000 + "zorblax minku") is not None


@pytest.mark.parametrize("term", ["zorblax minku", "ＺＯＲＢＬＡＸ  minku", "zorblax%20minku", "\ud800 zorblax minku"])
def test_a_listed_search_shows_no_rooms_but_help(gate: Front, homeserver: StandIn, term: str) -> None:
    before = len(homeserver.seen)
    reply = decided(lambda: search(gate, term), _is_refused)
    assert _is_refused(reply)
    assert reply.headers["content-type"] == "application/json"
    assert reply.headers["access-control-allow-origin"] == "*"
    body = json.loads(reply.body)
    assert body["errcode"] == "M_FORBIDDEN"
    assert PAGES in body["error"]
    assert "zorblax" not in body["error"].lower()
    assert len(homeserver.seen) == before


def test_the_text_is_in_the_language_of_the_person(gate: Front) -> None:
    english, spanish = (
        decided(partial(search, gate, "zorblax minku", **{"Accept-Language": language}), _is_refused)
        for language in ("en", "es")
    )
    assert english.status == spanish.status == 403
    assert english.body[:200] != spanish.body[:200]


def test_any_other_search_reaches_the_homeserver_as_it_was(gate: Front, homeserver: StandIn) -> None:
    reply = search(gate, "weather tomorrow", PATH + "?server=remote.example", Authorization="Bearer person")
    assert (reply.status, reply.body, reply.headers["x-home"]) == (200, ROOMS, "yes")
    seen = homeserver.seen[-1]
    assert seen.target == PATH + "?server=remote.example"
    assert seen.headers["authorization"] == "Bearer person"
    assert json.loads(seen.body)["filter"]["generic_search_term"] == "weather tomorrow"
    for body in (b"", b"no json", b'{"filter":{}}', b'{"filter":{"generic_search_term":7}}', b"x" * recipe.BODY_LIMIT):
        assert ask(gate.port, PATH, "POST", body).body == ROOMS
        assert homeserver.seen[-1].body == body
    assert ask(gate.port, PATH + "?limit=5").body == ROOMS


@pytest.mark.parametrize("method", ["POST", "PUT"])
def test_no_padding_takes_a_search_past_the_gate(gate: Front, homeserver: StandIn, method: str) -> None:
    before = len(homeserver.seen)
    body = b" " * 200_000 + b'{"filter":{"generic_search_term":"zorblax minku"}}'
    reply = ask(gate.port, PATH, method, body, PERSON, {"Content-Type": "application/json"})
    assert (reply.status, json.loads(reply.body)["errcode"]) == (413, "M_TOO_LARGE")
    assert reply.headers["access-control-allow-origin"] == "*"
    assert len(homeserver.seen) == before


def test_a_homeserver_that_is_gone_is_a_bad_gateway(service: Service) -> None:
    environ = {"REDIRECT_SERVICE": service.url, "REDIRECT_KEY": "demo", "HOMESERVER": "http://127.0.0.1:9"}
    with program(lambda port: [*SERVER, "--port", str(port)], environ, HERE) as front:
        assert search(front, f"weather {CANARY}").status == 502
        assert_unwritten([front.directory])


def test_nothing_of_a_search_is_written(gate: Front) -> None:
    for term in (CANARY, f"zorblax minku {CANARY}"):
        search(gate, term)
    ask(gate.port, f"{PATH}?{CANARY}", "POST", CANARY.encode(), PERSON)
    assert_unwritten([gate.directory])
