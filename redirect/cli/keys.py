"""Owns the commands for keys. Must never take a key as an argument, nor show one twice."""

from __future__ import annotations

import asyncio
import datetime as dt
import os
import re
import time
from typing import Annotated

import typer
from rich.table import Table

from redirect import settings as settings_
from redirect.adapters import keyring
from redirect.cli.shown import err, out
from redirect.domain.access import Access, Limit, Scope
from redirect.domain.errors import SettingsError
from redirect.tools import keys as tools

keys = typer.Typer(
    name="keys", no_args_is_help=True, help="Keys that platforms present, and secrets of this deployment."
)


DURATION = re.compile(r"([1-9][0-9]{0,4})([mhd])")
SECONDS = {"m": 60, "h": 3600, "d": 86400}
LIMIT = re.compile(r"([1-9][0-9]{0,8})/([1-9][0-9]{0,4})")
Expires = Annotated[
    str, typer.Option(help="When it ends: a last day such as 2027-01-31 (UTC), or after 90d.", show_default="never")
]


@keys.command()
def create(
    platform: Annotated[str, typer.Option(help="Name of the platform: a-z, 0-9 and -.", show_default=False)],
    scope: Annotated[list[Scope], typer.Option(help="May be given more than once.", show_default=False)],
    expires: Expires = "",
    limit: Annotated[
        str,
        typer.Option(
            help="Calls in so many seconds, such as 100/10; each subject of a batch is one.",
            show_default="none for check, 600/60 for the others",
        ),
    ] = "",
    signed: Annotated[
        bool, typer.Option("--signed", help="It signs requests (RFC 9421) and is never taken itself.")
    ] = False,
) -> None:
    """Make a key for a platform and show it, once. Only its digest is kept; of one that signs, a sealed copy."""
    settings = settings_.load(os.environ)
    made = tools.create_key(settings, platform, scope, _end(expires) if expires else 0, _limit(limit), signing=signed)
    key, record = asyncio.run(made)
    where = settings.data_dir if settings.embedded else "the store"
    err.print(
        f"Key {record.id} in {where} for {record.platform}, scopes {', '.join(record.scopes)}. It is shown only now:"
    )
    out.print(key, highlight=False, soft_wrap=True)


@keys.command()
def rotate(
    key_id: Annotated[str, typer.Argument(help="As `redirect keys list` shows it.", show_default=False)],
    overlap: Annotated[str, typer.Option(help="How long the old key stays good: 30m, 24h, 7d.")] = "24h",
    expires: Expires = "",
) -> None:
    """Make a key that may do the same, and show it, once. The old one is good meanwhile, then ends by itself."""
    old_ends = int(time.time()) + _seconds(overlap, "overlap")
    made = tools.rotate_key(settings_.load(os.environ), key_id, old_ends, _end(expires) if expires else 0)
    key, record = asyncio.run(made)
    err.print(f"Key {record.id} takes the place of {key_id}, which ends {_day(old_ends)}. It is shown only now:")
    out.print(key, highlight=False, soft_wrap=True)


@keys.command("list")
def list_keys() -> None:
    """Show what is kept of every key."""
    table = Table("Key", "Platform", "Scopes", "Limit", "Ends", "Instead of", "Signs")
    for record in asyncio.run(tools.known_keys(settings_.load(os.environ))):
        limit = f"{record.limit.most}/{record.limit.seconds}" if record.limit else "usual"
        scopes, signs = ", ".join(record.scopes), "yes" if record.seal else ""
        table.add_row(record.id, record.platform, scopes, limit, _ending(record), record.line, signs)
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
def reseal() -> None:
    """Seal keys that sign with the newest REDIRECT_TOKEN_KEY: before the older one is taken away."""
    count, lost = asyncio.run(tools.reseal_keys(settings_.load(os.environ)))
    out.print(f"{count} keys that sign are sealed with the newest token key")
    if lost:
        raise SettingsError(f"no token key opens {', '.join(lost)}: make new ones, and revoke these")


@keys.command()
def generate() -> None:
    """Make the secrets of a deployment that has its own store. Keep REDIRECT_SIGNING_KEY where lists are built."""
    for name, text in keyring.generate().items():
        out.print(f"{name}={text}", highlight=False, soft_wrap=True)


def _end(expires: str) -> int:
    """Seconds since 1970. Raises SettingsError."""
    now = int(time.time())
    try:
        end = dt.datetime.combine(dt.date.fromisoformat(expires), dt.time(23, 59, 59), dt.UTC)
    except ValueError:
        return now + _seconds(expires, "expires")
    if end.timestamp() <= now:
        raise SettingsError("expires: this day is over")
    return int(end.timestamp())


def _seconds(text: str, name: str) -> int:
    found = DURATION.fullmatch(text)
    if not found:
        raise SettingsError(f"{name}: a time such as 30m, 24h or 7d is needed")
    return int(found[1]) * SECONDS[found[2]]


def _limit(text: str) -> Limit | None:
    found = LIMIT.fullmatch(text)
    if text and not found:
        raise SettingsError("limit: calls and seconds are needed, such as 100/10")
    return Limit(int(found[1]), int(found[2])) if found else None


def _ending(record: Access) -> str:
    if not record.ends:
        return "never"
    return _day(record.ends) if record.is_good(time.time()) else "has ended"


def _day(ends: int) -> str:
    return dt.datetime.fromtimestamp(ends, dt.UTC).strftime("%Y-%m-%d %H:%MZ")
