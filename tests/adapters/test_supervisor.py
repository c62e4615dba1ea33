"""Owns when a process that ended is started again."""

from __future__ import annotations

from redirect.adapters.supervisor import CHANCES, LONGEST_PAUSE, PAUSE_AFTER_QUICK_DEATH, QUICK_DEATH, Revival


def test_one_that_lived_is_started_again_at_once() -> None:
    now = [0.0]
    revival = Revival(lambda: now[0])
    now[0] = QUICK_DEATH
    assert revival.due_after_death() == now[0]
    assert not revival.keeps_dying


def test_one_that_keeps_dying_is_started_after_ever_longer_pauses_and_that_is_said_once() -> None:
    revival, pauses, said = Revival(lambda: 0.0), [], 0
    for _ in range(12):
        revival.begins()
        pauses.append(revival.due_after_death())
        said += revival.is_news and revival.keeps_dying
    assert pauses[:CHANCES] == [PAUSE_AFTER_QUICK_DEATH] * CHANCES
    assert pauses == sorted(pauses)
    assert pauses[-1] == LONGEST_PAUSE
    assert said == 1


def test_one_that_came_through_is_as_good_as_any_other_and_that_is_said_once() -> None:
    now = [0.0]
    revival = Revival(lambda: now[0])
    for _ in range(CHANCES + 1):
        revival.due_after_death()
    revival.begins()
    assert not revival.lives()
    now[0] += QUICK_DEATH
    assert [revival.lives() for _ in range(3)] == [True, False, False]
    assert revival.due_after_death() == now[0]
