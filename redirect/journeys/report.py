"""Owns what leaves of the counts. Must never let a number out that the rule of publication holds back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from redirect.domain.counts import TABLES, rows, span
from redirect.domain.errors import BadRequest

if TYPE_CHECKING:
    from redirect.journeys.ports import Clock, CountStore


async def counted(
    store: CountStore, clock: Clock, table_name: str, first: str = "", last: str = ""
) -> list[dict[str, str | int]]:
    """Rows of a table from `first` to `last` (ISO dates or times; empty: all), the open period included, rounded.

    For the operator's own machine alone: over HTTP only closed periods may leave. Raises BadRequest for a
    table or period that does not exist.
    """
    table = TABLES.get(table_name)
    if table is None:
        raise BadRequest("no-table")
    return list(rows(table, await store.counts(table, span(table, clock(), first, last))))
