"""Owns the command line: arguments in, tables and exit codes out. Must never take a query, a URL or a key as an
argument, since arguments are seen by everyone on a machine."""

from __future__ import annotations

import asyncio
import csv
import json
import os
import sys
from contextlib import contextmanager
from datetime import UTC, datetime
from enum import StrEnum
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn
from rich.table import Column, Table
from rich.text import Text

from redirect import __version__, node, tools
from redirect import settings as settings_
from redirect.adapters import keyring, source_file
from redirect.adapters.source_file import Source
from redirect.domain.access import Scope
from redirect.domain.counts import TABLES
from redirect.domain.errors import BadRequest, ListError, SettingsError
from redirect.domain.list_formats import Shape
from redirect.domain.lists import Confidence, Kind
from redirect.domain.subject import Surface
from redirect.journeys.review import REMARK_COLUMNS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from typing import BinaryIO

    from redirect.domain.overlap import Change
    from redirect.journeys.review import Remark, Report
    from redirect.journeys.vet import Trial

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    help="Deterrence and prevention: what a platform answers when someone searches for, or opens, child sexual"
    " abuse material.",
)
lists = typer.Typer(no_args_is_help=True, help="Build lists, publish them, see what is live.")
keys = typer.Typer(no_args_is_help=True, help="Keys that platforms present, and the secrets of this deployment.")
app.add_typer(lists, name="lists")
app.add_typer(keys, name="keys")

# Where the output is no terminal, rows must not be cut to a guessed width.
out = Console(width=None if sys.stdout.isatty() else 200)
err = Console(stderr=True)
LINES_SHOWN = 10
LINES_A_STEP = 1000


class Format(StrEnum):
    """How rows are written."""

    TABLE = "table"
    CSV = "csv"
    JSON = "json"


def _explain() -> str:
    lines = [
        f"[bold]{name}[/bold]{f' (default {default})' if default else ''}: {about}."
        for name, default, about in settings_.explain()
    ]
    return "[bold]Settings[/bold], from the environment; an unknown or wrong one stops the start.\n\n" + "\n\n".join(
        lines
    )


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


@app.command(epilog=_explain())
def serve(
    demo: Annotated[
        bool, typer.Option("--demo", help="Sample list, try page and the key `demo`, on loopback.")
    ] = False,
    host: Annotated[str | None, typer.Option(help="Address to listen on.")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on.")] = None,
    workers: Annotated[int | None, typer.Option(help="Worker processes.")] = None,
    only: Annotated[str | None, typer.Option(help="pages or api: serve only that part.")] = None,
) -> None:
    """Run the service until Ctrl-C or SIGTERM."""
    given = {"demo": "1" if demo else None, "host": host, "port": port, "workers": workers, "only": only}
    settings = settings_.load(os.environ, {name: str(value) for name, value in given.items() if value is not None})
    node.serve(settings, lambda url: _announce(settings, url), lambda known: asyncio.run(tools.publish_sample(known)))


@lists.command()
def build(
    sources: Annotated[
        list[str],
        typer.Argument(help="Files, https addresses, - for standard input, .toml files that name several."),
    ],
    to: Annotated[Path, typer.Option("--out", help="Directory for the signed bundle.", show_default=False)],
    category: Annotated[str, typer.Option(help="For entries that do not say it.")] = "csam",
    confidence: Annotated[Confidence, typer.Option(help="For entries that do not say it.")] = Confidence.HIGH,
    kind: Annotated[Kind | None, typer.Option(help="For tables without a column for it.", show_default=False)] = None,
    shape: Annotated[
        Shape | None, typer.Option("--format", help="Where the name and the text do not tell it.", show_default=False)
    ] = None,
    column: Annotated[
        list[str] | None,
        typer.Option(help="value=Keyword: what a table calls our column; repeatable.", show_default=False),
    ] = None,
    auth: Annotated[
        str, typer.Option(help="bearer=VARIABLE, basic=VARIABLE or Header=VARIABLE.", show_default=False)
    ] = "",
    use_until: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="End of a licence.", show_default=False)
    ] = None,
    local: Annotated[bool, typer.Option("--local", help="Allow local checkers to use it.")] = False,
    rebuild: Annotated[bool, typer.Option("--rebuild", help="Even where no fetched list has changed.")] = False,
) -> None:
    """Turn lists into a signed bundle of keyed digests. No entry can be read from it.

    Read are CSV, XLSX, plain URLs and domains, hosts files, adblock rules and RPZ zones; docs/lists.md explains
    them. A line that cannot be read is named by its number; the others go on, and the exit code is 1.
    """
    asked = Source(at="", format=shape, kind=kind, columns=source_file.column_pairs(column or []), auth=auth)
    with _working() as progress:
        built = tools.build_list(
            settings_.load(os.environ),
            source_file.named(sources, asked),
            to,
            category=category,
            confidence=confidence,
            use_until=use_until.replace(tzinfo=UTC) if use_until else None,
            local=local,
            rebuild=rebuild,
            progress=progress,
        )
    if built.unchanged:
        out.print(f"No list has changed; version {built.manifest.version} in {to} stays")
        return
    _say_left_out(built.unread)
    out.print(f"Version {built.manifest.version}, {built.manifest.total} entries, in {to}")
    out.print(f"Make it live: redirect lists publish {to}", highlight=False)
    if built.unread:
        raise typer.Exit(1)


