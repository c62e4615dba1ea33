"""Owns a clean Debian that systemd has booted, without an engine and without a machine of its own. Must never outlive
its block, nor reach a network: only its own loopback is up.

It has its own processes, mounts, names and groups of processes (cgroups, version 2, which the unit's limits are for).
"""

from __future__ import annotations

import os
import signal
import subprocess
import time
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    Run = Callable[[Sequence[str], str], str]

LIMIT = 90.0
"""Seconds until it must be up."""
GROUP = "rd-booted"
# What a container engine gives to a system that it boots: https://systemd.io/CONTAINER_INTERFACE/.
BOOT = """
echo $$ > "$2/cgroup.procs"
exec unshare --mount --propagation private --pid --net --uts --ipc --cgroup --fork --kill-child sh -euc '
cd "$1"
ip link set lo up
mount --bind . .
cd "$1"
mount -t proc proc proc
mount -t sysfs -o ro sysfs sys
mount -t cgroup2 cgroup2 sys/fs/cgroup
for place in run tmp dev; do mount -t tmpfs -o mode=755 tmpfs $place; done
mkdir dev/pts dev/shm
mount -t devpts -o newinstance,ptmxmode=0666 devpts dev/pts
mount -t tmpfs tmpfs dev/shm
for device in null zero full random urandom tty; do touch dev/$device; mount --bind /dev/$device dev/$device; done
ln -s pts/ptmx dev/ptmx
ln -s /proc/self/fd dev/fd
mkdir -p mnt/before
pivot_root . mnt/before
umount --lazy /mnt/before
exec env --ignore-environment container=other PATH=/usr/sbin:/usr/bin:/sbin:/bin /lib/systemd/systemd
' sh "$1"
"""


@contextmanager
def booted(root: Path) -> Iterator[Run]:
    """Boot what lies in `root`, which needs systemd and dbus. The block gets a function that runs a command in there
    with a text as its input, says what the command said, and ends this program where it failed."""
    group = _groups() / GROUP
    group.mkdir()
    outer = subprocess.Popen(["sh", "-euc", BOOT, "sh", root, group], stdin=subprocess.DEVNULL)
    try:
        first = str(_first(outer))
        enter = ["nsenter", "--target", first, "--all", "--root", "--wd", "env", "--ignore-environment"]
        enter += ["PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LANG=C.UTF-8", "HOME=/root"]

        def run(command: Sequence[str], given: str = "") -> str:
            done = subprocess.run([*enter, *command], input=given, capture_output=True, text=True, check=False)
            if done.returncode:
                raise SystemExit(f"{command}\n{done.stdout[-4000:]}\n{done.stderr[-4000:]}")
            return done.stdout

        _wait(enter)
        yield run
    finally:
        _end(outer, group)


def _groups() -> Path:
    """Where groups of version 2 are, which some systems have beside those of version 1."""
    mounts = [line.split() for line in Path("/proc/self/mounts").read_text().splitlines()]
    places = [Path(where) for _, where, kind, *_ in mounts if kind == "cgroup2"]
    if not places:
        raise SystemExit("This needs cgroups of version 2: mount -t cgroup2 cgroup2 /sys/fs/cgroup")
    return places[0]


def _first(outer: subprocess.Popen[bytes]) -> int:
    """The process that is the first one in there."""
    children = Path(f"/proc/{outer.pid}/task/{outer.pid}/children")
    end = time.monotonic() + LIMIT
    while not (found := children.read_text().split()):
        if outer.poll() is not None or time.monotonic() > end:
            raise SystemExit("no system could be booted here")
        time.sleep(0.1)
    return int(found[0])


def _wait(enter: Sequence[str]) -> None:
    end = time.monotonic() + LIMIT
    state = ""
    while state not in {"running", "degraded"}:
        if time.monotonic() > end:
            raise SystemExit(f"systemd did not come up: {state or 'it does not answer'}")
        time.sleep(0.5)
        asked = [*enter, "systemctl", "is-system-running"]
        state = subprocess.run(asked, capture_output=True, text=True, check=False).stdout.strip()


def _end(outer: subprocess.Popen[bytes], group: Path) -> None:
    """With all that is in there, and the groups that it made."""
    for processes in group.rglob("cgroup.procs"):
        for pid in processes.read_text().split():
            with suppress(ProcessLookupError):
                os.kill(int(pid), signal.SIGKILL)
    outer.wait()
    for processes in sorted(group.rglob("cgroup.procs"), reverse=True):
        _gone(processes.parent)


def _gone(place: Path) -> None:
    """A group can be taken away once what was in it has ended, which may take a moment."""
    for _ in range(50):
        with suppress(OSError):
            place.rmdir()
            return
        time.sleep(0.1)
    raise SystemExit(f"{place} is left over: rmdir it")
