"""Owns the outermost layer: no exception leaves it, and no exception's text goes anywhere.

Must never let a library write a traceback of a request. Pages fall back to help, everything else to a problem.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from redirect.web import problems
from redirect.web.http import Disconnected

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.responses import Response
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from redirect.web.pages import Pages

API = ("/v1/", "/livez", "/readyz", "/metrics")


class Guard:
    """Pure ASGI middleware. `base` is the path of the public address, cut off where a proxy left it on."""

    def __init__(self, app: ASGIApp, *, base: str, pages: Pages, note: Callable[[str], None]) -> None:
        self._app = app
        self._base = base
        self._pages = pages
        self._note = note

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on; answer for the rest of the service where it fails."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        if self._base and scope["path"].startswith(f"{self._base}/"):
            scope["path"] = scope["path"].removeprefix(self._base)
        started = False

        async def watched_send(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            await self._app(scope, receive, watched_send)
        except Disconnected:
            return
        except Exception as error:  # noqa: BLE001 (the very purpose of this layer)
            self._note(f"an answer broke ({type(error).__name__})")
            if not started:
                await self._answer(scope["path"])(scope, receive, send)

    def _answer(self, path: str) -> Response:
        return problems.respond("internal") if path.startswith(API) else self._pages.fallback()
