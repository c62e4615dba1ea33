"""Owns the command line: arguments in, tables and exit codes out. Must never take a query, a URL or a key as an
argument, since arguments are seen by everyone on a machine."""

from __future__ import annotations

from typing import Annotated

import typer

from redirect import __version__
from redirect.cli.export import exporting
from redirect.cli.keys import keys
from redirect.cli.lists import lists
from redirect.cli.messages import messages
from redirect.cli.preview import previewing
from redirect.cli.resources import resources
from redirect.cli.service import service
from redirect.cli.shown import out
from redirect.cli.vetting import vetting
from redirect.proxies.commands import proxies

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    help="Deterrence and prevention: what a platform answers when someone searches for, or opens, child sexual"
    " abuse material.",
)
app.add_typer(service)
lists.add_typer(vetting)
app.add_typer(lists, name="lists")
app.add_typer(exporting)
app.add_typer(proxies)
app.add_typer(keys, name="keys")
messages.add_typer(previewing)
app.add_typer(messages, name="messages")
app.add_typer(resources, name="resources")


def _version(wanted: bool) -> None:
    if wanted:
        out.print(__version__)
        raise typer.Exit


@app.callback()
def main(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Say the version.")
    ] = False,
) -> None:
    """Every command reads the same REDIRECT_* settings; `redirect serve --help` explains them."""
