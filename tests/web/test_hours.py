"""Opening hours and time zones in the reader's language: every language that is served, every record that has hours."""

from __future__ import annotations

import tomllib
from itertools import product
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from redirect.adapters.directory import load_directory
from redirect.domain.hours import is_closed_on_holidays, read_hours
from redirect.web.hours import city, hours

ROOT = Path(__file__).parents[2]
TAGS = tuple(tomllib.loads((ROOT / "locales" / "review.toml").read_text("utf-8")))
WITH_HOURS = [s for s in load_directory(ROOT / "messages" / "resources") if s.hours not in {None, "24/7"}]
DAILY = "zorblax"


def said(text: str, tag: str, daily: str = DAILY) -> str:
    """With plain spaces in place of the thin ones that CLDR sets."""
    return " ".join(hours(text, tag, daily).split())


def test_days_and_times_are_written_as_people_there_write_them() -> None:
    text = "Mo-We,Fr 09:00-12:30; Su 16:00-24:00"
    assert said(text, "en") == "Mon – Wed, Fri 9:00 AM – 12:30 PM; Sun 4:00 PM – 12:00 AM"
    assert said(text, "de") == "Mo. – Mi., Fr. 09:00 – 12:30; So. 16:00 – 00:00"
    assert said(text, "fi") == "ma–ke, pe 9.00–12.30; su 16.00–0.00"
    assert said(text, "ja") == "月～水, 金 9:00～12:30; 日 16:00～0:00"
    assert "الاثنين" in said(text, "ar")


def test_a_week_without_a_day_off_is_every_day() -> None:
    assert said("Mo-Su 09:00-22:00", "de", "jeden Tag") == "jeden Tag 09:00 – 22:00"


def test_day_and_night_is_said_in_words_elsewhere() -> None:
    assert said("24/7", "en") == ""


def test_the_hours_of_a_week_say_nothing_of_holidays_which_are_a_fact_of_their_own() -> None:
    assert said("Mo 09:00-17:00; PH off", "en") == "Mon 9:00 AM – 5:00 PM"
    assert is_closed_on_holidays("Mo 09:00-17:00; PH off")
    assert not is_closed_on_holidays("Mo 09:00-17:00")


def test_a_time_zone_is_named_after_its_place() -> None:
    assert city("America/New_York", "en") == "New York"
    assert city("Europe/Brussels", "fr") == "Bruxelles"
    assert city("Europe/Brussels", "ar") == "بروكسل"


@pytest.mark.parametrize("tag", TAGS)
def test_every_record_s_hours_can_be_said_in_every_language(tag: str) -> None:
    for service in WITH_HOURS:
        shown = hours(service.hours or "", tag, DAILY)
        assert shown
        assert shown.count(";") == len(read_hours(service.hours or "")) - 1
        assert service.time_zone
        assert city(service.time_zone, tag)


@given(st.text(max_size=60), st.sampled_from(TAGS))
def test_what_cannot_be_read_is_not_shown(text: str, tag: str) -> None:
    try:
        read_hours(text)
    except ValueError:
        assert hours(text, tag, DAILY) == ""


def test_no_two_days_are_called_the_same() -> None:
    for tag, (one, other) in product(TAGS, (("Mo", "Tu"), ("Tu", "Th"), ("Sa", "Su"))):
        assert hours(f"{one} 09:00-10:00", tag, DAILY) != hours(f"{other} 09:00-10:00", tag, DAILY), tag
