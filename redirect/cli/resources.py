"""Owns the commands for services: check, verify, pause, and a table for reviewers. Must never mark a record as checked
that nobody has looked at."""

from __future__ import annotations

import asyncio
import os
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.prompt import Prompt
from rich.table import Table
from rich.text import Text

from redirect import settings as settings_
from redirect.adapters.link_check import LinkChecker, State
from redirect.adapters.record_files import FIELDS
from redirect.adapters.record_sheet import cell
from redirect.cli.shown import Format, err, out, working, write
from redirect.domain.errors import SettingsError
from redirect.domain.services import FURTHER_NOTICE
from redirect.tools import resources as tools

if TYPE_CHECKING:
    from collections.abc import Iterator

    from redirect.domain.services import Service

resources = typer.Typer(name="resources", no_args_is_help=True, help="Look after services that pages send people to.")

WhatArgument = Annotated[
    str, typer.Argument(metavar="[CC|ID]", help="A country (DE; world) or a service; else all.", show_default=False)
]
ServiceArgument = Annotated[str, typer.Argument(metavar="ID", help="As in its file.", show_default=False)]
FolderOption = Annotated[
    Path | None, typer.Option("--resources", help="Another resources/ directory.", show_default=False)
]
QUESTIONS = {
    "url": "Does the address open, and can a person start there?",
    "phone": "Does somebody answer this number, for the people named above? (Say that you check a directory.)",
    "emergency": "Does an official page of the country name this number? Do not call it.",
    "hours": "Are these the hours?",
    "languages": "Are these the languages?",
    "rest": "Is all the rest as it stands above?",
}


@resources.command()
def check(
    what: WhatArgument = "",
    sources: Annotated[bool, typer.Option("--sources", help="Also the addresses that records rest on.")] = False,
    everything: Annotated[bool, typer.Option("--all", help="In the table, also what is fine.")] = False,
    folder: FolderOption = None,
    format_: Annotated[Format, typer.Option("--format", help="How to write the report.")] = Format.TABLE,
) -> None:
    """Ask every address of the services, and look at how numbers and hours are written.

    `dead`: nobody gets there. `look`: a person should: it leads to somebody else's site, keeps programs out, or its
    certificate ends soon. Servers are asked one thing at a time, and nothing that their robots.txt refuses. Exits
    with 1 where something is dead.
    """
    settings = settings_.load(os.environ)
    services = tools.chosen(tools.resources(folder), what)
    with working() as progress:
        checked = asyncio.run(tools.check(services, LinkChecker(settings.contact), progress, sources=sources))
    shown = [row for row in checked.rows if everything or format_ is not Format.TABLE or row["state"] != State.FINE]
    write(shown, tools.FINDING_COLUMNS, format_)
    if checked.left_out:
        err.print(f"[yellow]Not looked at:[/yellow] {checked.left_out}", highlight=False, soft_wrap=True)
    counted = ", ".join(f"{checked.count(state)} {state}" for state in State)
    err.print(f"{len(checked.rows)} looked at: {counted}", highlight=False)
    if checked.count(State.DEAD):
        raise typer.Exit(1)


@resources.command()
def verify(
    what: WhatArgument = "",
    by: Annotated[
        str, typer.Option(help="Who you are, by initials or by your work; asked once if left out.", show_default=False)
    ] = "",
    yes: Annotated[
        bool, typer.Option("--yes", help="You have checked it all; ask nothing. For one service, by its id.")
    ] = False,
    on: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="The day of the check (default today).")
    ] = None,
    agreed: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="The day the service agreed to be listed; for one service."),
    ] = None,
    folder: FolderOption = None,
) -> None:
    """Go through the records that nobody has checked for a year: open the address, call the number, say what is right.

    A record is written as soon as all of it is right, so that Ctrl-C loses nothing. Where something is not, correct
    its file, then verify it again. What is verified is yours: the facts no longer overwrite it.
    """
    tools.ensure_can_change()
    place = tools.resources(folder)
    found = tools.chosen(place, what)
    is_one = what == found[0].id
    if not is_one and (yes or agreed):
        raise SettingsError("--yes and --agreed are for one service: name it by its id")
    waiting = found if is_one else tools.to_verify(found, tools.today())
    if not waiting:
        out.print("All of these have been checked within a year.")
        return
    day, agreed_on = (on.date() if on else tools.today()), agreed.date().isoformat() if agreed else ""
    with _told_at_the_end(len(waiting)) as done:
        who = by or Prompt.ask("Who are you, by initials or by your work", console=out)
        for number, service in enumerate(waiting, 1):
            if yes or _is_right(service, f"{number} of {len(waiting)}"):
                tools.verify(place, service, who, day, agreed_on)
                done.append(service.id)


