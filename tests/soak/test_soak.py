"""Owns the short form of `make soak`: whatever is killed, the store holds exactly what was acknowledged."""

from __future__ import annotations

from bench.soak import soak


def test_blows_on_workers_and_store_neither_lose_nor_double_a_count() -> None:
    outcome = soak(events=200_000, last=6, seed=20261122)
    assert outcome.wrong == []
    assert outcome.lost == 0
    assert outcome.acknowledged == 200_000
    assert outcome.stored == outcome.acknowledged + outcome.in_the_middle
    assert 0 <= outcome.in_the_middle <= outcome.blows.workers
    assert outcome.blows.workers + outcome.blows.store + outcome.blows.frozen >= 2
