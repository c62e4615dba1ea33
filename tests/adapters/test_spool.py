"""Owns the counts on their way: whatever the order of adding, sealing, dying and adopting, none is lost or doubled."""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from collections import Counter
from pathlib import Path

import pytest  # noqa: TC002 (hypothesis reads the signature)
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from redirect.adapters import spool as spool_
from redirect.adapters.spool import Spool, SpooledBatch, adopt, holding, read_batch, sealed
from redirect.domain.counts import CHECKS, SERVICES, TABLES, Cell

LABELS = st.tuples(*(st.sampled_from(("acme", "web", "block", "no")) for _ in CHECKS.dimensions))
HOUR = 3600


def hour() -> float:
    """A clock that stands still."""
    return 500_000.0 * HOUR


def die(spool: Spool) -> None:
    """End a spool as the kernel ends that of a killed process: nothing is closed in order."""
    os.close(spool._lock)


class Sink:
    """Applies batches as the store does: each sequence of a spool once in each period of a table."""

    def __init__(self) -> None:
        self.cells: Counter[Cell] = Counter()
        self._applied: dict[tuple[str, str, int], int] = {}

    def apply(self, batch: SpooledBatch) -> None:
        news = {
            (cell.table, cell.period)
            for cell, _ in batch.cells
            if self._applied.get((batch.spool, cell.table, cell.period), 0) < batch.sequence
        }
        for cell, count in batch.cells:
            if (cell.table, cell.period) in news:
                self.cells[cell] += count
                self._applied[batch.spool, cell.table, cell.period] = batch.sequence


class Spooling(RuleBasedStateMachine):
    """Workers that count, flush, die and are adopted, in any order."""

    def __init__(self) -> None:
        super().__init__()
        self.directory = Path(tempfile.mkdtemp(prefix="rd-spool-"))
        self.now, self.sink, self.lost = 500_000.0 * HOUR, Sink(), 0
        self.counted: Counter[Cell] = Counter()
        self.workers: list[Spool] = []

    def _worker(self, number: int) -> Spool:
        return self.workers[number % len(self.workers)]

    @rule()
    def start(self) -> None:
        if len(self.workers) < 3:
            self.workers.append(Spool(self.directory, lambda: self.now, lambda: None))

    @precondition(lambda self: self.workers)
    @rule(number=st.integers(0, 9), labels=LABELS, times=st.integers(1, 50))
    def add(self, number: int, labels: tuple[str, ...], times: int) -> None:
        for _ in range(times):
            self._worker(number).add(CHECKS, labels)
        self.counted[Cell(CHECKS.name, CHECKS.period(self.now), labels)] += times

    @precondition(lambda self: self.workers)
    @rule(number=st.integers(0, 9), service=st.integers(0, 3000), many=st.integers(1, 3000))
    def fill(self, number: int, service: int, many: int) -> None:
        for each in range(service, service + many):
            labels = ("acme", f"a-service-with-a-long-name-{each}", "AR", "main")
            self._worker(number).add(SERVICES, labels)
            self.counted[Cell(SERVICES.name, SERVICES.period(self.now), labels)] += 1

    @rule(hours=st.integers(1, 30))
    def wait(self, hours: int) -> None:
        self.now += hours * HOUR

    @precondition(lambda self: self.workers)
    @rule(number=st.integers(0, 9), reaches=st.integers(0, 3), answered=st.booleans())
    def flush(self, number: int, reaches: int, answered: bool) -> None:
        for batch in self._worker(number).seal()[:reaches]:
            self.sink.apply(batch)
            if not answered:  # the store took it, and the answer was lost
                break
            batch.path.unlink()

    @precondition(lambda self: self.workers)
    @rule(number=st.integers(0, 9), killed=st.booleans())
    def end(self, number: int, killed: bool) -> None:
        spool = self.workers.pop(number % len(self.workers))
        die(spool) if killed else spool.close()

    @rule(reaches=st.integers(0, 5), answered=st.booleans())
    def inherit(self, reaches: int, answered: bool) -> None:
        orphans = adopt(self.directory)
        for _, batch in zip(range(reaches), orphans, strict=False):
            self.sink.apply(batch)
            if not answered:
                break
            batch.path.unlink()
        orphans.close()

    @invariant()
    def nothing_is_counted_twice(self) -> None:
        assert self.sink.cells <= self.counted

    def teardown(self) -> None:
        for spool in self.workers:
            die(spool)
        for batch in adopt(self.directory):
            self.sink.apply(batch)
            batch.path.unlink()
        left = list(self.directory.iterdir())
        shutil.rmtree(self.directory)
        assert self.sink.cells == self.counted
        assert left == []


