"""Owns the commands that try a list before it is built or goes live. Must never show a query or an entry's text."""

from __future__ import annotations

import json
import os
import sys
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Column, Table
from rich.text import Text

from redirect import settings as settings_
from redirect.adapters import source_file
from redirect.cli.shown import LINES_SHOWN, Format, out, working, write
from redirect.cli.sources import (
    AuthOption,
    CategoryOption,
    ColumnOption,
    ConfidenceOption,
    EditsOption,
    KindOption,
    ShapeOption,
    Sources,
    asked_for,
)
from redirect.domain.decision import DEFAULT_CATEGORY
from redirect.domain.lists import Confidence
from redirect.domain.subject import Surface
from redirect.journeys.review import REMARK_COLUMNS
from redirect.tools import vetting as tools

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import BinaryIO

    from redirect.domain.overlap import Change
    from redirect.journeys.review import Remark, Report
    from redirect.journeys.vet import Trial

vetting = typer.Typer()
LINES_A_STEP = 1000


@vetting.command()
def check(
    sources: Sources,
    against: Annotated[
        str, typer.Option(help="The list before: `live`, or a directory with a bundle.", show_default=False)
    ] = "",
    category: CategoryOption = DEFAULT_CATEGORY,
    confidence: ConfidenceOption = Confidence.HIGH,
    kind: KindOption = None,
    shape: ShapeOption = None,
    column: ColumnOption = None,
    auth: AuthOption = "",
    edits: EditsOption = False,
    format_: Annotated[Format, typer.Option("--format", help="How to write the findings.")] = Format.TABLE,
) -> None:
    """Say what is wrong with lists before they are built, naming entries by file, line and id, never by their text.

    Everything is looked at together, as `build` would: what is too broad or too short, said twice, or matches
    something benign. Exits with 1 where something is serious; docs/lists-guard.md says what each finding means.
    """
    asked = asked_for(shape, kind, column, auth)
    with working() as progress:
        report = tools.check_list(
            settings_.load(os.environ),
            source_file.named(sources, asked),
            category=category,
            confidence=confidence,
            against=against,
            edits=edits,
            progress=progress,
        )
    if format_ is Format.TABLE:
        _show_report(report)
    elif format_ is Format.JSON:
        json.dump(report.data(), sys.stdout)
        sys.stdout.write("\n")
    else:
        write([remark.row() for remark in report.remarks], REMARK_COLUMNS, format_)
    if report.serious:
        raise typer.Exit(1)


def _show_report(report: Report) -> None:
    table = Table("", "What", "Entries", Column("Where: file and line, id", overflow="fold"))
    for _, found in groupby(report.remarks, key=lambda remark: remark.rule):
        remarks = list(found)
        where = [f"{remark.place} {remark.entry_id} {_more_of(remark)}".strip() for remark in remarks[:LINES_SHOWN]]
        more = [f"and {len(remarks) - LINES_SHOWN} more"] if len(remarks) > LINES_SHOWN else []
        grave = "[red]serious[/red]" if remarks[0].serious else ""
        table.add_row(grave, remarks[0].about, str(len(remarks)), Text("\n".join(where + more)))
        table.add_section()
    if report.remarks:
        out.print(table)
    out.print(f"{report.entries} entries; {sum(remark.serious for remark in report.remarks)} serious findings")
    out.print(f"Benign queries and addresses: {_share(report.benign)} match")
    if report.frequent is None:
        out.print("Frequent words of many languages: not compared; needs redirect[check]", markup=False)
    else:
        out.print(f"Frequent words of many languages: {_share(report.frequent)} match")
    if report.change is not None:
        _show_change(report, report.change)


def _more_of(remark: Remark) -> str:
    return f"({remark.reason or f'see {remark.other}'})" if remark.reason or remark.other else ""


def _share(trial: Trial) -> str:
    return f"{trial.total} of {trial.tried} ({trial.total / max(1, trial.tried):.4%})"


def _show_change(report: Report, change: Change) -> None:
    out.print(f"The list before has {change.before} entries. An entry that is gone leaves one to five ids.")
    for about, named in (
        ("Entries added", [f"{place} {entry_id}" for place, entry_id in report.added]),
        ("Ids removed", change.removed),
    ):
        more = [f"and {len(named) - LINES_SHOWN} more"] if len(named) > LINES_SHOWN else []
        out.print(f"{about}: {len(named)}", *named[:LINES_SHOWN], *more, sep="\n  ", markup=False, highlight=False)


@vetting.command("dry-run")
def dry_run(
    file: Annotated[
        typer.FileBinaryRead,
        typer.Argument(help="Queries or URLs, one a line; - for standard input.", show_default=False),
    ],
    directory: Annotated[
        Path | None, typer.Option("--list", help="A directory with a bundle; else the live list.", show_default=False)
    ] = None,
    surface: Annotated[Surface, typer.Option(help="Where on the platform they came up.")] = Surface.WEB,
    format_: Annotated[Format, typer.Option("--format", help="How to write the rates.")] = Format.TABLE,
) -> None:
    """Say what share of the queries in a file would get which action, by category; nothing else is said or kept."""
    with working() as progress:
        lines = _lines_of(file, progress)
        counted = tools.dry_run(settings_.load(os.environ), lines, surface, directory)
    total = counted.total()
    rows = [
        {"category": category, "action": action, "queries": count, "percent": round(100 * count / total, 4)}
        for (category, action), count in sorted(counted.items())
    ]
    write(rows, ("category", "action", "queries", "percent"), format_, empty="There is no query in it.")


def _lines_of(file: BinaryIO, progress: Callable[[str, int, int | None], None]) -> Iterator[str]:
    """Each line, bytes that are no UTF-8 replaced, as the adapters do it."""
    size = os.fstat(file.fileno()).st_size if file.seekable() else None
    done = 0
    for number, line in enumerate(file):
        done += len(line)
        if number % LINES_A_STEP == 0:
            progress("the file", done, size)
        yield line.decode(errors="replace")