@contextmanager
def _working() -> Iterator[Callable[[str, int, int | None], None]]:
    """A bar for each thing that takes its time: lists as they come, in bytes, and the bundle, in entries."""
    with Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=err,
        transient=True,
    ) as bars:
        tasks: dict[str, TaskID] = {}

        def progress(about: str, done: int, total: int | None) -> None:
            if about not in tasks:
                tasks[about] = bars.add_task(about, total=None)
            bars.update(tasks[about], completed=done, total=total)

        yield progress


def _say_left_out(unread: Sequence[ListError]) -> None:
    """Once for each reason, with the first lines: a list in the wrong shape has a million of them."""
    lines: dict[tuple[str, str], list[int]] = {}
    for error in unread:
        lines.setdefault((error.list_name, error.reason), []).append(error.line)
    for (name, reason), numbers in lines.items():
        first = ", ".join(str(number) for number in numbers[:LINES_SHOWN] if number)
        more = f" and {len(numbers) - LINES_SHOWN} more" if len(numbers) > LINES_SHOWN else ""
        where = f", line{'s' if len(numbers) > 1 else ''} {first}{more}" if first else ""
        err.print("[yellow]left out[/yellow]", Text(f"{name}{where}: {reason}"), highlight=False, soft_wrap=True)


@lists.command()
def check(
    sources: Annotated[
        list[str],
        typer.Argument(help="Files, https addresses, - for standard input, .toml files that name several."),
    ],
    against: Annotated[
        str, typer.Option(help="The list before: `live`, or a directory with a bundle.", show_default=False)
    ] = "",
    category: Annotated[str, typer.Option(help="For entries that do not say it.")] = "csam",
    confidence: Annotated[Confidence, typer.Option(help="For entries that do not say it.")] = Confidence.HIGH,
    kind: Annotated[Kind | None, typer.Option(help="For tables without a column for it.", show_default=False)] = None,
    shape: Annotated[
        Shape | None, typer.Option("--shape", help="Where the name and the text do not tell it.", show_default=False)
    ] = None,
    column: Annotated[
        list[str] | None,
        typer.Option(help="value=Keyword: what a table calls our column; repeatable.", show_default=False),
    ] = None,
    auth: Annotated[
        str, typer.Option(help="bearer=VARIABLE, basic=VARIABLE or Header=VARIABLE.", show_default=False)
    ] = "",
    format_: Annotated[Format, typer.Option("--format", help="How to write the findings.")] = Format.TABLE,
) -> None:
    """Say what is wrong with lists before they are built, naming entries by file, line and id, never by their text.

    Everything is looked at together, as `build` would: what is too broad or too short, said twice, or matches
    something benign. Exits with 1 where something is serious; docs/lists-guard.md says what each finding means.
    """
    asked = Source(at="", format=shape, kind=kind, columns=source_file.column_pairs(column or []), auth=auth)
    with _working() as progress:
        report = tools.check_list(
            settings_.load(os.environ),
            source_file.named(sources, asked),
            category=category,
            confidence=confidence,
            against=against,
            progress=progress,
        )
    if format_ is Format.TABLE:
        _show_report(report)
    elif format_ is Format.JSON:
        json.dump(report.data(), sys.stdout)
        sys.stdout.write("\n")
    else:
        _write([remark.row() for remark in report.remarks], REMARK_COLUMNS, format_)
    if report.serious:
        raise typer.Exit(1)


