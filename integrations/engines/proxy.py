"""Stands before OpenSearch, Elasticsearch or Meilisearch and asks redirect about each search. Owns which requests reach
the engine: searches alone. Must never pass on one whose text it could not read. Try it: README.md, "See it work"."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Any, Final, NamedTuple
from urllib.parse import parse_qsl, quote_from_bytes

import httpx
import msgspec

from redirect.client import AsyncClient
from redirect.middleware.searches import PARAMETERS, Asked, Searches, strictest, subjects

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from redirect.client import Answer
    from redirect.middleware.asgi import Receive, Scope, Send

BODY_LIMIT: Final = 1 << 16
"""Bytes of a request. It is read whole or refused: what stands behind a limit would be searched for unseen, and what
takes redirect longer than the time-out would pass undecided."""
KINDS: Final = {"application/json", "application/x-ndjson"}
OURS: Final = {b"host", b"connection", b"content-length", b"transfer-encoding", b"te", b"upgrade", b"expect"}
THEIRS: Final = {"connection", "content-length", "transfer-encoding", "content-encoding"}

OPEN_SEARCH: Final = {
    "took": 0, "timed_out": False, "_shards": {"total": 0, "successful": 0, "skipped": 0, "failed": 0},
    "hits": {"total": {"value": 0, "relation": "eq"}, "max_score": None, "hits": []},
}  # fmt: skip
MEILISEARCH: Final = {"hits": [], "query": "", "processingTimeMs": 0, "limit": 20, "offset": 0, "estimatedTotalHits": 0}
_LUCENE: Final = re.compile(r"&&|\|\||\b(?:AND|OR|NOT|TO)\b|(?<![\w.*])[\w.*]++:|[~^][0-9.]*|[+!(){}\[\]\"/\\-]")


class Refused(Exception):  # noqa: N818 (an answer, not a fault)
    """What cannot be read is not passed on."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(status, reason)
        self.status = status
        self.reason = reason


class Route(NamedTuple):
    """A path that searches, and the engine's own way to say that nothing was found, for so many searches."""

    path: re.Pattern[str]
    nothing: Callable[[list[Any]], dict[str, Any]]


def _many(documents: list[Any]) -> dict[str, Any]:
    return {"took": 0, "responses": [{**OPEN_SEARCH, "status": 200} for _ in documents[1::2]]}


def _several(documents: list[Any]) -> dict[str, Any]:
    said = documents[0] if documents and isinstance(documents[0], dict) else {}
    asked = said.get("queries")
    if "federation" in said or not isinstance(asked, list):
        return MEILISEARCH
    names = [one.get("indexUid") if isinstance(one, dict) else None for one in asked]
    return {"results": [{"indexUid": name, **MEILISEARCH} for name in names]}


ROUTES: Final = (
    Route(re.compile(r"(/[^/_][^/]*)?/_search"), lambda _: OPEN_SEARCH),
    Route(re.compile(r"(/[^/_][^/]*)?/_msearch"), _many),
    Route(re.compile(r"/indexes/[^/]+/search"), lambda _: MEILISEARCH),
    Route(re.compile(r"/multi-search"), _several),
)


