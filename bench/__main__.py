"""Owns the performance table of the running service, and prints those of matching and of adapters after it.
Must never compare what was not measured in one run.

    python -m bench [--quick] [--service | --adapters]

`--quick` takes smaller lists and shorter rounds; `--service` and `--adapters` print only that table. Ratios are taken
in turns within one run, because absolute numbers say more of the machine than of the code.
"""

from __future__ import annotations

import argparse
import os
import random
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import msgspec
from rich.console import Console
from rich.table import Table

from bench import adapters, corpus, counting, matching
from bench.load import Loaded, Target, in_turns
from bench.servers import BIN, free_port, running

if TYPE_CHECKING:
    from collections.abc import Sequence

QUERIES = 200
PLAIN = (
    "chocolate cake with strawberries",
    "how to repair a bicycle chain",
    "weather tomorrow in the mountains",
    "walking shoes for wide feet",
    "train times to the coast",
    "best books for long journeys",
)
BATCH = 1000
LISTED = "zorblax minku"
LIST_FIELDS = ("kind", "value", "category", "confidence", "language", "source", "expires", "note")


def main() -> None:
    """Build a list, serve it beside the echo, load both."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="smaller lists, shorter rounds")
    parser.add_argument("--service", action="store_true", help="only the running service")
    parser.add_argument("--adapters", action="store_true", help="only what adapters add to a search")
    wanted = parser.parse_args()
    if wanted.adapters:
        adapters.main()
        return
    with tempfile.TemporaryDirectory(prefix="rd-bench-") as scratch:
        service(Path(scratch), quick=wanted.quick)
    if not wanted.service:
        matching.show(quick=wanted.quick)
        adapters.main()


def service(scratch: Path, *, quick: bool) -> None:
    """The table of the running service."""
    terms, pages = (10_000, 50_000) if quick else (100_000, 1_000_000)
    seconds, rounds = (2, 3) if quick else (5, 5)
    rng = random.Random(7)
    build, publish = _list(scratch, terms, pages, rng)
    ours, theirs = free_port(), free_port()
    environ = {"REDIRECT_DATA_DIR": str(scratch / "var"), "REDIRECT_PORT": str(ours), "REDIRECT_DEMO": "1"}
    echo = [str(BIN / "uvicorn"), "bench.echo:app", "--port", str(theirs), "--no-access-log", "--no-server-header",
            "--loop", "uvloop", "--http", "httptools", "--log-level", "error"]  # fmt: skip
    with running(echo, f"http://127.0.0.1:{theirs}/", {}, scratch), ExitStack() as served:
        started = time.monotonic()
        command = [str(BIN / "redirect"), "serve"]
        served.enter_context(running(command, f"http://127.0.0.1:{ours}/readyz", environ, scratch))
        ready = time.monotonic() - started
        queries = [corpus.benign_query("en", rng) for _ in range(QUERIES)]
        targets = _targets(f"http://127.0.0.1:{ours}", f"http://127.0.0.1:{theirs}/echo", queries)
        found = in_turns(targets, seconds, rounds, scratch)
        batches = in_turns(_batches(f"http://127.0.0.1:{ours}", queries), seconds, rounds, scratch)
    _print(found, batches, build=build, publish=publish, ready=ready, entries=terms + pages)


def _list(scratch: Path, terms: int, pages: int, rng: random.Random) -> tuple[float, float]:
    """Build and publish a list with the command line; seconds for each."""
    source = scratch / "list.csv"
    rows = corpus.entries(corpus.invented_terms(terms, rng), corpus.urls(pages, rng))
    lines = [",".join(LIST_FIELDS), f"term,{LISTED},csam,high,,demo,,"]
    lines += [f"{row.kind},{row.value},{row.category},{row.confidence},,{row.source},," for row in rows]
    source.write_text("\n".join(lines))
    environ = {"REDIRECT_DATA_DIR": str(scratch / "var")}
    return (
        _seconds(["lists", "build", str(source), "--out", str(scratch / "bundle")], environ),
        _seconds(["lists", "publish", str(scratch / "bundle")], environ),
    )


def _seconds(arguments: list[str], environ: dict[str, str]) -> float:
    began = time.monotonic()
    subprocess.run([BIN / "redirect", *arguments], env={**os.environ, **environ}, check=True, stdout=subprocess.DEVNULL)
    return time.monotonic() - began


def _targets(ours: str, echo: str, queries: list[str]) -> dict[str, Target]:
    plain, typed = (tuple(msgspec.json.encode({"query": query}) for query in texts) for texts in (PLAIN, queries))
    with httpx.Client(headers={"Authorization": "Bearer demo"}) as client:
        page = client.post(f"{ours}/v1/check", json={"query": LISTED, "country": "GB"}).json()["page"]
    return {
        "echo": Target(echo, plain),
        "POST /v1/check, allow": Target(f"{ours}/v1/check", plain),
        "  with years, hyphens, hashtags": Target(f"{ours}/v1/check", typed),
        "POST /v1/check, block": Target(f"{ours}/v1/check", (msgspec.json.encode({"query": LISTED}),)),
        "GET /w/{token}": Target(page),
    }


def _batches(ours: str, queries: list[str]) -> dict[str, Target]:
    """One address, asked by two connections, so that the worker is never idle and never drowned."""
    return {
        f"batch of {BATCH:,}": Target(f"{ours}/v1/check/batch", (_batch(PLAIN),), connections=2),
        "  with years, hyphens, hashtags, in batches": Target(
            f"{ours}/v1/check/batch", (_batch(queries),), connections=2
        ),
    }


def _batch(texts: Sequence[str]) -> bytes:
    return msgspec.json.encode({"subjects": [{"query": texts[number % len(texts)]} for number in range(BATCH)]})


def _print(
    found: dict[str, Loaded], batches: dict[str, Loaded], *, build: float, publish: float, ready: float, entries: int
) -> None:
    echo = found["echo"]
    table = Table(title=f"Service, one worker, {entries:,} entries", title_justify="left")
    for column in ("", "requests/s", "p50 ms", "p99 ms", "rate ÷ echo", "p99 ÷ echo", "to reach"):
        table.add_column(column, justify="left" if not column or column == "to reach" else "right")
    reach = {"POST /v1/check, allow": "rate ≥ 0.9, p99 ≤ 1.5", "GET /w/{token}": "rate ≥ 0.6"}
    reach[f"batch of {BATCH:,}"] = "≥ 60,000 subjects/s"
    for name, run in found.items():
        ratios = (f"{run.rate / echo.rate:.2f}", f"{run.p99 / echo.p99:.2f}")
        table.add_row(name, f"{run.rate:,.0f}", f"{run.p50:.2f}", f"{run.p99:.2f}", *ratios, reach.get(name, ""))
    for name, run in batches.items():
        table.add_row(name, f"{run.rate * BATCH:,.0f} subjects/s", "", "", "", "", reach.get(name, ""))
    table.add_row("build", f"{build:.1f} s", "", "", "", "", "≤ 60 s")
    table.add_row("publish, service not running", f"{publish:.1f} s", "", "", "", "", "")
    table.add_row("ready after start", f"{ready:.1f} s", "", "", "", "", "≤ 2 s")
    median, slow = counting.microseconds()
    table.add_row("counting, of a decision", f"{median:.2f} µs", "", f"{slow / 1000:.3f}", "", "", "median ≤ 2 µs")
    Console(width=None if sys.stdout.isatty() else 120).print(table)


if __name__ == "__main__":
    main()