def _show_report(report: Report) -> None:
    table = Table("", "What", "Entries", Column("Where: file and line, id", overflow="fold"))
    for _, found in groupby(report.remarks, key=lambda remark: remark.rule):
        remarks = list(found)
        where = [f"{remark.place} {remark.entry_id} {_more_of(remark)}".strip() for remark in remarks[:LINES_SHOWN]]
        more = [f"and {len(remarks) - LINES_SHOWN} more"] if len(remarks) > LINES_SHOWN else []
        grave = "[red]serious[/red]" if remarks[0].serious else ""
        table.add_row(grave, remarks[0].about, str(len(remarks)), Text("\n".join(where + more)))
        table.add_section()
    if report.remarks:
        out.print(table)
    out.print(f"{report.entries} entries; {sum(remark.serious for remark in report.remarks)} serious findings")
    out.print(f"Benign queries and addresses: {_share(report.benign)} match")
    if report.frequent is None:
        out.print("Frequent words of many languages: not compared; needs redirect[check]", markup=False)
    else:
        out.print(f"Frequent words of many languages: {_share(report.frequent)} match")
    if report.change is not None:
        _show_change(report, report.change)


def _more_of(remark: Remark) -> str:
    return f"({remark.reason or f'see {remark.other}'})" if remark.reason or remark.other else ""


def _share(trial: Trial) -> str:
    return f"{trial.total} of {trial.tried} ({trial.total / max(1, trial.tried):.4%})"


def _show_change(report: Report, change: Change) -> None:
    out.print(f"The list before has {change.before} entries. An entry that is gone leaves one to five ids.")
    for about, named in (
        ("Entries added", [f"{place} {entry_id}" for place, entry_id in report.added]),
        ("Ids removed", change.removed),
    ):
        more = [f"and {len(named) - LINES_SHOWN} more"] if len(named) > LINES_SHOWN else []
        out.print(f"{about}: {len(named)}", *named[:LINES_SHOWN], *more, sep="\n  ", markup=False, highlight=False)


@lists.command("dry-run")
def dry_run(
    file: Annotated[
        typer.FileBinaryRead,
        typer.Argument(help="Queries or URLs, one a line; - for standard input.", show_default=False),
    ],
    directory: Annotated[
        Path | None, typer.Option("--list", help="A directory with a bundle; else the live list.", show_default=False)
    ] = None,
    surface: Annotated[Surface, typer.Option(help="Where on the platform they came up.")] = Surface.WEB,
    format_: Annotated[Format, typer.Option("--format", help="How to write the rates.")] = Format.TABLE,
) -> None:
    """Say what share of the queries in a file would get which action, by category; nothing else is said or kept."""
    with _working() as progress:
        lines = _lines_of(file, progress)
        counted = tools.dry_run(settings_.load(os.environ), lines, surface, directory)
    total = counted.total()
    rows = [
        {"category": category, "action": action, "queries": count, "percent": round(100 * count / total, 4)}
        for (category, action), count in sorted(counted.items())
    ]
    _write(rows, ("category", "action", "queries", "percent"), format_, empty="There is no query in it.")


