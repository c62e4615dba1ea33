"""Owns the command line: arguments in, tables and exit codes out. Must never take a query, a URL or a key as an
argument, since arguments are seen by everyone on a machine."""

from __future__ import annotations

from importlib import import_module
from typing import Annotated

import typer

from redirect import __version__

PARTS = {
    ("serve",): "redirect.cli.service:service",
    ("counts",): "redirect.cli.counts:counting",
    ("backup", "restore"): "redirect.cli.backup:backups",
    ("doctor",): "redirect.cli.doctor:doctoring",
    ("lists",): "redirect.cli.lists:lists",
    ("export",): "redirect.cli.export:exporting",
    ("squid-helper", "icap"): "redirect.proxies.commands:proxies",
    ("keys",): "redirect.cli.keys:keys",
    ("messages",): "redirect.cli.messages:messages",
    ("resources",): "redirect.cli.resources:resources",
    ("experiments",): "redirect.cli.experiments:experiments",
    ("report",): "redirect.cli.report:report",
}
"""Where the commands are."""


def application(wanted: str = "") -> typer.Typer:
    """The command `wanted` alone, which then starts without what the others load; all of them for any other word."""
    app = typer.Typer(
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode="rich",
        help="Deterrence and prevention: what a platform answers when someone searches for, or opens, child sexual"
        " abuse material.",
    )
    app.callback()(_main)
    alone = [names for names in PARTS if wanted in names]
    for names in alone or PARTS:
        module, _, part = PARTS[names].partition(":")
        app.add_typer(getattr(import_module(module), part))
    return app


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(__version__)
        raise typer.Exit


def _main(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Say the version.")
    ] = False,
) -> None:
    """Every command reads the same REDIRECT_* settings; `redirect serve --help` explains them."""
