"""Owns what SIGHUP does: everything is read anew and no request fails, or all stays as it was."""

from __future__ import annotations

import json
import os
import signal
import socket
import threading
import time
from collections import Counter
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from conftest import LISTED, PLAIN, Service, eventually
from redirect.web import servers
from tests.ports import free_port

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PLATFORM = """
[demo]
shown_name = "{name}"
exit = "https://{name}.example/"

[networks]
shown_name = "Example Networks"
status = 403
"""
KEY = {"Authorization": "Bearer demo"}
LIMIT = 40.0


@pytest.fixture(scope="module")
def service(make_service: Callable[..., Service], tmp_path_factory: pytest.TempPathFactory) -> Service:
    """With two workers, a platform of the operator's own, and log lines that a program can read."""
    platforms = tmp_path_factory.mktemp("operator") / "platforms.toml"
    platforms.write_text(PLATFORM.format(name="vorlinqet"))
    stop = {"REDIRECT_STOP_PORT": str(free_port()), "REDIRECT_STOP_PLATFORM": "networks", "REDIRECT_STOP_COUNTRY": "GB"}
    service = {"REDIRECT_PLATFORMS": str(platforms), "REDIRECT_LOG_FORMAT": "json", "PYTHONPATH": str(platforms.parent)}
    return make_service("--demo", REDIRECT_WORKERS="2", **service, **stop)


def platforms(service: Service) -> Path:
    return Path(service.environ["REDIRECT_PLATFORMS"])


def lines(service: Service) -> list[dict[str, Any]]:
    """What the service has logged."""
    return [json.loads(line) for line in service.log.read_text().splitlines() if line.startswith("{")]


def told(service: Service, event: str) -> list[dict[str, Any]]:
    return [line for line in lines(service) if line["event"] == event]


def reload(service: Service) -> None:
    assert service.process is not None
    service.process.send_signal(signal.SIGHUP)


