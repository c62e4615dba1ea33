"""Owns when a service is open, as its record says it. Must never guess what a text means that it cannot read whole.

The part of OpenStreetMap's opening_hours syntax that records use: `24/7`, or rules such as
`Mo-We,Fr 15:00-17:00,18:00-20:00; PH off`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import time
from typing import Final

ALWAYS: Final = "24/7"
DAYS: Final = ("Mo", "Tu", "We", "Th", "Fr", "Sa", "Su")
CLOSED_ON_HOLIDAYS: Final = "PH off"
LONGEST: Final = 200

_DAY: Final = "|".join(DAYS)
_DAYS: Final = re.compile(rf"(?:{_DAY})(?:-(?:{_DAY}))?(?:,(?:{_DAY})(?:-(?:{_DAY}))?)*")
_TIME: Final = "(?:[01][0-9]|2[0-3]):[0-5][0-9]"
_SPAN: Final = f"{_TIME}-(?:{_TIME}|24:00)"
_TIMES: Final = re.compile(f"{_SPAN}(?:,{_SPAN})*")


@dataclass(frozen=True, slots=True)
class Rule:
    """Open on `days`, pairs of first and last (0 is Monday; equal for one day), in `spans`, pairs of times. A span
    that ends at midnight ends at `time(0, 0)`; one that ends before it begins goes on into the next day."""

    days: tuple[tuple[int, int], ...]
    spans: tuple[tuple[time, time], ...]

    @property
    def is_daily(self) -> bool:
        """Whether it holds on every day of the week."""
        return self.days == ((0, 6),)


def read_hours(text: str) -> tuple[Rule, ...]:
    """The rules of a text, for weeks without a holiday; none for `24/7`.

    Raises ValueError where it says anything that is not read here, so that what a reader is shown is never half of it.
    """
    if len(text) > LONGEST:
        raise ValueError("longer than opening hours are")
    if text == ALWAYS:
        return ()
    parts = text.split("; ")
    if len(parts) > 1 and parts[-1] == CLOSED_ON_HOLIDAYS:
        parts.pop()
    rules = tuple(_rule(part) for part in parts)
    seen = [day for rule in rules for day in _each(rule)]
    if len(seen) != len({*seen}):
        # In this syntax a later rule takes the day over from an earlier one, which nobody expects who reads both.
        raise ValueError("a day stands twice; write its times into one rule, parted by a comma")
    return rules


def is_closed_on_holidays(text: str) -> bool:
    """Whether opening hours that can be read say so."""
    return text.endswith(f"; {CLOSED_ON_HOLIDAYS}")


def _rule(text: str) -> Rule:
    days, _, times = text.partition(" ")
    if not _DAYS.fullmatch(days) or not _TIMES.fullmatch(times):
        raise ValueError(f"{text!r} is not like 'Mo-Fr 09:00-17:00' or '{ALWAYS}'")
    return Rule(tuple(map(_days, days.split(","))), tuple(map(_span, times.split(","))))


def _days(text: str) -> tuple[int, int]:
    first, _, last = text.partition("-")
    return DAYS.index(first), DAYS.index(last or first)


def _span(text: str) -> tuple[time, time]:
    begins, _, ends = text.partition("-")
    return time.fromisoformat(begins), time(0, 0) if ends == "24:00" else time.fromisoformat(ends)


def _each(rule: Rule) -> list[int]:
    """Every day of a rule; `Su-Th` goes over the end of the week."""
    return [(first + more) % 7 for first, last in rule.days for more in range((last - first) % 7 + 1)]
