"""Owns the way of counts out of a store and back into one, whichever server or cluster it is. Must never touch the list
or the keys of platforms, nor add to a period what it holds already.

A period and the numbers of the batches that were applied to it are read in one step, so a copy is exact while the
service counts. The numbers of a spool rise: from the first that a period has seen, and the last that a copy has, it
follows whether both hold the same batch. What is brought back is there once every replica has it, see `store_client`:
so each script writes something, also where it has been done before.
"""

from __future__ import annotations

import re
from enum import IntEnum
from itertools import chain
from typing import TYPE_CHECKING, Any, Self

import msgspec

from redirect.adapters.backup_file import Counted, Kept, Record, Released
from redirect.adapters.store import FIRST, MINIMUM, ROWS
from redirect.adapters.store_client import connect, store_errors, write
from redirect.domain.counts import TABLES
from redirect.domain.periods import DAY_SECONDS, Span, Unit

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

KINDS = ("counts", "released", "figures", "notes", "paused", "stopped")
"""Of what lies in the store; its other keys are the list, those of platforms, and what lasts for moments."""
NAME = re.compile(r"^(\w+):\{(.+)\}")
CHUNK = 2000
"""Cells that are added in one call, so that none holds the store up."""
PATIENCE = 20.0
"""Seconds for each call: a new store may still be bringing its replicas up to date. Half of it is for these."""

READ = "return {redis.call('HGETALL', KEYS[1]), redis.call('HGETALL', KEYS[2])}"

ADMIT = """
local done = redis.call('HGET', KEYS[2], ARGV[1])
if done then
  redis.call('HSET', KEYS[2], ARGV[1], done)
  return tonumber(done)
end
for i = 4, #ARGV, 2 do
  if not string.find(ARGV[i], ':', 1, true) and redis.call('HEXISTS', KEYS[2], ARGV[i]) == 1 then
    local first = redis.call('HGET', KEYS[2], ARGV[3] .. ARGV[i])
    if not first or tonumber(first) <= tonumber(ARGV[i + 1]) then return -1 end
  end
end
for i = 4, #ARGV, 2 do
  local there, new = redis.call('HGET', KEYS[2], ARGV[i]), tonumber(ARGV[i + 1])
  local lower = string.sub(ARGV[i], 1, #ARGV[3]) == ARGV[3]
  if not there or (lower and new < tonumber(there)) or (not lower and new > tonumber(there)) then
    redis.call('HSET', KEYS[2], ARGV[i], ARGV[i + 1])
  end
end
redis.call('HSET', KEYS[2], ARGV[1], 0)
redis.call('EXPIREAT', KEYS[2], ARGV[2])
return 0
"""

ADD = """
if redis.call('HGET', KEYS[2], ARGV[1]) ~= ARGV[2] then return 0 end
redis.call('HINCRBY', KEYS[2], ARGV[1], 1)
for i = 4, #ARGV, 2 do redis.pcall('HINCRBY', KEYS[1], ARGV[i], ARGV[i + 1]) end
redis.call('EXPIREAT', KEYS[1], ARGV[3])
return 1
"""

KEEP = """
local added, last = 0, #ARGV
if ARGV[1] == 'whole' and redis.call('EXISTS', KEYS[1]) == 1 then last = 0 end
for i = 2, last, 2 do added = added + redis.call('HSETNX', KEYS[1], ARGV[i], ARGV[i + 1]) end
local field = redis.call('HKEYS', KEYS[1])[1]
if field then redis.call('HSET', KEYS[1], field, redis.call('HGET', KEYS[1], field)) end
return added
"""

REPLACE = """
redis.call('DEL', KEYS[1])
for i = 2, #ARGV, 2 do redis.call('HSET', KEYS[1], ARGV[i], ARGV[i + 1]) end
redis.call('EXPIREAT', KEYS[1], ARGV[1])
return 1
"""


class Fate(IntEnum):
    """What became of a record: it was added, it had been before, both hold some of the same, its time is over, or this
    version has no such table."""

    ADDED = 0
    KNOWN = 1
    OVERLAPS = 2
    PAST = 3
    STRANGE = 4


