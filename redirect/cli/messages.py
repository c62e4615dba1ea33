"""Owns the commands for texts and translations. Must never change one."""

from __future__ import annotations

import typer

from redirect.adapters.catalogues import load_catalogues
from redirect.adapters.content import load_texts, shipped
from redirect.cli.shown import out

messages = typer.Typer(no_args_is_help=True, help="Look after texts and translations.")


@messages.callback()
def group() -> None:
    """Look after texts and translations."""


@messages.command()
def check() -> None:
    """Say which languages are whole; one that lacks a text is not served, and the exit code is 1."""
    texts = load_texts(shipped("messages"))
    catalogues = load_catalogues(shipped("locales"), texts.strings(), drafts=True)
    for locale in catalogues.locales:
        out.print(f"{locale.tag}: whole, {'reviewed' if locale.reviewed else 'a draft'}", highlight=False)
    for tag, why in catalogues.left_out.items():
        where = f"locales/{tag.replace('-', '_')}/LC_MESSAGES/redirect.po"
        out.print(f"[yellow]{tag}: not served until it is whole[/yellow]: {why}; edit {where}", highlight=False)
    if catalogues.left_out:
        raise typer.Exit(1)
