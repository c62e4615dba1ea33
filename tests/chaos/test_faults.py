"""Owns what must hold whatever breaks: right answers throughout, nothing lost, nothing doubled, a clean end.

The short form meets the quick faults one after the other on one service; `make chaos` meets each on a service of its
own.
"""

from __future__ import annotations

import os
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from conftest import eventually
from redirect.adapters.keyring import generate
from tests.chaos.faults import FAULTS
from tests.chaos.stage import NAME, POOLS, SLACK, WORKERS, Line, Load, Stage, Valkey, names_library

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from conftest import Service
    from tests.chaos.faults import Fault

WHOLE = bool(os.environ.get("CHAOS"))
TRIALS = {fault.name: [fault] for fault in FAULTS} if WHOLE else {"quick": [each for each in FAULTS if each.quick]}
DOCS = Path(__file__).parents[2] / "docs" / "reliability.md"


@pytest.fixture
def stage(make_service: Callable[..., Service]) -> Iterator[Stage]:
    with tempfile.TemporaryDirectory(prefix="rd-chaos-") as scratch:
        directory = Path(scratch)
        store = Valkey(directory / "store")
        line = Line(store.port)
        names = names_library()
        host = NAME if names else "127.0.0.1"
        stage = Stage(None, store, line, directory, None)  # type: ignore[arg-type] # in a moment
        try:
            stage.know_the_store()
            stage.jump(0)
            stage.service = make_service(
                "--demo",
                REDIRECT_STORE_URL=f"redis://{host}:{line.port}",
                REDIRECT_WORKERS=str(WORKERS),
                LD_PRELOAD=str(names or ""),
                NSS_WRAPPER_HOSTS=str(stage.hosts),
                PYTHONPATH=str(stage.clock),
                **generate(),
            )
            stage.load = Load(stage.service.port)
            eventually(stage.is_whole, SLACK)
            yield stage
        finally:
            line.close()
            stage.store.kill()


@pytest.mark.timeout(180)
@pytest.mark.parametrize("faults", TRIALS.values(), ids=TRIALS)
def test_whatever_breaks_answers_are_right_and_nothing_is_lost_or_doubled(stage: Stage, faults: list[Fault]) -> None:
    if any(fault.needs_names for fault in faults):
        ensure_names_can_be_changed()
    stage.load.start()
    try:
        time.sleep(1)
        for fault in faults:
            meet(fault, stage)
    finally:
        stage.load.stop()
    stage.ensure_clean_end()


def ensure_names_can_be_changed() -> None:
    """Under CI=true a missing library fails the test."""
    if names_library() is None:
        if os.environ.get("CI"):
            pytest.fail("libnss-wrapper is not installed; `make programs` installs it")
        pytest.skip("libnss-wrapper is not installed")


def meet(fault: Fault, stage: Stage) -> None:
    """One fault, and what must hold meanwhile and afterwards."""
    service, load, said = stage.service, stage.load, len(stage.service.log.read_text())
    files, broken, asked = stage.open_files(), load.seen.copy(), len(load.took)
    with fault.strike(stage):
        eventually(lambda: service.get("/readyz").json()["store"] == fault.store, SLACK, "readyz does not say so")
        eventually(lambda: fault.says in service.log.read_text()[said:], SLACK, "the log does not say so")
        time.sleep(fault.lasts)
    eventually(stage.is_whole, SLACK, "it does not come back")
    assert load.wrong == []
    if not fault.cuts:
        assert load.seen["no answer"] == broken["no answer"]
        assert load.seen["no connection"] == broken["no connection"]
    took = sorted(load.took[asked:])
    assert len(took) > 20
    with load.resting():
        stage.ensure_nothing_lost_or_doubled()
        assert stage.open_files() <= files + POOLS
    print(f"\n{fault.name}: {len(took)} answers, p99 {took[len(took) * 99 // 100] * 1000:.0f} ms,", end=" ")
    print(f"{load.seen['no answer'] - broken['no answer']} broke off, {stage.metric('lost_counts_total')} lost")


def test_every_fault_is_written_down() -> None:
    rows = [line.split("|")[1].strip() for line in DOCS.read_text().splitlines() if line.startswith("| ")]
    assert {fault.name.capitalize() for fault in FAULTS} <= {row.capitalize() for row in rows}
