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
from rich.text import Text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from redirect.domain.errors import ListError

# Where the output is no terminal, rows must not be cut to a guessed width.
out = Console(width=None if sys.stdout.isatty() else 200)
err = Console(stderr=True)
LINES_SHOWN = 10


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


def say_left_out(unread: Sequence[ListError]) -> None:
    """Once for each reason, with the first lines: a list in the wrong shape has a million of them."""
    lines: dict[tuple[str, str], list[int]] = {}
    for error in unread:
        lines.setdefault((error.list_name, error.reason), []).append(error.line)
    for (name, reason), numbers in lines.items():
        first = ", ".join(str(number) for number in numbers[:LINES_SHOWN] if number)
        more = f" and {len(numbers) - LINES_SHOWN} more" if len(numbers) > LINES_SHOWN else ""
        where = f", line{'s' if len(numbers) > 1 else ''} {first}{more}" if first else ""
        err.print("[yellow]left out[/yellow]", Text(f"{name}{where}: {reason}"), highlight=False, soft_wrap=True)
