"""Owns what is asked of a service that systemd runs, with nothing but Python's own library. Must never need anything of
this project.

    python3 - KEY < inside_unit.py

The service was installed as deploy/README.md says, `zorblax minku` is on its list, and KEY may check. Prints a line for
each thing that holds; ends with 1 where one does not.
"""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
import urllib.request
from pathlib import Path
from typing import Any

ADDRESS = "http://127.0.0.1:8080"
SETTINGS = Path("/etc/redirect/redirect.toml")
LIMIT = 60.0


class Callers:
    """Two who ask all the while, each time over a new connection."""

    def __init__(self, key: str) -> None:
        self._key = key
        self._done = threading.Event()
        self.answered = 0
        self.wrong: list[str] = []
        self._threads = [threading.Thread(target=self._ask) for _ in range(2)]

    def __enter__(self) -> Callers:
        for each in self._threads:
            each.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        for each in self._threads:
            each.join()

    def _ask(self) -> None:
        while not self._done.is_set():
            try:
                self.answered += check(self._key) == "block"
            except OSError as error:
                self.wrong.append(repr(error))
            time.sleep(0.01)


def main() -> None:
    key = sys.argv[1]
    eventually(lambda: is_blocked(key), "the list is live")
    reloads(key)
    comes_back(key)
    stops()


def reloads(key: str) -> None:
    """A setting that was changed is taken up, and nobody is refused."""
    service, old = state("MainPID"), workers()
    more = len(old) + 1
    with Callers(key) as callers:
        SETTINGS.write_text(re.sub(r"workers = \d+", f"workers = {more}", SETTINGS.read_text()))
        subprocess.run(["systemctl", "reload", "redirect"], check=True)
        eventually(lambda: len(workers()) == more and not old & workers(), f"after a reload {more} new workers run")
    ensure(state("MainPID") == service, "it is the same service for systemd")
    ensure(not callers.wrong, f"calls were refused: {callers.wrong[:3]}")
    ensure(callers.answered > 0, "calls were answered meanwhile")
    print(f"meanwhile {callers.answered} calls were answered, and none refused")


def comes_back(key: str) -> None:
    """Whatever ends it, systemd begins it anew, and what was made live is live."""
    os.kill(int(state("MainPID")), signal.SIGKILL)
    eventually(lambda: is_blocked(key) and state("ActiveState") == "active", "it comes back after a kill")


def stops() -> None:
    """In order."""
    subprocess.run(["systemctl", "stop", "redirect"], check=True)
    ensure((state("Result"), state("ExecMainStatus")) == ("success", "0"), "it stops in order")
    left = subprocess.run(["pgrep", "-u", "redirect", "-l"], capture_output=True, text=True, check=False).stdout
    ensure(not left, f"a process of it is left: {left}")
    print("it stops in order, and nothing of it is left")


def state(name: str) -> str:
    told = ["systemctl", "show", "redirect", f"--property={name}", "--value"]
    return subprocess.run(told, capture_output=True, text=True, check=True).stdout.strip()


def workers() -> set[str]:
    """Process ids; the store is the service's child, too."""
    main = state("MainPID")
    children = Path(f"/proc/{main}/task/{main}/children").read_text().split()
    return {pid for pid in children if (command := _command(pid)) and b"valkey" not in command}


def _command(pid: str) -> bytes:
    """Empty where it has ended."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


def is_blocked(key: str) -> bool:
    try:
        return check(key) == "block"
    except OSError:
        return False


def check(key: str) -> str:
    """The action for what is on the list. Raises OSError where no answer comes."""
    told = {"Authorization": f"Bearer {key}"}
    request = urllib.request.Request(f"{ADDRESS}/v1/check", b'{"query":"zorblax minku"}', told)  # noqa: S310 (our own)
    with urllib.request.urlopen(request, timeout=5) as answer:  # noqa: S310
        said: dict[str, Any] = json.load(answer)
    return str(said["action"])


def eventually(true: Any, what: str) -> None:
    end = time.monotonic() + LIMIT
    while not true():
        ensure(time.monotonic() < end, what)
        time.sleep(0.2)
    print(what)


def ensure(true: bool, what: str) -> None:  # noqa: FBT001
    if not true:
        raise SystemExit(f"not held: {what}")


if __name__ == "__main__":
    main()
