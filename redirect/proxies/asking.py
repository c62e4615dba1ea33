"""Owns what becomes of one question within its time. Must never raise, wait longer, or decide anything itself."""

from __future__ import annotations

import asyncio
import re
import ssl
from typing import NamedTuple
from urllib.parse import urlencode, urlsplit

from redirect.client.answer import Reason
from redirect.client.care import Care
from redirect.proxies.question import Question, forward_headers
from redirect.proxies.wire import Connections, Reply, Unreadable

TIME_LIMIT = 0.07
"""Seconds, so that a proxy can answer within 100 ms whatever is wrong."""
FAILURES = 5
PAUSE = 1.0
PAGE = re.compile(rb"https?://[A-Za-z0-9.:\[\]_~/-]+/w/[A-Za-z0-9_=-]+")
"""Where a person may be sent: our page and nothing else, and nothing in it that could end a line or a header."""
REFUSALS = {401: ", unknown key", 403: ", a key without the scope check"}
_SCHEME_PORTS = {"http": 80, "https": 443}
_KEY = re.compile("[!-~]+")
_COUNTRY = re.compile("[A-Za-z]{2}")


class Verdict(NamedTuple):
    """`page` where the request is stopped. Where it could not be decided, its operator has said what to do."""

    page: str = ""
    decided: bool = True


class Asker:
    """Asks `/v1/forward` of the service at `url`, with a key of scope `check`.

    `country` is where the people behind this proxy are, empty where that is unknown; `surface` as in the API.
    `on_error` is for the operator's log alone; `limit` are seconds. Raises ValueError where an argument cannot be used.
    """

    def __init__(
        self,
        url: str,
        key: str,
        *,
        country: str = "",
        surface: str = "proxy",
        on_error: str = "open",
        limit: float = TIME_LIMIT,
    ) -> None:
        place = urlsplit(url)
        if place.scheme not in _SCHEME_PORTS or not place.hostname:
            raise ValueError("the address of the service begins with http:// or https://")
        if not _KEY.fullmatch(key):
            raise ValueError("a key is one word, as `redirect keys create` shows it")
        if country and not _COUNTRY.fullmatch(country):
            raise ValueError("a country is two letters, such as GB")
        tls = ssl.create_default_context() if place.scheme == "https" else None
        self._connections = Connections(place.hostname, place.port or _SCHEME_PORTS[place.scheme], tls)
        options = urlencode({"country": country, "surface": surface})
        self._head = (
            f"GET {place.path.rstrip('/')}/v1/forward?{options} HTTP/1.1\r\n"
            f"Host: {place.netloc.rpartition('@')[2]}\r\nAuthorization: Bearer {key}\r\n"
        ).encode()
        self._limit = limit
        self._care = Care(FAILURES, PAUSE, 0.0, on_error)

    async def ask(self, question: Question) -> Verdict:
        """What to do with a request."""
        if not self._care.asks():
            self._care.unasked(Reason.PAUSED, 1)
            return Verdict(decided=False)
        try:
            async with asyncio.timeout(self._limit):
                reply = await self._connections.ask(self._request(question))
        except TimeoutError:
            return self._missed(Reason.TIMEOUT)
        except OSError:
            return self._missed(Reason.UNREACHABLE)
        except Unreadable:
            return self._missed(Reason.UNREADABLE)
        return self._read(reply)

    async def look(self) -> None:
        """Ask about nothing, so that what is wrong from the start is in the log before anybody searches."""
        await self.ask(Question(b"/"))

    def close(self) -> None:
        """Give the connections back."""
        self._connections.close()

    def _request(self, question: Question) -> bytes:
        lines = [b"%b: %b\r\n" % header for header in forward_headers(question)]
        return b"".join([self._head, *lines, b"\r\n"])

    def _read(self, reply: Reply) -> Verdict:
        page = reply.headers.get(b"location", b"")
        if reply.status == 200 and reply.is_empty:
            self._care.heard()
            return Verdict()
        if reply.status in {302, 303} and PAGE.fullmatch(page):
            self._care.heard()
            return Verdict(page.decode())
        if 400 <= reply.status < 500:
            return self._missed(Reason.REFUSED, f"{reply.status}{REFUSALS.get(reply.status, '')}")
        return self._missed(Reason.ERROR if reply.status >= 500 else Reason.UNREADABLE)

    def _missed(self, reason: Reason, refusal: str = "") -> Verdict:
        self._care.missed(reason, 1, refusal)
        return Verdict(decided=False)
