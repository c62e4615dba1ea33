"""Owns what a process of ours does to itself at its start. Must never outlive its parent, nor leave a core dump."""

from __future__ import annotations

import ctypes
import resource
import signal

PR_SET_PDEATHSIG = 1
PR_SET_DUMPABLE = 4
_LIBC = ctypes.CDLL(None, use_errno=True)


def end_with_parent() -> None:
    """Ask the kernel to end this process when its parent is gone (Linux, prctl(2))."""
    _LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def forbid_core_dumps() -> None:
    """No memory of this process or its children, which holds queries for microseconds, reaches a disk."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    _LIBC.prctl(PR_SET_DUMPABLE, 0)
