"""Owns the long trial: two workers under mixed load for as long as one likes. Neither memory nor open files may grow.
Must never ask anyone but a service of its own.

    python -m bench.endure [--minutes 60]

Checks of searches and addresses, batches, sub-requests of proxies, explanations, pages in several languages, the
directory, health and metrics, wrong keys and broken requests: each at a rate of its own, in all far below what two
workers can do. Every answer must be the right one. What the service holds is looked at all the time; the first quarter
of that warms it up. Everything is on loopback and ends by itself.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
import tempfile
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

import uvloop
from rich.console import Console
from rich.table import Table

from bench.callers import Callers, Heard, request
from bench.overload import KEY, LISTED, check, page_of, served
from bench.processes import workers
from redirect.cli.shown import working

if TYPE_CHECKING:
    from collections.abc import Callable

WORKERS = 2
PATIENCE = 10.0
LOOKS = 120
"""At what the service holds, over the whole time."""
GROWTH = 4 << 20
"""Bytes by which a worker's memory may differ between the second quarter of the time and the last."""
FILES = 2
"""Open files likewise."""
PLAIN = ("chocolate cake with strawberries", "how to repair a bicycle chain", "train times to the coast 2026")
LANGUAGES = ("en", "de", "fr", "es", "ar", "th")


@dataclass(frozen=True)
class Part:
    """One kind of what is asked, `rate` a second; each is answered with `status`."""

    name: str
    rate: float
    status: int
    questions: list[bytes]


@dataclass(frozen=True)
class Endured:
    """What was heard of each part, and what the workers held at each look: bytes of memory, open files."""

    heard: dict[str, tuple[int, Heard]]
    memory: list[int]
    files: list[int]

    @property
    def wrong(self) -> list[str]:
        """Parts that were not always answered as they should, with what they heard instead."""
        return [
            f"{name}: { ({each: len(took) for each, took in heard.took.items()}) }, {dict(heard.silent)}"
            for name, (status, heard) in self.heard.items()
            if heard.silent or set(heard.took) - {status}
        ]

    def growth(self, held: list[int]) -> float:
        """From the second quarter of the time to the last."""
        quarter = max(1, len(held) // 4)
        return median(held[-quarter:]) - median(held[quarter : 2 * quarter])

    @property
    def grows(self) -> bool:
        """Whether memory or open files do."""
        return self.growth(self.memory) > WORKERS * GROWTH or self.growth(self.files) > WORKERS * FILES


def parts(port: int) -> list[Part]:
    """All that is asked."""
    page = page_of(port)
    batch = json.dumps({"subjects": [{"query": text} for text in PLAIN] * 30}).encode()
    open_ = partial(request, "GET", Accept="text/html", Sec_Fetch_Dest="document")
    ask = partial(request, "POST", Authorization=KEY)
    proxy = partial(request, "GET", "/v1/forward", Authorization=KEY)
    urls = [json.dumps({"url": f"http://blocked.example/room/{n}"}).encode() for n in (42, 43)]
    forwarded = [f"/find?q={text.replace(' ', '+')}" for text in PLAIN]
    broken = [ask("/v1/check", body) for body in (b"{", b'{"query":1}', b"[]")]
    return [
        Part("checks", 100, 200, [check(text) for text in (*PLAIN, LISTED)]),
        Part("addresses", 20, 200, [ask("/v1/check", url) for url in urls]),
        Part("batches", 2, 200, [ask("/v1/check/batch", batch)]),
        Part("sub-requests", 20, 200, [proxy(X_Original_URI=uri) for uri in forwarded]),
        Part("explanations", 2, 200, [ask("/v1/explain", json.dumps({"query": LISTED}).encode())]),
        Part("pages", 20, 200, [open_(page), *(open_(f"{page}?lang={tag}") for tag in LANGUAGES)]),
        Part("pages that are none", 2, 200, [open_("/w/nothing")]),
        Part("the directory", 2, 200, [open_(f"/{tag}/help/GB") for tag in LANGUAGES]),
        Part("health", 2, 200, [request("GET", path) for path in ("/livez", "/readyz", "/metrics")]),
        Part("wrong keys", 2, 401, [request("POST", "/v1/check", b'{"query":"x"}', Authorization="Bearer other")]),
        Part("broken requests", 2, 400, broken),
    ]


def untold(_looks: int) -> None:
    """Progress that nobody watches."""


async def endure(port: int, supervisor: int, seconds: float, progress: Callable[[int], object] = untold) -> Endured:
    """So long; `progress` is told of each of the LOOKS."""
    asked = parts(port)
    callers = [Callers(port, part.questions, patience=PATIENCE, most=400) for part in asked]
    asking = [each.ask(seconds, part.rate) for each, part in zip(callers, asked, strict=True)]
    looking = asyncio.create_task(_look(supervisor, seconds, progress))
    heard = await asyncio.gather(*asking)
    memory, files = await looking
    for each in callers:
        await each.close()
    return Endured({part.name: (part.status, each) for part, each in zip(asked, heard, strict=True)}, memory, files)


async def _look(supervisor: int, seconds: float, progress: Callable[[int], object]) -> tuple[list[int], list[int]]:
    memory, files = [], []
    for look in range(LOOKS):
        await asyncio.sleep(seconds / LOOKS)
        pids = workers(supervisor)
        memory.append(sum(_resident(pid) for pid in pids))
        files.append(sum(open_files(pid) for pid in pids))
        progress(look + 1)
    return memory, files


def _resident(pid: int) -> int:
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGESIZE")


def open_files(pid: int) -> int:
    """Of a process; who may not look sees how many its table has room for."""
    try:
        return sum(1 for _ in Path(f"/proc/{pid}/fd").iterdir())
    except PermissionError:
        return int(Path(f"/proc/{pid}/status").read_text().partition("FDSize:")[2].split()[0])


def main() -> None:
    """Run and print; exit 1 where something grows or was answered wrongly."""
    parser = argparse.ArgumentParser(prog="python -m bench.endure", description=__doc__)
    parser.add_argument("--minutes", type=float, default=60, help="that it lasts")
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="rd-endure-") as scratch, ExitStack() as stack:
        port, supervisor = stack.enter_context(served(Path(scratch), WORKERS))
        progress = stack.enter_context(working())
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            telling = lambda looks: progress("looks at what the workers hold", looks, LOOKS)  # noqa: E731
            endured = runner.run(endure(port, supervisor, 60 * wanted.minutes, telling))
    Console(width=None if sys.stdout.isatty() else 100).print(_table(endured, wanted.minutes), *endured.wrong)
    sys.exit(endured.grows or bool(endured.wrong))


def _table(endured: Endured, minutes: float) -> Table:
    table = Table(title=f"{minutes:g} minutes of mixed load on {WORKERS} workers", title_justify="left")
    for column in ("", "asked", "answered as they should", "p50 ms", "p99 ms"):
        table.add_column(column, justify="right" if column else "left")
    for name, (status, heard) in endured.heard.items():
        right = len(heard.took.get(status, ()))
        quick = [f"{heard.percentile(percent, status):.1f}" for percent in (50, 99)]
        table.add_row(name, f"{heard.asked:,}", f"{right:,}", *quick)
    for name, held, unit in (("memory, KiB", endured.memory, 1024), ("open files", endured.files, 1)):
        told = f"{median(held) / unit:,.0f}, grew by {endured.growth(held) / unit:,.0f}"
        table.add_row(f"{name} of both workers", "", told, "", "")
    return table


if __name__ == "__main__":
    main()
