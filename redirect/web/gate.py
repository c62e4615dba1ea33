"""Owns who sees the dashboard: sign-in by key, the cookie that stands for it, and where a form may come from. Must
never keep a key, nor tell by its words or its time why one is refused.

The cookie is `__Host-reports`: Secure, HttpOnly, SameSite=Strict, Path=/, always. Browsers send Secure cookies to
127.0.0.1 and localhost over plain http too (Safari does not), and nowhere else: so there is no weaker form of it, and
whoever serves the dashboard without TLS cannot be signed in at all.
"""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Final, NamedTuple, Protocol

from redirect.domain.access import MOST_PLATFORMS, PASS_SECONDS, Access, Pass, Scope
from redirect.domain.errors import BadRequest
from redirect.web.http import header, text_header
from redirect.web.security import KnownKeys, charge

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from starlette.requests import Request

    from redirect.journeys.ports import Clock

COOKIE: Final = "__Host-reports"
ATTRIBUTES: Final = "Path=/; Secure; HttpOnly; SameSite=Strict"
COOKIE_LIMIT: Final = 4096
WRONG_SECONDS: Final = 1.0
"""What a wrong key costs its bearer."""
WRONG_AT_ONCE: Final = 16
"""Wrong keys that wait at a time; more are turned away without a look."""


class Passes(Protocol):
    """Makes passes, and reads its own."""

    def name(self) -> str: ...
    def seal(self, issued: Pass) -> str: ...
    def open(self, text: str) -> Pass | None: ...


class Ended(Protocol):
    """Remembers passes that were handed back. Both may raise StoreError."""

    async def end_pass(self, name: str, seconds: int) -> None: ...
    async def pass_ended(self, name: str) -> bool: ...


class NamedKeys(KnownKeys, Protocol):
    """Finds the access of a key that is presented, or that a pass names, and counts how often it is used."""

    def by_id(self, key_id: str) -> Access | None: ...


class Admitted(NamedTuple):
    """Who is signed in: a pass, and the platforms whose keys are still good, in the order of their sign-in."""

    issued: Pass
    platforms: tuple[str, ...]


class Gate:
    """Signs in and out. A pass ends with its time, its sign-out, or the last of its keys, whichever comes first."""

    def __init__(
        self,
        keys: NamedKeys,
        passes: Passes,
        ended: Ended,
        clock: Clock = time.time,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._keys = keys
        self._passes = passes
        self._ended = ended
        self._clock = clock
        self._sleep = sleep
        self._waiting = 0

    async def admitted(self, request: Request) -> Admitted | None:
        """Who asks; None where nobody is signed in. Raises StoreError where that cannot be known."""
        issued = self._passes.open(request.cookies.get(COOKIE, "")[:COOKIE_LIMIT])
        if issued is None or issued.until <= self._clock():
            return None
        good = [platform for key_id, platform in issued.keys if self._reports(self._keys.by_id(key_id), platform)]
        if not good or await self._ended.pass_ended(issued.name):
            return None
        return Admitted(issued, tuple(good))

    def charge(self, request: Request, platform: str, admitted: Admitted) -> None:
        """Count a look against the limit of the key that is looked through. Raises BadRequest over it."""
        for key_id, named in admitted.issued.keys:
            access = self._keys.by_id(key_id) if named == platform else None
            spent = charge(request.scope, self._keys, access, Scope.REPORT, 1) if access else None
            if spent and spent.wait:
                raise BadRequest("too-many-requests")

    async def sign_in(self, key: str, before: Admitted | None) -> str | None:
        """The cookie for a key, and for those of the pass that was there before; None for a key that is wrong, after a
        while. Raises BadRequest where too many wrong keys wait."""
        access = self._keys.find(key.strip().encode())
        if access is None or access.seal or Scope.REPORT not in access.scopes:
            await self._wait()
            return None
        earlier = [each for each in before.issued.keys if each[1] != access.platform] if before else []
        keys = ((access.id, access.platform), *earlier)[:MOST_PLATFORMS]
        if before:
            await self._end(before.issued)
        now = int(self._clock())
        # A further key makes no pass last longer.
        issued = Pass(self._passes.name(), before.issued.until if before else now + PASS_SECONDS, keys)
        return f"{COOKIE}={self._passes.seal(issued)}; Max-Age={issued.until - now}; {ATTRIBUTES}"

    async def sign_out(self, admitted: Admitted | None) -> str:
        """The cookie that takes the pass away; a copy of it is good no more, either."""
        if admitted:
            await self._end(admitted.issued)
        return f"{COOKIE}=; Max-Age=0; {ATTRIBUTES}"

    async def _end(self, issued: Pass) -> None:
        await self._ended.end_pass(issued.name, issued.until - int(self._clock()))

    async def _wait(self) -> None:
        """All wrong keys wait alike; whoever sends many holds up only their like."""
        if self._waiting >= WRONG_AT_ONCE:
            raise BadRequest("too-many-requests")
        self._waiting += 1
        try:
            await self._sleep(WRONG_SECONDS)
        finally:
            self._waiting -= 1

    @staticmethod
    def _reports(access: Access | None, platform: str) -> bool:
        return access is not None and access.platform == platform and Scope.REPORT in access.scopes


def ensure_own_form(request: Request) -> None:
    """Raise BadRequest unless the form was sent by a page of ours: browsers say where a request comes from, in
    `Sec-Fetch-Site`, older ones in `Origin`; what says neither is no browser that could have been misled, but no form
    of ours either."""
    site = text_header(request.scope, b"sec-fetch-site")
    origin = text_header(request.scope, b"origin")
    if site:
        if site != "same-origin":
            raise BadRequest("foreign-form")
    elif not origin or origin.partition("://")[2] != header(request.scope, b"host").decode("latin-1"):
        raise BadRequest("foreign-form")
