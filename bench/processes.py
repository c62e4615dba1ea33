"""Owns what the kernel says of processes under trial: their children, their time, their memory. Must never end one."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

TICK = os.sysconf("SC_CLK_TCK")


def children(pid: int) -> dict[int, bytes]:
    """Processes that this one has started, with what they run."""
    found = {}
    with suppress(OSError):
        for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
            with suppress(OSError):
                found[int(child)] = Path(f"/proc/{child}/cmdline").read_bytes()
    return found


def workers(pid: int) -> list[int]:
    """Worker processes of a service."""
    return [child for child, command in children(pid).items() if b"valkey" not in command]


def cpu_seconds(pid: int) -> float:
    """What a process has used so far, in itself and in the system."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICK


def private_bytes(pid: int) -> int:
    """Memory that a process shares with nobody."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return sum(int(line.split()[1]) * 1024 for line in lines if line.startswith("Private_"))
