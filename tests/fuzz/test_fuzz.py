"""Each fuzz target for a few seconds, in a process of its own; `make fuzz` runs them for long."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings

from tests.fuzz import driver

TARGETS = ("fold", "urls", "bundles", "lists")
SECONDS = 1
ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("target", TARGETS)
def test_no_mutated_input_breaks_a_promise(target: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", f"tests.fuzz.{target}", str(SECONDS)],
        cwd=ROOT, capture_output=True, text=True, errors="replace", check=False, timeout=90,
    )  # fmt: skip
    said = done.stdout + done.stderr
    assert done.returncode == 0, said
    assert driver.HAS_ATHERIS is ("stat::number_of_executed_units" in said), said


@settings(max_examples=20)
@given(driver._mutated([b"zorblax minku", b"http://blocked.example/"]))
def test_where_atheris_has_no_wheel_hypothesis_makes_inputs_of_the_same_kind(data: bytes) -> None:
    assert len(data) <= driver.LONGEST
