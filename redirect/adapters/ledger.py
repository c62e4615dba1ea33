"""Owns what is kept beside the counts: figures that others give by the month, notes of changes, passes that were handed
back. Must never keep who wrote any of it, nor when in a day.

Keys, each in one slot of a cluster: `figures:{platform}`, `notes:{platform}` (`notes:{*}`: of all), `seen:{changes}`,
`ended:{pass}`.
"""

from __future__ import annotations

import itertools
import time
from typing import TYPE_CHECKING

import msgspec

from redirect.adapters.store_client import connect, store_errors, write
from redirect.domain.figures import Given, Place, month_of, months_before
from redirect.domain.notes import Note
from redirect.domain.periods import DAY_SECONDS, iso
from redirect.domain.records import decoded

if TYPE_CHECKING:
    from collections.abc import Mapping

    from redirect.journeys.ports import Clock

EVERYONE = "*"
"""Stands for all platforms; none has this name."""
SEEN = "seen:{changes}"
NOTES_KEPT = 760
"""Days that a note is kept, as long as what was published is."""
SEPARATOR = "|"

# Where states begin with a version and a space, an older one is no news: a worker begins with what lies on its disk.
SEE = """
local function version(state) return tonumber(string.match(state, '^(%d+) ')) end
local before = redis.call('HGET', KEYS[1], ARGV[1])
if before == ARGV[2] then return false end
if before and version(before) and version(ARGV[2]) and version(before) >= version(ARGV[2]) then return false end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
return before
"""


class StoreLedger:
    """Implements `Ledger`. Every call may raise StoreError. What is too old goes with the next that is written."""

    def __init__(self, url: str, clock: Clock = time.time) -> None:
        self._client = connect(url)
        self._clock = clock

    async def close(self) -> None:
        """Give the connections back."""
        await self._client.aclose()

    async def figures(self, platform: str) -> dict[Place, Given]:
        """What was given for one platform."""
        found = {}
        for name, record in (await self._all(f"figures:{{{platform}}}")).items():
            parts, figure = name.decode().split(SEPARATOR), decoded(record, Given)
            if len(parts) == len(Place._fields) and figure is not None:
                found[Place(*parts)] = figure
        return found

    async def write_figures(self, platform: str, figures: Mapping[Place, Given | None]) -> None:
        """Keep figures, each in place of what was there; None takes one away."""
        kept = set(months_before(month_of(self._clock())))
        old = [place for place in await self.figures(platform) if place.month not in kept]
        gone = [place for place, figure in figures.items() if figure is None]
        new = {SEPARATOR.join(place): msgspec.json.encode(each) for place, each in figures.items() if each is not None}
        await self._change(f"figures:{{{platform}}}", new, [SEPARATOR.join(place) for place in (*old, *gone)])

    async def notes(self, platform: str) -> dict[str, Note]:
        """Those of one platform, and those of all, by name."""
        found = {**await self._all(_notes("")), **await self._all(_notes(platform))}
        read = {name.decode(): decoded(record, Note) for name, record in found.items()}
        return {name: note for name, note in read.items() if note is not None}

    async def write_note(self, platform: str, name: str, note: Note) -> None:
        """Keep a note; of all platforms where `platform` is empty."""
        oldest = iso(int(self._clock()) // DAY_SECONDS - NOTES_KEPT)
        found = await self._all(_notes(platform))
        old = [each.decode() for each, record in found.items() if (read := decoded(record, Note)) and read.day < oldest]
        await self._change(_notes(platform), {name: msgspec.json.encode(note)}, old)

    async def delete_note(self, platform: str, name: str) -> None:
        """Forget a note of one platform."""
        await self._change(_notes(platform), {}, [name])

    async def saw(self, what: str, state: str) -> str | None:
        """Remember the state of something, unless it is of an older version; the one before, told to the first who says
        that it is another."""
        with store_errors():
            before: bytes | None = await self._client.eval(SEE, 1, SEEN, what, state)
            return None if before is None else before.decode()

    async def end_pass(self, name: str, seconds: int) -> None:
        """Take a pass back, for as long as it would have lasted."""
        with store_errors():
            key = f"ended:{{{name}}}"
            await write(self._client, key, "SET", key, 1, "EX", max(1, seconds))

    async def pass_ended(self, name: str) -> bool:
        """Whether a pass was taken back."""
        with store_errors():
            return bool(await self._client.exists(f"ended:{{{name}}}"))

    async def _all(self, key: str) -> dict[bytes, bytes]:
        with store_errors():
            return dict(await self._client.hgetall(key))

    async def _change(self, key: str, new: Mapping[str, bytes], gone: list[str]) -> None:
        with store_errors():
            if gone:
                await write(self._client, key, "HDEL", key, *gone)
            if new:
                await write(self._client, key, "HSET", key, *itertools.chain.from_iterable(new.items()))


def _notes(platform: str) -> str:
    return f"notes:{{{platform or EVERYONE}}}"
