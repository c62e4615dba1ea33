"""Owns every path that a person can open. Must never answer without help, whatever the path says."""

from __future__ import annotations

import gzip
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from starlette.responses import Response

from redirect.domain.content import Door
from redirect.journeys.show import Reader
from redirect.web.http import text_header
from redirect.web.security import page_headers

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.requests import Request

    from redirect.domain.content import PageView, Platform
    from redirect.journeys.show import Opened, Show
    from redirect.web.check import Count
    from redirect.web.render import Renderer

HTML = "text/html; charset=utf-8"
LANGUAGE_LIMIT = 32
PAGES_KEPT = 1024


class Pages:
    """Endpoints under `/w` and `/{lang}`."""

    def __init__(
        self, show: Show, renderer: Renderer, count: Count, note: Callable[[str], None], *, https: bool
    ) -> None:
        self._show = show
        self._renderer = renderer
        self._count = count
        self._note = note
        self._https = https
        # Keyed by the situation that an address stands for, never by anything of the person or their search.
        self._page = lru_cache(PAGES_KEPT)(self._write)

    async def page(self, request: Request) -> Response:
        """`GET /w/{token}`: a warning, a door or a thank-you."""
        return self._written(request, request.path_params["token"])

    async def leave(self, request: Request) -> Response:
        """`GET /w/{token}/leave`: away from here."""
        token = request.path_params["token"]
        return self._onward(self._show.leave(token, _reader(request))) or self._written(request, token)

    async def go(self, request: Request) -> Response:
        """`GET /w/{token}/go/{code}`: to a service that this page shows, nowhere else."""
        token, code = request.path_params["token"], request.path_params["code"]
        return self._onward(self._show.go(token, code, _reader(request))) or self._written(request, token)

    async def wrong(self, request: Request) -> Response:
        """`POST /w/{token}/wrong`: this is not what I meant. Whatever the form carries is never read."""
        token = request.path_params["token"]
        reader = _reader(request, counts=request.headers.get("sec-fetch-site", "same-origin") == "same-origin")
        return self._onward(self._show.wrong(token, reader)) or self._written(request, token)

    async def help(self, request: Request) -> Response:
        """Any other path: the general page, in the language that the path may name."""
        return self._written(request, "", language=request.path_params.get("lang", ""))

    def fallback(self) -> Response:
        """The page for when everything else breaks."""
        return self._respond(self._renderer.fallback(), "en")

    def _written(self, request: Request, token: str, language: str = "") -> Response:
        self._count()
        try:
            opened = self._show.open(token, _reader(request, language=language))
            return self._page(opened, packed="gzip" in request.headers.get("accept-encoding", ""))
        except Exception as error:  # noqa: BLE001 (help must not fail, whatever broke)
            self._note(f"a page broke ({type(error).__name__})")
            return self.fallback()

    def _write(self, opened: Opened, *, packed: bool) -> Response:
        view = self._show.view(opened)
        return self._respond(self._renderer.page(view), view.locale.tag, view, packed=packed)

    def _respond(self, body: bytes, language: str, view: PageView | None = None, *, packed: bool = False) -> Response:
        form = bool(view and view.wrong)
        headers = page_headers(self._renderer.csp_style_hash, language, form=form, https=self._https)
        if packed:
            body, headers = gzip.compress(body, mtime=0), {**headers, "Content-Encoding": "gzip"}
        status = 200
        if view and view.door is Door.MAIN:
            status = view.platform.status
            headers |= _blocked_by(view.platform)
        return Response(body, status_code=status, headers=headers, media_type=HTML)

    def _onward(self, address: str | None) -> Response | None:
        if address is None:
            return None
        headers = {"Location": address, "Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}
        return Response(status_code=303, headers=headers)


def _blocked_by(platform: Platform) -> dict[str, str]:
    """RFC 7725: a block by legal order names who implements it."""
    return {"Link": f'<{platform.blocked_by_address}>; rel="blocked-by"'} if platform.status == 451 else {}


def _reader(request: Request, language: str = "", **known: Any) -> Reader:
    """What the request says of its reader. Nothing else of it is looked at."""
    explicit = request.query_params.get("lang", language)[:LANGUAGE_LIMIT]
    header = text_header(request.scope, b"accept-language")
    return Reader(explicit, header, **({"counts": _opened_by_a_person(request)} | known))


def _opened_by_a_person(request: Request) -> bool:
    """Only a GET for a whole document, and no prefetch, is a person's step."""
    asked_by = request.headers
    fetched = any("prefetch" in asked_by.get(name, "").lower() for name in ("sec-purpose", "purpose", "x-moz"))
    return request.method == "GET" and asked_by.get("sec-fetch-dest", "document") == "document" and not fetched
