"""Tests of the middleware by itself: which searches it finds, and that it changes nothing else. What it does before a
real application stands in integrations/asgi and integrations/wsgi."""

from __future__ import annotations

import io
import string
from typing import TYPE_CHECKING, Any
from urllib.parse import quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.conftest import DISGUISES, StandIn, listening
from integrations.contract import PAGE, STOPS
from redirect.client import Action, Answer, AsyncClient, Client
from redirect.middleware import asgi, wsgi
from redirect.middleware.searches import FORM_LIMIT, MULTIPART, PARAMETERS, URLENCODED, Asked, Searches, strictest

if TYPE_CHECKING:
    from collections.abc import Iterator

SEARCHES = Searches({"/search": "web", "/search/images": "image", "/": "people"})
BLOCK = Answer(action=Action.BLOCK, page=PAGE)
UNDECIDED = Answer(action=Action.BLOCK, degraded=True)
WARN = Answer(action=Action.WARN, page=PAGE)
ALLOW = Answer(action=Action.ALLOW)
NAMES = st.sampled_from(PARAMETERS) | st.text(max_size=8)


def found(query: bytes = b"", content_type: str = "", form: bytes = b"") -> list[str]:
    """Texts that would be asked about."""
    asked = Asked(query, content_type=content_type, form=form)
    return [str(subject.query) for subject in SEARCHES.subjects(asked, "web")]


@pytest.fixture
def redirect() -> Iterator[StandIn]:
    """A service that blocks everything."""
    with listening(StandIn(**STOPS["check"])) as stand_in:
        yield stand_in


@pytest.mark.parametrize(
    ("path", "surface"),
    [
        ("/search", "web"), ("/search/", "web"), ("/search/videos", "web"), ("/search/images", "image"),
        ("/search/images/large", "image"), ("/searching", "people"), ("/", "people"), ("/about", "people"),
    ],
)  # fmt: skip
def test_the_longest_path_says_the_surface(path: str, surface: str) -> None:
    assert SEARCHES.surface(path) == surface


def test_elsewhere_nobody_searches() -> None:
    assert Searches({"/search": "web"}).surface("/searching") is None
    assert Searches({"/search/": "web"}).surface("/search") == "web"


def test_mistakes_are_told_when_it_is_made() -> None:
    with pytest.raises(ValueError, match="paths"):
        Searches({"search": "web"})
    with pytest.raises(ValueError, match="surface"):
        Searches({"/search": "radio"})  # type: ignore[dict-item]


@pytest.mark.parametrize("query", DISGUISES.values(), ids=DISGUISES)
def test_every_disguise_is_read_in_address_and_form(query: bytes) -> None:
    assert found(query)
    assert found(form=query, content_type=URLENCODED) == found(query)


def _multipart(*fields: tuple[str, bytes], extra: str = "") -> bytes:
    parts = [
        f'--xyz\r\nContent-Disposition: form-data; name="{name}"{extra}\r\n\r\n'.encode() + value + b"\r\n"
        for name, value in fields
    ]
    return b"".join(parts) + b"--xyz--\r\n"


def test_forms_in_parts_are_read_but_for_their_files() -> None:
    kind = f"{MULTIPART}; boundary=xyz"
    assert found(form=_multipart(("q", b"zorblax minku"), ("x", b"y")), content_type=kind) == ["zorblax minku"]
    mixed, loud = "zоrblаx", f"{MULTIPART.upper()}; boundary=xyz"
    assert found(form=_multipart(("q", mixed.encode())), content_type=loud) == [mixed]
    assert found(form=_multipart(("q", b"minku"), extra='; filename="q.txt"'), content_type=kind) == []
    assert found(form=_multipart(("q", b"zorblax minku"))[:-11], content_type=kind) == ["zorblax minku"]


@given(st.lists(st.tuples(NAMES, st.text(max_size=30)), max_size=30))
def test_no_search_is_left_out_however_many_there_are(pairs: list[tuple[str, str]]) -> None:
    quoted = [(quote_plus(name, errors="replace"), quote_plus(value, errors="replace")) for name, value in pairs]
    query = "&".join(f"{name}={value}" for name, value in quoted)
    texts = " ".join(found(query.encode()))
    for name, value in pairs:
        if name in PARAMETERS:
            assert " ".join(value.split()) in texts


