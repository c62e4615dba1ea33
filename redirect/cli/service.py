"""Owns the command that runs the service. Must never start anything itself: `node.py` does."""

from __future__ import annotations

import asyncio
import os
import sys
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from redirect import __version__, node
from redirect import settings as settings_
from redirect.adapters import handover
from redirect.adapters.events import Event, tell
from redirect.cli.shown import err, out
from redirect.domain.errors import StoreError
from redirect.tools.live import list_status, publish_sample

if TYPE_CHECKING:
    from redirect.start import Content

service = typer.Typer()


def _explain() -> str:
    lines = [
        f"[bold]{name}[/bold]{f' (default {default})' if default else ''}: {about}."
        for name, default, about in settings_.explain()
    ]
    return "[bold]Settings[/bold], from the environment; an unknown or wrong one stops the start.\n\n" + "\n\n".join(
        lines
    )


@service.command(epilog=_explain())
def serve(
    demo: Annotated[
        bool, typer.Option("--demo", help="Sample list, try page and the key `demo`, on loopback.")
    ] = False,
    host: Annotated[str | None, typer.Option(help="Address to listen on.")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on.")] = None,
    workers: Annotated[int | None, typer.Option(help="Worker processes.")] = None,
    only: Annotated[str | None, typer.Option(help="pages or api: serve only that part.")] = None,
) -> None:
    """Run the service until Ctrl-C or SIGTERM; SIGHUP reads everything anew, without a refused request."""
    before = handover.received(os.environ)
    given = {"demo": "1" if demo else None, "host": host, "port": port, "workers": workers, "only": only}
    settings = settings_.load(os.environ, {name: str(value) for name, value in given.items() if value is not None})
    node.serve(settings, partial(_announce, settings), lambda known: asyncio.run(publish_sample(known)), before)


def _announce(settings: settings_.Settings, url: str, content: Content) -> None:
    """For people; a program that reads the log is told what matters there."""
    if settings.log_format == "json":
        if _has_no_list(settings):
            tell(Event.NO_LIST)
        return
    out.print(f"redirect {__version__} is serving at {url}, data in {settings.data_dir}", highlight=False)
    if settings.stop_port:
        out.print(f"Blocked names may lead to {settings.stop_host} port {settings.stop_port}", highlight=False)
    if _has_no_list(settings):
        err.print("[yellow]No list is live: everything is allowed.[/yellow] See `redirect lists --help`.")
    for tag, why in content.catalogues.left_out.items():
        out.print(f"Language {tag} is not served: {why}", highlight=False)
    if settings.demo:
        _teach(settings, url)
    sys.stdout.flush()


def _has_no_list(settings: settings_.Settings) -> bool:
    with suppress(StoreError):
        return not settings.list_source and asyncio.run(list_status(settings)) is None
    return False


def _teach(settings: settings_.Settings, url: str) -> None:
    check = f"curl -s -H 'Authorization: Bearer demo' -d '{{\"query\":\"ZORBLAX   minku\"}}' {url}/v1/check"
    environment = f"REDIRECT_DATA_DIR={settings.data_dir} " if str(settings.data_dir) != "var" else ""
    program = ".venv/bin/redirect" if Path(".venv/bin/redirect").exists() else "redirect"
    steps = {
        "Open the page to try it": f"{url}/",
        "Ask as a platform would; the answer's `page` is what a person sees": check,
        "Ask twenty times, then see the count": f"for i in $(seq 20); do {check} >/dev/null; done",
        "": f"{environment}{program} counts",
    }
    err.print("[bold red]DEMO: the key `demo` is public. Only for this machine, never for real traffic.[/bold red]")
    for about, line in steps.items():
        out.print(f"\n{about}:" if about else "", highlight=False, end="\n" if about else "")
        out.print(f"  {line}", highlight=False, soft_wrap=True)
