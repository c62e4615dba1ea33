"""Owns the arithmetic of scale: what a demand needs, from figures that were measured on one node. Must never measure
anything itself, nor hold a figure that nobody measured."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

from redirect.adapters.flush import ROUND
from redirect.adapters.guardrails import GUARD_EVERY
from redirect.adapters.releaser import RELEASE_EVERY
from redirect.adapters.watcher import LOOK
from redirect.domain.counts import CHECKS, FUNNEL

CALLS_OF_A_BATCH: Final = 3
"""For each period of each table: ask how many replicas there are, add, wait for them."""
LOOKS: Final = ("list", "keys", "pauses", "stops")
"""What a worker asks of the store each second, whatever it answers meanwhile."""
HOURS: Final = CHECKS.retention_days * 24
DAYS: Final = FUNNEL.retention_days


@dataclass(frozen=True)
class Figures:
    """Of one node, measured. Seconds are CPU seconds: of one worker, or of one primary of the store."""

    check_seconds: float
    """One query that is allowed, in a request of its own."""
    subject_seconds: float
    """One query of a batch of 1,000."""
    page_seconds: float
    checks_per_second: float
    """Of one worker that does nothing else, beside the program that asks it."""
    check_bytes: int
    """Request and answer of a check, with their heads."""
    subject_bytes: float
    """The same of one query of a batch."""
    page_bytes: int
    worker_bytes: int
    """Memory that a worker shares with nobody."""
    entry_bytes: float
    batch_seconds: float
    """One table's sums of one worker, with their replica waited for."""
    batch_bytes: int
    look_seconds: float
    """Everything that a worker asks of the store in one second beside its batches."""
    cell_bytes: float
    """Of one count in the store."""
    mark_bytes: float
    """Of the note that a spool was applied, for one period of one table."""


@dataclass(frozen=True)
class Demand:
    """What is asked at the peak. `listed` is the share of queries that is answered with a warning; each leads to one
    page. `cells`: counts that an hour and a day come to hold, over all tables."""

    queries: float
    listed: float = 0.001
    entries: int = 1_100_000
    batched: bool = False
    hourly_cells: int = 100
    daily_cells: int = 20_000


@dataclass(frozen=True)
class Machines:
    """What there is. `used`: the share of a core that may be in use at the peak. `spare`: nodes that may be gone."""

    cores: int = 16
    used: float = 0.5
    spare: int = 1
    store_bits: float = 10e9
    """Per second, of the network of one primary."""


@dataclass(frozen=True)
class Plan:
    """What a demand needs."""

    busy_cores: float
    nodes: int
    workers: int
    network_bits: float
    """Per second, of all nodes with platforms and people."""
    node_bytes: int
    """Memory of one node."""
    store_calls: float
    """Per second, of the whole store."""
    hottest: float
    """Cores of the busiest primary: that of the counts of this hour, which lie in one slot."""
    store_bits: float
    store_bytes: float
    list_seconds: float
    """For every node to fetch a whole list from the one primary that has it."""


def busy_cores(demand: Demand, figures: Figures) -> float:
    """Cores that are busy with queries and pages, none spare."""
    each = figures.subject_seconds if demand.batched else figures.check_seconds
    return demand.queries * (each + demand.listed * figures.page_seconds)


def nodes_for(cores: float, machines: Machines) -> int:
    """Nodes that have room for these cores when `spare` of them are gone."""
    return max(1, math.ceil(cores / machines.used / machines.cores)) + machines.spare


def store_calls(workers: int, tables: int) -> float:
    """Calls per second of all workers to the store: not one of them more for a query more."""
    return batch_calls(workers, tables) + workers * (len(LOOKS) / LOOK + 1 / RELEASE_EVERY + 1 / GUARD_EVERY)


def batch_calls(workers: int, tables: int) -> float:
    """Those of them that carry sums."""
    return workers * tables * CALLS_OF_A_BATCH / ROUND


def hottest_primary(workers: int, figures: Figures) -> float:
    """Cores of the primary that holds the counts of this hour, if it holds the looks, too."""
    return workers * (figures.batch_seconds / ROUND + figures.look_seconds / LOOK)


def most_workers(figures: Figures, used: float) -> int:
    """Workers whose batches one primary can take: its commands run on one core."""
    return int(used / hottest_primary(1, figures))


def store_bytes(demand: Demand, workers: int, figures: Figures) -> float:
    """Memory of the whole store, replicas not counted: exact counts, and what was applied."""
    cells = demand.hourly_cells * HOURS + demand.daily_cells * DAYS
    marks = workers * (HOURS + 3 * DAYS)
    return cells * figures.cell_bytes + marks * figures.mark_bytes + 2 * demand.entries * figures.entry_bytes


def plan(demand: Demand, machines: Machines, figures: Figures, tables: int = 4) -> Plan:
    """What this demand needs. `tables`: those to which every worker adds in every round, at most all that pages
    write."""
    cores = busy_cores(demand, figures)
    nodes = nodes_for(cores, machines)
    workers = nodes * machines.cores
    bundle = demand.entries * figures.entry_bytes
    asked = demand.queries * (figures.subject_bytes if demand.batched else figures.check_bytes)
    people = demand.queries * demand.listed * figures.page_bytes
    return Plan(
        busy_cores=cores,
        nodes=nodes,
        workers=workers,
        network_bits=8 * (asked + people),
        node_bytes=int(machines.cores * figures.worker_bytes + 2 * bundle),
        store_calls=store_calls(workers, tables),
        hottest=hottest_primary(workers, figures),
        store_bits=8 * workers * tables * figures.batch_bytes / ROUND,
        store_bytes=store_bytes(demand, workers, figures),
        list_seconds=8 * nodes * bundle / machines.store_bits,
    )
