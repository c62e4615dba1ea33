"""Owns how everything at and under `/reports` is answered: to whom, and with which headers. Must never answer for a
platform whose key is not signed in."""

from __future__ import annotations

import gzip
from typing import TYPE_CHECKING, Final

from starlette.responses import Response

from redirect.domain.errors import StoreError
from redirect.web.accept import Kind
from redirect.web.http import text_header
from redirect.web.security import page_headers

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.requests import Request

    from redirect.web.gate import Admitted, Gate
    from redirect.web.report_sheets import Sheets

HOME: Final = "/reports"
TOLD: Final = {
    "kept": "The figures are kept, as far as they may be shown.",
    "noted": "The note is kept.",
    "struck": "The note is taken back.",
    "bad-note": "A note needs a day, words, and not too many of them.",
    "no-cookie": "Your browser did not keep the sign-in: it does so over https, or on this very machine.",
    "wrong": "This key is not known here, or may not read reports.",
    "ended": "You are signed out.",
    "store": "The store does not answer. Nothing is lost: open the page again in a moment.",
}
"""What is said above the page, by the name that stands in its address."""


class Desk:
    """Lets in who is signed in, and answers. Shared by all pages of the dashboard."""

    def __init__(self, gate: Gate, sheets: Sheets) -> None:
        self.gate = gate
        self.sheets = sheets
        # Without a referrer at all, browsers that do not say Sec-Fetch-Site would send `Origin: null` with our forms.
        self._headers = page_headers(sheets.csp_style_hash, "en", form=True, media=False) | {
            "Referrer-Policy": "same-origin",
            "Vary": "Cookie, Accept-Encoding",
        }

    async def admitted(self, request: Request) -> Admitted | Response:
        """Who asks, or the form to sign in."""
        try:
            admitted = await self.gate.admitted(request)
        except StoreError:
            return self.closed()
        return admitted or self.door(TOLD.get(request.query_params.get("told", ""), ""))

    def door(self, told: str, status: int = 200) -> Response:
        """The form to sign in."""
        return self._answer(self.sheets.sign_in(told), status)

    def closed(self) -> Response:
        """What is said while the store does not answer."""
        return self.door(TOLD["store"], 503)

    def page(self, request: Request, body: bytes, status: int = 200) -> Response:
        """A page, packed where the browser takes it so."""
        return self._answer(body, status, packed="gzip" in text_header(request.scope, b"accept-encoding"))

    def file(self, body: bytes, name: str) -> Response:
        """A table to take away."""
        named = {"Content-Disposition": f'attachment; filename="{name}.csv"'}
        return Response(body, headers=self._headers | named, media_type="text/csv")

    def on(self, query: str, cookie: str = "") -> Response:
        """To the page, after a form: so that loading it again sends no form twice."""
        extra = {"Location": f"{self.sheets.home}?{query}", **({"Set-Cookie": cookie} if cookie else {})}
        return Response(status_code=303, headers=self._headers | extra)

    def _answer(self, body: bytes, status: int, *, packed: bool = False) -> Response:
        headers = dict(self._headers)
        if packed:
            body, headers["Content-Encoding"] = gzip.compress(body, 5, mtime=0), "gzip"
        return Response(body, status, headers, Kind.HTML.value)


def platform_of(fields: Mapping[str, str], admitted: Admitted) -> str:
    """The platform that is asked for, always one that is signed in."""
    platform = fields.get("platform", "")
    return platform if platform in admitted.platforms else admitted.platforms[0]
