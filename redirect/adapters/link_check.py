"""Owns whether the addresses of services still lead where they should. Must never press a server (one question at a
time, and none that its robots.txt refuses), nor connect inward because a name or a redirect says so."""

from __future__ import annotations

import asyncio
import re
import ssl
import time
from collections import defaultdict
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final
from urllib.robotparser import RobotFileParser

import httpx

from redirect import __version__
from redirect.adapters import reach as reach_
from redirect.adapters.reach import Reach, RefusedError
from redirect.domain.periods import DAY_SECONDS
from redirect.domain.urls import host_suffixes

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterable

    from redirect.adapters.reach import Resolve

    Progress = Callable[[str, int, int | None], None]

NAME: Final = "redirect"
"""What robots.txt knows us by."""
ANYWHERE: Final = Reach(allow_http=True)
"""Every public address; some of the pages that records rest on are old."""
AT_ONCE: Final = 16
PAUSE: Final = 1.0
"""Seconds between two questions to one server."""
MOST_REDIRECTS: Final = 5
MOST_READ: Final = 65_536
SECONDS: Final = 60.0
"""For one question."""
RENEW_BEFORE: Final = 21
"""Days left of a certificate, below which somebody should look: those that renew themselves do so at 30."""
_TIMES: Final = httpx.Timeout(15.0, connect=10.0)
_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
_KEPT_OUT: Final = frozenset({401, 403, 406, 429})
_PARKED: Final = re.compile(
    r"domain (?:name )?(?:is|may be|might be) (?:for sale|parked|available for purchase)|buy this domain"
    r"|sedoparking\.com|parkingcrew\.net|bodis\.com|hugedomains\.com|parklogic\.com|above\.com/marketplace"
    r"|cdn\.(?:dan|undeveloped)\.com|afternic\.com/(?:forsale|domain)"
)


class State(StrEnum):
    """FINE, or LOOK: a person should, or DEAD: nobody gets there."""

    FINE = "fine"
    LOOK = "look"
    DEAD = "dead"


@dataclass(frozen=True, slots=True)
class Found:
    """What an address led to: `what` in fixed words, the last status, where it ended if elsewhere, and how many days
    the certificate there is still good for."""

    state: State
    what: str = ""
    status: int | None = None
    leads_to: str = ""
    certificate_days: int | None = None


@dataclass(frozen=True, slots=True)
class _Answer:
    status: int
    location: str
    body: str
    certificate_days: int | None


