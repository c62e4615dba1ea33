"""Owns what a list says before it is built: entries, and how the plain shapes of a list are read.

Must never show an entry: reprs are masked, and errors name a line and a reason, never what stands there.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Final, TypeVar

from redirect.domain.errors import ListError

COLUMNS: Final = ("kind", "value", "category", "confidence", "language", "source", "expires", "note")
REQUIRED: Final = COLUMNS[:4]
LONGEST_VALUE: Final = 4096
LONGEST_LABEL: Final = 200
EXPIRED: Final = "it has expired"
UNKNOWN_CATEGORY: Final = "its category is none of messages/categories.toml"

_Choice = TypeVar("_Choice", bound=StrEnum)


class Kind(StrEnum):
    """What an entry stands for.

    `term`: words in a row, up to three of them in any order. `all`: up to four words anywhere in a query.
    `stem`: words that may go on. `except`: a longer phrase that contains a term and is innocent. `url`: one
    page, or a directory where it ends in `/`. `host`: a host with all its subdomains.
    """

    TERM = "term"
    ALL = "all"
    STEM = "stem"
    EXCEPT = "except"
    URL = "url"
    HOST = "host"


class Confidence(StrEnum):
    """How sure the list owner is; what follows from it is policy, not ours."""

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of a list. `language` is empty for any; `expires` is the last day it counts (ISO), or empty."""

    kind: Kind
    value: str = field(repr=False)
    category: str
    confidence: Confidence
    language: str = ""
    source: str = ""
    expires: str = ""
    note: str = field(default="", repr=False)


def parse_csv(text: str, name: str) -> tuple[list[Entry], list[ListError]]:
    """Entries, and one error for each record that cannot be read. Raises ListError where the header is wrong.

    A record is one line, so that a quote left open spoils no other.
    """
    lines = enumerate(text.removeprefix("\ufeff").split("\n"), 1)
    columns = _header(next(lines)[1], name)
    entries: list[Entry] = []
    errors: list[ListError] = []
    for number, line in lines:
        try:
            if line.strip():
                entries.append(_entry(_cells(line), columns))
        except _UnreadableError as error:
            errors.append(ListError(str(error), list_name=name, line=number))
    return entries, errors


class _UnreadableError(ValueError):
    """A record cannot be read; the message says why in fixed words."""


def _cells(line: str) -> list[str]:
    try:
        return [cell.strip() for cell in next(csv.reader([line], strict=True))]
    except csv.Error:
        raise _UnreadableError("the record is not well-formed CSV") from None


def _header(line: str, name: str) -> list[str]:
    try:
        columns = [column.lower() for column in _cells(line)]
    except _UnreadableError as error:
        raise ListError(str(error), list_name=name, line=1) from None
    missing = [column for column in REQUIRED if column not in columns]
    if missing:
        raise ListError(f"the header lacks {', '.join(missing)}", list_name=name, line=1)
    if len(set(columns)) < len(columns):
        raise ListError("the header names a column twice", list_name=name, line=1)
    return columns


def _entry(row: list[str], columns: list[str]) -> Entry:
    if len(row) != len(columns):
        raise _UnreadableError(f"the record has {len(row)} fields, the header {len(columns)}")
    record = dict(zip(columns, row, strict=True))
    kind = _one_of(Kind, record["kind"].lower(), "kind")
    return Entry(
        kind=kind,
        value=_value(record["value"].removeprefix("*.") if kind is Kind.HOST else record["value"]),
        category=_label(record["category"], "category"),
        confidence=_one_of(Confidence, record["confidence"].lower(), "confidence"),
        language=_optional(record, "language"),
        source=_optional(record, "source"),
        expires=_day(record.get("expires", "")),
        note=record.get("note", ""),
    )


def _one_of(choices: type[_Choice], word: str, column: str) -> _Choice:
    try:
        return choices(word)
    except ValueError:
        raise _UnreadableError(f"{column} is none of {', '.join(choices)}") from None


def _value(text: str) -> str:
    if not text:
        raise _UnreadableError("the value is empty")
    if len(text) > LONGEST_VALUE:
        raise _UnreadableError(f"the value is longer than {LONGEST_VALUE} characters")
    return text


def _label(text: str, column: str) -> str:
    if not text:
        raise _UnreadableError(f"{column} is empty")
    return _short(text, column)


def _optional(record: dict[str, str], column: str) -> str:
    return _short(record.get(column, ""), column)


def _short(text: str, column: str) -> str:
    if len(text) > LONGEST_LABEL or not text.isprintable():
        raise _UnreadableError(f"{column} is longer than {LONGEST_LABEL} characters or not printable")
    return text


def _day(text: str) -> str:
    if not text:
        return ""
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        raise _UnreadableError("expires is no date such as 2027-01-31") from None