def _lines_of(file: BinaryIO, progress: Callable[[str, int, int | None], None]) -> Iterator[str]:
    """Each line, bytes that are no UTF-8 replaced, as the adapters do it."""
    size = os.fstat(file.fileno()).st_size if file.seekable() else None
    done = 0
    for number, line in enumerate(file):
        done += len(line)
        if number % LINES_A_STEP == 0:
            progress("the file", done, size)
        yield line.decode(errors="replace")


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
    with _working() as progress:
        published = tools.publish_list(settings, directory, accept_change=accept_change, progress=progress)
        manifest = asyncio.run(published)
    out.print(f"Version {manifest.version} is published, {manifest.total} entries")


@lists.command()
def rollback() -> None:
    """Go back to the list that was live before, within seconds; it is issued again under a new, higher version."""
    manifest = asyncio.run(tools.roll_back_list(settings_.load(os.environ)))
    out.print(
        f"Version {manifest.version} is published, {manifest.total} entries, as before version {manifest.previous}"
    )


@lists.command()
def explain() -> None:
    """Say why a query or URL matches the live list: one on each line of standard input, never an argument.

    Names the entry by its id and the steps by which the text was read; repeats, stores and counts nothing.
    """
    settings = settings_.load(os.environ)
    if sys.stdin.isatty():
        err.print("Type a query or a URL, then Enter; Ctrl-D ends.")
    for number, line in enumerate(sys.stdin, start=1):
        match = asyncio.run(tools.explain(settings, line.rstrip("\n")))
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
    manifest = asyncio.run(tools.list_status(settings_.load(os.environ)))
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


@keys.command()
def create(
    platform: Annotated[str, typer.Option(help="Name of the platform: a-z, 0-9 and -.", show_default=False)],
    scope: Annotated[list[Scope], typer.Option(help="May be given more than once.", show_default=False)],
) -> None:
    """Make a key for a platform and show it, once. Only its digest is kept."""
    key, record = asyncio.run(tools.create_key(settings_.load(os.environ), platform, scope))
    err.print(f"Key {record.id} for {record.platform}, scopes {', '.join(record.scopes)}. It is shown only now:")
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


@app.command()
def counts(
    table: Annotated[str, typer.Option(help=f"One of {', '.join(TABLES)}.")] = "checks",
    format_: Annotated[Format, typer.Option("--format", help="How to write the rows.")] = Format.TABLE,
    first: Annotated[
        str,
        typer.Option("--from", help="First day or hour, UTC: 2026-11-22 or 2026-11-22T01:00Z.", show_default=False),
    ] = "",
    last: Annotated[str, typer.Option("--to", help="Last day or hour, included.", show_default=False)] = "",
) -> None:
    """Show counts. Cells below 10 are left out, the rest rounded to the nearest 5; the open period is included."""
    try:
        rows, complete = asyncio.run(tools.counted(settings_.load(os.environ), table, first, last))
    except BadRequest as error:
        raise SettingsError(
            f"{error}: tables are {', '.join(TABLES)}; a period is 2026-11-22 or 2026-11-22T01:00Z"
        ) from None
    if not complete:
        err.print("[yellow]The counts of the last moments have not reached the store yet.[/yellow]")
    _write(rows, TABLES[table].columns, format_, "No cell has reached 10 yet; smaller ones are never shown.")


def _write(rows: list[dict[str, Any]], columns: tuple[str, ...], format_: Format, empty: str = "") -> None:
    if format_ is Format.JSON:
        json.dump({"rows": rows}, sys.stdout)
        sys.stdout.write("\n")
    elif format_ is Format.CSV:
        writer = csv.DictWriter(sys.stdout, columns)
        writer.writeheader()
        writer.writerows(rows)
    else:
        table = Table(*(Column(name, overflow="fold") for name in columns))
        for row in rows:
            table.add_row(*(str(row[column]) for column in columns))
        out.print(table if rows else empty)


def _announce(settings: settings_.Settings, url: str) -> None:
    out.print(f"redirect {__version__} is serving at {url}", highlight=False)
    if settings.demo:
        _teach(settings, url)
    sys.stdout.flush()


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
