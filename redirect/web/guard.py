"""Owns the outermost layer: what an error looks like from outside. Must never let an exception's text out.

The only layer around the router: pages fall back to help, everything else to a problem (RFC 9457).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.exceptions import HTTPException

from redirect.domain.errors import BadRequest
from redirect.web import problems
from redirect.web.http import Disconnected
from redirect.web.security import LIMIT_HEADERS

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.responses import Response
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from redirect.web.pages import Pages

API = ("/v1/", "/livez", "/readyz", "/metrics")
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
        send = _with_limit(scope, send)
        scope["app"] = self  # tells the router to raise rather than to write an error of its own
        try:
            await self._router(scope, receive, send)
        except BadRequest as error:
            await problems.respond(error.problem)(scope, receive, send)
        except HTTPException as error:
            name = ROUTER_PROBLEMS.get(error.status_code, "internal")
            await problems.respond(name, error.headers)(scope, receive, send)
        except Disconnected:
            return
        except Exception as error:  # noqa: BLE001 (the very purpose of this layer)
            self._note(f"an answer broke ({type(error).__name__})")
            await self._answer(scope["path"])(scope, receive, send)

    def _answer(self, path: str) -> Response:
        return problems.respond("internal") if path.startswith(API) else self._pages.fallback()


def _with_limit(scope: Scope, send: Send) -> Send:
    """Every answer to a call that counts against a limit says so, whether it is refused or not."""

    async def telling(message: Message) -> None:
        if LIMIT_HEADERS in scope and message["type"] == "http.response.start":
            told = [(name.lower().encode(), value.encode()) for name, value in scope[LIMIT_HEADERS].items()]
            message["headers"] = [*message["headers"], *told]
        await send(message)

    return telling
