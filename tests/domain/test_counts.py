"""Owns the declared tables: their periods, their closed sets, and how cells are merged."""

from __future__ import annotations

import calendar
from datetime import UTC, datetime
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from redirect.domain.content import Door
from redirect.domain.counts import CHECKS, CLOSED, FUNNEL, OTHER, REST, SEPARATOR, STEPS, TABLES, Merge, closed, span
from redirect.domain.errors import BadRequest
from redirect.domain.periods import Span

if TYPE_CHECKING:
    from redirect.domain.counts import Table

NOW = float(calendar.timegm((2026, 11, 22, 13, 37, 0)))
WIDE_OPEN = {name: frozenset(("acme", "AR", "es", "csam", "V1", "A", "zorblax-line")) for name in
             ("platform", "country", "language", "category", "message", "variant", "service")}  # fmt: skip


@pytest.mark.parametrize("table", TABLES.values(), ids=TABLES)
def test_without_dates_a_span_is_all_that_is_kept_with_the_open_period(table: object) -> None:
    assert table in TABLES.values()
    for known in TABLES.values():
        found = span(known, NOW)
        assert found[-1] == known.period(NOW)
        assert len(found) == known.kept_periods


@pytest.mark.parametrize("day", ["2026-11-21", "2026-W47-6", "20261121"])
def test_a_day_of_hours_has_twenty_four_however_it_is_written(day: str) -> None:
    found = span(CHECKS, NOW, day, day)
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


def test_each_rung_merges_whole_cells_of_the_one_before() -> None:
    """Else two sums could overlap, and one be subtracted from the other."""
    spans = ("day", "week", "month")
    for table in TABLES.values():
        for finer, coarser in pairwise(table.ladder):
            assert spans.index(finer.span) <= spans.index(coarser.span)
            assert set(finer.merges) <= set(coarser.merges) | {Merge.REGIONS}
            assert Merge.REGIONS not in finer.merges or {Merge.REGIONS, Merge.COUNTRIES} & set(coarser.merges)
            assert finer != coarser


@pytest.mark.parametrize("table", TABLES.values(), ids=TABLES)
def test_exact_counts_are_kept_until_every_unit_they_belong_to_has_closed(table: Table) -> None:
    longest = {Span.DAY: 1, Span.WEEK: 7, Span.MONTH: 35}[table.ladder[-1].span]
    assert longest + 14 <= table.retention_days < table.published_days


def test_labels_that_no_set_knows_become_other() -> None:
    known = {**CLOSED, **WIDE_OPEN}
    labels = ("acme", "AR", "es", "csam", "V1", "A", "0", "shown")
    assert closed(FUNNEL, labels, known) == labels
    assert closed(FUNNEL, ("zor|blax", "XX", "tlh", "", "V9", "Z", "7", "g.look"), known) == (OTHER,) * 8


def test_every_door_is_a_step_of_its_own() -> None:
    steps = {STEPS[door] for door in Door if door is not Door.MAIN}
    assert len(steps) == len(Door) - 1
    assert all(step.startswith("door_") for step in steps)
    assert steps < set(STEPS.values())


NAMES = sorted(name for names in CLOSED.values() if isinstance(names, frozenset) for name in names)


@pytest.mark.parametrize("name", NAMES)
def test_no_label_could_be_taken_for_a_separator_or_for_a_sum(name: str) -> None:
    assert SEPARATOR not in name
    assert name not in {REST, ""}
