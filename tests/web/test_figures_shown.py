"""Owns how figures are written: never a zero for what is suppressed, never more digits than are sure, no formulas."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from redirect.domain.sureness import Count, Share
from redirect.web.figures_shown import PERCENT, Table, Value, as_csv, day_name, month_name, written


@pytest.mark.parametrize(
    ("value", "text", "limits"),
    [
        (Share(0.7798, 0.7792, 0.7802), "78.0 %", "77.9 to 78.0 %"),
        (Share(0.0118, 0.0117, 0.012), "1.18 %", "1.17 to 1.20 %"),
        (Share(0.31, 0.26, 0.36), "31 %", "26 to 36 %"),
        (Share(0.004, 0.001, 0.06), "0.4 %", "0.1 to 6.0 %"),
        (Share(None, 0.0, 0.0031), "at most 0.3 %", ""),
        (Count(1800, 100, 60), "1,800", "1,772 to 1,888"),
        (Count(1_800_000, 100, 60), "1,800,000", ""),
        (Count(0, 0, 40), "fewer than 41", ""),
        (None, "fewer than 10", ""),
        (45, "45", ""),
        ("Finland", "Finland", ""),
    ],
)
def test_a_figure_is_written_with_what_is_sure_of_it(value: Value, text: str, limits: str) -> None:
    found = written(value, 10)
    assert (found.text.replace(PERCENT, " %"), found.limits.replace(PERCENT, " %")) == (text, limits)


LIMITS = st.lists(st.floats(0, 1), min_size=3, max_size=3).map(sorted).map(lambda f: Share(f[1], f[0], f[2]))


@given(LIMITS)
def test_a_share_that_is_not_zero_never_looks_like_it(found: Share) -> None:
    assert found.value is not None
    text = written(found, 10).text
    assert abs(float(text.removesuffix(PERCENT)) - found.value * 100) <= 0.5
    if found.value >= 1e-5:
        assert float(text.removesuffix(PERCENT)) > 0


def test_csv_has_each_limit_and_leaves_empty_what_is_suppressed() -> None:
    rows: list[list[Value]] = [["Finland", Count(20, 1, 10), Share(0.5, 0.3, 0.7)], ["=A1", Count(), None]]
    table = Table("t", "T", ("Country", "Pages", "Help opened"), rows)
    assert list(csv.reader(io.StringIO(as_csv(table, "acme").decode()))) == [
        ["platform", "country", "pages", "pages_hidden_at_most", "help_opened", "help_opened_low", "help_opened_high"],
        ["acme", "Finland", "20", "10", "0.500000", "0.300000", "0.700000"],
        ["acme", "'=A1", "", "0", "", "", ""],
    ]


def test_days_and_months_are_written_as_people_do() -> None:
    assert day_name("2026-11-02") == "2 Nov 2026"
    assert (month_name(2026 * 12 + 10), month_name(2026 * 12 + 10, short=True)) == ("November 2026", "Nov 2026")
