"""Owns the experiment that tests judge: two even arms of one message; and what is found in it. Must never keep anything
between tests."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from redirect.domain.experiments import Arm, Assign, Experiment, Guardrail, Outcome
from redirect.domain.verdicts import judge
from redirect.journeys.experiments import Found

if TYPE_CHECKING:
    from redirect.domain.experiments import Stop
    from redirect.domain.verdicts import Cells

FIRST = 20_006
"""A Monday."""


def experiment(first: int, last: int, **changes: Any) -> Experiment:
    """From the first to the last day, since 1970; `changes` are fields."""
    fields: dict[str, Any] = {
        "name": "zorblax",
        "question": "Does it?",
        "message": "V1",
        "arms": (Arm("A", 50), Arm("B", 50)),
        "assign": Assign.BUCKET,
        "platforms": ("acme",),
        "surfaces": frozenset({"web"}),
        "countries": frozenset(),
        "first": first,
        "last": last,
        "primary": Outcome.STOPPED,
        "guardrails": tuple(Guardrail),
        "smallest": 0.02,
    }
    return Experiment(**{**fields, **changes})


def found(
    repeats: dict[str, int],
    weeks: int = 6,
    shown: dict[str, int] | None = None,
    stop: Stop | None = None,
    today: int = FIRST + 50,
    **changes: Any,
) -> Found:
    """Of 2,000 first showings of each arm a week so many repeats, and 40 ways to help."""
    of, cells = experiment(FIRST, FIRST + 83, **changes), _cells(repeats, weeks, shown or {})
    return Found(judge(of, "acme", cells, 10), stop, today, 10)


def _cells(repeats: dict[str, int], weeks: int, shown: dict[str, int]) -> Cells:
    cells: Cells = {}
    for week in range(weeks):
        for arm, count in repeats.items():
            cells |= {
                (week, arm, "0", "shown"): shown.get(arm, 2000),
                (week, arm, "1", "shown"): count,
                (week, arm, "0", "help_opened"): 40,
                **({(week, arm, "0", "wrong_match"): 10} if week % 2 else {}),
            }
    return cells
