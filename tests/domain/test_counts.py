"""Owns the rule of publication and the periods of counts."""

from __future__ import annotations

import calendar
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from redirect.domain.counts import CHECKS, FUNNEL, SEPARATOR, SERVICES, TABLES, publishable, rows, span
from redirect.domain.errors import BadRequest

NOW = float(calendar.timegm((2026, 11, 22, 13, 37, 0)))
TODAY = FUNNEL.period(NOW)


@pytest.mark.parametrize(
    ("count", "shown"), [(0, None), (9, None), (10, 10), (12, 10), (13, 15), (17, 15), (18, 20), (1_000_002, 1_000_000)]
)
def test_small_cells_are_left_out_and_others_rounded_to_five(count: int, shown: int | None) -> None:
    assert publishable(count) == shown


@given(st.integers(0, 10**12))
def test_what_is_shown_is_near_and_never_small(count: int) -> None:
    shown = publishable(count)
    assert (shown is None) == (count < 10)
    assert shown is None or (shown % 5 == 0 and shown >= 10 and abs(shown - count) <= 2)


def test_a_row_names_its_period_its_dimensions_and_its_count() -> None:
    labels = ("zorblax", "AR", "under-18")
    cells = [(TODAY, SEPARATOR.join(labels), 12), (TODAY - 1, SEPARATOR.join(labels), 20), (TODAY, "a|b|c", 9)]
    assert list(rows(SERVICES, cells)) == [
        {"day": "2026-11-21", "service": "zorblax", "country": "AR", "audience": "under-18", "count": 20},
        {"day": "2026-11-22", "service": "zorblax", "country": "AR", "audience": "under-18", "count": 10},
    ]


def test_hours_are_told_as_hours() -> None:
    (row,) = rows(CHECKS, [(CHECKS.period(NOW), "acme|web|block|enforce|0|no", 10)])
    assert row["hour"] == "2026-11-22T13:00Z"
    assert tuple(row) == CHECKS.columns


@pytest.mark.parametrize("table", TABLES.values(), ids=TABLES)
def test_without_dates_a_span_is_all_that_is_kept_with_the_open_period(table: object) -> None:
    assert table in TABLES.values()
    for known in TABLES.values():
        found = span(known, NOW)
        assert found[-1] == known.period(NOW)
        assert len(found) == known.kept_periods


def test_a_day_of_hours_has_twenty_four() -> None:
    found = span(CHECKS, NOW, "2026-11-21", "2026-11-21")
    assert len(found) == 24
    assert [CHECKS.start(found[0]), CHECKS.start(found[-1])] == ["2026-11-21T00:00Z", "2026-11-21T23:00Z"]


def test_times_with_another_offset_mean_the_same_moment() -> None:
    assert span(CHECKS, NOW, "2026-11-22T01:00Z", "2026-11-22T02:00Z") == span(
        CHECKS, NOW, "2026-11-22T03:00+02:00", "2026-11-22T02:59:59"
    )


def test_a_span_never_leaves_what_is_kept() -> None:
    assert len(span(FUNNEL, NOW, "1970-01-01", "9999-12-31")) == FUNNEL.kept_periods
    assert list(span(FUNNEL, NOW, "2027-01-01")) == []
    assert list(span(FUNNEL, NOW, "2026-11-22", "2026-11-20")) == []


@given(st.text(max_size=30))
def test_what_is_no_date_is_a_callers_mistake(text: str) -> None:
    try:
        found = span(CHECKS, NOW, text, text)
    except BadRequest as error:
        assert error.problem == "bad-period"  # noqa: PT017 (whether it raises is not the question)
    else:
        assert len(found) <= CHECKS.kept_periods


def test_a_period_begins_when_it_says() -> None:
    for table in TABLES.values():
        begin = datetime.fromisoformat(table.start(table.period(NOW))).replace(tzinfo=UTC).timestamp()
        assert table.period(begin) == table.period(NOW)
        assert table.period(begin - 1) == table.period(NOW) - 1
