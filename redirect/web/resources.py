"""Owns the public directory: its pages, and the same as open data. Must never count a reader, nor show a contact that a
page could not."""

from __future__ import annotations

import gzip
import hashlib
from functools import lru_cache
from typing import TYPE_CHECKING, Final

import msgspec
from starlette.responses import Response

from redirect.domain.content import Door
from redirect.domain.errors import BadRequest
from redirect.domain.listing import suits
from redirect.domain.services import WORLD
from redirect.web.accept import Kind, asked
from redirect.web.http import text_header
from redirect.web.security import page_headers

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.requests import Request

    from redirect.domain.locales import Locale
    from redirect.domain.services import Card
    from redirect.journeys.listing import Listing
    from redirect.journeys.ports import Languages, Services
    from redirect.web.check import Count
    from redirect.web.faces import Faces
    from redirect.web.render import Renderer

LANGUAGE_LIMIT: Final = 32
PAGES_KEPT: Final = 512
ANSWERS_KEPT: Final = 512
FRESH: Final = 60
"""Seconds for which others may keep the open data: a paused service must be gone soon everywhere."""


class DirectoryPages:
    """Endpoints `/{lang}/help` and `/{lang}/help/{country}`."""

    def __init__(
        self,
        listing: Listing,
        renderer: Renderer,
        faces: Faces,
        count: Count,
        note: Callable[[str], None],
        fallback: Callable[[Kind], Response],
    ) -> None:
        self._listing = listing
        self._renderer = renderer
        self._faces = faces
        self._count = count
        self._note = note
        self._fallback = fallback
        # Keyed by language and country, as we know them: a few of each, and nothing of who reads.
        self._page = lru_cache(PAGES_KEPT)(self._write)
        self.forget = self._page.cache_clear

    async def page(self, request: Request) -> Response:
        """Whatever language or country the address names, and with any method: there is help."""
        self._count()
        kind = asked(text_header(request.scope, b"accept").encode("latin-1"))
        try:
            country = self._listing.country(request.path_params.get("country", ""))
            named = request.query_params.get("lang") or request.path_params["lang"]
            language = self._listing.locale(
                named[:LANGUAGE_LIMIT], text_header(request.scope, b"accept-language"), country
            )
            return self._page(language, country, kind=kind, packed=_takes_gzip(request))
        except Exception as error:  # noqa: BLE001 (help must not fail, whatever broke)
            self._note(f"a page broke ({type(error).__name__})")
            return self._fallback(kind)

    def _write(self, locale: Locale, country: str, *, kind: Kind, packed: bool) -> Response:
        view = self._listing.view(locale, country)
        body = self._renderer.directory(view) if kind is Kind.HTML else self._faces.listed(view, kind)
        headers = page_headers(self._renderer.csp_style_hash, locale.tag, form=False, media=False)
        if packed:
            body, headers = gzip.compress(body, mtime=0), {**headers, "Content-Encoding": "gzip"}
        return Response(body, headers=headers, media_type=kind.value)


class Entry(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """A service with the contacts that may be shown: at least one of `url` and `phone`. Absent is unknown, never no.

    `suits`: behind which of our doors it may stand; send a child to none that lacks `under-18`. `countries` are
    alpha-2, or `*` for everywhere; numbers are for callers inside them. `hours` are in OpenStreetMap's opening_hours
    syntax, by the clock of `time_zone`. `passes_on`: what it may tell others of what it is told. `verified_on`: when a
    person checked it, `stale` if long ago; `agreed_on`: when it agreed to be listed; empty: not yet.
    """

    id: str
    name: str
    native_name: str | None = None
    operator: str = ""
    network: str | None = None
    audience: tuple[str, ...]
    suits: tuple[Door, ...]
    kind: tuple[str, ...]
    countries: tuple[str, ...]
    region: str | None = None
    languages: tuple[str, ...]
    url: str | None = None
    phone: str | None = None
    phone_display: str | None = None
    channels: tuple[str, ...] = ()
    hours: str | None = None
    time_zone: str | None = None
    free: bool | None = None
    anonymous: bool | None = None
    confidential: bool | None = None
    passes_on: tuple[str, ...] = ()
    minimum_age: int | None = None
    works_from_abroad: bool | None = None
    confidence: str
    sources: tuple[str, ...]
    source_date: str = ""
    verified_on: str = ""
    stale: bool = False
    agreed_on: str = ""


class Resources(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """The directory as open data. `contact` is where a service writes to change or remove its entry."""

    services: tuple[Entry, ...]
    contact: str = ""


class ResourcesEndpoint:
    """`GET /v1/resources`, for everyone: no key is needed."""

    def __init__(self, services: Services, languages: Languages, contact: str) -> None:
        self._services = services
        self._languages = languages
        self._contact = contact
        self._data = lru_cache(ANSWERS_KEPT)(self._write)
        self.forget = self._data.cache_clear

    async def answer(self, request: Request) -> Response:
        """Services of one country with those for everywhere, or all; of one audience, or all. Raises BadRequest where
        no door has the name that `audience` is."""
        asked = request.query_params
        country = self._languages.country(asked["country"]) if "country" in asked else WORLD
        if asked.get("audience", Door.MAIN) not in {*Door}:
            raise BadRequest("no-audience")
        door = Door(asked["audience"]) if "audience" in asked else None
        packed = _takes_gzip(request)
        body, mark = self._data(country, door, packed=packed)
        headers = {
            "ETag": mark,
            "Cache-Control": f"public, max-age={FRESH}",
            "Access-Control-Allow-Origin": "*",
            "Cross-Origin-Resource-Policy": "cross-origin",
            "Vary": "Accept-Encoding",
            "X-Content-Type-Options": "nosniff",
        }
        if mark in text_header(request.scope, b"if-none-match"):
            return Response(status_code=304, headers=headers)
        encoding = {"Content-Encoding": "gzip"} if packed else {}
        return Response(body, headers=headers | encoding, media_type=Kind.JSON.value)

    def _write(self, country: str, door: Door | None, *, packed: bool) -> tuple[bytes, str]:
        directory = self._services.now
        cards = directory.shown if country == WORLD else (*directory.cards(country), *directory.cards(WORLD))
        chosen = tuple(entry for card in cards if door in {None, *(entry := _entry(card)).suits})
        body = msgspec.json.encode(Resources(services=chosen, contact=self._contact))
        mark = f'W/"{hashlib.blake2b(body, digest_size=12).hexdigest()}"'
        return gzip.compress(body, mtime=0) if packed else body, mark


def _entry(card: Card) -> Entry:
    service = card.service
    known = {field: getattr(service, field) for field in Entry.__struct_fields__ if hasattr(service, field)}
    contacts = {"url": card.url, "phone": card.phone, "phone_display": card.phone_display, "stale": card.stale}
    return Entry(**{**known, **contacts, "suits": suits(card)})


def _takes_gzip(request: Request) -> bool:
    return "gzip" in text_header(request.scope, b"accept-encoding")
