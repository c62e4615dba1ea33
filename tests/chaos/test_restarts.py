"""Owns that a service can be started and stopped as often as one likes while platforms ask: a hundred times in
`make chaos`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from redis import Redis

from conftest import eventually
from redirect.adapters.spool import holding
from tests.chaos.stage import Load
from tests.ports import listens

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import Service

TIMES = int(os.environ.get("STARTS", "1"))


@pytest.mark.timeout(60 + 20 * TIMES)
def test_starts_and_stops_under_load_lose_nothing_and_leave_nothing(make_service: Callable[..., Service]) -> None:
    service = make_service("--demo", REDIRECT_WORKERS="2")
    load, pids = Load(service.port), set[int]()
    load.start()
    try:
        for _ in range(TIMES):
            pids |= {*service.workers(), service.store_pid()}
            assert service.stop() == 0
            assert not [pid for pid in pids if Path(f"/proc/{pid}").exists()]
            assert not listens(service.port)
            assert not holding(service.data_dir / "spool")
            service.start()
    finally:
        load.stop()
    assert load.wrong == []
    eventually(lambda: not holding(service.data_dir / "spool"), 20, "counts stay on their way")
    counted = _counted(service)
    print(f"\n{TIMES} starts: {load.acknowledged} acknowledged, {load.seen['no answer']} broke off, {counted} found")
    assert load.acknowledged <= counted <= load.acknowledged + load.seen["no answer"]
    assert service.stop() == 0
    assert list((service.data_dir / "spool").iterdir()) == []
    assert "Traceback" not in service.log.read_text()


def _counted(service: Service) -> int:
    with Redis(unix_socket_path=str(service.data_dir / "valkey.sock"), socket_timeout=5) as store:
        return sum(int(count) for key in store.scan_iter("counts:{checks:*") for count in store.hvals(key))
