"""Owns how often each key was used lately, shared by the workers of one node. Must never know for what, nor outlive the
process: with several nodes, each has its own.

One number for each key and scope: the moment at which nothing of its limit will be in use any more. A call moves it on
by its share of the limit's seconds, and is refused where it lies further ahead than those. Two workers that move it in
the same microsecond may count two calls as one; that is near enough, and costs no lock.
"""

from __future__ import annotations

import hashlib
import itertools
import math
import mmap
import time
from typing import TYPE_CHECKING, Final

from redirect.domain.rates import Spent

if TYPE_CHECKING:
    from redirect.domain.access import Limit
    from redirect.journeys.ports import Clock

SLOTS: Final = 4096
"""Keys times scopes that have a number of their own; more share one, which can only be stricter."""
NEARLY: Final = 1e-6


class Rates:
    """Made before workers are forked. The clock is the machine's, which never jumps and is the same for all of them."""

    def __init__(self, clock: Clock = time.monotonic) -> None:
        words = memoryview(mmap.mmap(-1, SLOTS * 16))
        self._owners, self._free_at = words[: SLOTS * 8].cast("Q"), words[SLOTS * 8 :].cast("d")
        self._clock = clock

    def spend(self, name: str, limit: Limit, calls: int, *, owed: bool = False) -> Spent:
        """Count so many calls of `name`. What is `owed` was let in before its number was known: always counted."""
        slot, now = self._slot(name), self._clock()
        share = limit.seconds / limit.most
        in_use = max(0.0, self._free_at[slot] - now)
        too_long = in_use + share - limit.seconds
        refused = not owed and too_long > NEARLY
        if not refused:
            in_use += calls * share
            self._free_at[slot] = now + in_use
        left = max(0, math.floor((limit.seconds - in_use) / share + NEARLY))
        return Spent(left, math.ceil(in_use), math.ceil(max(too_long, NEARLY)) if refused else 0)

    def _slot(self, name: str) -> int:
        owner = int.from_bytes(hashlib.blake2b(name.encode(), digest_size=8).digest(), "little") | 1
        first = owner % SLOTS
        for slot in itertools.chain(range(first, SLOTS), range(first)):
            if self._owners[slot] in {0, owner}:
                self._owners[slot] = owner
                return slot
        return first
