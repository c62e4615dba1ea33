"""Limits of keys: how often, and what is told of it."""

from __future__ import annotations

import os

from hypothesis import given
from hypothesis import strategies as st

from redirect.adapters.rates import SLOTS, Rates
from redirect.domain.access import Limit
from redirect.domain.rates import headers


class Clock:
    def __init__(self) -> None:
        self.now = 5_000.0

    def __call__(self) -> float:
        return self.now


def test_as_many_calls_as_allowed_pass_and_one_more_does_not() -> None:
    clock = Clock()
    rates, limit = Rates(clock), Limit(10, 60)
    told = [rates.spend("a", limit, 1) for _ in range(12)]
    assert [spent.left for spent in told] == [9, 8, 7, 6, 5, 4, 3, 2, 1, 0, 0, 0]
    assert [spent.wait for spent in told] == [0] * 10 + [6, 6]
    clock.now += 6
    assert rates.spend("a", limit, 1).wait == 0
    assert rates.spend("a", limit, 1).wait == 6


def test_what_is_told_is_the_form_of_the_draft() -> None:
    rates, limit = Rates(Clock()), Limit(2, 10)
    told = headers("report", limit, rates.spend("a", limit, 1))
    assert told == {"RateLimit-Policy": '"report";q=2;w=10', "RateLimit": '"report";r=1;t=5'}
    rates.spend("a", limit, 1)
    assert headers("report", limit, rates.spend("a", limit, 1))["Retry-After"] == "5"


def test_a_batch_is_let_in_once_and_owed_afterwards() -> None:
    clock = Clock()
    rates, limit = Rates(clock), Limit(10, 10)
    rates.spend("a", limit, 1)
    assert rates.spend("a", limit, 99, owed=True).left == 0
    assert rates.spend("a", limit, 1).wait == 91
    clock.now += 91
    assert rates.spend("a", limit, 1).wait == 0


def test_one_key_takes_nothing_from_another() -> None:
    rates, limit = Rates(Clock()), Limit(1, 60)
    names = [f"key {number}" for number in range(200)]
    assert not any(rates.spend(name, limit, 1).wait for name in names)
    assert all(rates.spend(name, limit, 1).wait for name in names)


def test_more_keys_than_there_are_places_are_limited_all_the_same() -> None:
    rates, limit = Rates(Clock()), Limit(1, 60)
    for number in range(SLOTS):
        rates.spend(f"key {number}", limit, 1)
    assert rates.spend("one more", limit, 1).wait
    assert rates.spend("key 7", limit, 1).wait


def test_workers_share_what_is_left() -> None:
    rates, limit = Rates(), Limit(10, 6000)
    child = os.fork()
    if not child:
        for _ in range(6):
            rates.spend("a", limit, 1)
        os._exit(0)
    os.waitpid(child, 0)
    assert rates.spend("a", limit, 1).left == 3


@given(
    limit=st.builds(Limit, st.integers(1, 10**9), st.integers(1, 10**5)),
    pauses=st.lists(st.floats(0, 100), max_size=60),
)
def test_never_do_more_pass_than_the_limit_gives_in_its_time(limit: Limit, pauses: list[float]) -> None:
    clock = Clock()
    rates, passed = Rates(clock), 0
    for pause in pauses:
        clock.now += pause
        spent = rates.spend("a", limit, 1)
        passed += not spent.wait
        assert 0 <= spent.left <= limit.most
        assert 0 <= spent.reset <= limit.seconds + 1
    assert passed <= limit.most + sum(pauses[1:]) * limit.most / limit.seconds + 1
