"""Owns the servers under load, started in the same way. Must never outlive the run."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

BIN = Path(sys.executable).parent
STOP_LIMIT = 30


@contextmanager
def running(command: list[str], ready: str, environ: Mapping[str, str], directory: Path) -> Iterator[int]:
    """A server from its start until the end of the block; gives its process id. `ready` answers below 500."""
    with (directory / "server.log").open("ab") as log:
        process = subprocess.Popen(command, env={**os.environ, **environ}, stdout=log, stderr=log)
    try:
        _wait(ready, process)
        yield process.pid
    finally:
        process.terminate()
        wait_or_kill(process, STOP_LIMIT)


def wait_or_kill(process: subprocess.Popen[bytes], limit: float) -> None:
    """Until it has ended. Raises TimeoutExpired for one that does not; then it has been killed."""
    try:
        process.wait(limit)
    finally:
        process.kill()
        process.wait()


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _wait(url: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if process.poll() is not None:
            break
        try:
            urllib.request.urlopen(url, timeout=2).close()
        except urllib.error.HTTPError as error:
            if error.code < 500:
                return
        except OSError:
            pass
        else:
            return
        time.sleep(0.05)
    raise RuntimeError(f"{url} did not come up")
