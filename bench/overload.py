"""Owns the trial of overload: how a worker does when more is asked than it can answer, and prints it. Must
never ask anyone but a service of its own.

    python -m bench.overload [--seconds 8]

First what one worker can do, by callers who ask again as soon as they are answered; then callers who ask at once, twice
and five times that rate and do not care how it does; then also with batches without end. Meanwhile pages are opened.
Texts are long ones that cost about two milliseconds, so that the machine that asks can ask five times as much as the
one that answers, and refusing is worth it. After them, ever more callers of usual searches, which cost hardly more than
to be refused. Everything is on loopback and ends by itself.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
import tempfile
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import httpx
import uvloop
from rich.console import Console
from rich.table import Table

from bench.callers import Callers, Heard, request
from bench.servers import BIN, free_port, running
from redirect.cli.shown import working

if TYPE_CHECKING:
    from collections.abc import Iterator

KEY = "Bearer demo"
LISTED = "zorblax minku"
CLOSED = 24
"""Callers who find out what a worker can do: fewer than it would ever refuse."""
WORDS = 100
"""Of a long text, that look like disguises."""
MANY = (32, 160, 1600)
"""Callers of usual searches: what a worker can just do, five times and fifty times as many."""
PAGES = 20
"""Opened a second."""
PERSONS_WAIT = 3.0
BATCHERS = 32
FACTORS = (1, 2, 5)
SHORT = 0.5
"""Of the best rate of the run, which it must not fall below: to refuse four of five, and to let in those who come anew
since they left unheard, takes the rest."""


@dataclass(frozen=True)
class Round:
    """One row: what was asked, and what callers and readers heard."""

    name: str
    checks: Heard
    pages: Heard
    batches: Heard | None
    memory: int
    """MiB that workers and store hold afterwards."""


@contextmanager
def served(scratch: Path, workers: int = 1) -> Iterator[tuple[int, int]]:
    """A demo service of its own; its port and its supervisor's process id."""
    port = free_port()
    environ = {name: value for name, value in os.environ.items() if not name.startswith("REDIRECT_")}
    environ |= {"REDIRECT_DATA_DIR": str(scratch / "var"), "REDIRECT_PORT": str(port)}
    environ |= {"REDIRECT_WORKERS": str(workers)}
    command = [str(BIN / "python"), "-m", "redirect", "serve", "--demo"]
    with running(command, f"http://127.0.0.1:{port}/readyz", environ, scratch) as pid:
        yield port, pid


def check(query: str) -> bytes:
    """The request of a check."""
    return request("POST", "/v1/check", json.dumps({"query": query}).encode(), Authorization=KEY)


def long_texts() -> list[bytes]:
    """Checks of texts that take a while."""
    return [check(" ".join(f"wort{(WORDS * each + n) * 7919 % 1000}xa" for n in range(WORDS))) for each in range(50)]


def page_of(port: int) -> str:
    """The path of a warning page."""
    asked = {"query": LISTED, "country": "GB"}
    answer = httpx.post(f"http://127.0.0.1:{port}/v1/check", json=asked, headers={"Authorization": KEY}).json()
    return urlsplit(str(answer["page"])).path


def memory(supervisor: int) -> int:
    """MiB that the workers and the store of a service hold."""
    children = Path(f"/proc/{supervisor}/task/{supervisor}/children").read_text().split()
    pages = sum(int(Path(f"/proc/{pid}/statm").read_text().split()[1]) for pid in children)
    return pages * os.sysconf("SC_PAGESIZE") >> 20


async def overload(
    port: int, supervisor: int, seconds: float, factors: tuple[int, ...] = FACTORS, patience: float = 0.25
) -> list[Round]:
    """Rounds of so many seconds; the first finds out what can be done. `patience` is that of callers, in seconds."""
    readers = Callers(port, [request("GET", page_of(port), Sec_Fetch_Dest="document")], patience=PERSONS_WAIT)
    callers = Callers(port, long_texts(), patience=PERSONS_WAIT, most=CLOSED)
    await callers.ask(seconds / 4)
    checks, pages = await asyncio.gather(callers.ask(seconds), readers.ask(seconds, PAGES))
    await callers.close()
    capacity, rounds = checks.rate(), [Round("what it can", checks, pages, None, memory(supervisor))]
    for factor, has_batches in [*((factor, False) for factor in factors), (factors[-1], True)]:
        callers, batchers = Callers(port, long_texts(), patience=patience), _batches(port)
        asking = [callers.ask(seconds, factor * capacity), readers.ask(seconds, PAGES)]
        asking += [batchers.ask(seconds)] if has_batches else []
        checks, pages, *batches = await asyncio.gather(*asking)
        await callers.close()
        await batchers.close()
        name = f"{factor} ×{', and batches' if has_batches else ''}"
        rounds.append(Round(name, checks, pages, batches[0] if batches else None, memory(supervisor)))
        await asyncio.sleep(min(1.0, seconds / 4))
    await readers.close()
    return rounds


