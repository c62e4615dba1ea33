"""Owns what lies in Valkey or Redis: counts, the live list, access keys, pauses of services, stops of experiments. Must
never see a query or an address.

Every key carries a hash tag, so each script touches one slot and a cluster works as a single server does:
`counts:{table:period}` and `applied:{table:period}`, `summed:{platform:month}`, `list:{live}`, `access:{keys}`,
`paused:{services}`, `stopped:{experiments}`.
"""

from __future__ import annotations

import itertools
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Self

import msgspec
from redis.exceptions import RedisError

from redirect.adapters.store_client import connect, run, store_errors, write
from redirect.domain.counts import FUNNEL, SEPARATOR, TABLES
from redirect.domain.disclosure import Release
from redirect.domain.errors import SettingsError
from redirect.domain.periods import DAY_SECONDS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from redirect.domain.counts import Cell, Table
    from redirect.domain.periods import Unit
    from redirect.journeys.ports import Batch

LIST_TIMEOUT = 30.0
"""Seconds for a whole bundle: it is large, and every node may ask for it at once."""
ROWS = msgspec.json.Decoder(dict[str, int])
"""Rows of one platform in a release: joined labels without the platform, and the count that is shown."""

FIRST = "first:"
"""Before a spool's name, beside its last sequence number: the first that the period has seen of it."""

# Nothing that a script did is undone where it fails: the sequence is noted first, and a cell that cannot be added
# to (it would overflow) stops none of the others. So a batch may lose a cell, and never adds one twice. A batch that
# was applied before notes its sequence again, so that there is something to wait for at the replicas.
APPLY = """
local last = redis.call('HGET', KEYS[2], ARGV[1])
local old = last and tonumber(last) >= tonumber(ARGV[2])
redis.call('HSET', KEYS[2], ARGV[1], old and last or ARGV[2])
if old then return 0 end
if not last then redis.call('HSET', KEYS[2], 'first:' .. ARGV[1], ARGV[2]) end
for i = 4, #ARGV, 2 do redis.pcall('HINCRBY', KEYS[1], ARGV[i], ARGV[i + 1]) end
redis.call('EXPIREAT', KEYS[1], ARGV[3])
redis.call('EXPIREAT', KEYS[2], ARGV[3])
return 1
"""

RELEASE = """
if redis.call('EXISTS', KEYS[1]) == 1 then return 0 end
for i = 2, #ARGV, 2 do redis.call('HSET', KEYS[1], ARGV[i], ARGV[i + 1]) end
redis.call('EXPIREAT', KEYS[1], ARGV[1])
return 1
"""

PUBLISH = """
local live = tonumber(redis.call('HGET', KEYS[1], 'version') or '0')
if live >= tonumber(ARGV[1]) then return 0 end
for _, part in ipairs({'manifest', 'body'}) do
  local old = redis.call('HGET', KEYS[1], part)
  if old then redis.call('HSET', KEYS[1], 'previous_' .. part, old) end
end
redis.call('HSET', KEYS[1], 'version', ARGV[1], 'manifest', ARGV[2], 'body', ARGV[3])
return 1
"""

LIVE_LIST = "list:{live}"
ACCESS_KEYS = "access:{keys}"
PAUSES = "paused:{services}"
STOPS = "stopped:{experiments}"
MINIMUM = b""
"""A field of a release beside its platforms: the smallest cell that was shown."""
CHANGES = b"changes"
"""A field beside the keys, which stays when the last of them is revoked."""
PAUSED_BEFORE = b"*"
"""The same beside the pauses; no service has this id."""
STOPPED_BEFORE = b"*"
"""The same beside the stops; no experiment has this name."""


