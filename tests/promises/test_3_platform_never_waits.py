"""Owns promise 3: the platform never waits for us, whatever becomes of the store or of a worker; and what was
counted meanwhile is counted once."""

from __future__ import annotations

import json
import os
import re
import signal
import sys
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import httpx
import pytest
from redis import Redis
from redis.exceptions import RedisError

from conftest import LISTED, PLAIN, Service, eventually

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from starlette.types import Receive, Scope, Send

    from tests.promises.conftest import Worker

SLACK = 6.0
"""Seconds that a loaded machine may take for what should take one."""


@dataclass
class Load:
    """Platforms that ask until they are told to stop; what they were answered, and how long it took."""

    took: list[float] = field(default_factory=list)
    wrong: list[dict[str, Any]] = field(default_factory=list)
    unanswered: int = 0


@contextmanager
def load(service: Service, platforms: int = 2) -> Iterator[Load]:
    """Ask from several connections at once while the block runs."""
    seen, over = Load(), threading.Event()

    def ask() -> None:
        with httpx.Client(
            verify=PLAIN, base_url=service.url, headers={"Authorization": "Bearer demo"}, timeout=10
        ) as platform:
            while not over.wait(0.002):
                began = time.perf_counter()
                try:
                    answer = platform.post("/v1/check", content=json.dumps({"query": LISTED})).json()
                except httpx.TransportError:
                    seen.unanswered += 1
                    continue
                seen.took.append(time.perf_counter() - began)
                if answer["action"] != "block" or answer["degraded"]:
                    seen.wrong.append(answer)

    threads = [threading.Thread(target=ask) for _ in range(platforms)]
    for thread in threads:
        thread.start()
    try:
        yield seen
    finally:
        over.set()
        for thread in threads:
            thread.join()


def counted(service: Service) -> int:
    """The exact sum that lies in the store, before the rule of publication."""
    with Redis(unix_socket_path=str(service.data_dir / "valkey.sock"), socket_timeout=2) as store:
        return sum(int(count) for key in store.scan_iter("counts:{checks:*") for count in store.hvals(key))


def counted_at_last(service: Service) -> int:
    """The exact sum once nothing is on its way to the store any more."""

    def arrived() -> bool:
        try:
            counted(service)
        except RedisError:
            return False
        spools = (service.data_dir / "spool").glob("*.batch")
        return not any(int.from_bytes(spool.read_bytes()[:8], "little") > 8 for spool in spools)

    eventually(arrived, 20, "counts stay on their way")
    return counted(service)


