"""Owns `make cluster`: several nodes over a cluster through every blow, then the figures of one node, and whether the
model that reckons with them says what was measured. Must never write anything but what `--write` asks for.

    python -m bench.cluster [--write]

`--write` keeps the figures in bench/figures.json and puts the tables that follow from them into docs/scaling.md.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
from rich.console import Console
from rich.table import Table

from bench import scaling
from bench.model import batch_calls
from bench.scale_out import Step, Trial, blows, running_trial
from bench.servers import free_port
from bench.single import measure
from redirect.cli.shown import working

if TYPE_CHECKING:
    from bench.model import Figures
    from bench.traffic import Traffic

STEADY = 10
"""Seconds of each of two rates at which calls to the store are counted."""
TABLES = 3
"""That pages of this traffic add to: checks, funnel, devices."""
OURS = ("eval", "role", "wait")
"""Calls that carry sums. Others are looks, and once a minute one worker's reading of what has closed."""
AT_MOST, AT_LEAST = 1.25, 0.6
"""Measured calls to the store, as a share of those that the model says."""


def main() -> None:
    """Run and print; exit 1 where an answer was wrong, a count lost or doubled, or the model is."""
    parser = argparse.ArgumentParser(prog="python -m bench.cluster", description=__doc__)
    parser.add_argument("--write", action="store_true", help="keep the figures and put the tables into the document")
    wanted = parser.parse_args()
    console = Console(width=None if sys.stdout.isatty() else 120)
    with (
        tempfile.TemporaryDirectory(prefix="rd-cluster-") as scratch,
        working() as progress,
        running_trial(Path(scratch), free_port) as trial,
    ):
        slow, fast = (steady(trial, pause) for pause in (0.1, 0.01))
        falling = blows(trial, short=False)
        with trial.traffic() as traffic:
            for number, (name, act, doubled) in enumerate(falling, 1):
                trial.step(traffic, name, act, doubled)
                progress("blows", number, len(falling))
        figures = measure(trial, Path(scratch))
    console.print(steps_table(trial.steps), *[f"{step.name}: {wrong}" for step in trial.steps for wrong in step.wrong])
    checks = checked_table(figures, slow, fast)
    console.print(checks)
    console.print(scaling.figures_table(figures), scaling.stages_table(figures), sep="\n\n", markup=False)
    if wanted.write:
        scaling.write(figures, _as_markdown(steps_table(trial.steps)) + "\n\n" + _as_markdown(checks))
    holds = all(AT_LEAST <= run.share <= AT_MOST for run in (slow, fast))
    sys.exit(0 if holds and not any(step.wrong for step in trial.steps) else 1)


class Steady(msgspec.Struct, frozen=True):
    """What some seconds of traffic were. Calls and CPU are per second."""

    queries: float
    pages: float
    calls: float
    predicted_calls: float
    node_cpu: float

    @property
    def share(self) -> float:
        """Of the predicted calls."""
        return self.calls / self.predicted_calls


def steady(trial: Trial, pause: float) -> Steady:
    """Some seconds of traffic alone."""
    with trial.traffic(pause) as traffic:
        time.sleep(1)
        began, before = time.monotonic(), _state(trial, traffic)
        time.sleep(STEADY)
        after, lasted = _state(trial, traffic), time.monotonic() - began
        trial.step(traffic, f"traffic, {pause} s between", lambda: None)
    queries, pages, calls, cpu = ((late - early) / lasted for late, early in zip(after, before, strict=True))
    return Steady(queries, pages, calls, batch_calls(len(trial.serving), TABLES), cpu)


def _state(trial: Trial, traffic: Traffic) -> tuple[float, float, float, float]:
    said = traffic.acknowledged
    calls = sum(_calls(server.ask("INFO", "commandstats")) for server in trial.cluster.servers)
    cpu = sum(node.cpu_seconds() for node in trial.serving)
    return said["allow"] + said["block"], said["shown"], calls, cpu


def _calls(found: dict[str, dict[str, float]]) -> float:
    return sum(found.get(f"cmdstat_{name}", {}).get("calls", 0) for name in OURS)


def steps_table(steps: list[Step]) -> Table:
    """What was done, and what came of it."""
    table = Table(title="Several nodes over a cluster", title_justify="left")
    for column in ("", "s until right", "slowest answer, s", "acknowledged", "in the store", "wrong"):
        table.add_column(column, justify="right" if column else "left")
    for step in steps:
        counts = (f"{step.acknowledged:,}", f"{step.apart:+,}" if step.apart else "the same")
        table.add_row(step.name, f"{step.seconds:.1f}", f"{step.slowest:.2f}", *counts, f"{len(step.wrong)}")
    return table


def checked_table(figures: Figures, *runs: Steady) -> Table:
    """The model against what was measured."""
    table = Table(title="The model against this run, per second", title_justify="left")
    for column in ("queries", "pages", "calls with sums", "by the model", "share of a core, nodes", "by the model"):
        table.add_column(column, justify="right")
    for run in runs:
        cpu = run.queries * figures.check_seconds + run.pages * figures.page_seconds
        calls = (f"{run.calls:.0f}", f"{run.predicted_calls:.0f}")
        table.add_row(f"{run.queries:.0f}", f"{run.pages:.0f}", *calls, f"{run.node_cpu:.3f}", f"{cpu:.3f}")
    return table


def _as_markdown(table: Table) -> str:
    rows = [[str(column.header) for column in table.columns], ["---"] * len(table.columns)]
    rows += [[str(cell) for cell in row] for row in zip(*(column.cells for column in table.columns), strict=True)]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


if __name__ == "__main__":
    main()
