"""Owns how a table stands on a page: what is words, what is figures, and which columns have room for limits. Must never
leave out a cell."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from redirect.web.figures_shown import written

if TYPE_CHECKING:
    from collections.abc import Sequence

    from redirect.web.figures_shown import Table, Value, Written


class Column(NamedTuple):
    """The head of a column; `words`: text stands below it, not figures; `limited`: and beside these, limits."""

    title: str
    words: bool
    limited: bool


class Cell(NamedTuple):
    """What stands large and what small beside it. `limits` is None where there is no room for any, and empty where
    figures above or below have some, so that figures stand in line."""

    text: str
    limits: str | None
    suppressed: bool


class Layout(NamedTuple):
    """A table in words."""

    columns: list[Column]
    rows: list[list[Cell]]


def laid_out(table: Table, minimum: int) -> Layout:
    """Columns and rows as people read them."""
    columns = [_column(title, [row[place] for row in table.rows], minimum) for place, title in enumerate(table.columns)]
    heads = [head for head, _ in columns]
    return Layout(heads, [list(row) for row in zip(*(cells for _, cells in columns), strict=True)])


def _column(title: str, values: Sequence[Value], minimum: int) -> tuple[Column, list[Cell]]:
    all_written = [written(value, minimum) for value in values]
    limited = any(each.limits for each in all_written)
    cells = [
        Cell(each.text, each.limits if limited and _is_figure(value, each) else None, each.suppressed)
        for value, each in zip(values, all_written, strict=True)
    ]
    return Column(title, bool(values) and all(isinstance(value, str) for value in values), limited), cells


def _is_figure(value: Value, shown: Written) -> bool:
    return not isinstance(value, str) and not shown.suppressed
