"""Holds the threat model to the tests: a row without one is a claim without proof."""

from __future__ import annotations

import re
from pathlib import Path

from redirect.adapters.clicks import ALL, EACH, PERIOD
from redirect.domain.access import USUAL, Limit, Scope
from redirect.web.connections import PATIENCE, Phase

ROOT = Path(__file__).parents[2]
THREATS = (ROOT / "docs" / "threats.md").read_text()
ROWS = [
    [cell.strip() for cell in line.strip("|").split(" | ")]
    for line in THREATS.partition("\n## ")[0].splitlines()
    if line.startswith("| ") and not line.startswith(("| Who wants", "| **"))
]


def test_every_row_names_a_test_that_exists() -> None:
    assert len(ROWS) > 30
    for row in ROWS:
        named = re.findall(r"`([^`]+\.py)`", row[-1])
        assert named, row[0]
        for path in named:
            assert "def test_" in (ROOT / path).read_text(), path


def test_every_row_says_what_stops_it_or_that_nothing_does() -> None:
    for row in ROWS:
        assert len(row) == 3, row[0]
        assert len(row[1]) > 20, row[0]


def test_the_figures_are_those_of_the_code() -> None:
    assert f"counts {EACH} times an hour" in THREATS
    assert f"all steps {ALL} times" in THREATS
    assert PERIOD == 3600
    assert f"{PATIENCE[Phase.HEAD]} s for a head, {PATIENCE[Phase.BODY]} s for a body" in THREATS
    assert {scope: USUAL[scope] for scope in Scope if USUAL[scope]} == dict.fromkeys(
        (Scope.TALLY, Scope.REPORT, Scope.LISTS), Limit(600, 60)
    )
