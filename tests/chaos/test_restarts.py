"""Owns that a service can be started and stopped as often as one likes while platforms ask, a hundred times in
`make chaos`; that it outlives a machine without room for another process; that a stop is heard whenever it comes."""

from __future__ import annotations

import os
import resource
import signal
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
NO_FILES = (3, resource.getrlimit(resource.RLIMIT_NOFILE)[1])
ODD = """
import atexit, errno, os, pathlib, signal
fork, there = os.fork, lambda name: pathlib.Path(__file__).with_name(name).exists()
def may_fork():
    if there("crowded"):
        raise BlockingIOError(errno.EAGAIN, os.strerror(errno.EAGAIN))
    return fork()
def stop_at_once():
    os.kill(os.getppid(), signal.SIGTERM)
    os._exit(0)
os.fork = may_fork
if there("stop after the trial") and '"trial":true' in os.environ.get("REDIRECT_HANDOVER", ""):
    atexit.register(stop_at_once)
"""
"""Python reads this module at its start: no limit of the kernel keeps root from forking, and no test meets the moment
between a trial and what follows from outside."""


@pytest.fixture(scope="module")
def odd(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where files are put that make something odd happen to a service."""
    directory = tmp_path_factory.mktemp("odd")
    (directory / "sitecustomize.py").write_text(ODD)
    return directory


@pytest.fixture(scope="module")
def service(make_service: Callable[..., Service], odd: Path) -> Service:
    service = make_service("--demo", REDIRECT_WORKERS="2", PYTHONPATH=str(odd))
    eventually(lambda: "redirect counts" in service.log.read_text(), 20, "it does not say how to go on")
    return service


def test_where_no_process_can_be_started_the_others_go_on_until_it_can(service: Service, odd: Path) -> None:
    assert service.process is not None
    supervisor, store, workers = service.process.pid, service.store_pid(), service.workers()
    files = resource.prlimit(supervisor, resource.RLIMIT_NOFILE, NO_FILES)
    (odd / "crowded").touch()
    os.kill(store, signal.SIGKILL)
    os.kill(workers[0], signal.SIGKILL)
    os.kill(supervisor, signal.SIGHUP)
    for line in ("worker 0 ended (not started: ", "the embedded store ended (not started: ", "reload refused"):
        eventually(lambda: line in service.log.read_text(), 20, f"the log does not say: {line}")  # noqa: B023
    assert service.workers() == workers[1:]
    service.page("/en/help")
    (odd / "crowded").unlink()
    resource.prlimit(supervisor, resource.RLIMIT_NOFILE, files)
    eventually(lambda: len(service.workers()) == 2, 20, "the worker was not started again")
    eventually(lambda: service.get("/readyz").json()["store"] == "reachable", 20, "the store was not started again")


def test_a_stop_at_the_very_moment_of_a_handover_is_not_forgotten(service: Service, odd: Path) -> None:
    assert service.process is not None
    (odd / "stop after the trial").touch()
    service.process.send_signal(signal.SIGHUP)
    assert service.process.wait(40) == 0
    assert "redirect has stopped" in service.log.read_text()
    service.start()


@pytest.mark.timeout(60 + 20 * TIMES)
def test_starts_and_stops_under_load_lose_nothing_and_leave_nothing(service: Service) -> None:
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
