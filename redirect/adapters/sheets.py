"""Owns how spreadsheets are read: rows of text, nothing computed. Must never unpack more than a sheet may hold, nor
write any of it to a disk."""

from __future__ import annotations

import datetime as dt
import io
import warnings
import zipfile
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

from redirect.domain.errors import ListError
from redirect.domain.list_records import Labels, Parsed, Unread
from redirect.domain.list_tables import parse_rows

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from redirect.domain.list_tables import Row

MOST_ROWS: Final = 1_048_576
MOST_COLUMNS: Final = 64
MOST_PARTS: Final = 2_000
MOST_UNPACKED: Final = 1_000_000_000
MOST_RATIO: Final = 200
"""Times that a sheet of text may be larger unpacked than packed; archives made to burst reach a thousand."""
ZIP: Final = b"PK\x03\x04"
OLE: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"

_EXTRA: Final = "reading spreadsheets needs the extra `lists` (docs/lists.md): openpyxl, and defusedxml for safety"
_ERROR: Final = "a cell holds an error"


def parse_sheet(data: bytes, name: str, labels: Labels, columns: Mapping[str, str]) -> list[Parsed]:
    """Entries of every sheet that has a header with a value column; the others are reported. Raises ListError where
    none has one, or the file cannot be opened."""
    try:
        _ensure_safe(data, name)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return _read(data, name, labels, columns)
    except ListError:
        raise
    except Exception:  # noqa: BLE001 (archive and library raise whatever they meet in a damaged file)
        raise ListError("the spreadsheet is damaged", list_name=name) from None


def _ensure_safe(data: bytes, name: str) -> None:
    """What an archive declares is what the library reads at most, so checking it before is enough."""
    if data.startswith(OLE):
        raise ListError("it is protected by a password or in the old format; save it as .xlsx or .csv", list_name=name)
    parts = zipfile.ZipFile(io.BytesIO(data)).infolist()
    unpacked = sum(part.file_size for part in parts)
    if len(parts) > MOST_PARTS or unpacked > MOST_UNPACKED or unpacked > MOST_RATIO * len(data):
        raise ListError("the spreadsheet unpacks to more than a list can be", list_name=name)


def _read(data: bytes, name: str, labels: Labels, columns: Mapping[str, str]) -> list[Parsed]:
    read: list[Parsed] = []
    refused: list[ListError] = []
    for number, sheet in enumerate(_open(data, name).worksheets, 1):
        called = name if number == 1 else f"{name}, sheet {number}"
        sheet.reset_dimensions()
        try:
            read.append(parse_rows(_rows(sheet, called), called, labels, columns))
        except ListError as error:
            refused += [error] if _has_text(sheet) else []
    if not read:
        raise refused[0] if refused else ListError("the spreadsheet is empty", list_name=name)
    read[0].unread += refused
    return read


def _has_text(sheet: Any) -> bool:
    return any(cell.value is not None for row in islice(sheet.iter_rows(max_col=MOST_COLUMNS), 100) for cell in row)


def _open(data: bytes, name: str) -> Any:
    try:
        import openpyxl  # noqa: PLC0415 (part of an extra)
    except ImportError:
        raise ListError(_EXTRA, list_name=name) from None
    if not openpyxl.DEFUSEDXML:
        raise ListError(_EXTRA, list_name=name)
    return openpyxl.load_workbook(io.BytesIO(data), read_only=True, data_only=False, keep_links=False)


def _rows(sheet: Any, name: str) -> Iterator[Row]:
    before: object = None
    for number, cells in enumerate(islice(sheet.iter_rows(max_col=MOST_COLUMNS), MOST_ROWS + 1), 1):
        if number > MOST_ROWS:
            raise ListError(f"the sheet has over {MOST_ROWS} rows", list_name=name)
        # The library fills a gap between rows with one and the same row; a gap may be made a million long.
        yield number, [] if cells is before else [_text(number, cell) for cell in cells]
        before = cells


def _text(row: int, cell: Any) -> str | Unread:
    value = cell.value
    if value is None:
        return ""
    # A formula is not computed, and what it last gave may be out of date or never have been seen by anyone.
    if cell.data_type in {"f", "e"}:
        return Unread(row, "a cell holds a formula; paste it as a value" if cell.data_type == "f" else _ERROR)
    if isinstance(value, dt.datetime):
        return value.date().isoformat()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)
