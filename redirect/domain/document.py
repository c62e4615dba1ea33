"""Owns the shape of a report: sections of sentences, figures, tables and charts, the same for every format. Must never
hold a number that has not been published."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

Value = str | int | float | None
"""None: too small to be shown."""


class Unit(StrEnum):
    """What the values of a column or chart are."""

    TEXT = "text"
    COUNT = "count"
    SHARE = "share"


@dataclass(frozen=True, slots=True)
class Column:
    """`name` is for programs, `label` for people."""

    name: str
    label: str
    unit: Unit = Unit.TEXT


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of values in the order of the columns. `name` is unique in a report, and names its file or sheet.
    `appendix`: too long to be read through; on paper it stands at the end."""

    name: str
    title: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Value, ...], ...]
    note: str = ""
    appendix: bool = False


@dataclass(frozen=True, slots=True)
class Chart:
    """Values over labels; `across` draws bars from left to right, else lines over time. `says` is the chart in words,
    for who cannot see it. None is a gap."""

    title: str
    says: str
    labels: tuple[str, ...]
    series: Mapping[str, tuple[float | None, ...]]
    unit: Unit = Unit.COUNT
    across: bool = False


@dataclass(frozen=True, slots=True)
class Figure:
    """One number that stands out: what it is, as it is written, and how sure it is."""

    label: str
    value: str
    sure: str = ""


@dataclass(frozen=True, slots=True)
class Section:
    """A chapter. `terms` are words and what they mean."""

    id: str
    title: str
    texts: tuple[str, ...] = ()
    figures: tuple[Figure, ...] = ()
    charts: tuple[Chart, ...] = ()
    tables: tuple[Table, ...] = ()
    terms: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Report:
    """A report on one platform, from the first day to the last, both included."""

    title: str
    platform: str
    first: str
    last: str
    made: str
    version: str
    minimum: int
    sections: tuple[Section, ...]

    @property
    def name(self) -> str:
        """What its files are called."""
        return f"redirect-{self.platform}-{self.first}-{self.last}"

    @property
    def tables(self) -> tuple[Table, ...]:
        """All of them, in order."""
        return tuple(table for section in self.sections for table in section.tables)
