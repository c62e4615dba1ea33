"""Owns every path that a person can open. Must never answer without help, whatever the path says."""

from __future__ import annotations

import gzip
from functools import cached_property, lru_cache, partial
from typing import TYPE_CHECKING

from starlette.responses import Response

from redirect.domain.content import Door
from redirect.domain.views import PageView, VideoView
from redirect.journeys.show import Reader, never
from redirect.web.accept import Kind, asked
from redirect.web.http import header_lines, start_line
from redirect.web.security import page_headers

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from starlette.requests import Request
    from starlette.types import Scope

    from redirect.domain.content import Platform
    from redirect.journeys.show import Show
    from redirect.journeys.views import Opened
    from redirect.web.check import Count
    from redirect.web.device import Devices
    from redirect.web.faces import Faces
    from redirect.web.http import Whole
    from redirect.web.readers import Readers
    from redirect.web.render import Renderer, View

LANGUAGE_LIMIT = 32
HEADER_LIMIT = 512
PAGES_KEPT = 1024
PREFETCHES = (b"sec-purpose", b"purpose", b"x-moz")
ACCEPTED = (b"accept", b"accept-language", b"accept-encoding")
LOOKED_AT = frozenset((*ACCEPTED, b"sec-fetch-dest", b"sec-fetch-site", b"user-agent", *PREFETCHES))


class Page(Response):
    """A page, written once."""

    @cached_property
    def whole(self) -> Whole:
        """The same as it goes over the wire."""
        return start_line(self.status_code), header_lines(self.raw_headers), bytes(self.body)


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
    ) -> None:
        self._show = show
        self._renderer = renderer
        self._faces = faces
        self._devices = devices
        self._readers = readers
        self._count = count
        self._note = note
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

    def at_once(self, token: str, scope: Scope, _body: bytes) -> Whole:
        """The same as a whole answer, where nothing but the token stands in the address."""
        return self._opened(scope, token, "").whole

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
        headers = _looked_at(request.scope)
        tapped_here = headers.get(b"sec-fetch-site", b"same-origin") == b"same-origin"
        reader = self._reader(request.scope, headers, _explicit(request), counts=tapped_here)
        return self._onward(self._show.wrong(token, reader)) or self._written(request, token)

    async def help(self, request: Request) -> Response:
        """Any other path: the general page, in the language that the path may name."""
        return self._written(request, "", language=request.path_params.get("lang", ""))

    def fallback(self, kind: Kind = Kind.HTML) -> Page:
        """The page for when everything else breaks; made at start."""
        return self._fallbacks[kind]

    def _who(self, request: Request) -> Reader:
        headers = _looked_at(request.scope)
        opened = _opened_by_a_person(request.method, headers)
        return self._reader(request.scope, headers, _explicit(request), counts=opened)

    def _reader(self, scope: Scope, headers: Mapping[bytes, bytes], explicit: str, *, counts: bool) -> Reader:
        """What a request says of its reader."""
        language = headers.get(b"accept-language", b"")[:HEADER_LIMIT].decode("latin-1")
        device = self._devices.kind(headers.get(b"user-agent", b""))
        step = partial(self._readers.count, scope) if counts else never
        return Reader(explicit[:LANGUAGE_LIMIT], language, step, device)

    def _written(self, request: Request, token: str, language: str = "") -> Page:
        return self._opened(request.scope, token, _explicit(request) or language)

    def _opened(self, scope: Scope, token: str, language: str) -> Page:
        self._count()
        headers = _looked_at(scope)
        kind = asked(headers.get(b"accept", b""))
        try:
            # JSON is for programs: what they do with it is theirs to count.
            opened_by_a_person = kind is not Kind.JSON and _opened_by_a_person(scope["method"], headers)
            reader = self._reader(scope, headers, language, counts=opened_by_a_person)
            opened = self._show.open(token, reader)
            return self._page(opened, kind=kind, packed=b"gzip" in headers.get(b"accept-encoding", b""))
        except Exception as error:  # noqa: BLE001 (help must not fail, whatever broke)
            self._note(f"a page broke ({type(error).__name__})")
            return self.fallback(kind)

    def _write(self, opened: Opened, *, kind: Kind, packed: bool) -> Page:
        view = self._show.view(opened)
        if kind is Kind.HTML:
            body = self._renderer.page(view)
        else:
            body = self._faces.written(view, self._show.address(opened), kind)
        return self._respond(body, view.locale.tag, view, kind=kind, packed=packed)

    def _respond(
        self, body: bytes, language: str, view: View | None = None, *, kind: Kind = Kind.HTML, packed: bool = False
    ) -> Page:
        said = view if isinstance(view, PageView) else None
        form, media = bool(said and said.wrong), isinstance(view, VideoView)
        headers = page_headers(self._renderer.csp_style_hash, language, form=form, media=media)
        if packed:
            body, headers = gzip.compress(body, mtime=0), {**headers, "Content-Encoding": "gzip"}
        status = 200
        if said and said.door is Door.MAIN:
            status = said.platform.status
            headers |= _blocked_by(said.platform)
        return Page(body, status_code=status, headers=headers, media_type=kind.value)

    def _onward(self, address: str | None) -> Response | None:
        if address is None:
            return None
        headers = {"Location": address, "Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}
        return Response(status_code=303, headers=headers)


def _blocked_by(platform: Platform) -> dict[str, str]:
    """RFC 7725: a block by legal order names who implements it."""
    return {"Link": f'<{platform.blocked_by_address}>; rel="blocked-by"'} if platform.status == 451 else {}


def _looked_at(scope: Scope) -> dict[bytes, bytes]:
    """The few headers that are looked at; nothing else of a request is."""
    return {name: value for name, value in scope["headers"] if name in LOOKED_AT}


def _explicit(request: Request) -> str:
    """The language that the address asks for, if any."""
    return request.query_params.get("lang", "") if request.scope["query_string"] else ""


def _opened_by_a_person(method: str, headers: Mapping[bytes, bytes]) -> bool:
    """Only a GET for a whole document, and no prefetch, is a person's step."""
    if method != "GET" or headers.get(b"sec-fetch-dest", b"document") != b"document":
        return False
    return not any(b"prefetch" in headers[name].lower() for name in PREFETCHES if name in headers)
