"""Owns every path that a person can open. Must never answer without help, whatever the path says."""

from __future__ import annotations

import gzip
from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING

from starlette.responses import Response

from redirect.domain.content import Door
from redirect.domain.views import PageView, VideoView
from redirect.journeys.show import Reader
from redirect.web.accept import Kind, asked
from redirect.web.security import page_headers

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from starlette.requests import Request

    from redirect.domain.content import Platform
    from redirect.journeys.show import Show
    from redirect.journeys.views import Opened
    from redirect.web.check import Count
    from redirect.web.device import Devices
    from redirect.web.faces import Faces
    from redirect.web.readers import Readers
    from redirect.web.render import Renderer, View

LANGUAGE_LIMIT = 32
HEADER_LIMIT = 512
PAGES_KEPT = 1024
PREFETCHES = (b"sec-purpose", b"purpose", b"x-moz")
ACCEPTED = (b"accept", b"accept-language", b"accept-encoding")
LOOKED_AT = frozenset((*ACCEPTED, b"sec-fetch-dest", b"sec-fetch-site", b"user-agent", *PREFETCHES))


class Pages:
    """Endpoints under `/w` and `/{lang}`."""

    def __init__(
        self,
        show: Show,
        renderer: Renderer,
        faces: Faces,
        devices: Devices,
        readers: Readers,
        count: Count,
        note: Callable[[str], None],
        *,
        https: bool,
    ) -> None:
        self._show = show
        self._renderer = renderer
        self._faces = faces
        self._devices = devices
        self._readers = readers
        self._count = count
        self._note = note
        self._https = https
        # Keyed by the situation that an address stands for, never by anything of the person or their search.
        self._page = lru_cache(PAGES_KEPT)(self._write)
        self.forget = self._page.cache_clear
        self._fallbacks = {
            Kind.HTML: self._respond(renderer.fallback(), "en"),
            **{kind: self._respond(faces.fallback(kind), "en", kind=kind) for kind in (Kind.TEXT, Kind.JSON)},
        }
        self.lost = self._respond(renderer.fallback(), "en")
        self.lost.status_code = 404

    async def page(self, request: Request) -> Response:
        """`GET /w/{token}`: a warning, a door or a thank-you."""
        return self._written(request, request.path_params["token"])

    async def leave(self, request: Request) -> Response:
        """`GET /w/{token}/leave`: away from here."""
        token = request.path_params["token"]
        return self._onward(self._show.leave(token, self._who(request))) or self._written(request, token)

    async def go(self, request: Request) -> Response:
        """`GET /w/{token}/go/{code}`: to a service that this page shows, nowhere else."""
        token, code = request.path_params["token"], request.path_params["code"]
        return self._onward(self._show.go(token, code, self._who(request))) or self._written(request, token)

    async def wrong(self, request: Request) -> Response:
        """`POST /w/{token}/wrong`: this is not what I meant. Whatever the form carries is never read."""
        token = request.path_params["token"]
        tapped_here = _looked_at(request).get(b"sec-fetch-site", b"same-origin") == b"same-origin"
        reader = replace(self._who(request), counts=tapped_here and self._readers.count(request.scope))
        return self._onward(self._show.wrong(token, reader)) or self._written(request, token)

    async def help(self, request: Request) -> Response:
        """Any other path: the general page, in the language that the path may name."""
        return self._written(request, "", language=request.path_params.get("lang", ""))

    def fallback(self, kind: Kind = Kind.HTML) -> Response:
        """The page for when everything else breaks; made at start."""
        return self._fallbacks[kind]

    def _who(self, request: Request, language: str = "") -> Reader:
        reader = _reader(request, self._devices, language)
        counts = reader.counts and "token" in request.path_params and self._readers.count(request.scope)
        return replace(reader, counts=counts)

    def _written(self, request: Request, token: str, language: str = "") -> Response:
        self._count()
        headers = _looked_at(request)
        kind = asked(headers.get(b"accept", b""))
        try:
            reader = self._who(request, language)
            # JSON is for programs: what they do with it is theirs to count.
            opened = self._show.open(token, replace(reader, counts=False) if kind is Kind.JSON else reader)
            return self._page(opened, kind=kind, packed=b"gzip" in headers.get(b"accept-encoding", b""))
        except Exception as error:  # noqa: BLE001 (help must not fail, whatever broke)
            self._note(f"a page broke ({type(error).__name__})")
            return self.fallback(kind)

    def _write(self, opened: Opened, *, kind: Kind, packed: bool) -> Response:
        view = self._show.view(opened)
        if kind is Kind.HTML:
            body = self._renderer.page(view)
        else:
            body = self._faces.written(view, self._show.address(opened), kind)
        return self._respond(body, view.locale.tag, view, kind=kind, packed=packed)

    def _respond(
        self, body: bytes, language: str, view: View | None = None, *, kind: Kind = Kind.HTML, packed: bool = False
    ) -> Response:
        said = view if isinstance(view, PageView) else None
        form, media = bool(said and said.wrong), isinstance(view, VideoView)
        headers = page_headers(self._renderer.csp_style_hash, language, form=form, media=media, https=self._https)
        if packed:
            body, headers = gzip.compress(body, mtime=0), {**headers, "Content-Encoding": "gzip"}
        status = 200
        if said and said.door is Door.MAIN:
            status = said.platform.status
            headers |= _blocked_by(said.platform)
        return Response(body, status_code=status, headers=headers, media_type=kind.value)

    def _onward(self, address: str | None) -> Response | None:
        if address is None:
            return None
        headers = {"Location": address, "Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}
        return Response(status_code=303, headers=headers)


def _blocked_by(platform: Platform) -> dict[str, str]:
    """RFC 7725: a block by legal order names who implements it."""
    return {"Link": f'<{platform.blocked_by_address}>; rel="blocked-by"'} if platform.status == 451 else {}


def _looked_at(request: Request) -> dict[bytes, bytes]:
    """The few headers that are looked at; nothing else of a request is."""
    return {name: value for name, value in request.scope["headers"] if name in LOOKED_AT}


def _reader(request: Request, devices: Devices, language: str = "") -> Reader:
    """What a GET says of its reader."""
    headers = _looked_at(request)
    explicit = request.query_params.get("lang", language) if request.scope["query_string"] else language
    header = headers.get(b"accept-language", b"")[:HEADER_LIMIT].decode("latin-1")
    opened, device = _opened_by_a_person(request.method, headers), devices.kind(headers.get(b"user-agent", b""))
    return Reader(explicit[:LANGUAGE_LIMIT], header, opened, device)


def _opened_by_a_person(method: str, headers: Mapping[bytes, bytes]) -> bool:
    """Only a GET for a whole document, and no prefetch, is a person's step."""
    fetched = any(b"prefetch" in headers.get(name, b"").lower() for name in PREFETCHES)
    return method == "GET" and headers.get(b"sec-fetch-dest", b"document") == b"document" and not fetched
