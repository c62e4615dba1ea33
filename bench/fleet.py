"""Owns several nodes of redirect and the balancer before them, on loopback. Must never leave one behind, nor run on a
machine's own settings."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import urllib.request
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from bench.processes import cpu_seconds, workers
from bench.servers import STOP_LIMIT, wait_or_kill
from bench.valkeys import until
from redirect.adapters.spool import holding

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

EXAMPLE = Path(__file__).parents[1] / "docs" / "haproxy.example.cfg"


class Node:
    """A running `redirect serve` of one worker, with a data directory of its own."""

    def __init__(self, directory: Path, port: int, settings: Mapping[str, str]) -> None:
        directory.mkdir()
        self._directory = directory
        self.port = port
        own = {name: value for name, value in os.environ.items() if not name.startswith("REDIRECT_")}
        mine = {"REDIRECT_DATA_DIR": str(directory / "var"), "REDIRECT_PORT": str(port)}
        self._environ = {**own, **settings, **mine}
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Where it answers, without the balancer."""
        return f"http://127.0.0.1:{self.port}"

    def launch(self) -> None:
        """Start, and wait for nothing."""
        with (self._directory / "log").open("ab") as log:
            command = [sys.executable, "-m", "redirect", "serve"]
            # A session of its own, so that all of it can be ended at once, as a machine would.
            self._process = subprocess.Popen(
                command, env=self._environ, stdout=log, stderr=log, cwd=self._directory, start_new_session=True
            )

    def wait(self) -> None:
        """Return once it is ready: it has a list, and takes requests."""
        until(self.ready, "a node did not come to be ready")

    def ready(self) -> bool:
        """As the balancer asks."""
        with suppress(OSError):
            urllib.request.urlopen(f"{self.url}/readyz", timeout=2).close()
            return True
        return False

    def stop(self) -> None:
        """End it in order."""
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
            wait_or_kill(self._process, STOP_LIMIT)

    def kill(self) -> None:
        """End all its processes at once, as a power cut would."""
        if self._process is not None and self._process.poll() is None:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()

    def holds_counts(self) -> bool:
        """Whether counts wait here for the store."""
        return bool(holding(self._directory / "var" / "spool"))

    def cpu_seconds(self) -> float:
        """What its workers have used so far."""
        return sum(map(cpu_seconds, self.workers()))

    def workers(self) -> list[int]:
        """Process ids."""
        assert self._process is not None
        return workers(self._process.pid)


class Balancer:
    """HAProxy as docs/haproxy.example.cfg sets it up, with these ports in place of its addresses."""

    def __init__(self, directory: Path, port: int, nodes: Sequence[int]) -> None:
        self.port = port
        self._file = directory / "haproxy.cfg"
        places = iter(nodes)
        text = EXAMPLE.read_text().replace("127.0.0.1:8080", f"127.0.0.1:{port}")
        self._file.write_text(re.sub(r"192\.0\.2\.\d:8080", lambda _: f"127.0.0.1:{next(places)}", text))
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Where platforms and people find the service."""
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start, and wait until it has found a node."""
        program = shutil.which("haproxy", path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")
        if program is None:
            raise FileNotFoundError("haproxy is not installed; `make programs` installs it")
        with self._file.with_suffix(".log").open("ab") as log:
            self._process = subprocess.Popen([program, "-db", "-f", str(self._file)], stdout=log, stderr=log)
        until(self._finds_a_node, "the balancer found no node")

    def stop(self) -> None:
        """End it."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def _finds_a_node(self) -> bool:
        with suppress(OSError):
            urllib.request.urlopen(f"{self.url}/readyz", timeout=2).close()
            return True
        return False
