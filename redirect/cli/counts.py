"""Owns the command that shows counts. Must never show a cell that is too small."""

from __future__ import annotations

import asyncio
import os
from typing import Annotated

import typer

from redirect import settings as settings_
from redirect.cli.shown import Format, err, write
from redirect.domain.counts import TABLES
from redirect.domain.errors import BadRequest, SettingsError
from redirect.tools import counts as tools

counting = typer.Typer()


@counting.command()
def counts(
    table: Annotated[str, typer.Option(help=f"One of {', '.join(TABLES)}.")] = "checks",
    format_: Annotated[Format, typer.Option("--format", help="How to write the rows.")] = Format.TABLE,
    first: Annotated[
        str,
        typer.Option("--from", help="First day or hour, UTC: 2026-11-22 or 2026-11-22T01:00Z.", show_default=False),
    ] = "",
    last: Annotated[str, typer.Option("--to", help="Last day or hour, included.", show_default=False)] = "",
) -> None:
    """Show counts. Cells below 10 are left out, the rest rounded to the nearest 5; the open period is included."""
    try:
        rows, complete = asyncio.run(tools.counted(settings_.load(os.environ), table, first, last))
    except BadRequest as error:
        raise SettingsError(
            f"{error}: tables are {', '.join(TABLES)}; a period is 2026-11-22 or 2026-11-22T01:00Z"
        ) from None
    if not complete:
        err.print("[yellow]The counts of the last moments have not reached the store yet.[/yellow]")
    write(rows, TABLES[table].columns, format_, "No cell has reached 10 yet; smaller ones are never shown.")
