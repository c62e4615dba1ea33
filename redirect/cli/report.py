"""Owns the commands that write reports. Must never write over a file that is there, unless told to."""

from __future__ import annotations

import asyncio
import os
import re
from datetime import UTC, date, datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from redirect import __version__
from redirect import settings as settings_
from redirect.cli.shown import out
from redirect.domain.counts import TABLES
from redirect.domain.errors import SettingsError
from redirect.journeys.compare import Asked
from redirect.tools import report as tools

if TYPE_CHECKING:
    from collections.abc import Callable

    from redirect.domain.document import Report

report = typer.Typer(
    name="report",
    invoke_without_command=True,
    help="Write a transparency report, or compare before and after a change. Needs redirect\\[reports].",
)
MONTH = re.compile(r"(20\d\d)-(0[1-9]|1[0-2])(-\d\d)?")


class FileFormat(StrEnum):
    """What a report is written as."""

    HTML = "html"
    PDF = "pdf"
    XLSX = "xlsx"
    CSV = "csv"
    JSON = "json"
    PARQUET = "parquet"


ENDINGS = {FileFormat.CSV: "csv.zip", FileFormat.PARQUET: "parquet.zip"}


@report.callback()
def write(
    context: typer.Context,
    platform: Annotated[str, typer.Option(help="The platform, as its keys name it.", show_default=False)] = "",
    first: Annotated[str, typer.Option("--from", help="First month: 2026-01.", show_default=False)] = "",
    last: Annotated[str, typer.Option("--to", help="Last month: 2026-06.", show_default=False)] = "",
    format_: Annotated[FileFormat, typer.Option("--format", help="What to write.")] = FileFormat.PDF,
    to: Annotated[Path | None, typer.Option("--out", help="Where to write it; else here.", show_default=False)] = None,
    force: Annotated[bool, typer.Option("--force", help="Write over a file that is there.")] = False,
) -> None:
    """Write a transparency report on closed months, from published counts alone.

    It has definitions, figures with their limits, charts, changes and appeals. csv and parquet are a zip with a file
    for each table.
    """
    if context.invoked_subcommand:
        return
    if not platform:
        raise SettingsError("--platform: say which platform the report is on")
    settings = settings_.load(os.environ)
    writer = _writer(format_)
    _save(
        asyncio.run(tools.collect(settings, platform, _month("--from", first), _month("--to", last))),
        writer,
        to,
        format_,
        force=force,
    )


@report.command()
def its(
    platform: Annotated[str, typer.Option(help="The platform, as its keys name it.")],
    at: Annotated[str, typer.Option(help="The day of the change: 2026-07-06.")],
    first: Annotated[str, typer.Option("--from", help="The day from which weeks count: 2025-11-03.")],
    table: Annotated[str, typer.Option(help=f"One of {', '.join(TABLES)}.")] = "funnel",
    where: Annotated[
        list[str] | None, typer.Option(help="Which cells: step=shown; once for each.", show_default=False)
    ] = None,
    control: Annotated[
        list[str] | None,
        typer.Option(help="What is otherwise in a series that the change left alone: country=NO.", show_default=False),
    ] = None,
    per: Annotated[
        list[str] | None,
        typer.Option(help="What is otherwise in what this is a share of: step=shown.", show_default=False),
    ] = None,
    last: Annotated[str, typer.Option("--to", help="The day up to which; else all.", show_default=False)] = "",
    format_: Annotated[FileFormat, typer.Option("--format", help="What to write.")] = FileFormat.PDF,
    to: Annotated[Path | None, typer.Option("--out", help="Where to write it; else here.", show_default=False)] = None,
    force: Annotated[bool, typer.Option("--force", help="Write over a file that is there.")] = False,
) -> None:
    """Compare the weeks before and after a change: an interrupted time series, with a control where there is one."""
    from redirect.reports.before_after import before_after  # noqa: PLC0415 (part of an extra)
    from redirect.reports.compared import comparison  # noqa: PLC0415

    settings = settings_.load(os.environ)
    asked = Asked(
        table, platform, first, last, _labels("--where", where), _labels("--control", control), _labels("--per", per)
    )
    series, beside, whole = asyncio.run(tools.weeks(settings, asked))
    found = before_after(series, _day("--at", at), beside, whole)
    made = comparison(asked, at, series, found, _today(), __version__, settings.minimum_cell)
    _save(made, _writer(format_), to, format_, force=force)


def _save(
    made: Report, writer: Callable[[Report], bytes], to: Path | None, format_: FileFormat, *, force: bool
) -> None:
    path = to or Path(f"{made.name}.{ENDINGS.get(format_, format_)}")
    if path.exists() and not force:
        raise SettingsError(f"{path} is there already; --force writes over it")
    path.write_bytes(writer(made))
    out.print(f"{path}: {made.title}, {made.first} to {made.last}", highlight=False, soft_wrap=True)


def _labels(option: str, texts: list[str] | None) -> dict[str, str]:
    pairs = [text.partition("=") for text in texts or ()]
    if any(not separator for _, separator, _ in pairs):
        raise SettingsError(f"{option}: write it like step=shown")
    return {name.strip(): label.strip() for name, _, label in pairs}


def _day(option: str, text: str) -> str:
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        raise SettingsError(f"{option}: a day is written like 2026-07-06") from None


def _today() -> str:
    return datetime.now(UTC).date().isoformat()


def _writer(format_: FileFormat) -> Callable[[Report], bytes]:
    from redirect.reports import page, sheet, tables  # noqa: PLC0415 (part of an extra)

    return {
        FileFormat.HTML: lambda made: page.html(made).encode(),
        FileFormat.PDF: page.pdf,
        FileFormat.XLSX: sheet.xlsx,
        FileFormat.CSV: tables.csv_zip,
        FileFormat.JSON: tables.json,
        FileFormat.PARQUET: tables.parquet_zip,
    }[format_]


def _month(option: str, text: str) -> int:
    """The number of a month, 0 where none is named."""
    if not text:
        return 0
    found = MONTH.fullmatch(text)
    if not found:
        raise SettingsError(f"{option}: a month is written like 2026-01")
    return int(found[1]) * 12 + int(found[2]) - 1
