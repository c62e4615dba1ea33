"""When a service is open, as a record says it: read whole or not at all."""

from __future__ import annotations

from contextlib import suppress
from datetime import time

import opening_hours
import pytest
from hypothesis import given
from hypothesis import strategies as st

from redirect.domain.hours import DAYS, Rule, read_hours

TIMES = st.times().map(lambda moment: moment.replace(second=0, microsecond=0))
SPANS = st.tuples(TIMES, TIMES).map(lambda pair: f"{pair[0]:%H:%M}-{pair[1]:%H:%M}")


def test_day_and_night_needs_no_rules() -> None:
    assert read_hours("24/7") == ()


def test_rules_are_read_in_their_order() -> None:
    assert read_hours("Mo-We,Fr 15:00-17:00,18:00-24:00; Sa 09:30-12:00; PH off") == (
        Rule(((0, 2), (4, 4)), ((time(15), time(17)), (time(18), time(0)))),
        Rule(((5, 5),), ((time(9, 30), time(12)),)),
    )


def test_a_week_may_go_over_its_end() -> None:
    assert read_hours("Su-Th 16:00-24:00")[0].days == ((6, 3),)


def test_every_day_is_known_as_such() -> None:
    assert read_hours("Mo-Su 09:00-22:00")[0].is_daily
    assert not read_hours("Mo-Sa 09:00-22:00")[0].is_daily


@pytest.mark.parametrize(
    "text",
    [
        "",
        "daily 08:00-20:00",
        "Mo",
        "09:00-17:00",
        "Mo 9:00-17:00",
        "Mo 09:00-25:00",
        "Mo 09:60-10:00",
        "Mo 24:00-10:00",
        "Mo  09:00-17:00",
        "Mo 09:00-17:00 ",
        "Mo 09:00-17:00\n",
        "Mo 09:00-17:00;Tu 09:00-17:00",
        "Mo 09:00-17:00; ",
        "PH off",
        "Mo 09:00-17:00; SH off",
        "Mo 09:00-17:00 open",
        "24/7; PH off",
        "Mo-Fr 09:00-17:00; We 10:00-12:00",
        "Fr-Mo 09:00-17:00; Su 10:00-12:00",
        "Mo,Mo 09:00-17:00",
        "Mo ٠٩:00-17:00",
        "; ".join(["Mo 09:00-17:00"] * 50),
    ],
)
def test_what_cannot_be_read_whole_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"longer|stands twice|is not like"):
        read_hours(text)


@given(st.text(max_size=300))
def test_any_text_is_read_or_refused(text: str) -> None:
    with suppress(ValueError):
        assert read_hours(text) is not None


@given(st.lists(st.tuples(st.sampled_from(DAYS), SPANS), min_size=1, max_size=7, unique_by=lambda rule: rule[0]))
def test_what_is_read_here_other_programs_read_too(rules: list[tuple[str, str]]) -> None:
    text = "; ".join(f"{day} {span}" for day, span in rules)
    assert len(read_hours(text)) == len(rules)
    assert opening_hours.validate(text)
