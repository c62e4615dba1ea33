"""Tests of suggestions: which are shown, and that all else stays as it is. They go through the middleware, asking a
stand-in of the service that blocks whatever says zorblax."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.conftest import Seen, StandIn, listening
from integrations.contract import BLOCK, JSON
from redirect.client import Action, Answer, AsyncClient, Client
from redirect.middleware import asgi, wsgi
from redirect.middleware.searches import Asked
from redirect.middleware.suggestions import LENGTH_LIMIT, MEDIA_TYPE, MOST, Suggestions, read_suggestions

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from http.server import BaseHTTPRequestHandler

    Suggest = Callable[..., Any]

ALLOW = Answer(action=Action.ALLOW)
PATHS: dict[str, Any] = {"/search": "web", "/suggest": "suggest"}
OPEN_SEARCH = [
    "wea",
    ["weather", "zorblax minku", "wear"],
    ["a", "b", "c"],
    ["http://a.example", "http://b.example", ""],
]


class Deciding(StandIn):
    """The service, which knows one word; `likely` is its action for another one."""

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        content = request.rfile.read(int(request.headers["Content-Length"]))
        self.seen.append(Seen(request.command, request.path, {}, content))
        asked = json.loads(content)
        answers = [self._answer(subject["query"]) for subject in asked.get("subjects", [asked])]
        body = json.dumps({"answers": answers} if "subjects" in asked else answers[0]).encode()
        request.send_response(200)
        for name, value in {**JSON, "Content-Length": str(len(body))}.items():
            request.send_header(name, value)
        request.end_headers()
        request.wfile.write(body)

    def _answer(self, query: str) -> dict[str, Any]:
        action = "block" if "zorblax" in query else "warn" if "morquil" in query else "allow"
        return {**BLOCK, "action": action}


@pytest.fixture(scope="module")
def redirect() -> Iterator[StandIn]:
    with listening(Deciding()) as stand_in:
        yield stand_in


@pytest.fixture(params=["asgi", "wsgi"])
def suggest(request: pytest.FixtureRequest, redirect: StandIn) -> Suggest:
    """What comes of suggestions behind either middleware: `suggest(body, query="wea")` gives content type and body."""
    ask = _by_asgi if request.param == "asgi" else _by_wsgi
    return lambda *said, **situation: ask(f"http://127.0.0.1:{redirect.port}", *said, **situation)


async def _by_asgi(
    service: str, body: bytes, query: str = "wea", kind: str = MEDIA_TYPE, path: str = "/suggest", **options: Any
) -> tuple[int, dict[str, str], bytes]:
    sent: list[Any] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        headers = [(b"Content-Type", kind.encode()), (b"content-length", b"%d" % len(body)), (b"etag", b'"1"')]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        for start in range(0, len(body), 7000):
            await send({"type": "http.response.body", "body": body[start : start + 7000], "more_body": True})
        await send({"type": "http.response.body"})

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {"type": "http", "method": "GET", "path": path, "query_string": f"q={query}".encode(), "headers": []}
    async with AsyncClient(service, "demo", timeout=5) as client:
        await asgi.RedirectMiddleware(app, redirect=client, paths=PATHS, **options)(scope, lambda: None, send)  # type: ignore[arg-type, return-value]
    named = {name.decode().lower(): value.decode() for name, value in sent[0]["headers"]}
    return sent[0]["status"], named, b"".join(message.get("body", b"") for message in sent[1:])


async def _by_wsgi(
    service: str, body: bytes, query: str = "wea", kind: str = MEDIA_TYPE, path: str = "/suggest", **options: Any
) -> tuple[int, dict[str, str], bytes]:
    started: list[Any] = []

    def app(environ: Any, start_response: Any) -> Iterator[bytes]:
        headers = [("Content-Type", kind), ("content-length", str(len(body))), ("etag", '"1"')]
        write = start_response("200 OK", headers)
        write(body[:1])
        yield body[1:]

    written: list[bytes] = []

    def start(*said: Any) -> Any:
        started.extend(said)
        return written.append

    environ = {"REQUEST_METHOD": "GET", "PATH_INFO": path, "QUERY_STRING": f"q={query}"}
    with Client(service, "demo", timeout=5) as client:
        whole = b"".join(wsgi.RedirectMiddleware(app, redirect=client, paths=PATHS, **options)(environ, start))
    named = {name.lower(): value for name, value in started[1]}
    return int(started[0][:3]), named, b"".join(written) + whole


async def test_listed_completions_are_taken_out_with_all_that_belongs_to_them(suggest: Suggest) -> None:
    status, headers, body = await suggest(json.dumps([*OPEN_SEARCH, {"google:more": ["x", "y", "z"]}]).encode())
    assert status == 200
    assert json.loads(body) == ["wea", ["weather", "wear"], ["a", "c"], ["http://a.example", ""]]
    assert headers == {"content-type": MEDIA_TYPE, "content-length": str(len(body))}


async def test_what_is_only_likely_is_not_suggested_either(suggest: Suggest) -> None:
    _, _, body = await suggest(b'["m", ["morquil besh tarn", "weather"]]')
    assert json.loads(body) == ["m", ["weather"]]


async def test_a_plain_list_is_read_too(suggest: Suggest) -> None:
    for kind in ("application/json", "Application/JSON; charset=utf-8"):
        _, _, body = await suggest(b'["weather", "zorblax minku"]', kind=kind)
        assert json.loads(body) == ["weather"]


async def test_a_listed_prefix_gets_no_suggestions_and_never_reaches_the_application(suggest: Suggest) -> None:
    status, headers, body = await suggest(b'["zorblax", ["weather"]]', query="zorblax")
    assert (status, json.loads(body)) == (200, ["zorblax", [], [], []])
    assert (headers["content-type"], headers["cache-control"]) == (MEDIA_TYPE, "no-store")
    assert "location" not in headers


@pytest.mark.parametrize(
    "body",
    [b'["wea",  ["weather", "wear"]]', b'["wea"]', b"[]", b'{"error": "zorblax"}', b'"zorblax"', b"zorblax", b"",
     b"\xff[", b"[" * 5000],
)  # fmt: skip
async def test_what_holds_nothing_listed_stays_as_it_is_to_the_byte(suggest: Suggest, body: bytes) -> None:
    _, headers, answered = await suggest(body)
    assert answered == body
    assert headers["etag"] == '"1"'


async def test_other_answers_and_paths_and_applications_that_are_told_stay_as_they_are(suggest: Suggest) -> None:
    listed = json.dumps(OPEN_SEARCH).encode()
    assert (await suggest(listed, kind="text/html"))[2] == listed
    assert (await suggest(listed, path="/search"))[2] == listed
    assert (await suggest(listed, tell=True))[2] == listed
    assert (await suggest(listed, query="zorblax", tell=True))[2] == listed


async def test_padding_is_no_way_around(suggest: Suggest, redirect: StandIn) -> None:
    many = [f"weather {number}" for number in range(MOST)]
    assert json.loads((await suggest(json.dumps(["w", [*many, "zorblax minku"]]).encode()))[2]) == ["w", many]
    assert (await suggest(b" " * LENGTH_LIMIT + b'["w", ["zorblax minku"]]'))[2] == b"[]"
    asked = [len(json.loads(seen.body).get("subjects", [1])) for seen in redirect.seen]
    assert max(asked) <= MOST


async def test_an_outage_does_as_configured() -> None:
    listed = json.dumps(OPEN_SEARCH).encode()

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", MEDIA_TYPE.encode())]})
        await send({"type": "http.response.body", "body": listed})

    for on_error, expected in (("open", OPEN_SEARCH), ("closed", ["", [], [], []])):
        sent: list[Any] = []

        async def send(message: Any, sent: list[Any] = sent) -> None:
            sent.append(message)

        scope = {"type": "http", "method": "GET", "path": "/suggest", "query_string": b"", "headers": []}
        async with AsyncClient("http://127.0.0.1:9", "demo", on_error=on_error) as client:  # type: ignore[arg-type]
            await asgi.RedirectMiddleware(app, redirect=client, paths=PATHS)(scope, lambda: None, send)  # type: ignore[arg-type, return-value]
        assert json.loads(sent[1]["body"])[1:] == expected[1:]


JSONS: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.integers(0, 9) | st.text(max_size=5), st.lists, max_leaves=12
)


@given(st.binary(max_size=60) | JSONS.map(msgspec.json.encode), st.booleans())
def test_whatever_comes_only_what_was_asked_about_is_shown(body: bytes, allows: bool) -> None:
    suggestions = read_suggestions(body)
    if suggestions is None:
        return
    subjects = suggestions.subjects(Asked(b""))
    kept = suggestions.kept(ALLOW if allows else Answer(action=Action.BLOCK) for _ in subjects)
    shown = suggestions if kept is None else read_suggestions(kept)
    assert isinstance(shown, Suggestions)
    assert [str(subject.query) for subject in subjects] == shown.completions if allows else not shown.completions
    assert re.fullmatch(r"Suggestions\(.\)", repr(suggestions))
