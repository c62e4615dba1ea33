"""Owns middleware for ASGI applications (Starlette, FastAPI, Django, Quart …). Must never pass on a search that is
blocked, nor a request in another form than it came."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any, Final

from redirect.middleware.searches import FORM_LIMIT, PARAMETERS, Asked, Searches, instead, is_form, strictest
from redirect.middleware.suggestions import LENGTH_LIMIT, is_suggestions, read_suggestions, with_length

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, MutableMapping

    from redirect.client import AsyncClient
    from redirect.client.subject import Surface
    from redirect.middleware.searches import Response

    Message = MutableMapping[str, Any]
    Scope = MutableMapping[str, Any]
    Receive = Callable[[], Awaitable[Message]]
    Send = Callable[[Message], Awaitable[None]]
    App = Callable[[Scope, Receive, Send], Awaitable[None]]

ANSWER: Final = "redirect.answer"


class RedirectMiddleware:
    """Asks about each search before the application sees it.

        app = RedirectMiddleware(app, redirect=AsyncClient("http://127.0.0.1:8080", key), paths={"/search": "web"})

    A search that is blocked becomes the page. All others reach the application with `scope["redirect.answer"]`; where
    its action is `warn`, show the card above the results. `tell` leaves blocked ones to the application, too, which
    then must not show results. `country` says where a person is, by the scope. Below a path of the surface `suggest`
    a prefix that is listed gets no suggestions, and those of the application come without the listed ones.
    """

    def __init__(
        self,
        app: App,
        *,
        redirect: AsyncClient,
        paths: Mapping[str, Surface],
        parameters: Collection[str] = PARAMETERS,
        country: Callable[[Scope], str | None] = lambda _: None,
        tell: bool = False,
    ) -> None:
        self._app = app
        self._redirect = redirect
        self._searches = Searches(paths, parameters)
        self._country = country
        self._tell = tell

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        surface = self._searches.surface(scope["path"]) if scope["type"] == "http" else None
        if surface is None:
            await self._app(scope, receive, send)
            return
        messages: deque[Message] = deque()
        if is_form(scope["method"], _header(scope["headers"], b"content-type")):
            await _read_ahead(receive, messages)
        asked = self._asked(scope, messages)
        subjects = self._searches.subjects(asked, surface)
        answer = strictest(await self._redirect.check_batch(subjects)) if subjects else None
        if not self._tell:
            response = instead(answer, scope["method"], surface, str(subjects[0].query) if subjects else "")
            if response is not None:
                await _send(response, scope["method"], send)
                return
            send = _Suggesting(send, self._redirect, asked) if surface == "suggest" else send
        await self._app({**scope, ANSWER: answer}, _again(messages, receive), send)

    def _asked(self, scope: Scope, messages: deque[Message]) -> Asked:
        return Asked(
            scope["query_string"],
            _header(scope["headers"], b"accept-language"),
            self._country(scope),
            _header(scope["headers"], b"content-type"),
            b"".join(message.get("body", b"") for message in messages)[:FORM_LIMIT],
        )


class _Suggesting:
    """Sends on what an application answers, suggestions without the listed ones."""

    def __init__(self, send: Send, redirect: AsyncClient, asked: Asked) -> None:
        self._send = send
        self._redirect = redirect
        self._asked = asked
        self._start: Message | None = None
        self._body = b""

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start" and is_suggestions(_header(message["headers"], b"content-type")):
            self._start = message
        elif self._start is None or message["type"] != "http.response.body":
            await self._send(message)
        else:
            self._body = (self._body + message.get("body", b""))[: LENGTH_LIMIT + 1]
            if not message.get("more_body", False):
                await self._end(self._start)

    async def _end(self, start: Message) -> None:
        suggestions = read_suggestions(self._body)
        kept = suggestions and suggestions.kept(await self._redirect.check_batch(suggestions.subjects(self._asked)))
        if kept:
            headers = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in start["headers"]]
            start = {**start, "headers": _raw(with_length(headers, len(kept)))}
        await self._send(start)
        await self._send({"type": "http.response.body", "body": kept or self._body})


async def _read_ahead(receive: Receive, messages: deque[Message]) -> None:
    """Read what is looked at of a body; all that came is kept."""
    length, more = 0, True
    while more and length < FORM_LIMIT:
        message = await receive()
        messages.append(message)
        length += len(message.get("body", b""))
        more = message.get("more_body", False)


def _again(messages: deque[Message], receive: Receive) -> Receive:
    """A body from its beginning."""

    async def receive_again() -> Message:
        return messages.popleft() if messages else await receive()

    return receive_again


async def _send(response: Response, method: str, send: Send) -> None:
    status, headers, body = response
    await send({"type": "http.response.start", "status": status, "headers": _raw(headers)})
    await send({"type": "http.response.body", "body": b"" if method == "HEAD" else body})


def _raw(headers: list[tuple[str, str]]) -> list[tuple[bytes, bytes]]:
    return [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers]


def _header(headers: Iterable[tuple[bytes, bytes]], name: bytes) -> str:
    values = [value for key, value in headers if key.lower() == name]
    return values[0].decode("latin-1") if values else ""
