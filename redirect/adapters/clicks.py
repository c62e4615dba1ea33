"""Owns how often each reader's steps have lately been counted: a thousand clicks are not a thousand counts. Must never
keep an address, nor anything by which one could be found: only keyed digests in memory, for an hour at most, and then
their key is forgotten with them. Each worker has its own.
"""

from __future__ import annotations

import hashlib
import secrets
import time
from collections import Counter
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from redirect.journeys.ports import Clock

PERIOD: Final = 3600
EACH: Final = 5
"""Counts of one step of one page; several people may share an address."""
ALL: Final = 100
"""Counts of all steps together."""
MOST_KEPT: Final = 200_000
SALT_BYTES: Final = 16


class Clicks:
    """Whether one more step counts."""

    def __init__(self, clock: Clock = time.monotonic) -> None:
        self._clock = clock
        self._begin_anew()

    def count(self, reader: bytes, step: str) -> bool:
        """Note a step of a reader, and say whether it still counts."""
        if self._clock() >= self._until or len(self._counted) >= MOST_KEPT:
            self._begin_anew()
        everything, this = self._digest(reader, ""), self._digest(reader, step)
        if self._counted[everything] >= ALL or self._counted[this] >= EACH:
            return False
        self._counted.update((everything, this))
        return True

    def _digest(self, reader: bytes, step: str) -> bytes:
        text = reader + b" " + step.encode(errors="replace")
        return hashlib.blake2b(text, key=self._salt, digest_size=8).digest()

    def _begin_anew(self) -> None:
        self._salt = secrets.token_bytes(SALT_BYTES)
        self._counted: Counter[bytes] = Counter()
        self._until = self._clock() + PERIOD