@given(st.binary(max_size=300), st.text(string.printable, max_size=60), st.binary(max_size=300))
def test_nothing_that_comes_breaks_it(query: bytes, content_type: str, form: bytes) -> None:
    for kind in (content_type, f"{MULTIPART}; boundary={content_type}", f"{MULTIPART}; boundary=a"):
        found(query, kind, form)
        found(query, kind, b"--a\r\nContent-Disposition: form-data; name*=utf-8''%71; name=\"q\"\r\n\r\n" + form)


def test_the_strictest_answer_counts_and_one_with_a_page_before_one_without() -> None:
    assert strictest([ALLOW, WARN, ALLOW]) is WARN
    assert strictest([ALLOW, BLOCK, WARN]) is BLOCK
    assert strictest([UNDECIDED, BLOCK, UNDECIDED]) is BLOCK


async def _asgi(app: Any, scope: dict[str, Any], *chunks: bytes) -> list[dict[str, Any]]:
    """What an application sends for a request whose body comes in such chunks."""
    sent: list[dict[str, Any]] = []
    coming = [{"type": "http.request", "body": chunk, "more_body": True} for chunk in chunks]
    coming.append({"type": "http.request", "body": b"", "more_body": False})

    async def receive() -> dict[str, Any]:
        return coming.pop(0)

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    await app(scope, receive, send)
    return sent


def _scope(**changes: Any) -> dict[str, Any]:
    plain = {"type": "http", "method": "GET", "path": "/search", "query_string": b"q=zorblax+minku", "headers": []}
    return {**plain, **changes}


async def _echo(scope: Any, receive: Any, send: Any) -> None:
    """Says the body, and the answer that it was given."""
    body, more = b"", True
    while more:
        message = await receive()
        body, more = body + message["body"], message["more_body"]
    await send({"body": body, "answer": scope.get(asgi.ANSWER)})


async def test_what_is_no_request_passes_as_it_is(redirect: StandIn) -> None:
    async with AsyncClient(f"http://127.0.0.1:{redirect.port}", "demo", timeout=1) as client:
        app = asgi.RedirectMiddleware(_echo, redirect=client, paths={"/": "web"})
        await _asgi(app, {"type": "lifespan"})
        await _asgi(app, {"type": "websocket", "path": "/search", "query_string": b"q=zorblax"})
    assert redirect.seen == []


async def test_a_request_without_a_search_asks_nobody(redirect: StandIn) -> None:
    async with AsyncClient(f"http://127.0.0.1:{redirect.port}", "demo", timeout=1) as client:
        app = asgi.RedirectMiddleware(_echo, redirect=client, paths={"/search": "web"})
        for changes in ({"query_string": b"page=2"}, {"path": "/about"}, {"query_string": b"q="}):
            assert await _asgi(app, _scope(**changes)) == [{"body": b"", "answer": None}]
    assert redirect.seen == []


