"""Owns what the proxy before search engines promises, on the real uvicorn and the real service. The engine is a
stand-in with the paths of OpenSearch and Meilisearch, which are in no registry that the project uses."""

from __future__ import annotations

import json
import sys
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, quote

import pytest

from conftest import eventually
from integrations.conftest import PAGES, Reply, StandIn, ask
from integrations.contract import JSON, LISTED, ONLY_LIKELY, CheckAdapter, Front, MakeFront, decided
from integrations.programs import program

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from conftest import Service

HERE = Path(__file__).parent
SERVER = [sys.executable, "-m", "uvicorn", "--no-access-log", "--lifespan", "off", "proxy:app"]
TEXT = "zorblax minku"
MATCH = {"match": {"title": TEXT}}
NDJSON = {"Content-Type": "application/x-ndjson"}


class Engine(Front):
    """The proxy, asked as OpenSearch is: a form of the contract becomes a query in JSON."""

    path = b"/library/_search"

    def search(
        self, query: bytes, method: str = "GET", headers: Mapping[str, str] | None = None, source: str = "127.0.0.1"
    ) -> Reply:
        if method != "POST":
            return super().search(query, method, headers, source)
        values = [value for _, value in parse_qsl(query.decode(errors="replace"), errors="replace")]
        body = {"query": {"bool": {"should": [{"match": {"title": value}} for value in values]}}}
        return self.post("/library/_search", body, {**(headers or {})}, source)

    def post(self, path: str, body: Any, headers: Mapping[str, str] | None = None, source: str = "127.0.0.1") -> Reply:
        """A search in JSON, in lines of it where a list is given."""
        lines = [json.dumps(line) for line in body] if isinstance(body, list) else [json.dumps(body)]
        kind = NDJSON if isinstance(body, list) else JSON
        return ask(self.port, path, "POST", "\n".join([*lines, ""]).encode(), source, {**(headers or {}), **kind})


@pytest.fixture(scope="module")
def make_front(service: Service, platform: StandIn) -> Iterator[MakeFront]:
    with ExitStack() as running:

        def make(
            asked: int | None = None, *, on_error: str = "open", key: str = "demo", behind: int | None = None
        ) -> Front:
            environ = {
                "ENGINE": f"http://127.0.0.1:{behind or platform.port}", "ON_ERROR": on_error, "REDIRECT_KEY": key,
                "REDIRECT_SERVICE": f"http://127.0.0.1:{asked or service.port}",
            }  # fmt: skip
            front = running.enter_context(program(lambda port: [*SERVER, "--port", str(port)], environ, HERE))
            return Engine(front.port, front.directory, path=Engine.path)

        yield make


@pytest.fixture(scope="module")
def front(make_front: MakeFront) -> Front:
    front = make_front()
    eventually(lambda: finds_nothing(front.search(LISTED)), why="it never stopped anything")
    return front


def finds_nothing(reply: Reply, where: Callable[[Any], Any] = lambda found: found["hits"]["hits"]) -> bool:
    """Whether the engine's own form of an answer is empty, and says which page to show."""
    if reply.status != 200 or f"<{PAGES}" not in reply.headers.get("link", "") or not reply.body.startswith(b"{"):
        return False
    found = json.loads(reply.body)
    return where(found) == [] and found["redirect"]["page"].startswith(PAGES) and bool(found["redirect"]["resources"])


class TestContract(CheckAdapter):
    """As everywhere, but that programs and not people ask: a stop finds nothing, and says which page to show."""

    def is_stopped(self, reply: Reply, method: str = "GET") -> bool:
        is_head = reply.status == 200 and not reply.body and f"<{PAGES}" in reply.headers.get("link", "")
        return is_head or (finds_nothing_in_ill(reply) if b'"resources":[]' in reply.body else finds_nothing(reply))

    @pytest.mark.parametrize("length", [1, 40_000, 65_000])
    def test_any_other_body_reaches_the_platform_as_it_was(self, front: Front, platform: StandIn, length: int) -> None:
        body = b'{ "query":  {"match": {"title": "weather ' + b"x" * length + b'"}}}'
        assert self.passes(ask(front.port, "/_search", "POST", body, headers=JSON))
        assert (platform.seen[-1].target, platform.seen[-1].body) == ("/_search", body)


