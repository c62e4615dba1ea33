"""Owns the store against a real Valkey: batches apply once, lists only go forward, errors say nothing of what was
sent."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from redis import Redis

from redirect.adapters.spool import SpooledBatch
from redirect.adapters.store import Store
from redirect.domain.counts import CHECKS, SERVICES, Cell, Table
from redirect.domain.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

NOW = CHECKS.period(time.time())
TODAY = SERVICES.period(time.time())
BLOCK = ("acme", "web", "block", "enforce", "0", "no")
LINE = ("acme", "zorblax", "AR", "main")


def batch(sequence: int, count: int = 1, spool: str = "a", table: Table = CHECKS, period: int = NOW) -> SpooledBatch:
    labels = BLOCK if table is CHECKS else LINE
    return SpooledBatch(Path(), spool, sequence, ((Cell(table.name, period, labels), count),))


@pytest.fixture
async def store(valkey: str) -> AsyncIterator[Store]:
    async with Store(valkey) as store:
        yield store


async def total(store: Store, table: Table = CHECKS) -> int:
    return sum(count for _, _, count in await store.counts(table, [NOW if table is CHECKS else TODAY]))


async def test_a_batch_sent_again_changes_nothing(store: Store) -> None:
    for _ in range(3):
        await store.apply(batch(1, 7))
    assert await total(store) == 7


async def test_an_older_batch_after_a_newer_one_changes_nothing(store: Store) -> None:
    await store.apply(batch(2, 5))
    await store.apply(batch(1, 100))
    await store.apply(batch(3, 1))
    assert await total(store) == 6


async def test_spools_do_not_know_each_other(store: Store) -> None:
    for spool in ("a", "b", "c"):
        await store.apply(batch(1, 4, spool))
    assert await total(store) == 12


async def test_one_batch_may_hold_several_tables_and_periods(store: Store) -> None:
    cells = (
        (Cell("services", TODAY, LINE), 2),
        (Cell("checks", NOW, BLOCK), 3),
        (Cell("checks", NOW - 1, BLOCK), 4),
        (Cell("checks", NOW, ("acme", "web", "allow", "enforce", "0", "no")), 5),
    )
    for _ in range(2):
        await store.apply(SpooledBatch(Path(), "a", 1, cells))
    assert await total(store) == 8
    assert await total(store, SERVICES) == 2
    assert [count for _, _, count in await store.counts(CHECKS, [NOW - 1])] == [4]


async def test_counts_end_after_their_retention(store: Store, valkey: str) -> None:
    await store.apply(batch(1))
    await store.apply(batch(1, period=NOW - 40 * 24))
    with Redis.from_url(valkey) as client:
        keys = list(client.scan_iter())
        assert len(keys) == 2, "what is older than its retention is gone at once"
        for key in keys:
            assert 34 * 86400 < client.ttl(key) <= 36 * 86400


async def test_a_list_only_goes_forward(store: Store) -> None:
    assert await store.list_version() == 0
    assert await store.read_list() is None
    assert await store.write_list(20261122010203, b"manifest", b"body")
    assert not await store.write_list(20261122010203, b"other", b"other")
    assert not await store.write_list(20261122010202, b"older", b"older")
    assert await store.read_list() == (b"manifest", b"body")
    assert await store.write_list(20261122010204, b"new", b"new body")
    assert (await store.list_version(), await store.read_list()) == (20261122010204, (b"new", b"new body"))


async def test_a_key_record_is_kept_until_it_is_deleted(store: Store) -> None:
    await store.write_access_key("ab12", b"{}")
    assert await store.access_keys() == {"ab12": b"{}"}
    assert await store.delete_access_key("ab12")
    assert not await store.delete_access_key("ab12")
    assert await store.access_keys() == {}


async def test_a_store_that_is_away_is_said_to_be_within_seconds() -> None:
    began = time.monotonic()
    async with Store("redis://127.0.0.1:1") as store:
        for call in (store.ping(), store.list_version(), store.apply(batch(1)), store.counts(CHECKS, [NOW])):
            with pytest.raises(StoreError) as caught:
                await call
            assert not caught.value.permanent
    assert time.monotonic() - began < 10


async def test_an_error_says_nothing_of_what_was_sent(store: Store, valkey: str) -> None:
    with Redis.from_url(valkey) as client:
        client.set("list:{live}", "Vorlinqet7Basmo")
    with pytest.raises(StoreError) as caught:
        await store.write_list(1, b"Vorlinqet7Basmo", b"")
    assert caught.value.permanent
    assert "Vorlinqet7Basmo" not in repr(caught.value) + str(caught.value.__cause__)
