"""Owns how a store is set up, as it says itself. Must never change it, nor read what it holds."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

from redis.asyncio import RedisCluster

from redirect.adapters.store_client import connect, store_errors


@dataclass(frozen=True)
class StoreFacts:
    """`ahead`: seconds by which its clock is ahead of ours. `evicts`: it may forget keys when its memory is full.
    `persistent`: it writes each change down. `replica`: it takes no changes."""

    ahead: float
    evicts: bool
    persistent: bool
    replica: bool


async def look(url: str) -> StoreFacts:
    """Of the store, or of all primaries of a cluster together. Raises StoreError."""
    client = connect(url)
    try:
        with store_errors():
            before = time.time()
            seconds, microseconds = await client.time()
            ahead = seconds + microseconds / 1e6 - (before + time.time()) / 2
            infos = await _infos(client)
    finally:
        await client.aclose()
    return StoreFacts(
        ahead=ahead,
        evicts=any(info.get("maxmemory") and info.get("maxmemory_policy") != "noeviction" for info in infos),
        persistent=all(info.get("aof_enabled") for info in infos),
        replica=any(info.get("role") == "slave" for info in infos),
    )


async def _infos(client: Any) -> list[dict[str, Any]]:
    if not isinstance(client, RedisCluster):
        return [await client.info()]
    found = await client.info(target_nodes=RedisCluster.PRIMARIES)
    return [found] if "role" in found else list(found.values())