Spooling.TestCase.settings = settings(max_examples=60, stateful_step_count=25)
TestSpooling = Spooling.TestCase


def filled(directory: Path) -> tuple[Path, SpooledBatch]:
    """A batch of several cells, and what it says."""
    spool = Spool(directory, hour, lambda: None)
    for count, name in enumerate(("acme", "zorblax", "quellfen"), start=3):
        for _ in range(count):
            spool.add(CHECKS, (name, "web", "block", "enforce", "0", "no"))
    (batch,) = spool.seal()
    die(spool)
    return batch.path, batch


@settings(max_examples=200)
@given(length=st.integers(0, 600))
def test_a_file_that_was_cut_says_what_stands_before_the_cut(
    tmp_path_factory: pytest.TempPathFactory, length: int
) -> None:
    path, whole = filled(tmp_path_factory.mktemp("cut"))
    path.write_bytes(path.read_bytes()[:length])
    cells = read_batch(path).cells
    assert cells == whole.cells[: len(cells)]


@settings(max_examples=200)
@given(at=st.integers(0, 400), noise=st.binary(max_size=40))
def test_a_damaged_file_is_no_error(tmp_path_factory: pytest.TempPathFactory, at: int, noise: bytes) -> None:
    path, _ = filled(tmp_path_factory.mktemp("damaged"))
    data = bytearray(path.read_bytes())
    data[at : at + len(noise)] = noise
    path.write_bytes(data)
    for cell, count in read_batch(path).cells:
        assert count > 0
        assert cell.table in TABLES


def test_a_spool_of_a_living_worker_is_left_alone(tmp_path: Path) -> None:
    spool = Spool(tmp_path, hour, lambda: None)
    spool.add(SERVICES, ("acme", "zorblax", "AR", "main"))
    assert list(adopt(tmp_path)) == []
    assert len(holding(tmp_path)) == 1
    die(spool)
    (batch,) = adopt(tmp_path)
    assert batch.cells == ((Cell("services", SERVICES.period(hour()), ("acme", "zorblax", "AR", "main")), 1),)


def test_two_adopters_never_take_the_same_spool(tmp_path: Path) -> None:
    filled(tmp_path)
    first, second = adopt(tmp_path), adopt(tmp_path)
    assert next(first).cells
    assert list(second) == []
    first.close()
    assert sum(len(batch.cells) for batch in adopt(tmp_path)) == 3


def test_a_full_disk_costs_counts_and_no_answer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lost: list[int] = []
    spool = Spool(tmp_path, hour, lambda: lost.append(1))

    def full(*_: int) -> None:
        raise OSError(28, "no space left")

    monkeypatch.setattr(os, "posix_fallocate", full)
    for number in range(20_000):
        spool.add(SERVICES, ("acme", f"a-service-with-a-name-{number}", "AR", "main"))
    monkeypatch.undo()
    kept = sum(count for _, count in read_batch(sealed(tmp_path, spool._id)[0]).cells)
    assert lost
    assert kept + len(lost) == 20_000
    spool.add(SERVICES, ("acme", "one-more", "AR", "main"))
    spool.close()
    total = sum(count for batch in adopt(tmp_path) for _, count in batch.cells)
    assert total == kept + 1


def test_only_the_owner_can_read_what_is_on_its_way(tmp_path: Path) -> None:
    path, _ = filled(tmp_path / "spool")
    assert path.stat().st_mode & 0o077 == 0
    assert path.parent.stat().st_mode & 0o077 == 0


def test_a_spool_that_an_adopter_takes_at_its_birth_is_given_up_for_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = spool_._try_lock
    first: list[int] = []

    def raced(path: Path) -> int | None:
        if not first:
            first.append(os.open(path, os.O_RDWR))
            fcntl.flock(first[0], fcntl.LOCK_EX)
            path.unlink()
            os.close(first[0])
        return real(path)

    monkeypatch.setattr(spool_, "_try_lock", raced)
    spool = Spool(tmp_path, hour, lambda: None)
    spool.add(SERVICES, ("acme", "zorblax", "AR", "main"))
    assert spool_._lock_path(tmp_path, spool._id).exists()
    spool.close()