class Store:
    """Implements `SummaryStore` and `ListStore`. Every call may raise StoreError, within TIMEOUT seconds each try,
    LIST_TIMEOUT for a bundle. What it has written is still there when a replica takes the place of its primary."""

    def __init__(self, url: str) -> None:
        self._url = url
        try:
            self._client = connect(url)
        except (RedisError, ValueError, TypeError):
            # The library's own words may repeat a password.
            raise SettingsError("REDIRECT_STORE_URL: not the address of a store; escape special characters") from None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Give the connections back."""
        await self._client.aclose()

    async def ping(self) -> None:
        """Raise StoreError unless the store answers."""
        with store_errors():
            await self._client.ping()

    async def apply(self, batch: Batch) -> None:
        """Add a batch, one call for each period of each table; calls that were applied before change nothing."""
        for (table, period), group in itertools.groupby(sorted(batch.cells, key=_place), key=_place):
            await self._apply(batch, TABLES[table], period, group)

    async def _apply(self, batch: Batch, table: Table, period: int, cells: Iterable[tuple[Cell, int]]) -> None:
        tag = f"{{{table.name}:{period}}}"
        expires = (period + 1) * table.grain + table.retention_days * DAY_SECONDS
        pairs = itertools.chain.from_iterable((SEPARATOR.join(cell.labels), count) for cell, count in cells)
        await self._script(APPLY, [f"counts:{tag}", f"applied:{tag}"], [batch.spool, batch.sequence, expires, *pairs])

    async def counts(self, table: Table, periods: Sequence[int]) -> list[tuple[int, str, int]]:
        """Stored cells of these periods as (period, joined labels, count)."""
        found: list[tuple[int, str, int]] = []
        with store_errors():
            for chunk in _chunks(periods, 256):
                pipeline = self._client.pipeline(transaction=False)
                for period in chunk:
                    pipeline.hgetall(f"counts:{{{table.name}:{period}}}")
                for period, cells in zip(chunk, await run(self._client, pipeline), strict=True):
                    found.extend((period, field.decode(), int(count)) for field, count in cells.items())
        return found

    async def released(self, table: Table, units: Sequence[Unit]) -> set[Unit]:
        """Those of these units that have been released."""
        with store_errors():
            pipeline = self._client.pipeline(transaction=False)
            for unit in units:
                pipeline.exists(_released_key(table, unit))
            return {unit for unit, there in zip(units, await run(self._client, pipeline), strict=True) if there}

    async def releases(self, table: Table, units: Sequence[Unit], platform: str = "") -> list[Release | None]:
        """What was released of each unit, of one platform alone where one is named; None where nothing was yet."""
        with store_errors():
            pipeline = self._client.pipeline(transaction=False)
            for unit in units:
                _read_release(pipeline, _released_key(table, unit), platform)
            labels = lru_cache(None)(_Labels)
            return [_release(answer, platform, labels) for answer in await run(self._client, pipeline)]

    async def write_release(self, table: Table, unit: Unit, release: Release) -> bool:
        """Keep a release; False, and nothing changed, where the unit has one."""
        platforms: dict[str, dict[str, int]] = {}
        for (platform, *labels), count in release.shown.items():
            platforms.setdefault(platform, {})[SEPARATOR.join(labels)] = count
        parts = [[platform, msgspec.json.encode(rows)] for platform, rows in platforms.items()]
        expires = (unit.days.stop + table.published_days) * DAY_SECONDS
        arguments = [expires, MINIMUM, release.minimum, *itertools.chain.from_iterable(parts)]
        return bool(await self._script(RELEASE, [_released_key(table, unit)], arguments))

    async def summaries(self, platform: str, units: Sequence[Unit], minimum: int) -> list[bytes | None]:
        """What is kept of these months under this minimum; None where nothing is."""
        with store_errors():
            pipeline = self._client.pipeline(transaction=False)
            for unit in units:
                pipeline.get(_summary_key(platform, unit, minimum))
            return await run(self._client, pipeline)

    async def write_summary(self, platform: str, unit: Unit, minimum: int, record: bytes) -> None:
        """Keep what a month comes to, for as long as its releases."""
        expires = (unit.days.stop + FUNNEL.published_days) * DAY_SECONDS
        with store_errors():
            await self._client.set(_summary_key(platform, unit, minimum), record, exat=expires)

    async def take_turn(self, what: str, seconds: int) -> bool:
        """Whether nobody, on any node, has taken this turn for so long."""
        with store_errors():
            return bool(await self._client.set(f"turn:{{{what}}}", 1, nx=True, ex=seconds))

    async def list_version(self) -> int:
        """The version of the list that is live, 0 where none is."""
        with store_errors():
            return int(await self._client.hget(LIVE_LIST, "version") or 0)

    async def read_list(self) -> tuple[bytes, bytes] | None:
        """Envelope and bundle that are live."""
        return await self._read_list("")

    async def read_previous_list(self) -> tuple[bytes, bytes] | None:
        """Envelope and bundle that were live before."""
        return await self._read_list("previous_")

    async def _read_list(self, which: str) -> tuple[bytes, bytes] | None:
        with store_errors():
            async with connect(self._url, LIST_TIMEOUT) as client:
                manifest, body = await client.hmget(LIVE_LIST, [f"{which}manifest", f"{which}body"])
        return (manifest, body) if manifest and body else None

    async def write_list(self, version: int, manifest: bytes, body: bytes) -> bool:
        """Make a bundle live; False, and nothing changed, unless its version is higher than the live one."""
        arguments = (PUBLISH, 1, LIVE_LIST, version, manifest, body)
        with store_errors():
            async with connect(self._url, LIST_TIMEOUT) as client:
                return bool(await write(client, LIVE_LIST, "EVAL", *arguments, patience=LIST_TIMEOUT))

    async def access_keys(self) -> dict[str, bytes] | None:
        """Records of access keys by the SHA-256 of the key. None where the store has never had one: then it is a new
        one, or has lost them, and nobody's key has been revoked."""
        return await self._kept(ACCESS_KEYS, CHANGES)

    async def write_access_key(self, digest: str, record: bytes) -> None:
        """Add or replace one record."""
        with store_errors():
            await write(self._client, ACCESS_KEYS, "HSET", ACCESS_KEYS, digest, record, CHANGES, "made")

    async def delete_access_key(self, digest: str) -> bool:
        """Whether there was such a record."""
        with store_errors():
            return bool(await write(self._client, ACCESS_KEYS, "HDEL", ACCESS_KEYS, digest))

    async def pauses(self) -> dict[str, bytes] | None:
        """Until when services are paused, by id. None where the store has never had one: then it is a new one, or has
        lost them, and no pause has ended."""
        return await self._kept(PAUSES, PAUSED_BEFORE)

    async def write_pause(self, service: str, until: bytes) -> None:
        """Pause a service, or change until when."""
        with store_errors():
            await write(self._client, PAUSES, "HSET", PAUSES, service, until, PAUSED_BEFORE, "")

    async def delete_pause(self, service: str) -> bool:
        """Whether it was paused."""
        with store_errors():
            return bool(await write(self._client, PAUSES, "HDEL", PAUSES, service))

    async def stops(self) -> dict[str, bytes] | None:
        """Why experiments were stopped, by name. None where the store has never had one: then it is a new one, or has
        lost them, and no experiment goes on for that."""
        return await self._kept(STOPS, STOPPED_BEFORE)

    async def write_stop(self, experiment: str, record: bytes) -> bool:
        """Stop an experiment for good; False, and nothing changed, where it was stopped before."""
        with store_errors():
            await write(self._client, STOPS, "HSET", STOPS, STOPPED_BEFORE, "")
            return bool(await write(self._client, STOPS, "HSETNX", STOPS, experiment, record))

    async def _kept(self, name: str, mark: bytes) -> dict[str, bytes] | None:
        with store_errors():
            found = await self._client.hgetall(name)
        if found.pop(mark, None) is None:
            return None
        return {field.decode(): value for field, value in found.items()}

    async def _script(self, script: str, keys: list[str], arguments: list[Any]) -> int:
        with store_errors():
            return int(await write(self._client, keys[0], "EVAL", script, len(keys), *keys, *arguments))


