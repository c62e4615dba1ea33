"""Owns the commands for backups of counts. Must never overwrite a file, nor add to counts that are there unasked."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import Annotated

import typer

from redirect import settings as settings_
from redirect.adapters.copies import Fate
from redirect.cli.shown import err, out, working
from redirect.domain.errors import BackupError
from redirect.tools import backup as tools

backups = typer.Typer()
SAID = {
    Fate.ADDED: "restored",
    Fate.KNOWN: "there already",
    Fate.PAST: "past their time, left out",
    Fate.STRANGE: "of tables that this version does not have, left out",
    Fate.OVERLAPS: "left out, since the store holds a part of the same counts",
}


@backups.command()
def backup(
    to: Annotated[Path, typer.Argument(metavar="OUT", help="A new file: counts.jsonl.gz", show_default=False)],
) -> None:
    """Write all counts into a file, also while the service runs. It has exact counts in it: keep it like the store.

    Keys and lists are left out: see docs/operations.md.
    """
    if to.exists():
        raise BackupError(f"{to}: there is such a file already; choose another name")
    with working() as progress:
        count = asyncio.run(tools.back_up(settings_.load(os.environ), to, progress))
    out.print(f"{count} records in {to}", highlight=False, soft_wrap=True)


@backups.command()
def restore(
    path: Annotated[Path, typer.Argument(metavar="FILE", help="As `redirect backup` wrote it.", show_default=False)],
    add: Annotated[
        bool, typer.Option("--add", help="Also into a store that holds counts; none is added twice.")
    ] = False,
) -> None:
    """Bring counts back from a file, into an empty store, best before the service starts on it.

    Running it again changes nothing. Exits with 1 where something was left out because the store holds a part of it.
    """
    with working() as progress:
        fates = asyncio.run(tools.restore(settings_.load(os.environ), path, progress, add=add))
    for fate, count in sorted(fates.items()):
        out.print(f"{count} records {SAID[fate]}", highlight=False)
    if fates[Fate.OVERLAPS]:
        err.print("[yellow]This backup is of counts that this store has, or of a part of them.[/yellow]")
        raise typer.Exit(1)
