"""Owns `/.well-known/security.txt` (RFC 9116): where to report a weakness, as the operator says. Must never name an
address that the operator did not give, nor one past its last day."""

from __future__ import annotations

from datetime import UTC, datetime, time
from typing import TYPE_CHECKING, Final

from starlette.exceptions import HTTPException
from starlette.responses import PlainTextResponse

from redirect.web.security import owns_its_host

if TYPE_CHECKING:
    from datetime import date

    from starlette.requests import Request
    from starlette.responses import Response

    from redirect.journeys.ports import Clock

PATH: Final = "/.well-known/security.txt"


class SecurityText:
    """`contact` is a mail address or an https address, `expires` its last day (UTC), `url` where people find us."""

    def __init__(self, contact: str, expires: date, url: str, clock: Clock) -> None:
        end = datetime.combine(expires, time(23, 59, 59), UTC)
        self._end = end.timestamp()
        self._clock = clock
        lines = {
            "Contact": contact if contact.startswith("https://") else f"mailto:{contact}",
            "Expires": f"{end:%Y-%m-%dT%H:%M:%SZ}",
            "Canonical": url + PATH if owns_its_host(url) else "",
        }
        self._text = "".join(f"{name}: {value}\n" for name, value in lines.items() if value)

    async def answer(self, _request: Request) -> Response:
        """The file, while it holds."""
        if self._clock() > self._end:
            raise HTTPException(404)
        return PlainTextResponse(self._text)
