"""Owns how sure a figure is: limits that hold what they promise, and never less than chance."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from redirect.domain.disclosure import publishable
from redirect.domain.sureness import Count, share, wilson

COUNTS = st.integers(0, 100_000)


@pytest.mark.parametrize(
    ("part", "whole", "low", "high"),
    # Newcombe, Statistics in Medicine 17 (1998), 857-872, table I, method 3.
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_limits_by_chance_are_those_of_the_literature(part: int, whole: int, low: float, high: float) -> None:
    assert wilson(part / whole, whole) == pytest.approx((low, high), abs=1e-4)


@given(COUNTS, COUNTS, st.integers(0, 400), st.integers(0, 5000))
def test_a_share_lies_between_its_limits(part: int, whole: int, cells: int, hidden: int) -> None:
    found = share(Count(part, cells, hidden), Count(whole, cells))
    if found is None:
        assert whole == 0
        return
    assert 0 <= found.low <= found.high <= 1
    if found.value is None:
        assert (part, found.low) == (0, 0)
    else:
        assert found.low - 1e-9 <= found.value <= found.high + 1e-9
        assert found.rest.low <= found.rest.high


@given(st.integers(1, 1000), st.integers(1000, 100_000), st.integers(1, 400), st.integers(1, 5000))
def test_rounding_and_what_is_hidden_only_ever_make_less_sure(part: int, whole: int, cells: int, hidden: int) -> None:
    exact = share(Count(part), Count(whole))
    rounded = share(Count(part, cells), Count(whole, cells))
    veiled = share(Count(part, cells, hidden), Count(whole, cells, hidden))
    assert exact is not None
    assert rounded is not None
    assert veiled is not None
    assert veiled.low <= rounded.low <= exact.low
    assert exact.high <= rounded.high <= veiled.high


def test_what_is_too_small_to_be_shown_still_has_an_upper_limit() -> None:
    found = share(Count(0, 0, 10), Count(5000, 12))
    assert found is not None
    assert found.value is None
    assert 10 / 5000 < found.high < 0.005


def test_the_limits_hold_the_truth_in_at_least_94_of_100_years_of_small_cells() -> None:
    """The whole way: people act by chance, cells are rounded, those below 10 are not shown."""
    chance, truth, held, years = random.Random(20261122), 0.04, 0, 400
    for _ in range(years):
        part = whole = Count()
        for size in (150, 300, 900, 2500, 400, 200):
            done = sum(chance.random() < truth for _ in range(size))
            part = part.plus(Count(publishable(done) or 0, 1 if publishable(done) else 0, 10))
            whole = whole.plus(Count(publishable(size) or 0, 1))
        found = share(part, whole)
        assert found is not None
        held += found.low <= truth <= found.high
    assert held / years >= 0.94
