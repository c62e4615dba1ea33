"""Owns the numbers of `/metrics`, shared by the workers of one node. Must never say what one person did.

One anonymous map, made before the workers are forked: a row for each worker, added up when read. A worker that
is started again goes on in its row, so sums never fall. Pages that people see are shown rounded down to
tens, so that a scrape every second shows nobody's moment.
"""

from __future__ import annotations

import mmap
from enum import IntEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

PAGE_STEP = 10


class Metric(IntEnum):
    """Columns of a row."""

    CHECKS = 0
    PAGES = 1
    ERRORS = 2
    LOST_COUNTS = 3


ABOUT = {
    Metric.CHECKS: ("checks", "Subjects decided"),
    Metric.PAGES: ("pages", "Pages of all kinds, in tens"),
    Metric.ERRORS: ("errors", "Anomalies: malformed requests, answers that broke and were replaced"),
    Metric.LOST_COUNTS: ("lost_counts", "Counts that found no room on the disk"),
}


class Board:
    """Counters of all workers; `row` picks the one that this process writes."""

    def __init__(self, workers: int) -> None:
        self._workers = workers
        self._words = memoryview(mmap.mmap(-1, (workers * len(Metric) + 1) * 8)).cast("Q")
        self._base = 0

    @property
    def serving(self) -> bool:
        """Whether a worker has begun to serve."""
        return bool(self._words[-1])

    def begin_serving(self) -> None:
        """Tell the supervisor."""
        self._words[-1] = 1

    def counters(self) -> Iterator[tuple[str, str, int]]:
        """Name, meaning and sum of every metric."""
        for metric, (name, about) in ABOUT.items():
            yield name, about, self.total(metric)

    def take_row(self, worker: int) -> None:
        """Write to this worker's row from now on."""
        self._base = worker * len(Metric)

    def add(self, metric: Metric, count: int = 1) -> None:
        """Count in this process's row."""
        self._words[self._base + metric] += count

    def total(self, metric: Metric) -> int:
        """Sum over all workers since the service began, as it may be shown."""
        total = sum(self._words[worker * len(Metric) + metric] for worker in range(self._workers))
        return total - total % PAGE_STEP if metric is Metric.PAGES else total
