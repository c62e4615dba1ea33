"""Owns a report as tables for programs. Must never round, name or order anything anew."""

from __future__ import annotations

import csv
import io
import zipfile
from typing import TYPE_CHECKING, Any, Final

import msgspec

from redirect.domain.document import Unit
from redirect.domain.report_words import inert
from redirect.reports.extra import needed

if TYPE_CHECKING:
    from collections.abc import Callable

    from redirect.domain.document import Report, Table

ZIP_TIME: Final = (1980, 1, 1, 0, 0, 0)
"""So that the same report is the same file."""


def json(report: Report) -> bytes:
    """All of it, tables as lists of objects; a count that was too small is null."""
    document = {
        "title": report.title,
        "platform": report.platform,
        "from": report.first,
        "to": report.last,
        "made": report.made,
        "version": report.version,
        "minimum_cell": report.minimum,
        "rounded_to": 5,
        "sections": [
            {
                "id": section.id,
                "title": section.title,
                "texts": section.texts,
                "figures": section.figures,
                "terms": section.terms or {},
            }
            for section in report.sections
        ],
        "tables": {table.name: _objects(table) for table in report.tables},
    }
    return msgspec.json.format(msgspec.json.encode(document), indent=1) + b"\n"


def csv_zip(report: Report) -> bytes:
    """A zip of one CSV file for each table, with a byte order mark, by which spreadsheet programs know UTF-8."""
    return _zip({f"{table.name}.csv": _csv(table) for table in report.tables})


def parquet_zip(report: Report) -> bytes:
    """A zip of one Parquet file for each table."""
    return _zip({f"{table.name}.parquet": _parquet(table) for table in report.tables})


def _objects(table: Table) -> list[dict[str, Any]]:
    names = [column.name for column in table.columns]
    return [dict(zip(names, row, strict=True)) for row in table.rows]


def _csv(table: Table) -> bytes:
    written = io.StringIO(newline="")
    writer = csv.writer(written)
    writer.writerow([column.name for column in table.columns])
    writer.writerows(["" if value is None else inert(value) for value in row] for row in table.rows)
    return written.getvalue().encode("utf-8-sig")


def _parquet(table: Table) -> bytes:
    arrow: Any = needed("pyarrow")
    types = {Unit.TEXT: arrow.string(), Unit.COUNT: arrow.int64(), Unit.SHARE: arrow.float64()}
    columns = {
        column.name: arrow.array([row[place] for row in table.rows], types[column.unit])
        for place, column in enumerate(table.columns)
    }
    written = io.BytesIO()
    needed("pyarrow.parquet").write_table(arrow.table(columns), written)
    return written.getvalue()


def _zip(files: dict[str, bytes]) -> bytes:
    written = io.BytesIO()
    make: Callable[[str], zipfile.ZipInfo] = lambda name: zipfile.ZipInfo(name, ZIP_TIME)  # noqa: E731
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(make(name), content, zipfile.ZIP_DEFLATED)
    return written.getvalue()
