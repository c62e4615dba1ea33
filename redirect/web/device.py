"""Owns on what kind of device a page is opened, and whether by a program. Must never keep a User-Agent, nor hand one
on: what was found is kept by keyed digests, whose key nobody knows.

The judgement is that of `user-agents`; what it looks at is found by `ua-parser` with expressions that take linear time,
and without its cache, which would keep what browsers say of themselves (docs/adr/0008-devices-in-linear-time.md).
"""

from __future__ import annotations

import secrets
import sys
from hashlib import blake2b
from types import ModuleType

from ua_parser import Domain, load_lazy_builtins
from ua_parser.regex import Resolver

from redirect.domain.counts import AUTOMATED, DESKTOP, OTHER, PHONE, TABLET

# The search that the library would use by itself compiles 1,500 expressions as it is imported: 0.2 s of every start.
UNUSED = "ua_parser.user_agent_parser"
sys.modules[UNUSED] = ModuleType(UNUSED)
try:
    from user_agents.parsers import Browser, Device, OperatingSystem, UserAgent
finally:
    del sys.modules[UNUSED]

LIMIT = 512
"""Bytes of a header that are looked at."""
UNKNOWN = "Other"
KINDS_KEPT = 4096


class Devices:
    """Knows kinds of devices. Made once, before workers are forked: it takes 0.1 s and 30 MB."""

    def __init__(self) -> None:
        self._find = Resolver(load_lazy_builtins())
        self._forget()

    def _forget(self) -> None:
        self._kinds: dict[bytes, str] = {}
        self._key = secrets.token_bytes(16)

    def kind(self, header: bytes) -> str:
        """A label of the table `devices`, for a User-Agent header."""
        if len(self._kinds) >= KINDS_KEPT:
            self._forget()
        digest = blake2b(header[:LIMIT], key=self._key, digest_size=16).digest()
        kind = self._kinds.get(digest)
        if kind is None:
            kind = self._kinds[digest] = self._found(header)
        return kind

    def _found(self, header: bytes) -> str:
        agent = _Agent(self._find, header[:LIMIT].decode("latin-1"))
        if agent.is_bot:
            return AUTOMATED
        if agent.is_tablet:
            return TABLET
        if agent.is_mobile:
            return PHONE
        return DESKTOP if agent.is_pc else OTHER


class _Agent(UserAgent):  # type: ignore[misc] # the library has no types
    """What the library knows of a header, found by another way than its own."""

    def __init__(self, find: Resolver, text: str) -> None:
        found = find(text, Domain.ALL)
        self.ua_string = text
        system = found.os
        version = (system.major, system.minor, system.patch) if system else ()
        self.os = OperatingSystem(system.family if system else UNKNOWN, version, ".".join(filter(None, version)))
        self.browser = Browser(found.user_agent.family if found.user_agent else UNKNOWN, (), "")
        self.device = Device(found.device.family if found.device else UNKNOWN, None, None)