class SearchProxy:
    """An ASGI application. A blocked search finds nothing, and the answer says under `redirect` which page and which
    help to show; all others are the engine's, with the page in `Link` where a card belongs above the results."""

    def __init__(self, engine: str, redirect: AsyncClient) -> None:
        self._engine = httpx.AsyncClient(base_url=engine, timeout=30, trust_env=False)
        self._redirect = redirect
        self._searches = Searches({"/": "web"}, PARAMETERS)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        assert scope["type"] == "http", "run it with --lifespan off"
        try:
            status, headers, body = await self._answer(scope, receive)
        except Refused as refused:
            status, headers, body = _json(refused.status, {"error": refused.reason})
        raw = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers]
        await send({"type": "http.response.start", "status": status, "headers": raw})
        await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})

    async def _answer(self, scope: Scope, receive: Receive) -> tuple[int, list[tuple[str, str]], bytes]:
        route = next((route for route in ROUTES if route.path.fullmatch(scope["path"])), None)
        if route is None:
            raise Refused(404, "only searches pass here")
        body = await _whole(receive)
        documents = _documents(scope, body)
        answer = await self._decided(scope, documents)
        if answer is None or answer.action == "allow":
            return await self._found(scope, body)
        if answer.action == "warn":
            status, headers, content = await self._found(scope, body)
            return status, [*headers, *_link(answer)], content
        if answer.page is None:
            raise Refused(503, "this search cannot be answered at the moment")
        shown = {name: getattr(answer, name) for name in ("page", "title", "text", "resources")}
        return _json(200, {**route.nothing(documents), "redirect": shown}, _link(answer))

    async def _decided(self, scope: Scope, documents: list[Any]) -> Answer | None:
        asked = Asked(scope["query_string"], _header(scope, b"accept-language"))
        texts = [text for document in documents for found in _texts(document) for text in _readings(found)]
        about = [*self._searches.subjects(asked, "web"), *subjects(dict.fromkeys(texts), asked, "web")]
        return strictest(await self._redirect.check_batch(about)) if about else None

    async def _found(self, scope: Scope, body: bytes) -> tuple[int, list[tuple[str, str]], bytes]:
        """What the engine says."""
        headers = [(name, value) for name, value in scope["headers"] if name not in OURS]
        query = quote_from_bytes(scope["query_string"], safe="%!$&'()*+,;=:@/?[]")
        target = scope["raw_path"].decode("latin-1") + (f"?{query}" if query else "")
        try:
            found = await self._engine.request(scope["method"], target, headers=headers, content=body)
        except (httpx.HTTPError, httpx.InvalidURL):
            raise Refused(502, "the search engine does not answer") from None
        kept = [(name, value) for name, value in found.headers.multi_items() if name not in THEIRS]
        return found.status_code, [*kept, ("Content-Length", str(len(found.content)))], found.content


async def _whole(receive: Receive) -> bytes:
    body, more = b"", True
    while more:
        message = await receive()
        body, more = body + message.get("body", b""), message.get("more_body", False)
        if len(body) > BODY_LIMIT:
            raise Refused(413, "a search is shorter than 64 kB")
    return body


def _documents(scope: Scope, body: bytes) -> list[Any]:
    """The JSON of a request: its body, one document or one a line, and OpenSearch's parameter `source`."""
    kind = _header(scope, b"content-type").partition(";")[0].strip().lower()
    if body and kind not in KINDS:
        raise Refused(415, "searches come as JSON")
    by_line = scope["path"].endswith("/_msearch")
    fields = parse_qsl(scope["query_string"].decode("latin-1"), encoding="latin-1")
    sources = [value.encode("latin-1") for name, value in fields if name == "source"]
    pieces = [*(body.splitlines() if by_line else [body]), *sources]
    try:
        return [msgspec.json.decode(piece) for piece in pieces if piece.strip()]
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise Refused(400, "this is no JSON") from None


def _texts(document: Any) -> Iterator[str]:
    """Every text in a document, wherever a query may stand: engines have more places than one could list."""
    waiting = [document]
    while waiting:
        value = waiting.pop()
        if isinstance(value, str):
            yield value
        elif isinstance(value, dict):
            waiting.extend(reversed(value.values()))
        elif isinstance(value, list):
            waiting.extend(reversed(value))


def _readings(text: str) -> Iterator[str]:
    """As it stands, and without the operators of a query string, which stand between words that are searched for."""
    yield " ".join(text.split())
    yield " ".join(_LUCENE.sub(" ", text).split())


def _link(answer: Answer) -> list[tuple[str, str]]:
    return [("Link", f'<{answer.page}>; rel="help"')] if answer.page else []


def _json(
    status: int, content: Any, headers: list[tuple[str, str]] | None = None
) -> tuple[int, list[tuple[str, str]], bytes]:
    body = msgspec.json.encode(content)
    plain = [("Content-Type", "application/json"), ("Content-Length", str(len(body))), ("Cache-Control", "no-store")]
    return status, [*plain, *(headers or [])], body


def _header(scope: Scope, name: bytes) -> str:
    return next((value.decode("latin-1") for key, value in scope["headers"] if key == name), "")


options: dict[str, Any] = {"on_error": os.environ.get("ON_ERROR", "open")}
service = os.environ.get("REDIRECT_SERVICE", "http://127.0.0.1:8080")
app = SearchProxy(os.environ["ENGINE"], AsyncClient(service, os.environ["REDIRECT_KEY"], **options))
