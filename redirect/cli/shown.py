"""Owns how the command line speaks: tables, bars, rows in other formats. Must never cut a row to a guessed width."""

from __future__ import annotations

import csv
import json
import sys
from contextlib import contextmanager
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn
from rich.table import Column, Table

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

# Where the output is no terminal, rows must not be cut to a guessed width.
out = Console(width=None if sys.stdout.isatty() else 200)
err = Console(stderr=True)


class Format(StrEnum):
    """How rows are written."""

    TABLE = "table"
    CSV = "csv"
    JSON = "json"


@contextmanager
def working() -> Iterator[Callable[[str, int, int | None], None]]:
    """A bar for each thing that takes its time: lists as they come, in bytes, and the bundle, in entries."""
    with Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=err,
        transient=True,
    ) as bars:
        tasks: dict[str, TaskID] = {}

        def progress(about: str, done: int, total: int | None) -> None:
            if about not in tasks:
                tasks[about] = bars.add_task(about, total=None)
            bars.update(tasks[about], completed=done, total=total)

        yield progress


def write(rows: list[dict[str, Any]], columns: tuple[str, ...], format_: Format, empty: str = "") -> None:
    if format_ is Format.JSON:
        json.dump({"rows": rows}, sys.stdout)
        sys.stdout.write("\n")
    elif format_ is Format.CSV:
        writer = csv.DictWriter(sys.stdout, columns)
        writer.writeheader()
        writer.writerows(rows)
    else:
        table = Table(*(Column(name, overflow="fold") for name in columns))
        for row in rows:
            table.add_row(*(str(row[column]) for column in columns))
        out.print(table if rows else empty)
