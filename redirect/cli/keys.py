"""Owns the commands for keys. Must never take a key as an argument, nor show one twice."""

from __future__ import annotations

import asyncio
import os
from typing import Annotated

import typer
from rich.table import Table

from redirect import settings as settings_
from redirect.adapters import keyring
from redirect.cli.shown import err, out
from redirect.domain.access import Scope
from redirect.domain.errors import SettingsError
from redirect.tools import keys as tools

keys = typer.Typer(
    name="keys", no_args_is_help=True, help="Keys that platforms present, and secrets of this deployment."
)


@keys.command()
def create(
    platform: Annotated[str, typer.Option(help="Name of the platform: a-z, 0-9 and -.", show_default=False)],
    scope: Annotated[list[Scope], typer.Option(help="May be given more than once.", show_default=False)],
) -> None:
    """Make a key for a platform and show it, once. Only its digest is kept."""
    settings = settings_.load(os.environ)
    key, record = asyncio.run(tools.create_key(settings, platform, scope))
    where = settings.data_dir if settings.embedded else "the store"
    err.print(
        f"Key {record.id} in {where} for {record.platform}, scopes {', '.join(record.scopes)}. It is shown only now:"
    )
    out.print(key, highlight=False, soft_wrap=True)


@keys.command("list")
def list_keys() -> None:
    """Show what is kept of every key."""
    table = Table("Key", "Platform", "Scopes")
    for record in asyncio.run(tools.known_keys(settings_.load(os.environ))):
        table.add_row(record.id, record.platform, ", ".join(record.scopes))
    out.print(table)


@keys.command()
def revoke(
    key_id: Annotated[str, typer.Argument(help="As `redirect keys list` shows it.", show_default=False)],
) -> None:
    """End a key, within seconds, on every node."""
    if not asyncio.run(tools.revoke_key(settings_.load(os.environ), key_id)):
        raise SettingsError("there is no such key; `redirect keys list` shows them all")
    out.print(f"Key {key_id} is revoked")


@keys.command()
def generate() -> None:
    """Make the secrets of a deployment that has its own store. Keep REDIRECT_SIGNING_KEY where lists are built."""
    for name, text in keyring.generate().items():
        out.print(f"{name}={text}", highlight=False, soft_wrap=True)