def _place(item: tuple[Cell, int]) -> tuple[str, int]:
    return item[0].table, item[0].period


def _chunks(periods: Sequence[int], size: int) -> Iterator[Sequence[int]]:
    return (periods[start : start + size] for start in range(0, len(periods), size))


def _released_key(table: Table, unit: Unit) -> str:
    return f"released:{{{table.name}:{unit.span}:{unit.number}}}"


def _summary_key(platform: str, unit: Unit, minimum: int) -> str:
    return f"summed:{{{platform}:{unit.number}}}:{minimum}"


def _read_release(pipeline: Any, key: str, platform: str) -> None:
    if platform:
        pipeline.hmget(key, [MINIMUM, platform])
    else:
        pipeline.hgetall(key)


class _Labels(dict[str, tuple[str, ...]]):
    """Joined labels of one platform, taken apart once: the same come back day after day."""

    def __init__(self, platform: str) -> None:
        self._platform = platform

    def __missing__(self, joined: str) -> tuple[str, ...]:
        self[joined] = (self._platform, *joined.split(SEPARATOR))
        return self[joined]


def _release(answer: Any, platform: str, labels: Callable[[str], _Labels]) -> Release | None:
    parts = {MINIMUM: answer[0], platform.encode(): answer[1]} if platform else dict(answer)
    minimum = parts.pop(MINIMUM, None)
    if minimum is None:
        return None
    shown: dict[tuple[str, ...], int] = {}
    for name, rows in parts.items():
        apart = labels(name.decode())
        shown |= {apart[joined]: count for joined, count in (ROWS.decode(rows) if rows else {}).items()}
    return Release(int(minimum), shown)
