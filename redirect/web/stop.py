"""Owns the listener that blocked names lead to: whatever the host and the path, one page. Must never pass on, keep or
show what was asked for: a page gets nothing of a request but what is named here."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from msgspec.structs import replace
from starlette.requests import Request

from redirect.domain.content import Statement
from redirect.domain.decision import DEFAULT_VARIANT
from redirect.domain.periods import DAY_SECONDS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from starlette.responses import Response
    from starlette.types import Receive, Scope, Send

    from redirect.domain.decision import Category
    from redirect.journeys.ports import Clock, Tokens
    from redirect.web.pages import Pages

PASSED_ON = frozenset((b"accept-language", b"accept-encoding", b"user-agent", b"sec-purpose", b"purpose", b"x-moz"))
OUR_LANGUAGE = re.compile(rb"lang=[A-Za-z0-9-]{2,32}")
"""A query that our own link to another language makes; any other belongs to the address that was blocked."""
DESTINATION = b"sec-fetch-dest"


def blocked(platform: str, country: str, category: Category) -> Statement:
    """What the page is for: an address of this category, in this country (alpha-2 or `ZZ`), which this platform blocks.
    Which address, and whether anyone saw a warning before, nobody knows."""
    return Statement(platform, category.id, category.url, DEFAULT_VARIANT, country, "unknown", "", day=0)


class StopPage:
    """The ASGI application of that listener. `pages` link to each other by absolute addresses, since a path would lead
    back here; `statement` is what the page is for, whatever its day."""

    def __init__(
        self, pages: Pages, tokens: Tokens, statement: Statement, clock: Clock, note: Callable[[str], None]
    ) -> None:
        self._pages = pages
        self._tokens = tokens
        self._statement = statement
        self._clock = clock
        self._note = note

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer with the page, in the reader's language."""
        try:
            response: Response = await self._pages.page(self._opened(scope))
        except Exception as error:  # noqa: BLE001 (help must not fail, whatever broke)
            self._note(f"a stop page broke ({type(error).__name__})")
            response = self._pages.fallback()
        await response(scope, receive, send)

    def _opened(self, scope: Scope) -> Request:
        """The same as if somebody had opened today's page by its address."""
        today = replace(self._statement, day=int(self._clock()) // DAY_SECONDS)
        query = scope["query_string"]
        return Request(
            {
                "type": "http",
                "method": scope["method"],
                "path": "/",
                "client": scope.get("client"),
                "path_params": {"token": self._tokens.seal(today)},
                "query_string": query if OUR_LANGUAGE.fullmatch(query) else b"",
                "headers": list(_passed_on(scope["headers"])),
            }
        )


def _passed_on(headers: Iterable[tuple[bytes, bytes]]) -> Iterator[tuple[bytes, bytes]]:
    """Over plain HTTP a browser does not say what it wants a request for. Whoever accepts HTML is opening a page;
    an image, a script or a program of another page is nobody's reading."""
    destination, accepts_html = b"", False
    for name, value in headers:
        if name in PASSED_ON:
            yield name, value
        elif name == DESTINATION:
            destination = value
        elif name == b"accept":
            accepts_html |= b"text/html" in value
    yield DESTINATION, destination or (b"document" if accepts_html else b"empty")