async def usual(port: int, supervisor: int, seconds: float) -> list[Round]:
    """Ever more callers who ask again as soon as they are answered."""
    readers = Callers(port, [request("GET", page_of(port), Sec_Fetch_Dest="document")], patience=PERSONS_WAIT)
    rounds = []
    for many in MANY:
        callers = Callers(port, [check("how to repair a bicycle chain")], patience=PERSONS_WAIT, most=many)
        checks, pages = await asyncio.gather(callers.ask(seconds), readers.ask(seconds, PAGES))
        await callers.close()
        rounds.append(Round(f"{many} callers", checks, pages, None, memory(supervisor)))
    await readers.close()
    return rounds


def _batches(port: int) -> Callers:
    body = json.dumps({"subjects": [{"query": "chocolate cake with strawberries"}] * 1000}).encode()
    question = request("POST", "/v1/check/batch", body, Authorization=KEY)
    return Callers(port, [question], patience=10 * PERSONS_WAIT, most=BATCHERS)


def collapses(rounds: list[Round]) -> bool:
    """Whether fewer were answered in time, under any load, than SHORT of the best, or a page was not."""
    best = max(each.checks.rate() for each in rounds)
    checks = [each for each in rounds if each.batches is None and each.checks.rate() < SHORT * best]
    return bool(checks) or any(len(each.pages.took.get(200, ())) < each.pages.asked for each in rounds)


def main() -> None:
    """Run and print; exit 1 where it collapses."""
    parser = argparse.ArgumentParser(prog="python -m bench.overload", description=__doc__)
    parser.add_argument("--seconds", type=float, default=8, help="of each round")
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="rd-over-") as scratch, ExitStack() as stack:
        progress = stack.enter_context(working())
        port, supervisor = stack.enter_context(served(Path(scratch)))
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            progress("trials", 0, 2)
            texts = runner.run(overload(port, supervisor, wanted.seconds))
            progress("trials", 1, 2)
            searches = runner.run(usual(port, supervisor, wanted.seconds))
    console = Console(width=None if sys.stdout.isatty() else 150)
    console.print(_table("Long texts, one worker", texts), _table("Usual searches, one worker", searches))
    sys.exit(collapses(texts) or collapses(searches))


def _table(title: str, rounds: list[Round]) -> Table:
    table = Table(title=title, title_justify="left")
    for column in ("", "asked/s", "answered/s", "of the best", "p50 ms", "p99 ms", "503/s", "p99 ms of 503",
                   "unheard/s", "pages of 100", "p99 ms of pages", "batches/s", "MiB"):  # fmt: skip
        table.add_column(column, justify="right" if column else "left")
    best = max(each.checks.rate() for each in rounds)
    for name, checks, pages, batches, held in ((r.name, r.checks, r.pages, r.batches, r.memory) for r in rounds):
        table.add_row(
            name,
            f"{checks.asked / checks.seconds:,.0f}",
            f"{checks.rate():,.0f}",
            f"{checks.rate() / best:.2f}",
            f"{checks.percentile(50):.0f}",
            f"{checks.percentile(99):.0f}",
            f"{checks.rate(503):,.0f}",
            f"{checks.percentile(99, 503):.0f}",
            f"{checks.silent.total() / checks.seconds:,.0f}",
            f"{100 * len(pages.took.get(200, ())) / max(1, pages.asked):.0f}",
            f"{pages.percentile(99):.0f}",
            f"{batches.rate():.1f}" if batches else "",
            f"{held}",
        )
    return table


if __name__ == "__main__":
    main()