def finds_nothing_in_ill(reply: Reply) -> bool:
    """As finds_nothing, by the answer of the contract's stand-in, which names no help."""
    return reply.status == 200 and json.loads(reply.body)["redirect"]["page"].startswith(PAGES)


@pytest.mark.parametrize(
    "query",
    [
        MATCH,
        {"multi_match": {"query": TEXT, "fields": ["title", "text"]}},
        {"query_string": {"query": "title:zorblax AND (title:minku)^2"}},
        {"simple_query_string": {"query": '"zorblax" + minku~1'}},
        {"bool": {"must": [{"match_all": {}}], "filter": [{"nested": {"path": "a", "query": MATCH}}]}},
        {"function_score": {"query": {"match_phrase": {"title": {"query": TEXT, "slop": 1}}}}},
        {"terms": {"title": ["weather", TEXT]}},
    ],
)
def test_a_listed_text_finds_nothing_wherever_it_stands(front: Engine, query: dict[str, Any]) -> None:
    assert finds_nothing(decided(partial(front.post, "/library/_search", {"query": query}), finds_nothing))


@pytest.mark.parametrize("path", ["/_search", "/library/_search", "/a,b*/_search?pretty"])
def test_every_path_of_a_search_is_decided(front: Engine, path: str) -> None:
    body = {"suggest": {"s": {"text": TEXT, "term": {"field": "title"}}}}
    assert finds_nothing(decided(partial(front.post, path, body), finds_nothing))


def test_one_listed_search_of_many_empties_them_all(front: Engine, platform: StandIn) -> None:
    lines = [{}, {"query": {"match_all": {}}}, {"index": "library"}, {"query": MATCH}]

    def is_empty(reply: Reply) -> bool:
        return finds_nothing(reply, lambda found: [one for one in found["responses"] if one["hits"]["hits"]])

    reply = decided(partial(front.post, "/library/_msearch", lines), is_empty)
    assert is_empty(reply)
    assert [one["status"] for one in json.loads(reply.body)["responses"]] == [200, 200]
    assert front.post("/_msearch", lines[:2]).body == platform.body


def test_meilisearch_is_answered_in_its_own_form(front: Engine, platform: StandIn) -> None:
    for body in ({"q": TEXT}, {"q": "weather", "filter": f"title = '{TEXT}'"}):
        reply = decided(partial(front.post, "/indexes/library/search", body), partial(finds_nothing, where=_hits))
        assert finds_nothing(reply, _hits)
        assert json.loads(reply.body)["estimatedTotalHits"] == 0
    get = partial(ask, front.port, "/indexes/library/search?q=zorblax%20minku")
    assert finds_nothing(decided(get, partial(finds_nothing, where=_hits)), _hits)
    assert front.post("/indexes/library/search", {"q": "weather"}).body == platform.body


def _hits(found: Any) -> Any:
    return found["hits"]


def test_several_searches_of_meilisearch_are_emptied_together(front: Engine) -> None:
    queries = [{"indexUid": "films", "q": "weather"}, {"indexUid": "library", "q": TEXT}]

    def is_empty(reply: Reply) -> bool:
        return finds_nothing(reply, lambda found: [one for one in found["results"] if one["hits"]])

    reply = decided(partial(front.post, "/multi-search", {"queries": queries}), is_empty)
    assert [one["indexUid"] for one in json.loads(reply.body)["results"]] == ["films", "library"]
    federated = {"federation": {}, "queries": queries}
    assert finds_nothing(
        decided(partial(front.post, "/multi-search", federated), partial(finds_nothing, where=_hits)), _hits
    )