@pytest.mark.parametrize("length", [0, 10, FORM_LIMIT - 1, FORM_LIMIT, 3 * FORM_LIMIT])
async def test_a_body_comes_through_whole_in_whatever_pieces(length: int) -> None:
    body = bytes(range(256)) * (length // 256) + b"x" * (length % 256)
    async with AsyncClient("http://127.0.0.1:9", "demo", failures=1) as client:
        app = asgi.RedirectMiddleware(_echo, redirect=client, paths={"/": "web"})
        headers = [(b"content-type", URLENCODED.encode())]
        for size in (1000, 70_000):
            chunks = [body[start : start + size] for start in range(0, length, size)]
            (sent,) = await _asgi(app, _scope(method="POST", headers=headers, query_string=b""), *chunks)
            assert sent["body"] == body


async def test_an_application_may_be_told_instead(redirect: StandIn) -> None:
    async with AsyncClient(f"http://127.0.0.1:{redirect.port}", "demo", timeout=1) as client:
        told = asgi.RedirectMiddleware(_echo, redirect=client, paths={"/": "web"}, tell=True)
        (sent,) = await _asgi(told, _scope())
        assert sent["answer"].page == PAGE


async def test_the_country_and_language_are_told(redirect: StandIn) -> None:
    async with AsyncClient(f"http://127.0.0.1:{redirect.port}", "demo", timeout=1) as client:
        app = asgi.RedirectMiddleware(
            _echo, redirect=client, paths={"/search": "image"}, country=lambda scope: scope["state"]["country"]
        )
        start, body = await _asgi(app, _scope(headers=[(b"accept-language", b"es")], state={"country": "AR"}))
    assert start["status"] == 302
    assert dict(start["headers"]) == {
        b"cache-control": b"no-store", b"referrer-policy": b"no-referrer", b"location": PAGE.encode(),
        b"content-length": b"0",
    }  # fmt: skip
    assert body["body"] == b""
    assert b'"languages":"es","country":"AR","surface":"image"' in redirect.seen[0].body


def _wsgi(app: Any, **environ: Any) -> tuple[str, dict[str, str], bytes]:
    """Status, headers and body that an application answers."""
    started: list[Any] = []
    plain = {"REQUEST_METHOD": "GET", "SCRIPT_NAME": "", "PATH_INFO": "/search", "QUERY_STRING": "q=zorblax+minku"}
    whole = {**plain, "wsgi.input": io.BytesIO(), **environ}
    body = b"".join(app(whole, lambda *said: started.extend(said)))
    return started[0], dict(started[1]), body


def _said(environ: Any, start_response: Any) -> list[bytes]:
    """Says the body, read in two ways."""
    start_response("200 OK", [])
    first = environ["wsgi.input"].readline()
    length = int(environ.get("CONTENT_LENGTH") or 1 << 30)
    return [first, environ["wsgi.input"].read(length - len(first))]


class Endless(io.BytesIO):
    """A body behind which reading would wait for ever, as on a socket."""

    def __init__(self, body: bytes, length: int) -> None:
        super().__init__(body)
        self._left = length

    def read(self, size: int | None = -1, /) -> bytes:
        assert size is not None
        assert 0 <= size <= self._left, "more is read than there is"
        self._left -= size
        return super().read(size)


@pytest.mark.parametrize("length", [0, 1, 10, FORM_LIMIT - 1, FORM_LIMIT, 3 * FORM_LIMIT])
def test_a_stream_begins_anew_and_ends_where_it_ended(length: int) -> None:
    body = (b"n=1&\n" * (length // 5 + 1))[:length]
    with Client("http://127.0.0.1:9", "demo", failures=1) as client:
        app = wsgi.RedirectMiddleware(_said, redirect=client, paths={"/": "web"})
        form = {"REQUEST_METHOD": "POST", "CONTENT_TYPE": URLENCODED, "QUERY_STRING": ""}
        stream = Endless(body, length)
        said = _wsgi(app, CONTENT_LENGTH=str(length), **form, **{"wsgi.input": stream})[2] if length else b""
        assert said == body
        chunked = {"wsgi.input": io.BytesIO(body), "wsgi.input_terminated": True}
        assert _wsgi(app, **form, **chunked)[2] == body


def test_a_wsgi_application_may_be_told_instead(redirect: StandIn) -> None:
    answers: list[Any] = []

    def app(environ: Any, start_response: Any) -> list[bytes]:
        answers.append(environ[wsgi.ANSWER])
        start_response("200 OK", [])
        return []

    with Client(f"http://127.0.0.1:{redirect.port}", "demo", timeout=1) as client:
        _wsgi(wsgi.RedirectMiddleware(app, redirect=client, paths={"/": "web"}, tell=True))
        _wsgi(wsgi.RedirectMiddleware(app, redirect=client, paths={"/": "web"}), QUERY_STRING="")
    assert [answer and answer.page for answer in answers] == [PAGE, None]


def test_a_path_below_a_mount_is_the_whole_path(redirect: StandIn) -> None:
    with Client(f"http://127.0.0.1:{redirect.port}", "demo", timeout=1) as client:
        app = wsgi.RedirectMiddleware(_said, redirect=client, paths={"/süß/search": "web"})
        status, headers, _ = _wsgi(app, SCRIPT_NAME="/s\xc3\xbc\xc3\x9f")
    assert (status, headers["Location"]) == ("302 Found", PAGE)


def test_closed_without_a_page_says_later_and_nothing_more() -> None:
    with Client("http://127.0.0.1:9", "demo", on_error="closed") as client:
        app = wsgi.RedirectMiddleware(_said, redirect=client, paths={"/": "web"})
        status, headers, body = _wsgi(app)
    assert status == "503 Service Unavailable"
    assert headers["Cache-Control"] == "no-store"
    assert body == b"This search cannot be answered at the moment. Please try again later.\n"