@contextmanager
def _told_at_the_end(total: int) -> Iterator[list[str]]:
    """Also after Ctrl-C, or at the end of what was typed."""
    done: list[str] = []
    try:
        yield done
    except (KeyboardInterrupt, EOFError, _Enough):
        out.print()
    out.print(f"{len(done)} of {total} verified and written: {', '.join(done) or 'none'}", highlight=False)


class _Enough(Exception):  # noqa: N818 (not an error: whoever verifies has stopped)
    pass


def _is_right(service: Service, number: str) -> bool:
    _show(service, number)
    wrong = []
    for field in _asked(service):
        answer = Prompt.ask(QUESTIONS[field], choices=["y", "n", "skip", "quit"], console=out)
        if answer == "quit":
            raise _Enough
        if answer == "skip":
            return False
        wrong += [field] if answer == "n" else []
    if wrong:
        home = next(iter(service.countries), "*")
        file = "world.toml" if home == "*" else f"{home}.toml"
        out.print(f"Not verified. Correct it in {file} ({', '.join(wrong)}), then verify {service.id} again.")
    return not wrong


def _asked(service: Service) -> Iterator[str]:
    if service.url:
        yield "url"
    if service.phone:
        yield "emergency" if "emergency_number" in service.kind else "phone"
    if service.hours:
        yield "hours"
    yield from ("languages", "rest")


def _show(service: Service, number: str) -> None:
    table = Table(title=Text(f"{service.id} ({number})"), show_header=False, title_justify="left")
    for field in FIELDS:
        if text := cell(getattr(service, field)):
            table.add_row(field, Text(text))
    out.print(table)


@resources.command()
def pause(
    service: ServiceArgument,
    until: Annotated[
        str, typer.Option(help="The day from which it answers again, like 2026-12-31; else until you resume it.")
    ] = FURTHER_NOTICE,
    folder: FolderOption = None,
) -> None:
    """Send nobody to a service, on every node, within seconds; the service may run or not.

    For a line that is closed for a while, or asks to be left out for now. Its record stays as it is.
    """
    asyncio.run(tools.pause(settings_.load(os.environ), _one(service, folder), until))
    end = "until you resume it" if until == FURTHER_NOTICE else f"until {until}"
    out.print(f"{service} is paused {end}", highlight=False)


@resources.command()
def resume(service: ServiceArgument, folder: FolderOption = None) -> None:
    """Send people to a paused service again, on every node, within seconds."""
    asyncio.run(tools.resume(settings_.load(os.environ), _one(service, folder)))
    out.print(f"{service} is no longer paused", highlight=False)


@resources.command()
def paused(
    folder: FolderOption = None,
    format_: Annotated[Format, typer.Option("--format", help="How to write the rows.")] = Format.TABLE,
) -> None:
    """Show which services are paused, and until when."""
    rows = asyncio.run(tools.paused(settings_.load(os.environ), tools.resources(folder)))
    write(rows, ("service", "until", "where"), format_, empty="No service is paused.")


@resources.command()
def export(
    to: Annotated[Path, typer.Option("--out", help="File to write, like services.csv.", show_default=False)],
    folder: FolderOption = None,
) -> None:
    """Write all records as a table for spreadsheet programs, one record a line.

    Cells that such a program would take for a formula, a number or a date begin with an apostrophe; leave it there.
    Lists are parted by " | ", an empty cell means unknown. `redirect resources import` takes the table back.
    """
    count = tools.export(tools.resources(folder), to)
    out.print(f"{count} records in {to}", highlight=False)


@resources.command("import")
def import_(
    table: Annotated[Path, typer.Argument(help="What `export` wrote, changed by a reviewer.", show_default=False)],
    folder: FolderOption = None,
) -> None:
    """Take changes of a table into the files: only what differs, and nothing where any line is at fault."""
    place = tools.resources(folder)
    rows = tools.take_in(place, table)
    write(rows, ("service", "field", "was", "is"), Format.TABLE, empty="The table says nothing that the files do not.")
    if names := tools.unverified(rows, place):
        some = ", ".join(names[:10]) + (f" and {len(names) - 10} more" if len(names) > 10 else "")
        err.print(f"Not verified, so scripts/convert_facts.py would undo it: {some}", highlight=False, soft_wrap=True)


def _one(id_: str, folder: Path | None) -> Service:
    found = tools.chosen(tools.resources(folder), id_)
    if found[0].id != id_:
        raise SettingsError(f"{id_}: name one service by its id")
    return found[0]
