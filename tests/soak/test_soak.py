"""Owns the short form of `make soak`: whatever is killed, the store holds exactly what was acknowledged. And that no
trial leaves a server behind."""

from __future__ import annotations

import subprocess
import sys

import pytest

from bench.servers import wait_or_kill
from bench.soak import soak

DEAF = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print(flush=True); time.sleep(60)"


def test_blows_on_workers_and_store_neither_lose_nor_double_a_count() -> None:
    outcome = soak(events=200_000, last=6, seed=20261122)
    assert outcome.wrong == []
    assert outcome.lost == 0
    assert outcome.acknowledged == 200_000
    assert outcome.stored == outcome.acknowledged + outcome.in_the_middle
    assert 0 <= outcome.in_the_middle <= outcome.blows.workers
    assert outcome.blows.workers + outcome.blows.store + outcome.blows.frozen >= 2


def test_a_server_that_does_not_end_in_order_is_killed_and_said_not_to_have_ended() -> None:
    with subprocess.Popen([sys.executable, "-c", DEAF], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        process.terminate()
        with pytest.raises(subprocess.TimeoutExpired):
            wait_or_kill(process, 0.2)
        assert process.returncode is not None
