"""Owns the experiment that tests judge: two even arms of one message. Must never keep anything between tests."""

from __future__ import annotations

from typing import Any

from redirect.domain.experiments import Arm, Assign, Experiment, Guardrail, Outcome


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
