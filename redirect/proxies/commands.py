"""Owns the commands that stand beside a proxy. Must never take a key as an argument, since arguments are seen by
everyone on a machine; or load what decides: a proxy waits for its helper to start."""

from __future__ import annotations

import asyncio
import logging
import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from redirect.client.subject import Surface
from redirect.proxies.asking import Asker
from redirect.proxies.icap import IcapServer
from redirect.proxies.squid import Helper
from redirect.proxies.squid_lines import Way  # noqa: TC001 (typer reads it)

proxies = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)

IN_SQUID_CONF = "set in squid.conf"

Service = Annotated[str, typer.Option(help="Where the service listens.")]
KeyFile = Annotated[Path, typer.Option(help="File with a key of scope check, and nothing else.", show_default=False)]
Country = Annotated[str, typer.Option(help="Where the people behind this proxy are, such as GB; else unknown.")]
Where = Annotated[Surface, typer.Option(help="What the service is told of where the question came up.")]
SERVICE = "http://127.0.0.1:8080"


class OnError(StrEnum):
    """What becomes of a request that the service did not decide."""

    OPEN = "open"
    CLOSED = "closed"


@proxies.command()
def squid_helper(
    way: Annotated[Way, typer.Argument(help="As squid.conf uses it: url_rewrite_program or external_acl_type.")],
    key_file: KeyFile,
    service: Service = SERVICE,
    country: Country = "",
    surface: Where = "proxy",
) -> None:
    """Answer Squid on standard input and output. Squid starts this itself: integrations/squid/README.md."""

    async def run() -> None:
        asker = _asker(service, key_file, country, surface, IN_SQUID_CONF)
        await Helper(way, asker, sys.stdin.fileno(), sys.stdout.buffer).run()

    _log()
    asyncio.run(run())


@proxies.command()
def icap(
    key_file: KeyFile,
    service: Service = SERVICE,
    host: Annotated[str, typer.Option(help="Address to listen on. Whoever reaches it may ask.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on; 0 takes a free one.", min=0, max=65535)] = 1344,
    on_error: Annotated[
        OnError, typer.Option(help="What the service did not decide passes, or is refused.")
    ] = OnError.OPEN,
    country: Country = "",
    surface: Where = "proxy",
) -> None:
    """Run an ICAP server, REQMOD only, until Ctrl-C or SIGTERM: integrations/squid/README.md."""

    async def run() -> None:
        asker = _asker(service, key_file, country, surface, on_error.value)
        server = IcapServer(asker, closed=on_error is OnError.CLOSED)
        await server.run(host, port, lambda chosen: typer.echo(f"redirect is serving at icap://{host}:{chosen}/reqmod"))

    _log()
    asyncio.run(run())


def _asker(service: str, key_file: Path, country: str, surface: Surface, on_error: str) -> Asker:
    key = key_file.read_text("ascii", "replace").strip()
    try:
        return Asker(service, key, country=country, surface=surface, on_error=on_error)
    except ValueError as error:
        typer.echo(f"redirect: {error}", err=True)
        raise typer.Exit(2) from None


def _log() -> None:
    """How the service does, and nothing else: what the library has to say may name what it was busy with."""
    logging.basicConfig(format="%(asctime)s %(levelname)s %(message)s")
    logging.getLogger("asyncio").setLevel(logging.CRITICAL + 1)
