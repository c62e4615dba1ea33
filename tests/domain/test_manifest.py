"""Owns which list may follow which, and what the age of one means."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from redirect.domain.decision import Degraded
from redirect.domain.errors import ListError
from redirect.domain.manifest import Manifest, ensure_may_follow, staleness, version_after

MADE = datetime(2026, 11, 22, 1, 2, 3, tzinfo=UTC)
LIVE = Manifest(
    version=20261122010203,
    previous=0,
    created=MADE.isoformat(),
    refresh_by=(MADE + timedelta(days=7)).isoformat(),
    use_until=(MADE + timedelta(days=30)).isoformat(),
    entries={"term": 60, "url": 40},
    size=1,
    sha256="",
)


def newer(total: int) -> Manifest:
    return replace(LIVE, version=LIVE.version + 1, entries={"term": total})


def test_a_version_can_be_read_and_rises_with_time() -> None:
    assert version_after(0, MADE) == 20261122010203
    assert version_after(0, MADE.astimezone()) == version_after(0, MADE)


@given(st.integers(0, 99999999999999), st.datetimes(datetime(2026, 1, 1), datetime(2090, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001 (hypothesis wants naive bounds)
def test_a_version_is_always_higher_than_the_one_before(previous: int, moment: datetime) -> None:
    assert version_after(previous, moment) > previous


def test_an_empty_list_never_goes_live() -> None:
    for live in (None, LIVE):
        with pytest.raises(ListError, match="empty"):
            ensure_may_follow(newer(0), live, accept_change=True)


def test_the_first_list_of_all_needs_no_consent() -> None:
    ensure_may_follow(newer(1), None, accept_change=False)


@pytest.mark.parametrize("step", [0, -1, -100])
def test_no_list_follows_a_newer_one(step: int) -> None:
    with pytest.raises(ListError, match="not newer"):
        ensure_may_follow(replace(LIVE, version=LIVE.version + step), LIVE, accept_change=True)


@pytest.mark.parametrize("total", [80, 100, 120])
def test_a_fifth_more_or_less_needs_no_consent(total: int) -> None:
    ensure_may_follow(newer(total), LIVE, accept_change=False)


@pytest.mark.parametrize("total", [1, 79, 121, 10_000])
def test_a_larger_change_needs_consent_and_says_how_to_give_it(total: int) -> None:
    with pytest.raises(ListError, match="--accept-change"):
        ensure_may_follow(newer(total), LIVE, accept_change=False)
    ensure_may_follow(newer(total), LIVE, accept_change=True)


@pytest.mark.parametrize(
    ("days", "state"),
    [
        (0, Degraded.NO),
        (7, Degraded.NO),
        (8, Degraded.LIST_PAST_REFRESH),
        (30, Degraded.LIST_PAST_REFRESH),
        (31, Degraded.LIST_PAST_USE),
        (4000, Degraded.LIST_PAST_USE),
    ],
)
def test_a_list_grows_old_in_two_steps(days: int, state: Degraded) -> None:
    assert staleness(LIVE, (MADE + timedelta(days=days)).timestamp()) is state


def test_without_an_end_of_licence_a_list_is_never_dropped_for_age() -> None:
    old = (MADE + timedelta(days=4000)).timestamp()
    assert staleness(replace(LIVE, use_until=None), old) is Degraded.LIST_PAST_REFRESH
