"""Owns the trial of the comparison before and after a change: how often it shows one that is not there, and how often
it finds one that is. Must never be read as power for any real series: the sizes are made up.

    python -m bench.before_after [--series 300]
"""

from __future__ import annotations

import argparse
from datetime import date, timedelta
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
from rich.console import Console
from rich.table import Table

from redirect.cli.shown import working
from redirect.domain.weeks import Weeks
from redirect.reports.before_after import before_after

if TYPE_CHECKING:
    from redirect.reports.before_after import BeforeAfter

MONDAY: Final = date(2025, 1, 6)
NOISE: Final = 0.08
"""What is new in the error of each week, in logarithms; counts are about 400."""
EFFECT: Final = -0.3
"""The change that is there, in logarithms: a quarter fewer."""


class Case(NamedTuple):
    """A kind of series. `season`: how far a yearly wave goes either way, in logarithms."""

    weeks: int
    correlation: float
    season: float = 0.0


CASES: Final = (
    *(Case(weeks, correlation) for weeks in (24, 40, 60, 80, 104) for correlation in (0.0, 0.4, 0.7)),
    *(Case(weeks, 0.4, 0.1) for weeks in (40, 60, 80, 104)),
)


def simulated(rng: np.random.Generator, case: Case, effect: float) -> Weeks:
    """Overdispersed, correlated weekly counts with a trend, and a wave that begins anywhere; the change is in the
    middle."""
    errors, error, time = np.zeros(case.weeks), 0.0, np.arange(case.weeks)
    for week in range(-30, case.weeks):
        error = case.correlation * error + rng.normal(0, NOISE)
        errors[max(week, 0)] = error
    wave = case.season * np.sin(2 * np.pi * time / 52.18 + rng.uniform(0, 2 * np.pi))
    counts = rng.poisson(np.exp(6 + 0.002 * time + wave + effect * (time >= case.weeks // 2) + errors))
    mondays = tuple((MONDAY + timedelta(weeks=place)).isoformat() for place in range(case.weeks))
    return Weeks(mondays, tuple(int(count) for count in counts))


def shown(found: BeforeAfter) -> bool:
    """Whether a change is shown without a word of doubt."""
    both = (found.average, found.seasonal or found.average)
    return all(not each.low <= 1 <= each.high for each in both)


def rates(rng: np.random.Generator, case: Case, many: int) -> tuple[float, float, float]:
    """The share of series that show a change where there is none, of those without a word on the season, and of those
    that show one where there is one."""
    none, sure, there = 0, 0, 0
    for _ in range(many):
        series = simulated(rng, case, 0.0)
        found = before_after(series, series.mondays[case.weeks // 2])
        none += found.average.p < 0.05
        sure += shown(found)
        series = simulated(rng, case, EFFECT)
        there += before_after(series, series.mondays[case.weeks // 2]).average.high < 1
    return none / many, sure / many, there / many


def main() -> None:
    """Print a row for each kind of series."""
    asked = argparse.ArgumentParser(prog="python -m bench.before_after", description=__doc__)
    asked.add_argument("--series", type=int, default=300, help="of each kind")
    many = asked.parse_args().series
    rng = np.random.default_rng(11)
    columns = ("Weeks", "Correlation", "Season", "None there, shown", "without doubt of season", "There, found")
    table = Table(*columns)
    with working() as progress:
        for number, case in enumerate(CASES):
            progress("kinds of series", number, len(CASES))
            table.add_row(*(f"{each:g}" for each in case), *(f"{rate:.1%}" for rate in rates(rng, case, many)))
    Console().print(table)


if __name__ == "__main__":
    main()