class Copies:
    """Reads and writes records. Every call may raise StoreError. `marker` names the backup that is restored."""

    def __init__(self, url: str, marker: str = "", patience: float = PATIENCE) -> None:
        self._client = connect(url, patience)
        self._patience = patience
        self._marker = f"restored:{marker}"

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._client.aclose()

    async def names(self) -> list[tuple[str, str]]:
        """Kind and name of everything that a backup holds, in an order that is always the same."""
        found = set()
        with store_errors():
            for kind in KINDS:
                async for key in self._client.scan_iter(match=f"{kind}:{{*", count=1000):
                    if match := NAME.fullmatch(key.decode(errors="replace")):
                        found.add((match[1], match[2]))
        return sorted(found)

    async def read(self, kind: str, name: str) -> Record | None:
        """One of them; None where it is gone, or is not ours."""
        key = f"{kind}:{{{name}}}"
        if kind == "counts":
            with store_errors():
                cells, applied = await self._client.eval(READ, 2, key, f"applied:{{{name}}}")
            return _counted(name, _numbers(cells), _numbers(applied))
        with store_errors():
            fields: dict[bytes, bytes] = await self._client.hgetall(key)
        if kind == "released":
            return _released(name, fields)
        texts = {field.decode(errors="replace"): text.decode(errors="replace") for field, text in fields.items()}
        return Kept(what=kind, about=name, fields=texts) if texts else None  # type: ignore[arg-type] # one of KINDS

    async def write(self, record: Record, now: float) -> Fate:
        """Add one of them to what is there, and to all replicas."""
        match record:
            case Counted():
                return await self._add(record, now)
            case Released():
                return await self._replace(record, now)
            case Kept():
                return await self._keep(record)

    async def _add(self, record: Counted, now: float) -> Fate:
        table = TABLES.get(record.table)
        if table is None:
            return Fate.STRANGE
        expires = (record.period + 1) * table.grain + table.retention_days * DAY_SECONDS
        if expires <= now:
            return Fate.PAST
        tag = f"{{{table.name}:{record.period}}}"
        keys = (f"counts:{tag}", f"applied:{tag}")
        done = await self._script(
            ADMIT, keys, self._marker, expires, FIRST, *chain.from_iterable(record.applied.items())
        )
        if done < 0:
            return Fate.OVERLAPS
        chunks = list(_chunks(record.cells))
        for number, cells in enumerate(chunks[done:], done):
            await self._script(ADD, keys, self._marker, number, expires, *chain.from_iterable(cells))
        return Fate.ADDED if done < len(chunks) else Fate.KNOWN

    async def _replace(self, record: Released, now: float) -> Fate:
        """What a backup holds has been published, and before what this store may have published since."""
        table = TABLES.get(record.table)
        if table is None:
            return Fate.STRANGE
        unit = Unit(record.span, record.number)
        expires = (unit.days.stop + table.published_days) * DAY_SECONDS
        if expires <= now:
            return Fate.PAST
        parts = {platform.encode(): msgspec.json.encode(rows) for platform, rows in record.shown.items()}
        parts[MINIMUM] = str(record.minimum).encode()
        key = f"released:{{{table.name}:{unit.span}:{unit.number}}}"
        with store_errors():
            known = await self._client.hgetall(key) == parts
        await self._script(REPLACE, (key,), expires, *chain.from_iterable(parts.items()))
        return Fate.KNOWN if known else Fate.ADDED

    async def _keep(self, record: Kept) -> Fate:
        """What stands there is newer. Of pauses all or none: one that is not there may have ended."""
        key = f"{record.what}:{{{record.about}}}"
        extent = "whole" if record.what == "paused" else "each"
        added = await self._script(KEEP, (key,), extent, *chain.from_iterable(record.fields.items()))
        return Fate.ADDED if added else Fate.KNOWN

    async def _script(self, script: str, keys: tuple[str, ...], *arguments: Any) -> int:
        with store_errors():
            answer = await write(
                self._client, keys[0], "EVAL", script, len(keys), *keys, *arguments, patience=self._patience
            )
        return int(answer)


def _counted(name: str, cells: dict[str, int], applied: dict[str, int]) -> Counted | None:
    table, _, period = name.partition(":")
    if not cells or not period.isdecimal():
        return None
    return Counted(table=table, period=int(period), cells=cells, applied=applied)


def _released(name: str, fields: dict[bytes, bytes]) -> Released | None:
    table, span, number = (*name.split(":"), "", "")[:3]
    if MINIMUM not in fields or span not in tuple(Span) or not number.isdecimal():
        return None
    minimum = int(fields.pop(MINIMUM))
    shown = {platform.decode(): ROWS.decode(rows) for platform, rows in fields.items()}
    return Released(table=table, span=Span(span), number=int(number), minimum=minimum, shown=shown)


def _numbers(flat: list[bytes]) -> dict[str, int]:
    pairs = zip(flat[::2], flat[1::2], strict=True)
    return {field.decode(errors="replace"): int(number) for field, number in pairs}


def _chunks(cells: Mapping[str, int]) -> Iterator[list[tuple[str, int]]]:
    pairs = list(cells.items())
    return (pairs[start : start + CHUNK] for start in range(0, len(pairs), CHUNK))
