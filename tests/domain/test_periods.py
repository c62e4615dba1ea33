"""Owns the days, weeks and months of publication: each day lies in one week, each week in one month."""

from __future__ import annotations

import calendar
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from redirect.domain.periods import (
    CLOSING_LAG,
    DAY_SECONDS,
    Span,
    Unit,
    day_of,
    iso,
    newest_closed,
    unit_of,
    units_within,
)

DAYS = st.integers(0, 60_000)
SPANS = st.sampled_from(Span)


@given(SPANS, DAYS)
def test_a_unit_holds_the_day_it_was_asked_for(span: Span, day: int) -> None:
    assert day in unit_of(span, day).days


@given(SPANS, DAYS)
def test_units_of_one_kind_neither_overlap_nor_leave_a_gap(span: Span, day: int) -> None:
    unit = unit_of(span, day)
    assert Unit(span, unit.number + 1).days.start == unit.days.stop


@given(DAYS)
def test_a_month_is_whole_weeks_and_a_week_whole_days(day: int) -> None:
    week, month = unit_of(Span.WEEK, day), unit_of(Span.MONTH, day)
    assert len(week.days) == 7
    assert set(week.days) <= set(month.days)
    assert len(month.days) in {28, 35}


@given(DAYS)
def test_weeks_are_those_of_the_calendar(day: int) -> None:
    unit, week = unit_of(Span.WEEK, day), date.fromisoformat(iso(day)).isocalendar()
    assert unit.first == date.fromisocalendar(week.year, week.week, 1).isoformat()
    assert unit.last == date.fromisocalendar(week.year, week.week, 7).isoformat()


@given(DAYS)
def test_a_week_belongs_to_the_month_of_its_thursday(day: int) -> None:
    thursday = date.fromisoformat(iso(unit_of(Span.WEEK, day).days[3]))
    assert unit_of(Span.MONTH, day).number == thursday.year * 12 + thursday.month - 1


@given(SPANS, DAYS, st.integers(0, 120))
def test_only_units_that_lie_whole_in_a_range_are_within_it(span: Span, first: int, length: int) -> None:
    days = range(first, first + length)
    found = units_within(span, days)
    assert all(set(unit.days) <= set(days) for unit in found)
    whole = {unit_of(span, day) for day in days if set(unit_of(span, day).days) <= set(days)}
    assert found == sorted(whole)


@given(DAYS)
def test_a_date_and_its_day_are_the_same(day: int) -> None:
    assert day_of(iso(day)) == day


def test_a_day_closes_two_hours_after_its_midnight() -> None:
    midnight = calendar.timegm((2026, 11, 23, 0, 0, 0))
    assert iso(newest_closed(midnight + CLOSING_LAG)) == "2026-11-22"
    assert iso(newest_closed(midnight + CLOSING_LAG - 1)) == "2026-11-21"
    assert CLOSING_LAG < DAY_SECONDS


@pytest.mark.parametrize("text", ["", "2026-11-31", "yesterday", "2026-11-22T01:00Z", "20261122\n"])
def test_what_is_no_date_is_none(text: str) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        day_of(text)
