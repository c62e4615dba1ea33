"""Owns middleware for ASGI applications (Starlette, FastAPI, Django, Quart …). Must never pass on a search that is
blocked, nor a request in another form than it came."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any, Final

from redirect.middleware.searches import FORM_LIMIT, PARAMETERS, Asked, Searches, is_form, stop, strictest

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Collection, Mapping, MutableMapping

    from redirect.client import Answer, AsyncClient
    from redirect.client.subject import Surface

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
    then must not show results. `country` says where a person is, by the scope.
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
        if is_form(scope["method"], _header(scope, b"content-type")):
            await _read_ahead(receive, messages)
        answer = await self._answer(scope, messages, surface)
        if answer is not None and answer.action == "block" and not self._tell:
            await _send_stop(answer, scope["method"], send)
            return
        await self._app({**scope, ANSWER: answer}, _again(messages, receive), send)

    async def _answer(self, scope: Scope, messages: deque[Message], surface: Surface) -> Answer | None:
        asked = Asked(
            scope["query_string"],
            _header(scope, b"accept-language"),
            self._country(scope),
            _header(scope, b"content-type"),
            b"".join(message.get("body", b"") for message in messages)[:FORM_LIMIT],
        )
        subjects = self._searches.subjects(asked, surface)
        return strictest(await self._redirect.check_batch(subjects)) if subjects else None


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


async def _send_stop(answer: Answer, method: str, send: Send) -> None:
    status, headers, body = stop(answer, method)
    raw = [(name.lower().encode(), value.encode()) for name, value in headers]
    await send({"type": "http.response.start", "status": status, "headers": raw})
    await send({"type": "http.response.body", "body": b"" if method == "HEAD" else body})


def _header(scope: Scope, name: bytes) -> str:
    values: list[bytes] = [value for key, value in scope["headers"] if key.lower() == name]
    return values[0].decode("latin-1") if values else ""
