"""Owns the keys that platforms present or sign with. Must never keep a key itself, only its SHA-256 (keys are 256
random bits), and of one that signs a sealed copy.

Records lie in the store; each node keeps the last known copy in `access.json`, so that it can serve while the
store is down.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from functools import lru_cache
from typing import TYPE_CHECKING

from redirect.adapters.files import Copy
from redirect.domain.access import Access, Scope
from redirect.domain.records import decoded

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from redirect.adapters.rates import Rates
    from redirect.adapters.seals import SealBox
    from redirect.domain.rates import Spent
    from redirect.journeys.ports import Clock

PREFIX = "rd_"
SHORT = 8
"""Bytes of a digest by which it is looked up; the whole is compared in constant time."""
KEYS_OPENED = 1024
DEMO_KEY = "demo"


def new_key(prefix: str = PREFIX) -> str:
    """A fresh key, to be shown once."""
    return prefix + secrets.token_urlsafe(32)


def digest(key: str | bytes) -> str:
    """What is stored of a key."""
    return hashlib.sha256(key if isinstance(key, bytes) else key.encode()).hexdigest()


def demo_access() -> tuple[str, Access]:
    """The key `demo` with every scope, for `--demo` alone."""
    return digest(DEMO_KEY), Access(id="demo", platform="demo", scopes=tuple(Scope))


class AccessKeys:
    """The access keys known to this process, by digest, and how often each is used."""

    def __init__(self, cache: Path, built_in: Mapping[str, Access], clock: Clock, rates: Rates, seals: SealBox) -> None:
        self._copy = Copy(cache)
        self._opened = lru_cache(KEYS_OPENED)(seals.open)
        self._built_in = dict(built_in)
        self._clock = clock
        self._rates = rates
        self._records = dict(built_in)
        self._take(self._copy.read(dict[str, Access]) or {})
        self.tick()

    def find(self, presented: bytes) -> Access | None:
        """The access that this key gives."""
        whole = hashlib.sha256(presented).digest()
        kept, access = self._good.get(whole[:SHORT], (b"", None))
        return access if hmac.compare_digest(kept, whole) else None

    def spend(self, access: Access, scope: Scope, calls: int, *, owed: bool = False) -> Spent | None:
        """Count calls against the limit, as `Rates` does; None where there is none."""
        limit = access.limit_of(scope)
        return self._rates.spend(f"{access.sender} {scope}", limit, calls, owed=owed) if limit else None

    def by_id(self, key_id: str) -> Access | None:
        """The access of the key that is named so, while it is good."""
        return next((access for _, access in self._good.values() if access.id == key_id), None)

    def signer(self, key_id: str) -> tuple[bytes, Access] | None:
        """The key that is named so and signs, with the access that it gives, while it is good."""
        return self._signers.get(key_id)

    def refresh(self, records: Mapping[str, bytes]) -> None:
        """Take over what the store holds, and keep a copy for the time when it does not answer."""
        read = {key: decoded(record, Access) for key, record in records.items()}
        # One that cannot be read gives no access, and takes nobody else's away.
        access = {key: record for key, record in read.items() if record is not None}
        changed = self._take(access)
        if changed:
            self.tick()
        self._copy.keep(access, changed=changed)

    def tick(self) -> None:
        """Let go of those that have ended. Often, since nobody looks when one is presented."""
        now = self._clock()
        found = ((_digest(key), access) for key, access in self._records.items() if access.is_good(now))
        self._good = {whole[:SHORT]: (whole, access) for whole, access in found if whole}
        signing = ((self._opened(access.seal), access) for _, access in self._good.values() if access.seal)
        self._signers = {access.id: (secret, access) for secret, access in signing if secret}

    def _take(self, access: Mapping[str, Access]) -> bool:
        records = {**access, **self._built_in}
        changed, self._records = records != self._records, records
        return changed


def _digest(key: str) -> bytes:
    """Empty for what is none: it gives no access."""
    try:
        return bytes.fromhex(key)
    except ValueError:
        return b""