@pytest.mark.parametrize("text", [TEXT, "ＺＯＲＢＬＡＸ ｍｉｎｋｕ"])
def test_a_query_in_the_address_of_a_get_is_decided_in_any_script(front: Engine, text: str) -> None:
    source = quote(json.dumps({"query": {"match": {"title": text}}}, ensure_ascii=False))
    in_address = partial(ask, front.port, f"/_search?source={source}&source_content_type=application/json")
    assert finds_nothing(decided(in_address, finds_nothing))


def test_a_query_in_the_body_of_a_get_is_decided(front: Engine) -> None:
    in_body = partial(ask, front.port, "/_search", "GET", json.dumps({"query": MATCH}).encode(), headers=JSON)
    assert finds_nothing(decided(in_body, finds_nothing))


def test_a_likely_search_keeps_its_results_and_says_which_card_to_show(front: Front, platform: StandIn) -> None:
    reply = decided(lambda: front.search(ONLY_LIKELY), lambda reply: "link" in reply.headers)
    assert reply.body == platform.body
    assert reply.headers["link"].startswith(f"<{PAGES}")
    assert "link" not in front.search(b"q=weather").headers


@pytest.mark.parametrize(
    ("path", "kind", "body", "status"),
    [
        ("/library/_doc/1", JSON, b"{}", 404), ("/_bulk", NDJSON, b"{}", 404), ("/_plugins/_sql", JSON, b"{}", 404),
        ("/library/_search/template", JSON, b"{}", 404), ("/library//_search", JSON, b"{}", 404),
        ("/indexes/library/documents", JSON, b"{}", 404), ("/_search/../_bulk", JSON, b"{}", 404),
        ("/_search", {"Content-Type": "application/yaml"}, b"query: {match: {title: zorblax minku}}", 415),
        ("/_search", {"Content-Type": "application/smile"}, b":)\n", 415), ("/_search", {}, b"{}", 415),
        ("/_search", JSON, b'{"query": /* zorblax */ {}}', 400), ("/_search", JSON, b'{"q": "\xff"}', 400),
        ("/_search", JSON, b"[" * 5000, 400), ("/_search?source=%7B'", {}, b"", 400),
        ("/_search?source=%7B%22q%22:%22%FF%22%7D", {}, b"", 400),
        ("/_search", JSON, b'{"q": "' + b"x" * (1 << 16) + b'"}', 413),
    ],
)  # fmt: skip
def test_what_is_no_search_or_cannot_be_read_never_reaches_the_engine(
    front: Front, platform: StandIn, path: str, kind: dict[str, str], body: bytes, status: int
) -> None:
    before = len(platform.seen)
    reply = ask(front.port, path, "POST", body, headers=kind)
    assert reply.status == status
    assert "zorblax" not in reply.body.decode()
    assert len(platform.seen) == before


@pytest.mark.parametrize("unit", ["x", "x.", "title:", "~1", "AND ", "(", "\u0661", "a b "])
def test_no_text_takes_long_to_read(front: Engine, platform: StandIn, unit: str) -> None:
    body = {"query": {"query_string": {"query": unit * (60_000 // len(json.dumps(unit)))}}}
    quickest = min((front.post("/_search", body) for _ in range(3)), key=lambda reply: reply.seconds)
    assert quickest.body == platform.body
    assert quickest.seconds < 0.5


def test_the_page_is_in_the_language_of_the_person(front: Engine) -> None:
    def title(language: str) -> str:
        say = partial(front.post, "/_search", {"query": MATCH}, {"Accept-Language": language})
        return str(json.loads(decided(say, finds_nothing).body)["redirect"]["title"])

    assert title("de") != title("en")


def test_the_address_reaches_the_engine_as_it_was(front: Front, platform: StandIn) -> None:
    ask(front.port, "/a%2Cb/_search?q=weather%20tomorrow&sort=date:desc&b=%C3%28")
    assert platform.seen[-1].target == "/a%2Cb/_search?q=weather%20tomorrow&sort=date:desc&b=%C3%28"
    assert LISTED.decode() not in platform.seen[-1].target
