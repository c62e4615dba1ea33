"""Owns the numbers of `/metrics`: sums of all workers, and of pages no more than the hour allows."""

from __future__ import annotations

from redirect.adapters.board import HOUR, Board, Metric


def test_sums_are_those_of_all_workers_and_outlive_one() -> None:
    board = Board(3)
    for worker in (0, 1, 2, 1):
        board.take_row(worker)
        board.add(Metric.CHECKS, 7)
    assert board.total(Metric.CHECKS) == 28


def test_pages_move_once_an_hour_and_in_tens() -> None:
    now = 500_000.0 * HOUR
    board = Board(1, lambda: now)
    seen = []
    for _ in range(4 * 60):
        board.add(Metric.PAGES, 3)
        seen.append(board.total(Metric.PAGES))
        now += 60
    assert [seen[0], seen[60], seen[120], seen[180]] == [0, 180, 360, 540]
    assert len(set(seen)) == 4


def test_whoever_opens_pages_to_reach_the_next_step_does_not_see_who_opens_the_last() -> None:
    """Nine of one's own, then a look every second: the number moves with the clock, not with the tenth."""
    now = 500_000.0 * HOUR
    board = Board(1, lambda: now)
    board.add(Metric.PAGES, 9)
    seen = []
    for second in range(HOUR):
        if second == 1000:
            board.add(Metric.PAGES)
        seen.append(board.total(Metric.PAGES))
        now += 1
    assert set(seen) == {0}
