"""Owns the commands for lists that are live or are to be. Must never take a query, a URL or an entry as an argument,
since arguments are seen by everyone on a machine."""

from __future__ import annotations

import asyncio
import os
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from redirect import settings as settings_
from redirect.adapters import source_file
from redirect.cli.shown import err, out, say_left_out, working
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
from redirect.cli.vetting import vetting
from redirect.domain.decision import DEFAULT_CATEGORY
from redirect.domain.lists import Confidence
from redirect.tools import lists as tools
from redirect.tools import live

lists = typer.Typer(name="lists", no_args_is_help=True, help="Build lists, publish them, see what is live.")
lists.add_typer(vetting)


@lists.command()
def build(
    sources: Sources,
    to: Annotated[Path, typer.Option("--out", help="Directory for the signed bundle.", show_default=False)],
    category: CategoryOption = DEFAULT_CATEGORY,
    confidence: ConfidenceOption = Confidence.HIGH,
    kind: KindOption = None,
    shape: ShapeOption = None,
    column: ColumnOption = None,
    auth: AuthOption = "",
    use_until: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="End of a licence.", show_default=False)
    ] = None,
    local: Annotated[bool, typer.Option("--local", help="Allow local checkers to use it.")] = False,
    edits: EditsOption = False,
    rebuild: Annotated[bool, typer.Option("--rebuild", help="Even where no fetched list has changed.")] = False,
) -> None:
    """Turn lists into a signed bundle of keyed digests. No entry can be read from it.

    Read are CSV, XLSX, plain URLs and domains, hosts files, adblock rules and RPZ zones; docs/lists.md explains
    them. A line that cannot be read is named by its number; the others go on, and the exit code is 1.
    """
    asked = asked_for(shape, kind, column, auth)
    with working() as progress:
        built = tools.build_list(
            settings_.load(os.environ),
            source_file.named(sources, asked),
            to,
            category=category,
            confidence=confidence,
            options=tools.BundleOptions(use_until.replace(tzinfo=UTC) if use_until else None, local=local, edits=edits),
            rebuild=rebuild,
            progress=progress,
        )
    if built.unchanged:
        out.print(f"No list has changed; version {built.manifest.version} in {to} stays")
        return
    say_left_out(built.unread)
    out.print(f"Version {built.manifest.version}, {built.manifest.total} entries, in {to}")
    out.print(f"Make it live: redirect lists publish {to}", highlight=False)
    if built.unread:
        raise typer.Exit(1)


@lists.command()
def publish(
    directory: Annotated[Path, typer.Argument(help="What `redirect lists build` wrote.", show_default=False)],
    accept_change: Annotated[
        bool, typer.Option("--accept-change", help="The list may shrink or grow by more than a fifth.")
    ] = False,
) -> None:
    """Make a bundle live on every node, within seconds; the service may run or not.

    It is tried first on some 50,000 benign queries and addresses; a list that matches any never goes live.
    """
    settings = settings_.load(os.environ)
    with working() as progress:
        published = live.publish_list(settings, directory, accept_change=accept_change, progress=progress)
        manifest = asyncio.run(published)
    out.print(f"Version {manifest.version} is published, {manifest.total} entries")


@lists.command()
def rollback() -> None:
    """Go back to the list that was live before, within seconds; it is issued again under a new, higher version."""
    manifest = asyncio.run(live.roll_back_list(settings_.load(os.environ)))
    out.print(
        f"Version {manifest.version} is published, {manifest.total} entries, as before version {manifest.previous}"
    )


@lists.command()
def explain() -> None:
    """Say why a query or URL matches the live list: one on each line of standard input, never an argument.

    Names the entry by its id and the steps by which the text was read; repeats, stores and counts nothing.
    """
    explain_one = asyncio.run(live.explainer(settings_.load(os.environ)))
    if sys.stdin.isatty():
        err.print("Type a query or a URL, then Enter; Ctrl-D ends.")
    for number, line in enumerate(sys.stdin, start=1):
        match = explain_one(line.rstrip("\n"))
        if match is None:
            out.print(f"{number}: no match", highlight=False)
            continue
        steps = ", ".join(match.steps) or "as it is"
        about = (
            f"{match.kind} {match.entry_id}, {match.category}, {match.confidence}, source {match.source or 'unknown'}"
        )
        out.print(f"{number}: {about}; read by: {steps}", highlight=False, soft_wrap=True)


@lists.command()
def status() -> None:
    """Say which list is live, how old it is and what it holds. Exits with 1 where none is."""
    manifest = asyncio.run(live.list_status(settings_.load(os.environ)))
    if manifest is None:
        err.print("No list is live. Make one with `redirect lists build`, then `redirect lists publish`.")
        raise typer.Exit(1)
    table = Table(show_header=False)
    table.add_row("Version", str(manifest.version))
    table.add_row("Built", manifest.created)
    table.add_row("Refresh by", manifest.refresh_by)
    table.add_row("Use until", manifest.use_until or "no end")
    table.add_row("Entries", ", ".join(f"{count} {kind}" for kind, count in manifest.entries.items() if count))
    table.add_row("Size", f"{manifest.size / 1e6:.1f} MB")
    out.print(table)
