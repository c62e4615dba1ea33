"""Owns records as a table for spreadsheet programs: out for reviewers, and back in. Must never write a cell that such a
program would run or rewrite, nor take a table of which it understands only a part."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, Any, Final

from redirect.adapters.record_files import FIELDS
from redirect.domain.errors import ContentError

if TYPE_CHECKING:
    from collections.abc import Container, Iterator, Mapping, Sequence

    from redirect.adapters.record_files import Value

LISTS: Final = frozenset({"audience", "kind", "countries", "languages", "channels", "passes_on", "sources"})
ANSWERS: Final = frozenset(
    {"free", "anonymous", "confidential", "works_from_abroad", "made_for_young_people", "hold"},
)
NUMBERS: Final = frozenset({"minimum_age"})
KEPT_WHEN_EMPTY: Final = frozenset(
    {"operator", "audience", "countries", "languages", "verified_on", "verified_by", "agreed_on", "paused_until"}
)
"""Fields that a file always has; others go where their cell is empty, since absent means unknown."""

BETWEEN: Final = " | "
SAYS: Final = {"yes": True, "no": False}
_GUARDED: Final = tuple("=+-@\t\r'0123456789")
"""What spreadsheet programs take for a formula, a number or a date: `+49…` would be reckoned, `24/7` become July."""
_ERRORS_SHOWN: Final = 20


def write_sheet(records: Mapping[str, Mapping[str, Any]]) -> bytes:
    """A table with a column for each field and a row for each record. It begins with a byte order mark, by which
    spreadsheet programs know UTF-8."""
    written = io.StringIO(newline="")
    table = csv.writer(written)
    table.writerow(FIELDS)
    table.writerows([guarded(cell(record.get(field))) for field in FIELDS] for record in records.values())
    return written.getvalue().encode("utf-8-sig")


def read_sheet(data: bytes, records: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, Value]]:
    """What the table says otherwise than the records, by id and field; columns may be left out. Raises ContentError
    with every line that cannot be taken, and takes nothing then."""
    rows = _rows(data)
    header = [name.strip() for name in next(rows, (0, []))[1]]
    _ensure_header(header)
    read: dict[str, dict[str, Value]] = {}
    wrong: list[str] = []
    for line, cells in rows:
        try:
            row = {field: unguarded(text.strip()) for field, text in zip(header, cells, strict=True)}
            values = _differing(row, records, read)
            read[row["id"]] = values
        except ValueError as error:
            wrong.append(f"line {line}: {error}")
    if wrong:
        more = [f"and {len(wrong) - _ERRORS_SHOWN} more lines"] if len(wrong) > _ERRORS_SHOWN else []
        raise ContentError("; ".join([*wrong[:_ERRORS_SHOWN], *more]))
    return {id_: values for id_, values in read.items() if values}


def _ensure_header(header: Sequence[str]) -> None:
    if unknown := [name for name in header if name not in FIELDS]:
        known = ", ".join(FIELDS)
        raise ContentError(f"line 1: no field is called {unknown[0]!r}; the first line names fields: {known}")
    if "id" not in header or len({*header}) < len(header):
        raise ContentError("line 1: a column `id` is needed, and each column once")


def cell(value: object) -> str:
    """A value as a cell says it, unguarded."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return BETWEEN.join(map(str, value)) if isinstance(value, (list, tuple)) else str(value)


def guarded(text: str) -> str:
    """A cell that stays the text that it is."""
    return f"'{text}" if text.startswith(_GUARDED) else text


def unguarded(text: str) -> str:
    """The text of a cell, whether its program has kept the guard or taken it away."""
    return text[1:] if text.startswith("'") and text[1:].startswith(_GUARDED) else text


def _rows(data: bytes) -> Iterator[tuple[int, list[str]]]:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise ContentError("the table is not in UTF-8; save it as `CSV UTF-8`") from None
    first = text.partition("\n")[0]
    delimiter = max(",;\t", key=first.count)  # programs write what the reader's country parts numbers by
    table = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        for row in table:
            if any(map(str.strip, row)):
                yield table.line_num, row
    except csv.Error as error:
        raise ContentError(f"line {table.line_num}: {error}") from None


def _differing(
    row: Mapping[str, str], records: Mapping[str, Mapping[str, Any]], read: Container[str]
) -> dict[str, Value]:
    record = records.get(row["id"])
    if record is None:
        raise ValueError(f"there is no record {row['id']!r}; add new ones to their file")
    if row["id"] in read:
        raise ValueError(f"{row['id']} stands twice")
    return {field: _value(field, text) for field, text in row.items() if text != cell(record.get(field))}


def _value(field: str, text: str) -> Value:
    if not text and field not in KEPT_WHEN_EMPTY:
        return None
    if field in LISTS:
        return [part.strip() for part in text.split(BETWEEN.strip()) if part.strip()]
    if field in ANSWERS:
        if text not in SAYS:
            raise ValueError(f"{field}: yes, no, or nothing where it is unknown")
        return SAYS[text]
    if field in NUMBERS:
        if not text.isdecimal() or not text.isascii():
            raise ValueError(f"{field}: a whole number, or nothing where it is unknown")
        return int(text)
    return text
