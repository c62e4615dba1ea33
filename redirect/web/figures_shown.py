"""Owns how a figure is written: in a page for people, in CSV for programs. Must never write a suppressed one as zero,
nor a share without its limits."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from datetime import date
from math import floor, isfinite, log10
from typing import TYPE_CHECKING, NamedTuple

from redirect.domain.report_words import inert
from redirect.domain.sureness import Count, Share

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from redirect.charts import Chart


class Gap(NamedTuple):
    """How much larger one share is than another, and between which limits the truth lies. A limit may be infinite."""

    value: float
    low: float
    high: float


class Times(NamedTuple):
    """How many times as large one thing is as another, likewise."""

    value: float
    low: float
    high: float


LIMITED = (Share, Gap, Times)
"""What stands with its limits."""
Value = str | Count | Share | Gap | Times | int | None
"""A cell: words, a sum of published cells, a share, a comparison, a figure that others gave, or None where that is
suppressed."""
PERCENT = "\N{NO-BREAK SPACE}%"
MINUS = "\N{MINUS SIGN}"
LEAST_TIMES, MOST_TIMES = 0.005, 1000
"""Beyond these, nothing is known of a ratio."""
FEW_POINTS = 0.01
"""Differences below are written with two digits."""
SURE = 0.01
"""A count whose limits are no further apart than this share of it is written without them."""


class Written(NamedTuple):
    """A cell of a page: what stands large, and what small beside it."""

    text: str
    limits: str = ""
    suppressed: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """Figures in rows. The first column names a row; `total`: the last row is of all."""

    name: str
    caption: str
    columns: Sequence[str]
    rows: Sequence[Sequence[Value]]
    total: bool = False
    folded: bool = False


@dataclass(frozen=True, slots=True)
class Figure:
    """A chart, if there is enough to draw one, and the table of the same figures."""

    table: Table
    chart: Chart | None = None
    notes: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Headline:
    """The one figure of a section, and what it is a figure of."""

    value: Written
    of: str
    also: str = ""


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the page. `lead` says what it is about, `texts` what follows of its figures; where there is nothing to
    show, `nothing` says why."""

    name: str
    title: str
    lead: str
    headline: Headline | None = None
    figures: Sequence[Figure] = ()
    nothing: str = ""
    texts: Sequence[str] = ()


def written(value: Value, minimum: int) -> Written:
    """A cell as people read it."""
    if isinstance(value, str):
        return Written(value)
    if isinstance(value, Share):
        return _share(value)
    if isinstance(value, (Gap, Times)):
        middle, *ends = points(*value) if isinstance(value, Gap) else map(_times, value)
        return Written(middle, " to ".join(ends))
    if isinstance(value, Count):
        if not value.shown:
            return Written(f"fewer than {max(minimum, value.hidden + 1):,}", suppressed=True)
        low, high = value.shown - value.give_or_take, value.shown + value.give_or_take + value.hidden
        return Written(f"{value.shown:,}", f"{low:,} to {high:,}" if high - low > value.shown * SURE else "")
    return Written(f"fewer than {minimum}", suppressed=True) if value is None else Written(f"{value:,}")


def as_csv(table: Table, about: str) -> bytes:
    """A table as CSV: a share in three columns, as a number from 0 to 1; what is suppressed stays empty, and its upper
    limit says how large it may be. `about` stands first in every row, so that files can be put together."""
    text = io.StringIO()
    writer = csv.writer(text)
    kinds = [_kind(row[place] for row in table.rows) for place in range(len(table.columns))]
    names = [_named(title, kind) for title, kind in zip(table.columns, kinds, strict=True)]
    writer.writerow(["platform", *(name for several in names for name in several)])
    for row in table.rows:
        cells = [_cells(value, kind) for value, kind in zip(row, kinds, strict=True)]
        writer.writerow([about, *(cell for several in cells for cell in several)])
    return text.getvalue().encode()


def file_of(sections: Iterable[Section], name: str, about: str) -> bytes | None:
    """One table of a page as CSV, None where there is none of this name."""
    tables = (figure.table for section in sections for figure in section.figures)
    return next((as_csv(table, about) for table in tables if table.name == name), None)


def month_name(number: int, *, short: bool = False) -> str:
    """The name of a month that is counted since year 0."""
    first = date(number // 12, number % 12 + 1, 1)
    return first.strftime("%b %Y" if short else "%B %Y")


def day_name(day: str) -> str:
    """An ISO date as people write it."""
    when = date.fromisoformat(day)
    return f"{when.day} {when.strftime('%b %Y')}"


def points(*shares: float) -> list[str]:
    """Differences of shares, in points, with as many digits as the smallest of them needs; one beyond all is any."""
    digits = 2 if all(abs(share) < FEW_POINTS for share in shares) else 1
    return [_signed(100 * share, digits) if isfinite(share) else "any" for share in shares]


def _signed(value: float, digits: int) -> str:
    rounded = round(value, digits)
    return f"{rounded:+.{digits}f}".replace("-", MINUS) if rounded else f"{0:.{digits}f}"


def _times(ratio: float) -> str:
    return f"{ratio:.2f}" if LEAST_TIMES < ratio < MOST_TIMES else "any"


def _share(share: Share) -> Written:
    """In percent, with no more digits than its limits bear out."""
    step = share.high - share.low
    digits = 0 if step >= 0.02 else 1 if step >= 0.002 or share.high >= 0.1 else 2
    if share.value:
        digits = max(digits, min(4, -floor(log10(share.value * 100))))  # never so few that it looks like nothing
    value, low, high = ("" if part is None else f"{part * 100:.{digits}f}" for part in share)
    if share.value is None:
        bound = f"at least {low}" if share.low > 0 else f"at most {high}"
        return Written(f"{bound}{PERCENT}", suppressed=True)
    return Written(f"{value}{PERCENT}", f"{low} to {high}{PERCENT}" if low != high else "")


def _kind(values: Iterable[Value]) -> type[object]:
    return next((type(value) for value in values if isinstance(value, (*LIMITED, Count, str))), int)


def _named(title: str, kind: type[object]) -> list[str]:
    name = "_".join("".join(c if c.isalnum() else " " for c in title.lower()).split())
    if kind in LIMITED:
        return [name, f"{name}_low", f"{name}_high"]
    return [name, f"{name}_hidden_at_most"] if kind is Count else [name]


def _cells(value: Value, kind: type[object]) -> list[str]:
    if kind in LIMITED:
        parts = value if isinstance(value, LIMITED) else (None, None, None)
        return ["" if part is None or not isfinite(part) else f"{part:.6f}" for part in parts]
    if kind is Count:
        count = value if isinstance(value, Count) else Count()
        return [str(count.shown or ""), str(count.hidden)]
    if isinstance(value, str):
        return [inert(value)]
    return ["" if value is None else str(value)]
