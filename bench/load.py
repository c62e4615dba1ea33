"""Owns the load on a running server: wrk on loopback, for a few seconds. Must never run on without end."""

from __future__ import annotations

import re
import subprocess
from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING

from redirect.cli.shown import working

if TYPE_CHECKING:
    from pathlib import Path

UNITS = {"us": 1e-3, "ms": 1.0, "s": 1e3}
BROWSER = (
    (b"Accept", b"text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"),
    (b"Accept-Encoding", b"gzip, deflate, br, zstd"),
    (b"Accept-Language", b"en-GB,en;q=0.9,fr;q=0.8"),
    (b"Sec-Fetch-Dest", b"document"),
    (b"User-Agent", b"Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"),
)


@dataclass(frozen=True)
class Loaded:
    """Requests per second and latencies in milliseconds, medians over rounds."""

    rate: float
    p50: float
    p99: float


@dataclass(frozen=True)
class Target:
    """An address and what to send to it in turn; without bodies it is asked with GET, as browsers do."""

    url: str
    bodies: tuple[bytes, ...] = ()
    key: str = "demo"
    connections: int = 32


def in_turns(targets: dict[str, Target], seconds: int, rounds: int, scratch: Path) -> dict[str, Loaded]:
    """Load each target in turn, several rounds, so that what else the machine does falls on all alike."""
    found: dict[str, list[Loaded]] = {name: [] for name in targets}
    turns = [name for _ in range(rounds) for name in targets]
    with working() as progress:
        for number, name in enumerate(turns):
            progress("runs", number, len(turns))
            found[name].append(once(targets[name], seconds, scratch))
    return {
        name: Loaded(*(median(getattr(run, field) for run in runs) for field in ("rate", "p50", "p99")))
        for name, runs in found.items()
    }


def once(target: Target, seconds: int, scratch: Path) -> Loaded:
    """One run of `wrk -t1`, with the connections of the target. Raises ValueError where an answer was no 200."""
    script = scratch / "request.lua"
    script.write_bytes(_script(target))
    command = ["wrk", "-t1", f"-c{target.connections}", f"-d{seconds}s", "--latency", "-s", str(script), target.url]
    said = subprocess.run(command, capture_output=True, text=True, check=True, timeout=seconds + 30).stdout
    if "Non-2xx" in said or "Socket errors" in said:
        raise ValueError(f"{target.url} did not answer every request with 200:\n{said}")
    return Loaded(_number(said, r"Requests/sec:\s+([\d.]+)"), _time(said, "50%"), _time(said, "99%"))


def _script(target: Target) -> bytes:
    """Requests are made once, before the load, so that both sides pay for sending alone. A GET says what browsers say
    of themselves: a page looks at it."""
    head = b'wrk.headers["Authorization"] = "Bearer %s"\n' % target.key.encode()
    if not target.bodies:
        return head + b"".join(b'wrk.headers["%b"] = "%b"\n' % header for header in BROWSER)
    bodies = b",\n".join(b"[==[%s]==]" % body for body in target.bodies)
    return head + (
        b"local bodies = {%s}\nlocal made, turn = {}, 0\n"
        b'init = function() for i, body in ipairs(bodies) do made[i] = wrk.format("POST", nil, nil, body) end end\n'
        b"request = function() turn = turn %% #made + 1; return made[turn] end\n" % bodies
    )


def _number(said: str, pattern: str) -> float:
    found = re.search(pattern, said)
    if found is None:
        raise ValueError(f"wrk said something unknown:\n{said}")
    return float(found[1])


def _time(said: str, percentile: str) -> float:
    found = re.search(rf"\s{percentile}\s+([\d.]+)(us|ms|s)", said)
    if found is None:
        raise ValueError(f"wrk said something unknown:\n{said}")
    return float(found[1]) * UNITS[found[2]]