class Load:
    """People and platforms that ask all the time; `asked` of them were answered, `failed` were not."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._over = threading.Event()
        self.asked = 0
        self.failed: list[str] = []

    def _ask(self, keep: bool) -> None:
        limits = httpx.Limits(max_keepalive_connections=1 if keep else 0)
        with httpx.Client(verify=PLAIN, limits=limits, timeout=20, headers=KEY) as client:
            while not self._over.wait(0.02):
                try:
                    answer = client.post(f"{self._service.url}/v1/check", json={"query": LISTED})
                    page = client.get(answer.json()["page"], headers={"Sec-Fetch-Dest": "image"})
                    assert (answer.status_code, page.status_code) == (200, 200)
                    self.asked += 1
                except (httpx.HTTPError, AssertionError, KeyError, ValueError) as error:
                    self.failed.append(repr(error))


@contextmanager
def load_on(service: Service) -> Iterator[Load]:
    load = Load(service)
    threads = [threading.Thread(target=load._ask, args=(keep,)) for keep in (True, True, False)]
    for thread in threads:
        thread.start()
    try:
        yield load
    finally:
        load._over.set()
        for thread in threads:
            thread.join()


def open_files(service: Service) -> int:
    assert service.process is not None
    return len(list(Path(f"/proc/{service.process.pid}/fd").iterdir()))


def test_a_reload_takes_over_what_has_changed_and_no_request_fails(service: Service) -> None:
    """The same process, store and port; new workers, which serve before the old ones end."""
    eventually(lambda: told(service, "started"))
    workers, store, files = set(service.workers()), service.store_pid(), open_files(service)
    with load_on(service) as load:
        platforms(service).write_text(PLATFORM.format(name="quellfen"))
        reload(service)
        eventually(lambda: told(service, "taken_over"), LIMIT)
        eventually(lambda: len(service.workers()) == 2 and not workers & set(service.workers()), LIMIT)
        before = load.asked
        eventually(lambda: load.asked > before + 20)
    assert load.failed == []
    left = service.get(service.check(LISTED)["page"] + "/leave")
    assert left.headers["location"] == "https://quellfen.example/"
    assert service.store_pid() == store
    assert open_files(service) <= files
    assert [line["event"] for line in lines(service) if line["level"] == "error"] == []


def test_what_is_wrong_is_refused_with_its_reason_and_all_stays(service: Service) -> None:
    workers, good = set(service.workers()), platforms(service).read_text()
    try:
        platforms(service).write_text(good.replace("exit", "exlt"))
        reload(service)
        eventually(lambda: told(service, "reload_refused"), LIMIT)
    finally:
        platforms(service).write_text(good)
    (line,) = told(service, "reload_refused")
    assert "[demo] has an unknown field 'exlt'" in line["reason"]
    assert set(service.workers()) == workers
    assert service.check(LISTED)["action"] == "block"


def test_a_version_that_cannot_take_over_is_refused_and_the_one_that_runs_goes_on(service: Service) -> None:
    """That version does not find a field that it needs. Python reads this module whenever it starts."""
    workers, version = set(service.workers()), platforms(service).with_name("sitecustomize.py")
    try:
        version.write_text(
            "import os\n"
            "if told := os.environ.get('REDIRECT_HANDOVER'):\n"
            "    os.environ['REDIRECT_HANDOVER'] = told.replace('listeners', 'sockets')\n"
        )
        refused = len(told(service, "reload_refused"))
        reload(service)
        eventually(lambda: len(told(service, "reload_refused")) > refused, LIMIT)
    finally:
        version.unlink()
    assert "this version cannot take over from the one that runs" in told(service, "reload_refused")[-1]["reason"]
    assert set(service.workers()) == workers
    assert service.check(LISTED)["action"] == "block"


def test_workers_that_end_say_so_before_they_close_a_connection(service: Service) -> None:
    """So nobody sends a request on a connection that is being closed."""
    workers = service.workers()
    with ExitStack() as stack:
        persons = [stack.enter_context(httpx.Client(verify=PLAIN, headers=KEY)) for _ in range(12)]
        for person in persons:
            assert "connection" not in person.post(f"{service.url}/v1/check", json={"query": LISTED}).headers

        for worker in workers:
            os.kill(worker, signal.SIGTERM)
        time.sleep(servers.DRAIN / 4)
        answers = [person.post(f"{service.url}/v1/check", json={"query": LISTED}) for person in persons]
        pages = [person.get(answer.json()["page"]) for person, answer in zip(persons, answers, strict=True)]
    assert {each.status_code for each in (*answers, *pages)} == {200}
    assert {each.headers.get("connection") for each in answers} == {"close"}
    eventually(lambda: len(service.workers()) == 2)


def come(port: int) -> str:
    """What becomes of somebody who was not there before: answered, refused, or neither."""
    try:
        connection = socket.create_connection(("127.0.0.1", port), timeout=20)
    except ConnectionRefusedError:
        return "refused"
    with connection, suppress(ConnectionError):
        connection.sendall(b"GET /en/help HTTP/1.1\r\nHost: a.example\r\nConnection: close\r\n\r\n")
        said = b"".join(iter(lambda: connection.recv(65536), b""))
        return "answered" if said.rstrip().endswith(b"</html>") else "cut off"
    return "cut off"


def test_whoever_comes_while_it_stops_is_answered_whole_or_refused(service: Service) -> None:
    """Refused while it still finishes what it has, so that a balancer asks another node at once. But for whom the
    kernel lets in between a worker's last look and its close: nobody can keep it from that."""
    assert service.process is not None
    what: dict[int, Counter[str]] = {int(service.environ["REDIRECT_STOP_PORT"]): Counter(), service.port: Counter()}
    over = threading.Event()

    def come_and_come(port: int) -> None:
        while not over.wait(0.005):
            what[port][come(port)] += 1

    threads = [threading.Thread(target=come_and_come, args=(port,)) for port in what]
    with ExitStack() as stack:
        for port in what:
            stack.enter_context(socket.create_connection(("127.0.0.1", port)))  # who says nothing is waited for
        for thread in threads:
            thread.start()
            stack.callback(thread.join)
        stack.callback(over.set)
        eventually(lambda: all(outcome["answered"] > 5 for outcome in what.values()))
        service.process.send_signal(signal.SIGTERM)
        eventually(lambda: all(outcome["refused"] for outcome in what.values()))
        assert service.process.poll() is None
        assert service.process.wait(30) == 0
    assert sum(outcome["cut off"] for outcome in what.values()) <= 1, what


def test_a_service_that_has_taken_over_still_stops_in_order(service: Service) -> None:
    assert lines(service)[-1]["event"] == "stopped"
    rows = {row["action"]: row["count"] for row in service.counts()}
    assert rows["block"] > 20
