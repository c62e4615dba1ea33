"""Owns which ports tests listen on. Must never give one twice: conftest.py, which pytest loads once and tests once
more, keeps no state."""

from __future__ import annotations

import os
import socket
from contextlib import suppress

FIRST, SHARE, SHARES = 10_000, 2_000, 11
"""Below those that the system gives to connections, a share for each worker of pytest."""

_worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")) % SHARES
_ports = iter(range(FIRST + SHARE * _worker, FIRST + SHARE * (_worker + 1)))


def free_port() -> int:
    """A port that nobody listens on now, nor will before whoever asked for it does."""
    for port in _ports:
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
    raise RuntimeError("no port is left")


def listens(port: int) -> bool:
    """Whether anybody listens there now."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
