"""Owns figures that others give by the month: what a helpline answered, what appeals a platform had. Must never keep
one below the minimum, nor more of it than may be shown: a figure passes the rule of publication before it is stored.

Months are calendar months, as helplines and complaints desks count them.
"""

from __future__ import annotations

import csv
import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from redirect.domain.disclosure import ROUND_TO, publishable
from redirect.domain.errors import BadRequest
from redirect.domain.report_words import month_name

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Mapping

APPEALS = "appeals"
"""The source of figures on appeals; any other source is a service of the directory."""
MEASURES: Mapping[str, str] = {
    "calls": "Calls answered",
    "chats": "Chats held",
    "messages": "Messages answered",
    "received": "Appeals received",
    "upheld": "Appeals upheld",
}
"""What may be counted, and what it is called."""
OF_APPEALS = ("received", "upheld")
OF_HELPLINES = ("calls", "chats", "messages")
COLUMNS = ("month", "source", "measure", "count")
MOST = 10_000_000
MOST_ROWS = 5_000
KEPT_MONTHS = 25
MONTH = re.compile(r"20\d\d-(0[1-9]|1[0-2])")


class Place(NamedTuple):
    """What a figure is about: a month such as 2026-11, who counted, and what."""

    month: str
    source: str
    measure: str


class Given(msgspec.Struct, frozen=True):
    """A figure as it is kept: rounded, or None where it was below `minimum`."""

    count: int | None
    minimum: int

    def at(self, minimum: int) -> int | None:
        """As it may be shown under today's minimum, which may have been raised since."""
        if self.count is None or (minimum > self.minimum and self.count - ROUND_TO // 2 < minimum):
            return None
        return self.count


def given(count: int, minimum: int) -> Given:
    """What is kept of a figure."""
    return Given(publishable(count, minimum), minimum)


def month_of(now: float) -> str:
    """The calendar month of a moment: 2026-11."""
    return datetime.fromtimestamp(now, UTC).strftime("%Y-%m")


def months_before(month: str, many: int = KEPT_MONTHS) -> list[str]:
    """The months for which figures are kept, the newest first; this month has not ended, and is none."""
    number = _number(month)
    return [month_name(each) for each in range(number - 1, number - 1 - many, -1)]


def months_between(first: str, last: str) -> list[str]:
    """Both included, the oldest first."""
    return [month_name(each) for each in range(_number(first), _number(last) + 1)]


def _number(month: str) -> int:
    return int(month[:4]) * 12 + int(month[5:]) - 1


def read_rows(text: str, months: Container[str], services: Container[str]) -> dict[Place, int | None]:
    """Figures of a CSV file with the columns of COLUMNS, separated by commas or semicolons; None takes one back.

    Raises BadFigures with the number of the first line that is wrong: then none is taken.
    """
    lines = text.removeprefix("\ufeff").splitlines()
    mark = ";" if lines and ";" in lines[0] else ","
    rows = enumerate(csv.reader(lines, delimiter=mark), start=1)
    try:
        return dict(_read(rows, months, services))
    except csv.Error:
        raise BadFigures(0, "is no CSV") from None


class BadFigures(BadRequest):
    """A figure that cannot be. `line` is 0 where it came from a form; nothing of the input is kept."""

    def __init__(self, line: int, reason: str) -> None:
        self.line, self.reason = line, reason
        super().__init__("invalid-request")


def _read(
    rows: Iterable[tuple[int, list[str]]], months: Container[str], services: Container[str]
) -> Iterable[tuple[Place, int | None]]:
    for number, row in rows:
        cells = [cell.strip() for cell in row]
        if number == 1:
            if tuple(cell.lower() for cell in cells) != COLUMNS:
                raise BadFigures(1, f"has to name the columns: {','.join(COLUMNS)}")
        elif number > MOST_ROWS:
            raise BadFigures(number, f"is one too many: {MOST_ROWS} at most")
        elif any(cells):
            if len(cells) != len(COLUMNS):
                raise BadFigures(number, f"needs {len(COLUMNS)} columns")
            yield figure(*cells, months=months, services=services, line=number)


def figure(
    month: str,
    source: str,
    measure: str,
    count: str,
    *,
    months: Container[str],
    services: Container[str],
    line: int = 0,
) -> tuple[Place, int | None]:
    """One figure, as it was typed. Raises BadFigures."""
    if not MONTH.fullmatch(month) or month not in months:
        raise BadFigures(line, f"needs a month that has ended, such as 2026-03, of the last {KEPT_MONTHS}")
    if source != APPEALS and source not in services:
        raise BadFigures(line, f"names no service of the directory, nor {APPEALS}")
    allowed = OF_APPEALS if source == APPEALS else OF_HELPLINES
    if measure not in allowed:
        raise BadFigures(line, f"needs one of {', '.join(allowed)}")
    if count and not (count.isascii() and count.isdecimal() and len(count) <= 8 and int(count) <= MOST):
        raise BadFigures(line, "needs a whole number, or nothing to take a figure back")
    return Place(month, source, measure), int(count) if count else None
