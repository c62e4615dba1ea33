"""Owns the short form of `make cluster`: nodes come and go, slots move, a primary dies; nothing is lost or doubled."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from bench.scale_out import SWAP_WITHIN, Step, Trial, blows, running_trial
from conftest import needed
from tests.ports import free_port

if TYPE_CHECKING:
    from collections.abc import Iterator

GENTLY = 0.05
"""Seconds between requests of each connection: nodes that start need the machine, too."""


@pytest.fixture(scope="module")
def trial() -> Iterator[Trial]:
    """One cluster, its nodes and their balancer, through all blows."""
    needed("haproxy")
    with tempfile.TemporaryDirectory(prefix="rd-") as scratch, running_trial(Path(scratch), free_port) as made:
        with made.traffic(GENTLY) as traffic:
            for name, act, doubled in blows(made, short=True):
                made.step(traffic, name, act, doubled)
        yield made


def of(trial: Trial, name: str) -> Step:
    """The step of this name."""
    return next(step for step in trial.steps if step.name == name)


@pytest.mark.timeout(240)
def test_every_answer_is_right_whatever_happens_to_nodes_and_store(trial: Trial) -> None:
    assert [(step.name, step.wrong) for step in trial.steps if step.wrong] == []


def test_the_store_holds_exactly_what_was_acknowledged_after_each_blow(trial: Trial) -> None:
    assert {step.name: step.apart for step in trial.steps} == dict.fromkeys((step.name for step in trial.steps), 0)
    assert [step.acknowledged for step in trial.steps] == sorted({step.acknowledged for step in trial.steps})


def test_a_list_is_live_on_every_node_within_five_seconds(trial: Trial) -> None:
    assert of(trial, "list published").seconds < SWAP_WITHIN + 1
