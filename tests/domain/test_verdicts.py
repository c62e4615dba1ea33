"""Owns whether experiments are called rightly from what is published of them: rounded weeks, small counts missing.

Each simulated experiment is judged anew after every week, as by somebody who cannot wait.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import pytest

from redirect.domain.disclosure import publishable
from redirect.domain.experiments import Arm, Assign, Experiment
from redirect.domain.sequential import POWER
from redirect.domain.verdicts import ALPHA, Result, Verdict, by_week, judge
from tests import simulated_experiment

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from redirect.domain.verdicts import Cells

WEEKS = 16
WRONG = {Verdict.MORE_STOP, Verdict.FEWER_STOP, Verdict.MORE_HELP}


experiment = partial(simulated_experiment.experiment, 20_000, 20_100)


def simulated(
    rng: np.random.Generator,
    of: Experiment,
    a_week: int = 4000,
    repeat: Mapping[str, float] = {},
    clicks: Mapping[str, float] = {},
    weights: tuple[float, ...] = (),
) -> Iterator[Result]:
    """The judgement after each week. Everyone who opens help opens one service or two. Repeats rise and fall by weeks,
    as they do with the traffic of a platform."""
    cells: Cells = {}
    for week in range(WEEKS):
        showings = rng.multinomial(a_week, weights or list(of.weights.values()))
        level = 1 + 0.2 * np.sin(week)
        for arm, trials in zip(of.weights, showings, strict=True):
            openers = rng.binomial(trials, clicks.get(arm, 0.05))
            exact = {
                ("0", "shown"): trials,
                ("1", "shown"): rng.binomial(trials, repeat.get(arm, 0.25) * level),
                ("0", "help_opened"): openers + rng.binomial(openers, 0.5),
            }
            for (attempt, step), count in exact.items():
                shown = publishable(int(count))
                if shown is not None:
                    cells[week, arm, attempt, step] = shown
        yield judge(of, "acme", cells, 10)


def ever(found: Iterator[Result], wanted: set[Verdict]) -> bool:
    return any(finding.verdict in wanted for result in found for finding in result.findings)


EIGHT = tuple(Arm(variant, 12 if place else 16) for place, variant in enumerate("ABCDEFGH"))


@pytest.mark.parametrize(
    "of",
    [
        experiment(),
        experiment(arms=(Arm("A", 90), Arm("B", 10))),
        experiment(arms=EIGHT),
    ],
    ids=["halves", "one in ten", "eight arms"],
)
def test_where_nothing_differs_no_arm_is_ever_named(of: Experiment) -> None:
    rng = np.random.default_rng(1)
    wrong = sum(ever(simulated(rng, of), WRONG) for _ in range(100))
    assert wrong <= ALPHA * 100


def test_counts_that_are_mostly_too_small_name_no_arm_either() -> None:
    """Weeks of the small arm are around the smallest cell, so many of them are missing."""
    rng, of = np.random.default_rng(2), experiment(arms=(Arm("A", 90), Arm("B", 10)))
    wrong = sum(ever(simulated(rng, of, a_week=500, repeat={"A": 0.2, "B": 0.2}), WRONG) for _ in range(100))
    assert wrong <= ALPHA * 100


def test_an_arm_that_makes_more_people_stop_is_found_with_the_stated_power() -> None:
    rng, of = np.random.default_rng(3), experiment(smallest=0.03)
    better = partial(simulated, rng, of, repeat={"A": 0.25, "B": 0.21})
    found = [ever(better(), {Verdict.MORE_STOP}) for _ in range(60)]
    assert np.mean(found) >= POWER
    worse = partial(simulated, rng, of, repeat={"A": 0.21, "B": 0.25})
    assert np.mean([ever(worse(), {Verdict.FEWER_STOP}) for _ in range(60)]) >= POWER


def test_an_arm_with_more_clicks_alone_is_never_named_before_it_is_known_that_as_many_stop() -> None:
    rng = np.random.default_rng(4)
    *_, small = simulated(rng, experiment(smallest=0.005), clicks={"A": 0.05, "B": 0.2})
    (finding,) = small.findings
    assert finding.help_opened is not None
    assert finding.help_opened.difference.low > 0
    assert finding.verdict is Verdict.OPEN
    *_, enough = simulated(rng, experiment(smallest=0.03), clicks={"A": 0.05, "B": 0.2})
    assert enough.findings[0].verdict is Verdict.MORE_HELP
    *_, drawn = simulated(rng, experiment(assign=Assign.RANDOM), clicks={"A": 0.05, "B": 0.2})
    assert drawn.findings[0].verdict is Verdict.OPEN
    assert drawn.findings[0].stopped is None


def test_more_clicks_do_not_make_up_for_fewer_who_stop() -> None:
    rng = np.random.default_rng(5)
    *_, last = simulated(rng, experiment(), repeat={"A": 0.2, "B": 0.25}, clicks={"A": 0.05, "B": 0.2})
    assert last.findings[0].verdict is Verdict.FEWER_STOP


def test_a_broken_randomisation_is_flagged_and_gives_no_result() -> None:
    rng = np.random.default_rng(6)
    *_, last = simulated(rng, experiment(), weights=(0.46, 0.54), repeat={"A": 0.25, "B": 0.1})
    assert last.mismatch < 0.01
    assert last.seen == ()
    assert last.findings[0].verdict is Verdict.BROKEN
    assert last.findings[0].stopped is None


def test_there_is_no_result_while_a_cell_is_too_small() -> None:
    rng = np.random.default_rng(7)
    *_, last = simulated(rng, experiment(), a_week=60)
    assert last.findings[0].verdict is Verdict.TOO_SMALL
    assert last.findings[0].stopped is None
    assert judge(experiment(), "acme", {}, 10).findings[0].verdict is Verdict.TOO_SMALL


def test_limits_of_an_arm_by_itself_hold_what_is_true_and_what_was_too_small_has_limits_alone() -> None:
    rng = np.random.default_rng(12)
    *_, last = simulated(rng, experiment(), repeat={"A": 0.25, "B": 0.2})
    for each, stopped in zip(last.seen, (0.75, 0.8), strict=True):
        assert each.stopped is not None
        assert each.stopped.low < stopped < each.stopped.high
        assert each.help_opened.low < 0.075 < each.help_opened.high
        for guardrail in each.guardrails.values():
            assert guardrail.value is None
            assert guardrail.low == 0
            assert guardrail.high > 0
    assert [each.arm for each in last.seen] == ["A", "B"]
    assert judge(experiment(), "acme", {}, 10).seen == ()


def test_it_is_said_how_many_more_weeks_it_would_take() -> None:
    rng, of = np.random.default_rng(8), experiment(smallest=0.01)
    first, *_, last = simulated(rng, of)
    sooner, later = last.findings[0].more_weeks, first.findings[0].more_weeks
    assert sooner is not None
    assert later is not None
    assert 0 < sooner < later


def test_published_rows_become_weeks_by_platform() -> None:
    rows = [
        (2900, ("acme", "zorblax", "A", "0", "shown"), 40),
        (2900, ("acme", "other", "A", "0", "shown"), 50),
        (2901, ("b", "zorblax", "B", "1", "shown"), 15),
    ]
    assert by_week(rows, "zorblax") == {
        "acme": {(2900, "A", "0", "shown"): 40},
        "b": {(2901, "B", "1", "shown"): 15},
    }


def test_intervals_span_whatever_a_missing_count_may_be() -> None:
    full: Cells = {
        (week, arm, attempt, step): count
        for week in range(4)
        for arm in "AB"
        for (attempt, step), count in {("0", "shown"): 1000, ("1", "shown"): 15, ("0", "help_opened"): 50}.items()
    }
    whole = judge(experiment(), "acme", full, 10).findings[0].stopped
    part = judge(experiment(), "acme", {k: v for k, v in full.items() if k != (3, "B", "1", "shown")}, 10).findings[0]
    assert whole is not None
    assert part.stopped is not None
    assert part.stopped.difference.high - part.stopped.difference.low > whole.difference.high - whole.difference.low
