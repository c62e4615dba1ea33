"""Owns the commands for experiments. Must never start one: what runs stands in the file."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from typing import Annotated

import typer

from redirect import settings as settings_
from redirect.cli.shown import Format, out, write
from redirect.domain.telling import as_data, told
from redirect.tools import experiments as tools

experiments = typer.Typer(name="experiments", no_args_is_help=True, help="Look at experiments, and stop one.")

NameArgument = Annotated[str, typer.Argument(help="Its name in experiments.toml.", show_default=False)]


@experiments.command("list")
def list_(format_: Annotated[Format, typer.Option("--format", help="How to write the rows.")] = Format.TABLE) -> None:
    """Say which experiments there are, and whether they run."""
    rows = asyncio.run(tools.listed(settings_.load(os.environ)))
    write(rows, tools.COLUMNS, format_, "There is no experiment; docs/experiments.md says how to write one.")


@experiments.command()
def show(
    name: NameArgument,
    as_json: Annotated[bool, typer.Option("--json", help="Figures and intervals, for a program.")] = False,
) -> None:
    """Say what is known so far, from published counts. Look as often as you like: that never makes it wrong."""
    results, stop = asyncio.run(tools.judged(settings_.load(os.environ), name))
    if as_json:
        json.dump([as_data(result, stop) for result in results], sys.stdout)
        sys.stdout.write("\n")
        return
    for result in results:
        out.print(f"[bold]{result.experiment.name}[/bold] on {result.platform}", highlight=False)
        for sentence in told(result, stop):
            out.print(sentence, markup=False, highlight=False)


@experiments.command()
def stop(
    name: NameArgument,
    why: Annotated[str, typer.Option(help="Why, for reports.", show_default=False)],
) -> None:
    """End an experiment on every node, within seconds and for good: everyone sees the default message again."""
    asyncio.run(tools.stop(settings_.load(os.environ), name, why))
    out.print(f"{name} is stopped; everyone sees the default message again", highlight=False)