def slowest(took: list[float]) -> float:
    """The 99th percentile, in seconds."""
    return sorted(took)[len(took) * 99 // 100]


@pytest.fixture
def service(make_service: Callable[..., Service]) -> Iterator[Service]:
    service = make_service("--demo", REDIRECT_WORKERS="2")
    yield service
    service.stop()


def test_a_store_that_hangs_changes_no_answer_slows_none_and_loses_no_count(service: Service) -> None:
    with load(service) as before:
        time.sleep(2)
    store = service.store_pid()
    os.kill(store, signal.SIGSTOP)
    try:
        with load(service) as hanging:
            time.sleep(5)
        assert service.get("/readyz").status_code == 200
        assert service.get("/readyz").json()["store"] == "unreachable"
    finally:
        os.kill(store, signal.SIGCONT)
    assert not before.wrong + hanging.wrong
    assert not before.unanswered + hanging.unanswered
    assert slowest(hanging.took) < max(4 * slowest(before.took), 0.1)
    assert counted_at_last(service) == len(before.took) + len(hanging.took)


def test_a_store_that_is_killed_comes_back_within_a_second_and_loses_no_count(service: Service) -> None:
    with load(service) as seen:
        for _ in range(3):
            time.sleep(0.7)
            dead = service.store_pid()
            os.kill(dead, signal.SIGKILL)
            eventually(partial(_has_another_store, service, dead), SLACK)
    assert not seen.wrong
    assert not seen.unanswered
    assert counted_at_last(service) == len(seen.took)


def _has_another_store(service: Service, dead: int) -> bool:
    try:
        return service.store_pid() != dead and counted(service) >= 0
    except (ValueError, OSError, RedisError):
        return False


def _has_another_worker(service: Service, dead: int) -> bool:
    workers = service.workers()
    return dead not in workers and len(workers) == 2


def test_a_killed_worker_loses_no_count_and_doubles_none(service: Service) -> None:
    with load(service, platforms=3) as seen:
        for _ in range(3):
            time.sleep(0.6)
            dead = service.workers()[0]
            os.kill(dead, signal.SIGKILL)
            eventually(partial(_has_another_worker, service, dead), SLACK)
        time.sleep(0.3)
    assert not seen.wrong
    # Asked, counted, and killed before the answer left: such a request may stand in the sum or not.
    assert len(seen.took) <= counted_at_last(service) <= len(seen.took) + seen.unanswered
    assert seen.unanswered < len(seen.took) / 10


def test_a_worker_and_the_store_killed_together_lose_no_count(service: Service) -> None:
    with load(service) as seen:
        time.sleep(0.7)
        for pid in (service.store_pid(), *service.workers()):
            os.kill(pid, signal.SIGKILL)
        eventually(lambda: len(service.workers()) == 2, SLACK)
        time.sleep(1)
    assert len(seen.took) <= counted_at_last(service) <= len(seen.took) + seen.unanswered


def test_a_supervisor_killed_at_once_leaves_no_process_and_loses_no_count(make_service: Callable[..., Service]) -> None:
    service = make_service("--demo")
    children = [*service.workers(), service.store_pid()]
    with httpx.Client(verify=PLAIN, base_url=service.url, headers={"Authorization": "Bearer demo"}) as platform:
        for _ in range(35):
            assert platform.post("/v1/check", content=b'{"query": "chocolate cake"}').json()["action"] == "allow"
    assert service.process is not None
    service.process.kill()
    service.process.wait()
    eventually(lambda: not any(Path(f"/proc/{pid}").exists() for pid in children), SLACK, "a process is left")
    service.start()
    assert counted_at_last(service) == 35
    assert [row["count"] for row in service.counts()] == [35]


def test_counts_survive_a_restart(make_service: Callable[..., Service]) -> None:
    service = make_service("--demo")
    for _ in range(20):
        service.check(LISTED)
    assert service.stop() == 0
    assert [row["count"] for row in service.counts()] == [20]
    service.start()
    for _ in range(20):
        service.check(LISTED)
    assert [row["count"] for row in service.counts()] == [40]


WAITING = frozenset({"open", "socket.connect", "socket.getaddrinfo", "subprocess.Popen", "time.sleep", "os.fork"})


class Watch:
    """What an application does that could wait. Python never forgets an audit hook, so it rests in between."""

    def __init__(self, worker: Worker) -> None:
        self.on = False
        self.seen: list[str] = []
        self._app, worker.app = worker.app, self._watched
        sys.addaudithook(self._audit)

    async def _watched(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.on = True
        try:
            await self._app(scope, receive, send)
        finally:
            self.on = False

    def _audit(self, event: str, arguments: tuple[object, ...]) -> None:
        if self.on and event in WAITING:
            self.seen.append(f"{event} {arguments}")


def test_a_decision_opens_no_file_and_no_connection(worker: Worker) -> None:
    watch = Watch(worker)
    for body in ({"query": LISTED}, {"query": "chocolate cake"}, {"url": "http://blocked.example/room/42"}):
        status, _, answer = worker.call("POST", "/v1/check", json.dumps(body).encode())
        assert status == 200
        assert b'"action"' in answer
    assert watch.seen == []


def pages(worker: Worker) -> Iterator[str]:
    """Every page and every step that one answer leads to, in two languages, and the directory."""
    body = json.dumps({"query": LISTED, "country": "GB"}).encode()
    waiting = [urlsplit(json.loads(worker.call("POST", "/v1/check", body)[2])["page"]).path]
    seen = set(waiting)
    while waiting:
        at = waiting.pop()
        yield at
        found = re.findall(r'href="(/w/[^"?]+)', worker.call("GET", at)[2].decode())
        new = {link for link in found if "/go/" not in link} - seen
        seen |= new
        waiting += new
    yield from (f"{at}?lang=ar" for at in sorted(seen))
    yield from ("/w/x", "/", "/en", "/en/help", "/ar/help/EG", "/.well-known/security.txt")


def test_no_page_opens_a_file_or_a_connection_once_it_is_served(worker: Worker) -> None:
    """So nothing that is written or set up meanwhile comes onto one, and nobody is asked because a person reads."""
    watch = Watch(worker)
    for address in pages(worker):
        for method, way in (("GET", ""), ("GET", "/leave"), ("GET", "/go/AAAAAAAAAAAA"), ("POST", "/wrong")):
            assert worker.call(method, f"{address.partition('?')[0]}{way}" if way else address)[0] in {200, 303, 404}
    of_babel = "locale-data"  # which it reads once a language is first named
    assert not [event for event in watch.seen if of_babel not in event]


def test_no_call_connects_to_anything_but_the_store(worker: Worker) -> None:
    calls = json.loads(worker.call("GET", "/v1/openapi.json")[2])["paths"]
    assert len(calls) > 7
    watch = Watch(worker)
    for path, methods in calls.items():
        for method in methods:
            for body in (b"", json.dumps({"query": LISTED}).encode()):
                worker.call(method.upper(), path, body, x_original_uri=f"http://quellfen.example/?q={LISTED}")
    for path in ("/v1/counts?table=funnel", "/reports", "/metrics", "/livez", "/readyz"):
        worker.call("GET", path)
    reached = [event for event in watch.seen if not event.startswith("open ")]
    assert reached
    assert not [event for event in reached if "valkey.sock" not in event]
