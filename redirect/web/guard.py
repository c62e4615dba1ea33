"""Owns the outermost layer: what an error looks like from outside. Must never let an exception's text out.

The only layer around the router: pages fall back to help, everything else to a problem (RFC 9457).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.exceptions import HTTPException

from redirect.domain.errors import BadRequest
from redirect.web import problems
from redirect.web.http import GUARDING, Disconnected, header
from redirect.web.security import LIMIT_HEADERS

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.responses import Response
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from redirect.web.pages import Pages

API = ("/v1/", "/livez", "/readyz", "/metrics", "/reports")
HTML = b"text/html"
ROUTER_PROBLEMS = {404: "not-found", 405: "wrong-method"}


class Guard:
    """The ASGI application. `base` is the path of the public address, cut off where a proxy left it on."""

    def __init__(
        self,
        router: ASGIApp,
        *,
        base: str,
        pages: Pages,
        note: Callable[[str], None],
    ) -> None:
        self._router = router
        self._base = base
        self._pages = pages
        self._note = note

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on; answer for the rest of the service where it fails."""
        if self._base and (scope["path"] == self._base or scope["path"].startswith(f"{self._base}/")):
            scope["path"] = scope["path"].removeprefix(self._base) or "/"
        send = self._guarding(scope, send)
        scope["app"] = self  # tells the router to raise rather than to write an error of its own
        try:
            await self._router(scope, receive, send)
        except BadRequest as error:
            await problems.respond(error.problem)(scope, receive, send)
        except HTTPException as error:
            await self._lost(scope, error)(scope, receive, send)
        except Disconnected:
            return
        except Exception as error:  # noqa: BLE001 (the very purpose of this layer)
            self._note(f"an answer broke ({type(error).__name__})")
            await self._answer(scope["path"])(scope, receive, send)

    def _answer(self, path: str) -> Response:
        return problems.respond("internal") if path.startswith(API) else self._pages.fallback()

    def _lost(self, scope: Scope, error: HTTPException) -> Response:
        """A person who mistyped an address finds help there, too; a program is told what it did wrong."""
        if error.status_code == 404 and not scope["path"].startswith(API) and HTML in header(scope, b"accept"):
            return self._pages.lost
        return problems.respond(ROUTER_PROBLEMS.get(error.status_code, "internal"), error.headers)

    def _guarding(self, scope: Scope, send: Send) -> Send:
        """Every answer carries the headers that guard it, and says so where it counts against a limit."""

        async def telling(message: Message) -> None:
            if message["type"] == "http.response.start":
                given = message["headers"]
                said = {name for name, _ in given}
                missing = [pair for pair in GUARDING.items() if pair[0] not in said]
                message["headers"] = [*given, *missing, *scope.get(LIMIT_HEADERS, ())]
            await send(message)

        return telling
