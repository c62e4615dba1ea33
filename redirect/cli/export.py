"""Owns the command that writes a list for resolvers. Must never print an entry."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from redirect import settings as settings_
from redirect.adapters import source_file
from redirect.cli.shown import out, say_left_out, working
from redirect.cli.sources import (
    AuthOption,
    CategoryOption,
    ColumnOption,
    ConfidenceOption,
    KindOption,
    ShapeOption,
    Sources,
    asked_for,
)
from redirect.domain.decision import DEFAULT_CATEGORY
from redirect.domain.lists import Confidence
from redirect.domain.zones import LONGEST_TTL, Format, Policy, Zone, origin_of, stop_of
from redirect.tools import export as tools

exporting = typer.Typer()


@exporting.command()
def export(
    format_: Annotated[Format, typer.Argument(metavar="FORMAT", help=f"One of {', '.join(Format)}.")],
    sources: Sources,
    to: Annotated[Path, typer.Option("--out", help="The file to write.", show_default=False)],
    stop_name: Annotated[str, typer.Option(help="Name that listed hosts become (CNAME).", show_default=False)] = "",
    stop_address: Annotated[
        list[str] | None,
        typer.Option(help="Address that listed hosts get (A, AAAA); repeatable; wins over a name.", show_default=False),
    ] = None,
    policy: Annotated[
        Policy | None, typer.Option(help="Default: redirect where a stop page is given.", show_default=False)
    ] = None,
    origin: Annotated[str, typer.Option(help="Name of the zone.")] = "rpz.invalid",
    ttl: Annotated[int, typer.Option(min=0, max=LONGEST_TTL, help="Seconds that an answer may be kept.")] = 300,
    group: Annotated[str, typer.Option(help="Group that may read the file, such as bind.", show_default=False)] = "",
    accept_change: Annotated[
        bool, typer.Option("--accept-change", help="The file may shrink or grow by more than a fifth.")
    ] = False,
    category: CategoryOption = DEFAULT_CATEGORY,
    confidence: ConfidenceOption = Confidence.HIGH,
    kind: KindOption = None,
    shape: ShapeOption = None,
    column: ColumnOption = None,
    auth: AuthOption = "",
) -> None:
    """Write the hosts of lists as a file for a resolver: rpz (BIND, Unbound, Knot Resolver, PowerDNS), hosts, unbound,
    dnsmasq.

    It needs the lists in plain, so it runs where they are built; from a bundle nothing can be exported. The file is
    the list in plain: only its owner, and --group, may read it.

    Hosts alone are written, each with all below it, where messages/categories.toml blocks them at a resolver; an entry
    of kind except that is a host below is let through. What has no place there is named by its line, and the others
    go on. The exit code is 1 where a line could not be read, 2 where nothing was written.
    """
    zone = Zone(
        format_, stop=stop_of(format_, policy, stop_name, stop_address or []), origin=origin_of(origin), ttl=ttl
    )
    asked = asked_for(shape, kind, column, auth)
    with working() as progress:
        exported = tools.export_list(
            settings_.load(os.environ),
            source_file.named(sources, asked),
            to,
            zone,
            category=category,
            confidence=confidence,
            group=group,
            accept_change=accept_change,
            progress=progress,
        )
    say_left_out(exported.left_out)
    say_left_out(exported.unread)
    serial = f", serial {exported.serial}" if exported.serial else ""
    said = f"{exported.hosts} hosts{serial}, in {to}"
    out.print(f"No host has changed; {said} stays" if exported.unchanged else said, highlight=False, soft_wrap=True)
    if exported.unread:
        raise typer.Exit(1)
