"""Owns the command that looks after a deployment. Must never change anything."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections import Counter
from dataclasses import asdict
from typing import Annotated

import typer
from rich.text import Text

from redirect.cli.shown import out
from redirect.domain.findings import Finding, Level, worst
from redirect.tools.doctor.look import look

doctoring = typer.Typer()
EXIT = {Level.FINE: 0, Level.WARNING: 1, Level.FAULT: 2}
STYLE = {Level.FINE: "green", Level.WARNING: "yellow", Level.FAULT: "bold red"}


@doctoring.command()
def doctor(
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
    demo: Annotated[bool, typer.Option("--demo", help="As given to `redirect serve`.")] = False,
    host: Annotated[str | None, typer.Option(help="As given to `redirect serve`.")] = None,
    port: Annotated[int | None, typer.Option(help="As given to `redirect serve`.")] = None,
) -> None:
    """Look whether all is well, in plain words, with what to do. Changes nothing, whether a service runs or not.

    Exits with 0 where all is fine, 1 where something should be decided, 2 where something has to be done.
    """
    given = {"demo": "1" if demo else None, "host": host, "port": port}
    findings = asyncio.run(look(os.environ, {name: str(value) for name, value in given.items() if value is not None}))
    level = worst(findings)
    if as_json:
        json.dump({"verdict": level, "findings": [asdict(finding) for finding in findings]}, sys.stdout)
        sys.stdout.write("\n")
    else:
        for finding in findings:
            _show(finding)
        _sum_up(Counter(finding.level for finding in findings), level)
    raise typer.Exit(EXIT[level])


def _sum_up(found: Counter[Level], level: Level) -> None:
    """Last, where whoever has just run it looks first."""
    many = [f"{found[each]} {each}{'s' * (found[each] > 1)}" for each in (Level.FAULT, Level.WARNING) if found[each]]
    out.print(Text(f"\n{' and '.join(many) or 'All is fine.'}", STYLE[level]), soft_wrap=True)


def _show(finding: Finding) -> None:
    line = Text.assemble((f"{finding.level:8}", STYLE[finding.level]), f"{finding.about}: {finding.says}")
    out.print(line, soft_wrap=True)
    if finding.remedy:
        out.print(Text(f"        → {finding.remedy}"), soft_wrap=True)
