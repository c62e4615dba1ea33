"""Owns how opening hours and time zones read in the reader's language. Must never show a text that it cannot read
whole, nor reckon one zone into another: a reader's own is not known."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from babel.dates import format_time, get_day_names

from redirect.domain.hours import read_hours
from redirect.domain.locales import cldr

if TYPE_CHECKING:
    from redirect.domain.hours import Rule


def hours(text: str, tag: str, every_day: str) -> str:
    """`Mo-Fr 09:00-17:00` as people in this language write it, `every_day` for a week without a day off; empty where it
    cannot be read whole, and for `24/7`, which pages say in words."""
    try:
        rules = read_hours(text)
    except ValueError:
        return ""
    return "; ".join(f"{every_day if rule.is_daily else _days(rule, tag)} {_times(rule, tag)}" for rule in rules)


@lru_cache(maxsize=512)
def city(zone: str, tag: str) -> str:
    """What CLDR calls the place that an IANA time zone is named after. Kept by the zones of our own records."""
    named = cldr(tag).time_zones.get(zone, {}).get("city")
    return str(named or zone.rpartition("/")[2].replace("_", " "))


@lru_cache(maxsize=512)
def _days(rule: Rule, tag: str) -> str:
    names = get_day_names("abbreviated", "format", cldr(tag))
    return ", ".join(names[a] if a == b else _from_to(names[a], names[b], tag) for a, b in rule.days)


@lru_cache(maxsize=512)
def _times(rule: Rule, tag: str) -> str:
    locale = cldr(tag)
    # Both ends whole, as CLDR's intervals are not: "2 – 3 PM" is read wrong more easily than "2:00 PM – 3:00 PM".
    spans = ((format_time(a, "short", locale=locale), format_time(b, "short", locale=locale)) for a, b in rule.spans)
    return ", ".join(_from_to(begins, ends, tag) for begins, ends in spans)


def _from_to(first: str, last: str, tag: str) -> str:
    return str(cldr(tag).interval_formats[None].format(first, last))
