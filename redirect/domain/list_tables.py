"""Owns how tables (CSV and the like, spreadsheets) become entries: the header, and which column says what.

Every record goes through the one parser of records there is, `lists.parse_csv`, so that the same rules hold for a
list of our own and for anybody else's. Must never repeat what a header or a cell says.
"""

from __future__ import annotations

import csv
from itertools import islice
from typing import TYPE_CHECKING, Final

from redirect.domain.errors import ListError
from redirect.domain.list_records import Labels, Parsed, Unread, UnreadableError, ensure_text, is_utf8, numbered
from redirect.domain.lists import COLUMNS, REQUIRED, parse_csv

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    Cell = str | Unread
    Row = tuple[int, Sequence[Cell] | Unread]

DELIMITERS: Final = ",;\t|"
HEADER_WITHIN: Final = 20
"""Rows among which the header is looked for: exported sheets often begin with a title."""


def parse_table(text: str, name: str, labels: Labels, columns: Mapping[str, str]) -> Parsed:
    """Entries of a file with one record a line, so that a quote left open spoils no other.

    `columns` maps our names to those of the file; a column of ours that is not mapped is looked for by its own
    name, and what no column says, `labels` do. Raises ListError where there is no header with a value column.
    """
    if not columns and _is_our_own(text, labels):
        return _as_it_is(text, name)
    delimiter = _delimiter(text, _named(columns)["value"])
    return parse_rows(_rows(text, delimiter), name, labels, columns, exact=True)


def _is_our_own(text: str, labels: Labels) -> bool:
    """Whether there is nothing to rewrite, nor to add: a million entries take half the time."""
    said = {column for column, constant in _constants(labels).items() if constant}
    return is_utf8(text) and {*REQUIRED, *said} <= set(_cells(_folded(next(numbered(text))[1]), ","))


def _as_it_is(text: str, name: str) -> Parsed:
    entries, errors = parse_csv(text, name)
    bad = {error.line for error in errors}
    lines = [number for number, line in numbered(text) if number > 1 and number not in bad and line.strip()]
    return Parsed(name, entries, lines, errors)


def has_header(text: str, columns: Mapping[str, str]) -> bool:
    """Whether the text begins as a table that we can read."""
    wanted = _named(columns)["value"]
    return any(wanted in _cells(_folded(line), sign) for _, line in _top(text) for sign in DELIMITERS if sign in line)


def parse_rows(
    rows: Iterable[Row], name: str, labels: Labels, columns: Mapping[str, str], *, exact: bool = False
) -> Parsed:
    """Entries of numbered rows, among them the header. `exact`: a row has as many cells as the header, or is
    left out, since its cells may have slipped. A cell that cannot be read matters only where it is asked for.
    """
    rows = iter(rows)
    picks, width = _header(rows, name, columns)
    constants = _constants(labels)
    missing = [column for column in REQUIRED if column not in picks and not constants[column]]
    if missing:
        raise ListError(f"no column says {', '.join(missing)}; map it, or give it for the whole file", list_name=name)
    draft, lines, unread = [",".join(COLUMNS)], [], list[ListError]()
    for number, row in rows:
        if not isinstance(row, Unread) and not any(row):
            continue
        try:
            draft.append(_record(row, picks, constants, width if exact else None))
            lines.append(number)
        except UnreadableError as error:
            unread.append(ListError(str(error), list_name=name, line=number))
    entries, errors = parse_csv("\n".join(draft), name)
    bad = {lines[error.line - 2]: error.reason for error in errors}
    unread += [ListError(reason, list_name=name, line=line) for line, reason in bad.items()]
    unread.sort(key=lambda error: error.line)
    return Parsed(name, entries, [line for line in lines if line not in bad], unread)


def _named(columns: Mapping[str, str]) -> dict[str, str]:
    """Our columns by the name that the file gives them, as headers are compared."""
    return {column: _folded(columns.get(column, column)) for column in COLUMNS}


def _folded(text: str) -> str:
    return text.strip().casefold()


def _header(rows: Iterator[Row], name: str, columns: Mapping[str, str]) -> tuple[dict[str, int], int]:
    """Where each of our columns stands, and how many there are in all."""
    named = _named(columns)
    for number, row in islice(rows, HEADER_WITHIN):
        header = [] if isinstance(row, Unread) else [_folded(cell) if isinstance(cell, str) else "" for cell in row]
        if named["value"] in header:
            picks = {column: header.index(called) for column, called in named.items() if called in header}
            if any(header.count(header[place]) > 1 for place in picks.values()):
                raise ListError("the header names a column twice", list_name=name, line=number)
            lost = [column for column in columns if column not in picks]
            if lost:
                raise ListError(f"the column mapped to {', '.join(lost)} is not there", list_name=name, line=number)
            return picks, len(header)
    raise ListError(
        f"none of the first {HEADER_WITHIN} rows is a header with a value column; say which it is with"
        " --column value=NAME",
        list_name=name,
    )


def _constants(labels: Labels) -> dict[str, str]:
    return {
        "kind": labels.kind or "",
        "value": "",
        "category": labels.category,
        "confidence": labels.confidence,
        "language": labels.language,
        "source": labels.source,
        "expires": "",
        "note": "",
    }


def _record(
    row: Sequence[Cell] | Unread, picks: Mapping[str, int], constants: Mapping[str, str], width: int | None
) -> str:
    """One line of our own CSV. Raises UnreadableError."""
    if isinstance(row, Unread):
        raise UnreadableError(row.reason)
    if width is not None and len(row) != width:
        raise UnreadableError(f"the record has {len(row)} fields, the header {width}")
    return ",".join(_quoted(_cell(row, picks[column]) if column in picks else constants[column]) for column in COLUMNS)


def _cell(row: Sequence[Cell], place: int) -> str:
    cell = row[place] if place < len(row) else ""
    if isinstance(cell, Unread):
        raise UnreadableError(cell.reason)
    return cell


def _quoted(cell: str) -> str:
    cell = cell.replace("\r", " ").replace("\n", " ").replace('"', '""')
    return f'"{cell}"'


def _top(text: str) -> Iterator[tuple[int, str]]:
    return islice(numbered(text), HEADER_WITHIN)


def _delimiter(text: str, wanted: str) -> str:
    for sign in DELIMITERS:
        if any(wanted in _cells(_folded(line), sign) for _, line in _top(text) if sign in line):
            return sign
    return DELIMITERS[0]


def _rows(text: str, delimiter: str) -> Iterator[Row]:
    for number, line in numbered(text):
        try:
            ensure_text(line)
            yield number, _split(line, delimiter) if line.strip() else []
        except (UnreadableError, csv.Error) as error:
            known = isinstance(error, UnreadableError)
            yield number, Unread(number, str(error) if known else "the record is not well-formed CSV")


def _split(line: str, delimiter: str) -> list[str]:
    return next(csv.reader([line], delimiter=delimiter, strict=True))


def _cells(line: str, delimiter: str) -> list[str]:
    try:
        return [cell.strip() for cell in _split(line, delimiter)]
    except csv.Error:
        return []
