"""Owns the numbers of `/metrics`, shared by the workers of one node. Must never say what one person did.

One anonymous map, made before the workers are forked: a row for each worker, added up when read. A worker that
is started again goes on in its row, so sums never fall. Pages that people see are shown rounded down to tens, as they
were when this hour was first looked at: so that a look every second shows nobody's moment, not even to one who opens
pages to bring the number to its next step.
"""

from __future__ import annotations

import mmap
import time
from enum import IntEnum
from typing import TYPE_CHECKING

from redirect.adapters.rates import Rates

if TYPE_CHECKING:
    from collections.abc import Iterator

    from redirect.journeys.ports import Clock

PAGE_STEP = 10
HOUR = 3600
PAGES_SHOWN, HOUR_SHOWN = -1, -2
"""Words after the rows, and after one for each worker that says that it serves."""


class Metric(IntEnum):
    """Columns of a row."""

    CHECKS = 0
    PAGES = 1
    ERRORS = 2
    LOST_COUNTS = 3
    REFUSED = 4


ABOUT = {
    Metric.CHECKS: ("checks", "Subjects decided"),
    Metric.PAGES: ("pages", "Pages of all kinds, in tens, once an hour"),
    Metric.ERRORS: ("errors", "Anomalies: malformed requests, answers that broke and were replaced"),
    Metric.LOST_COUNTS: ("lost_counts", "Counts that found no room on the disk"),
    Metric.REFUSED: ("refused", "Calls refused, since more was asked than can be answered in time"),
}


class Board:
    """Counters of all workers; `row` picks the one that this process writes. `rates` are shared alike."""

    def __init__(self, workers: int, clock: Clock = time.time) -> None:
        self._workers = workers
        self._clock = clock
        self._words = memoryview(mmap.mmap(-1, (workers * (len(Metric) + 1) + 2) * 8)).cast("Q")
        self._worker = self._base = 0
        self.rates = Rates()

    @property
    def serving(self) -> int:
        """How many workers have begun to serve."""
        return sum(self._words[self._workers * len(Metric) + worker] for worker in range(self._workers))

    def begin_serving(self) -> None:
        """Tell the supervisor."""
        self._words[self._workers * len(Metric) + self._worker] = 1

    def counters(self) -> Iterator[tuple[str, str, int]]:
        """Name, meaning and sum of every metric."""
        for metric, (name, about) in ABOUT.items():
            yield name, about, self.total(metric)

    def take_row(self, worker: int) -> None:
        """Write to this worker's row from now on."""
        self._worker, self._base = worker, worker * len(Metric)

    def add(self, metric: Metric, count: int = 1) -> None:
        """Count in this process's row."""
        self._words[self._base + metric] += count

    def total(self, metric: Metric) -> int:
        """Sum over all workers since the service began, as it may be shown."""
        total = sum(self._words[worker * len(Metric) + metric] for worker in range(self._workers))
        return self._pages_shown(total) if metric is Metric.PAGES else total

    def _pages_shown(self, pages: int) -> int:
        hour = int(self._clock()) // HOUR
        if self._words[HOUR_SHOWN] != hour:
            self._words[PAGES_SHOWN] = pages - pages % PAGE_STEP
            self._words[HOUR_SHOWN] = hour
        return self._words[PAGES_SHOWN]
