"""Owns what a process of ours does to itself at its start, and children that another program of the same process has
started. Must never outlive its parent, nor leave a core dump."""

from __future__ import annotations

import ctypes
import os
import resource
import signal
import subprocess
import time

PR_SET_PDEATHSIG = 1
PR_SET_DUMPABLE = 4
_LIBC = ctypes.CDLL(None, use_errno=True)


def end_with_parent() -> None:
    """Ask the kernel to end this process when its parent is gone (Linux, prctl(2)), also where the parent holds signals
    back at the moment."""
    _LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    signal.pthread_sigmask(signal.SIG_SETMASK, ())


def forbid_core_dumps() -> None:
    """No memory of this process or its children, which holds queries for microseconds, reaches a disk."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    _LIBC.prctl(PR_SET_DUMPABLE, 0)


class Inherited:
    """A child of this process that the program before started; as much of `subprocess.Popen` as is needed."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self._gone = False

    def poll(self) -> int | None:
        """None while it runs."""
        if not self._gone:
            try:
                self._gone = os.waitpid(self.pid, os.WNOHANG)[0] != 0
            except ChildProcessError:
                self._gone = True
        return 0 if self._gone else None

    def wait(self, timeout: float = 60.0) -> int:
        """Until it has ended. Raises TimeoutExpired."""
        deadline = time.monotonic() + timeout
        while self.poll() is None:
            if time.monotonic() > deadline:
                raise subprocess.TimeoutExpired([], timeout)
            time.sleep(0.01)
        return 0

    def send_signal(self, number: int) -> None:
        """Unless it has ended."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        """At once."""
        self.send_signal(signal.SIGKILL)
