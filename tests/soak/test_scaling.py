"""Owns the arithmetic of scale: it says what its words say, and docs/scaling.md says what it does."""

from __future__ import annotations

from dataclasses import fields, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench import scaling
from bench.model import (
    Demand,
    Figures,
    Machines,
    busy_cores,
    hottest_primary,
    most_workers,
    nodes_for,
    plan,
    store_calls,
)

FIGURES = Figures(
    check_seconds=100e-6,
    subject_seconds=10e-6,
    page_seconds=200e-6,
    checks_per_second=8000,
    check_bytes=1000,
    subject_bytes=100,
    page_bytes=10_000,
    worker_bytes=50_000_000,
    entry_bytes=10,
    batch_seconds=200e-6,
    batch_bytes=1500,
    look_seconds=100e-6,
    cell_bytes=100,
    mark_bytes=50,
)
DEMANDS = st.builds(
    Demand, queries=st.floats(1, 1e7), listed=st.floats(0, 1), entries=st.integers(1, 10**7), batched=st.booleans()
)
MACHINES = st.builds(Machines, cores=st.integers(1, 256), used=st.floats(0.1, 0.9), spare=st.integers(0, 9))


def test_a_hundred_thousand_queries_by_hand() -> None:
    """100,000 × 100 µs is ten cores, 100 pages are 20 ms; at half use 20 cores: two nodes of 16, and one spare."""
    found = plan(Demand(100_000, listed=0.001), Machines(cores=16, used=0.5, spare=1), FIGURES, tables=2)
    assert round(found.busy_cores, 6) == 10.02
    assert (found.nodes, found.workers) == (3, 48)
    assert found.network_bits == 8 * (100_000 * 1000 + 100 * 10_000)
    assert found.store_calls == pytest.approx(48 * (2 * 3 * 2 + 4 + 0.2 + 0.2))
    assert round(found.hottest, 6) == round(48 * (2 * 200e-6 + 100e-6), 6)
    assert found.list_seconds == 8 * 3 * 11_000_000 / 10e9


def test_a_query_more_is_no_call_more_to_the_store() -> None:
    machines = Machines(cores=64)
    few, many = (plan(Demand(queries), machines, FIGURES) for queries in (1_000, 100_000))
    assert few.nodes == many.nodes
    assert few.store_calls == many.store_calls
    assert few.store_bits == many.store_bits


@given(DEMANDS, MACHINES)
def test_the_nodes_that_are_left_have_room(demand: Demand, machines: Machines) -> None:
    cores = busy_cores(demand, FIGURES)
    left = nodes_for(cores, machines) - machines.spare
    assert left * machines.cores * machines.used >= cores * 0.999
    assert left == 1 or (left - 1) * machines.cores * machines.used < cores


@given(st.floats(0.1, 1))
def test_one_primary_takes_the_most_that_fits_and_no_more(used: float) -> None:
    most = most_workers(FIGURES, used)
    assert hottest_primary(most, FIGURES) <= used < hottest_primary(most + 1, FIGURES)


@given(DEMANDS, MACHINES)
def test_whatever_is_dearer_needs_no_less(demand: Demand, machines: Machines) -> None:
    dearer = replace(FIGURES, **{field.name: 2 * getattr(FIGURES, field.name) for field in fields(FIGURES)})
    once, twice = plan(demand, machines, FIGURES), plan(demand, machines, dearer)
    for field in fields(once):
        assert getattr(twice, field.name) >= getattr(once, field.name), field.name


def test_calls_follow_workers_alone() -> None:
    assert store_calls(20, 3) == 20 * store_calls(1, 3)


def test_the_document_says_what_the_model_says_of_what_was_measured() -> None:
    text = scaling.DOCUMENT.read_text()
    for name, table in scaling.tables(scaling.kept()).items():
        assert f"<!-- {name} -->\n{table}\n<!-- /{name} -->" in text, f"`make cluster` with --write mends {name}"
