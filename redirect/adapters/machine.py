"""Owns what this machine gives a service: room, open files, whether memory may reach a disk. Must never change it."""

from __future__ import annotations

import ctypes
import resource
import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

PR_GET_DUMPABLE = 3


@dataclass(frozen=True)
class Machine:
    """`open_files` that one process may have, `free` bytes where the data lies, and whether a process of ours that ends
    badly could leave its memory on a disk."""

    open_files: int
    free: int
    core_dumps: bool


def look(directory: Path) -> Machine:
    """As it is for this process; the directory need not be there yet."""
    there = next(path for path in (directory.absolute(), *directory.absolute().parents) if path.exists())
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    dumpable = ctypes.CDLL(None).prctl(PR_GET_DUMPABLE) != 0 or resource.getrlimit(resource.RLIMIT_CORE)[0] != 0
    return Machine(
        open_files=1 << 30 if hard == resource.RLIM_INFINITY else hard,
        free=shutil.disk_usage(there).free,
        core_dumps=dumpable,
    )
