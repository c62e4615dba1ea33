"""Owns the reading of figures that others give: whatever is typed or uploaded, only what can be is kept, and no more of
it than may be shown."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from redirect.domain import figures
from redirect.domain.figures import BadFigures, Given, Place, read_rows

MONTHS = ("2026-10", "2026-09")
SERVICES = ("stop-it-now-uk", "troubled-desire")
HEAD = "month,source,measure,count\n"


def read(text: str) -> dict[Place, int | None]:
    return read_rows(text, MONTHS, SERVICES)


def test_a_file_of_a_spreadsheet_is_read_with_either_separator() -> None:
    expected = {Place("2026-10", "stop-it-now-uk", "calls"): 41, Place("2026-09", "appeals", "upheld"): None}
    rows = "2026-10,stop-it-now-uk,calls,41\n\n 2026-09 ,appeals,upheld,\n"
    assert read(HEAD + rows) == expected
    assert read("\ufeff" + (HEAD.title() + rows).replace(",", ";").replace("\n", "\r\n")) == expected


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("2026-11,stop-it-now-uk,calls,41", "month that has ended"),
        ("2026-1,stop-it-now-uk,calls,41", "month that has ended"),
        ("2026-10,zorblax,calls,41", "no service"),
        ("2026-10,stop-it-now-uk,received,41", "one of calls"),
        ("2026-10,appeals,calls,41", "one of received"),
        ("2026-10,appeals,received,-1", "whole number"),
        ("2026-10,appeals,received,٣", "whole number"),
        ("2026-10,appeals,received,99999999", "whole number"),
        ("2026-10,appeals,received", "4 columns"),
        ("2026-10,appeals,received,4,5", "4 columns"),
    ],
)
def test_one_wrong_line_is_named_and_none_is_taken(row: str, reason: str) -> None:
    with pytest.raises(BadFigures, match="invalid-request") as found:
        read(f"{HEAD}2026-10,appeals,received,40\n{row}\n")
    assert found.value.line == 3
    assert reason in found.value.reason


@pytest.mark.parametrize("text", ["", "a,b\n", "2026-10,appeals,received,4\n"])
def test_a_file_without_its_columns_is_refused(text: str) -> None:
    if text:
        with pytest.raises(BadFigures):
            read(text)
    else:
        assert read(text) == {}


def test_more_lines_than_anybody_needs_are_refused() -> None:
    with pytest.raises(BadFigures, match="invalid-request"):
        read(HEAD + "2026-10,appeals,received,40\n" * figures.MOST_ROWS)


@given(st.text(max_size=400), st.booleans())
def test_no_text_breaks_it(text: str, head: bool) -> None:
    with suppress(BadFigures):
        found = read(HEAD + text if head else text)
        assert all(place.month in MONTHS for place in found)


@given(st.integers(0, figures.MOST), st.sampled_from([10, 15, 20, 100]), st.sampled_from([10, 15, 20, 100]))
def test_what_is_kept_is_no_more_than_what_may_be_shown(count: int, then: int, today: int) -> None:
    kept = figures.given(count, then)
    if count < then:
        assert kept.count is None
    else:
        assert kept.count is not None
        assert kept.count % 5 == 0
        assert abs(kept.count - count) <= 2
    shown = kept.at(today)
    assert shown in {None, kept.count}
    if count < today:
        assert shown is None or today <= then


def test_a_minimum_that_was_raised_hides_what_it_would_not_have_shown() -> None:
    assert Given(20, 10).at(20) is None
    assert Given(25, 10).at(20) == 25


def test_the_months_are_those_that_have_ended() -> None:
    months = figures.months_before("2026-02", 4)
    assert months == ["2026-01", "2025-12", "2025-11", "2025-10"]
    assert figures.month_of(0) == "1970-01"
