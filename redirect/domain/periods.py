"""Owns the days, weeks and months that counts are published by. Must never let two of one kind overlap.

A week is an ISO 8601 week, Monday to Sunday. A month is whole weeks too: those whose Thursday lies in it, as ISO 8601
gives a week to a year. So every day lies in one week, and every week in one month.
"""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from functools import lru_cache
from typing import NamedTuple

DAY_SECONDS = 86400
CLOSING_LAG = 2 * 3600
"""Seconds after midnight UTC until a day counts as closed: what was counted before it has long reached the store."""

_EPOCH = date(1970, 1, 1).toordinal()
_MONDAY = 3  # 1970-01-01 was a Thursday: three days before it, week 0 began


class Span(StrEnum):
    """Units of publication, from fine to coarse."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"


class Unit(NamedTuple):
    """One day, week or month. `number` counts days since 1970-01-01, weeks since 1969-12-29, months since year 0."""

    span: Span
    number: int

    @property
    def days(self) -> range:
        """Its days, counted since 1970-01-01."""
        if self.span is Span.DAY:
            return range(self.number, self.number + 1)
        if self.span is Span.WEEK:
            return range(self.number * 7 - _MONDAY, self.number * 7 - _MONDAY + 7)
        return range(_first_monday(self.number), _first_monday(self.number + 1))

    @property
    def first(self) -> str:
        """Its first day: `2026-11-16`."""
        return iso(self.days[0])

    @property
    def last(self) -> str:
        """Its last day, included: `2026-11-22`."""
        return iso(self.days[-1])

    @property
    def named(self) -> tuple[str, str, str]:
        """First day, last day and span, as rows name it."""
        return _named(self)


def unit_of(span: Span, day: int) -> Unit:
    """The day, week or month that holds a day."""
    week = (day + _MONDAY) // 7
    if span is Span.MONTH:
        thursday = date.fromordinal(_EPOCH + week * 7)
        return Unit(span, thursday.year * 12 + thursday.month - 1)
    return Unit(span, week if span is Span.WEEK else day)


def units_within(span: Span, days: range) -> list[Unit]:
    """Those whose every day is one of these, oldest first."""
    if not days:
        return []
    first, last = unit_of(span, days[0]), unit_of(span, days[-1])
    units = (Unit(span, number) for number in range(first.number, last.number + 1))
    return [unit for unit in units if unit.days[0] in days and unit.days[-1] in days]


def newest_closed(now: float) -> int:
    """The newest day that nobody's act can change any more."""
    return int(now - CLOSING_LAG) // DAY_SECONDS - 1


def iso(day: int) -> str:
    """A day as a date: `2026-11-22`."""
    return date.fromordinal(_EPOCH + day).isoformat()


def day_of(text: str) -> int:
    """The day of an ISO date. Raises ValueError for anything else."""
    return date.fromisoformat(text).toordinal() - _EPOCH


@lru_cache(1024)
def _named(unit: Unit) -> tuple[str, str, str]:
    return unit.first, unit.last, unit.span.value


def _first_monday(month: int) -> int:
    """The first day of a month of weeks: the Monday before its first Thursday."""
    first = date(month // 12, month % 12 + 1, 1).toordinal() - _EPOCH
    return (first + _MONDAY + 3) // 7 * 7 - _MONDAY


def is_day(text: str) -> bool:
    """Whether this is a date of ISO 8601, without a time."""
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True