class LinkChecker:
    """Asks addresses. `resolve` and `pause` stand for the network outside; `contact` tells whoever runs a server whom
    to ask about us."""

    def __init__(
        self,
        contact: str = "",
        *,
        reach: Reach = ANYWHERE,
        resolve: Resolve = reach_.resolve,
        pause: float = PAUSE,
        seconds: float = SECONDS,
    ) -> None:
        about = f"; {contact}" if contact.isascii() and contact.isprintable() and contact else ""
        self._agent = f"{NAME}/{__version__} (checks the links of a directory of help services{about})"
        self._reach, self._resolve, self._pause, self._seconds = reach, resolve, pause, seconds
        self._tls = reach_.tls(reach)
        self._turns: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._robots: dict[httpx.URL, asyncio.Task[RobotFileParser | None]] = {}

    async def check(self, addresses: Iterable[str], progress: Progress) -> dict[str, Found]:
        """What each address leads to. Servers are asked side by side, each one thing at a time."""
        by_host: dict[str, list[str]] = {}
        for address in dict.fromkeys(addresses):
            by_host.setdefault(_host(address), []).append(address)
        total = sum(map(len, by_host.values()))
        found: dict[str, Found] = {}
        places = asyncio.Semaphore(AT_ONCE)

        async def ask_all(group: list[str]) -> None:
            async with places:
                for address in group:
                    found[address] = await self._look(address)
                    progress("addresses", len(found), total)

        await asyncio.gather(*map(ask_all, by_host.values()))
        return found

    async def _look(self, address: str) -> Found:
        try:
            return await self._follow(httpx.URL(address))
        except (RefusedError, httpx.InvalidURL, UnicodeError) as error:
            return Found(State.DEAD, str(error) if isinstance(error, RefusedError) else "this is no address")
        except (TimeoutError, httpx.TimeoutException):
            return Found(State.DEAD, "no answer in time")
        except httpx.HTTPError as error:
            return Found(State.DEAD, _said_plainly(error))

    async def _follow(self, start: httpx.URL) -> Found:
        url = start
        for _ in range(MOST_REDIRECTS + 1):
            if not await self._is_welcome(url):
                what = "its robots.txt wants no programs; open it by hand"
                return Found(State.LOOK, what, leads_to=_elsewhere(start, url))
            answer = await self._ask_gently(url)
            if answer.status not in _REDIRECTS:
                return _judged(start, url, answer)
            url = url.join(answer.location)
        raise RefusedError(f"it redirects more than {MOST_REDIRECTS} times")

    async def _ask_gently(self, url: httpx.URL) -> _Answer:
        """HEAD, then GET where HEAD led nowhere: servers may refuse it, answer it otherwise or not at all, and only a
        body shows that a name is for sale."""
        with suppress(httpx.HTTPError):
            answer = await self._ask("HEAD", url)
            if answer.status in _REDIRECTS:
                return answer
        return await self._ask("GET", url)

    async def _is_welcome(self, url: httpx.URL) -> bool:
        rules = url.join("/robots.txt")
        if rules not in self._robots:
            self._robots[rules] = asyncio.create_task(self._read_robots(rules))
        robots = await self._robots[rules]
        return robots is None or robots.can_fetch(NAME, str(url))

    async def _read_robots(self, rules: httpx.URL) -> RobotFileParser | None:
        """What this server asks of programs; None where it asks nothing, or does not answer."""
        try:
            answer = await self._ask("GET", rules)
        except (RefusedError, TimeoutError, httpx.HTTPError, httpx.InvalidURL, UnicodeError):
            return None
        if answer.status != httpx.codes.OK:
            return None
        robots = RobotFileParser()
        robots.parse(answer.body.splitlines())
        return robots

    async def _ask(self, method: str, url: httpx.URL) -> _Answer:
        """One question, when nobody else asks this server, whoever led there."""
        async with self._turns[url.host]:
            await asyncio.sleep(self._pause)
            async with asyncio.timeout(self._seconds):
                return await self._ask_now(method, url)

    async def _ask_now(self, method: str, url: httpx.URL) -> _Answer:
        reach_.ensure_allowed(url, self._reach)
        proxy = reach_.proxy_for(url, self._reach)
        places = await asyncio.to_thread(self._places, url, proxy)
        for place in places:
            try:
                return await self._ask_at(method, url, place, proxy)
            except httpx.ConnectError:
                if place is places[-1]:
                    raise
        raise RefusedError("its host name cannot be resolved")

    def _places(self, url: httpx.URL, proxy: str | None) -> list[httpx.URL]:
        """As `fetch` does: what is connected to is what was checked; a proxy is given the name. No help is on this
        machine, whatever an address says of itself."""
        resolve = reach_.written if proxy else self._resolve
        addresses = reach_.pinned(url, self._reach, resolve, loopback=False)
        return [url] if proxy else [url.copy_with(host=address) for address in addresses]

    async def _ask_at(self, method: str, url: httpx.URL, place: httpx.URL, proxy: str | None) -> _Answer:
        headers = {"Host": url.netloc.decode(), "User-Agent": self._agent, "Accept": "text/html,*/*;q=0.5"}
        async with self._client(proxy) as client:
            request = client.build_request(method, place, headers=headers)
            request.extensions["sni_hostname"] = url.raw_host.decode()
            response = await client.send(request, stream=True)
            try:
                days = _certificate_days(response)
                return _Answer(response.status_code, response.headers.get("Location", ""), await _text(response), days)
            finally:
                await response.aclose()

    @asynccontextmanager
    async def _client(self, proxy: str | None) -> AsyncIterator[httpx.AsyncClient]:
        async with httpx.AsyncClient(verify=self._tls, proxy=proxy, trust_env=False, timeout=_TIMES) as client:
            yield client


def _judged(start: httpx.URL, end: httpx.URL, answer: _Answer) -> Found:
    days = answer.certificate_days
    verdicts = (
        (answer.status in _KEPT_OUT, State.LOOK, "it keeps programs out; open it by hand"),
        (not 200 <= answer.status < 300, State.DEAD, "its server says that there is no such page, or fails"),
        (_PARKED.search(answer.body.casefold()), State.DEAD, "its name is for sale, or parked"),
        (_site(end) != _site(start), State.LOOK, "it leads to somebody else's site"),
        (start.scheme == "https" != end.scheme, State.LOOK, "it leads to an address without https"),
        (days is not None and days < RENEW_BEFORE, State.LOOK, "its certificate ends soon"),
        (True, State.FINE, ""),
    )
    state, what = next((state, what) for holds, state, what in verdicts if holds)
    return Found(state, what, answer.status, _elsewhere(start, end), days)


def _elsewhere(start: httpx.URL, end: httpx.URL) -> str:
    return str(end) if end != start else ""


def _site(url: httpx.URL) -> str:
    """The registrable domain, or the address of a machine."""
    return host_suffixes(url.raw_host.decode().lower())[-1]


def _host(address: str) -> str:
    try:
        return httpx.URL(address).host.lower()
    except (httpx.InvalidURL, UnicodeError):
        return ""


async def _text(response: httpx.Response) -> str:
    """The beginning of the body."""
    body = bytearray()
    async for chunk in response.aiter_bytes():
        body += chunk
        if len(body) >= MOST_READ:
            break
    return body[:MOST_READ].decode("utf-8", "replace")


def _certificate_days(response: httpx.Response) -> int | None:
    stream = response.extensions.get("network_stream")
    tls = stream.get_extra_info("ssl_object") if stream else None
    certificate = tls.getpeercert() if tls else None
    if not certificate:
        return None
    return int((ssl.cert_time_to_seconds(certificate["notAfter"]) - time.time()) // DAY_SECONDS)


def _said_plainly(error: BaseException | None) -> str:
    while error is not None:
        if isinstance(error, ssl.SSLCertVerificationError):
            return "its certificate has ended" if error.verify_code == 10 else "its certificate cannot be trusted"
        error = error.__cause__ or error.__context__
    return "the connection failed or broke off"
