"""Owns what a homeserver answers to a search for rooms that is listed, as MSC4228 has it. Must never show rooms for
one, nor change a search that is not.

A homeserver that can call Python asks by itself, before it searches:

    refusal = await RoomSearch(AsyncClient(service, key)).refusal(search_term, accept_language)
    if refusal is not None:
        status, body = refusal

Any other has `app` before two of its paths. README.md says how.
"""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

import httpx

from redirect.client import Action, AsyncClient, Subject, pieces
from redirect.middleware.searches import strictest

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, MutableMapping

    from redirect.client import Answer, Resource

    Refusal = tuple[int, dict[str, str]]
    Message = MutableMapping[str, Any]

BODY_LIMIT = 1 << 16
"""Bytes of a request. It is read whole or refused: a search for rooms has a few hundred, and in a part of one nothing
would be found to ask about."""
CONTACTS = 3
BUSY = "Rooms cannot be searched at the moment. Please try again later."
TOO_LARGE = 413, {"errcode": "M_TOO_LARGE", "error": "A search for rooms is shorter than 64 kB."}
NOT_OURS = {b"connection", b"host", b"keep-alive", b"te", b"trailer", b"transfer-encoding", b"upgrade"}
CORS = [
    (b"access-control-allow-origin", b"*"),
    (b"access-control-allow-methods", b"GET, POST, PUT, DELETE, OPTIONS"),
    (b"access-control-allow-headers", b"X-Requested-With, Content-Type, Authorization"),
]
"""What the specification has on every answer to a client; without it a browser hides the text from the person."""


def refusal(answer: Answer) -> Refusal | None:
    """Status and body to answer instead of rooms; None where rooms may be searched.

    MSC4228: 403 M_FORBIDDEN, whose `error` is shown to the person. Clients show it as plain text.
    """
    if answer.action is not Action.BLOCK:
        return None
    if answer.page is None:
        return 503, {"errcode": "M_UNKNOWN", "error": BUSY}
    contacts = "\n".join(filter(None, map(_contact, answer.resources[:CONTACTS])))
    parts = (answer.title, answer.text, contacts, answer.page)
    return 403, {"errcode": "M_FORBIDDEN", "error": "\n\n".join(filter(None, parts))}


def _contact(place: Resource) -> str:
    where = place.url or place.phone_display or place.phone
    return f"{place.name}: {where}" if where else ""


def search_term(body: bytes) -> str:
    """What a request searches rooms for; empty where it says nothing that can be read."""
    try:
        term = json.loads(body)["filter"]["generic_search_term"]
    except (ValueError, LookupError, TypeError, RecursionError):
        return ""
    return term if isinstance(term, str) else ""


class RoomSearch:
    """Asks redirect about searches for rooms."""

    def __init__(self, redirect: AsyncClient) -> None:
        self._redirect = redirect

    async def refusal(self, term: str, languages: str = "") -> Refusal | None:
        """What to answer instead of rooms; None where rooms may be searched."""
        if not term.strip():
            return None
        subjects = [Subject(query=piece, languages=languages) for piece in pieces(" ".join(term.split()))]
        return refusal(strictest(await self._redirect.check_batch(subjects)))


class Gate:
    """An ASGI application before `POST …/publicRooms` of a homeserver: what may be searched is passed on to it."""

    def __init__(self, rooms: RoomSearch, homeserver: str) -> None:
        self._rooms = rooms
        self._homeserver = httpx.AsyncClient(base_url=homeserver, timeout=60, trust_env=False)

    async def __call__(
        self,
        scope: MutableMapping[str, Any],
        receive: Callable[[], Awaitable[Message]],
        send: Callable[[Message], Awaitable[None]],
    ) -> None:
        """Answer one request."""
        body = await _whole(receive)
        refused = TOO_LARGE if len(body) > BODY_LIMIT else None
        if refused is None and scope["method"] == "POST":
            refused = await self._rooms.refusal(search_term(body), _languages(scope))
        status, headers, content = _written(refused) if refused else await self._passed_on(scope, body)
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": content})

    async def _passed_on(self, scope: MutableMapping[str, Any], body: bytes) -> tuple[int, Any, bytes]:
        headers = [(name, value) for name, value in scope["headers"] if name not in NOT_OURS]
        address = httpx.URL(self._homeserver.base_url, raw_path=scope["raw_path"] + _query(scope))
        request = self._homeserver.build_request(scope["method"], address, headers=headers, content=body)
        try:
            answer = await self._homeserver.send(request, stream=True)
            content = b"".join([chunk async for chunk in answer.aiter_raw()])
        except httpx.HTTPError:
            return 502, CORS, b""
        return answer.status_code, [pair for pair in answer.headers.raw if pair[0].lower() not in NOT_OURS], content


async def _whole(receive: Callable[[], Awaitable[Message]]) -> bytes:
    """The body, or as much of it as shows that it is too large. It is heard to its end: who still speaks would lose the
    answer."""
    body, more = b"", True
    while more:
        message = await receive()
        body = (body + message.get("body", b""))[: BODY_LIMIT + 1]
        more = message.get("more_body", False)
    return body


def _written(refused: Refusal) -> tuple[int, Any, bytes]:
    status, body = refused
    content = json.dumps(body, ensure_ascii=False).encode()
    length = str(len(content)).encode()
    return status, [*CORS, (b"content-type", b"application/json"), (b"content-length", length)], content


def _languages(scope: MutableMapping[str, Any]) -> str:
    return next((value.decode("latin-1") for name, value in scope["headers"] if name == b"accept-language"), "")


def _query(scope: MutableMapping[str, Any]) -> bytes:
    query: bytes = scope["query_string"]
    return b"?" + query if query else b""


def app() -> Gate:
    """The gate as the environment describes it: `uvicorn --factory room_search:app`."""
    redirect = AsyncClient(os.environ.get("REDIRECT_SERVICE", "http://127.0.0.1:8080"), os.environ["REDIRECT_KEY"])
    return Gate(RoomSearch(redirect), os.environ.get("HOMESERVER", "http://127.0.0.1:8008"))
