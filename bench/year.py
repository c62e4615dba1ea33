"""Owns the trial of the dashboard on a simulated year: three platforms, sixty countries, forty languages. Must
never be read as what people do: every count is made up.

    python -m bench.year [--days 371] [--out DIRECTORY] [--keep DIRECTORY] [--serve PORT]

Prints how long the dashboard takes to load, first and again, how long a report of the largest platform takes in each
format, and what the year takes in the store. `--out` writes the page of each platform as HTML, and the reports;
`--keep` leaves the store in a directory, and takes up what lies there; `--serve` shows it on loopback for an hour
at most, where the key of each platform is its name. Days lie ahead: see `simulated.py`.
"""

from __future__ import annotations

import argparse
import asyncio
import tempfile
import time
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import httpx
import uvicorn
from redis.asyncio import Redis
from rich.console import Console
from rich.table import Table
from starlette.routing import Router

from bench.simulated import PLATFORMS, Simulation, forget
from redirect import __version__
from redirect.adapters.content import load_texts, shipped
from redirect.adapters.directory import load_directory
from redirect.adapters.embedded import EmbeddedStore
from redirect.adapters.ledger import StoreLedger
from redirect.adapters.passes import PassBox
from redirect.adapters.store import Store
from redirect.domain.access import Access, Scope
from redirect.domain.periods import DAY_SECONDS, Span, unit_of
from redirect.journeys.dashboard import Dashboard, Entries
from redirect.journeys.experiments import Findings, results
from redirect.journeys.transparency import Transparency
from redirect.reports import page, sheet, tables
from redirect.tools.report import english
from redirect.web.dashboard import DashboardPages
from redirect.web.desk import HOME, Desk
from redirect.web.experiment_pages import ExperimentPages
from redirect.web.gate import Gate
from redirect.web.report_page import EnglishNames
from redirect.web.report_sheets import Sheets
from redirect.web.routes import dashboard_routes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from redirect.domain.document import Report
    from redirect.domain.experiments import Experiment, Stop
    from redirect.domain.services import Directory

MARK = "simulated-year"
SERVED_SECONDS = 3600
HOST = "http://127.0.0.1"


class Loaded(NamedTuple):
    """How the page of one platform came: seconds of the first look and of the next, bytes, and the page; and the pages
    of its experiments, the list first."""

    platform: str
    first: float
    again: float
    size: int
    page: str
    experiments: tuple[str, ...]


class Reported(NamedTuple):
    """How a report came: seconds from the store to the file, and the file."""

    format: str
    seconds: float
    file: bytes


class Outcome(NamedTuple):
    """What was measured. `memory` is what the store uses, `files` what its files take, in bytes."""

    loaded: list[Loaded]
    memory: int
    files: int
    reported: list[Reported]


class SimulatedKeys:
    """Implements `NamedKeys`: a key for each platform, which is its name."""

    def find(self, presented: bytes) -> Access | None:
        """The access of a platform's name."""
        return self.by_id(presented.decode())

    def spend(self, access: Access, scope: Scope, calls: int, *, owed: bool = False) -> None:
        """Without limit."""

    def by_id(self, key_id: str) -> Access | None:
        """The same."""
        known = {platform.name for platform in PLATFORMS}
        return Access(key_id, key_id, (Scope.REPORT,)) if key_id in known else None


class SimulatedExperiments(NamedTuple):
    """Implements `KnownExperiments`; none was stopped."""

    known: tuple[Experiment, ...]

    def stop(self, name: str) -> Stop | None:
        """None of any name."""


class Services:
    """Implements `Services` with what is shipped."""

    def __init__(self) -> None:
        self.now: Directory = load_directory(shipped("messages") / "resources")


def application(url: str, simulation: Simulation) -> tuple[Router, list[Store | StoreLedger]]:
    """The dashboard alone, at the end of the simulated days; and what is to be closed after it."""
    store, ledger = Store(url), StoreLedger(url, lambda: simulation.now)

    def clock() -> float:
        return simulation.now

    box, known = PassBox((b"\1" * 32,)), SimulatedExperiments((simulation.experiment,))
    names = EnglishNames(Services(), {"csam": "Child sexual abuse material", "csam-ai": "The same, made by computer"})
    desk = Desk(Gate(SimulatedKeys(), box, ledger, clock), Sheets(HOME))
    pages = DashboardPages(
        Dashboard(store, ledger, clock, asyncio.to_thread, 10), Entries(ledger, clock, 10), desk, names, known, box.name
    )
    wording = load_texts(shipped("messages"), drafts=True).wording
    experiments = ExperimentPages(Findings(store, clock, known, 10), desk, names, wording)
    return Router(dashboard_routes(pages, experiments)), [store, ledger]


async def load(url: str, simulation: Simulation) -> list[Loaded]:
    """The page of each platform, first by a worker that has just begun, then again."""
    found = []
    for platform in PLATFORMS:
        app, parts = application(url, simulation)
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=HOST) as client:
            signed = await client.post("/reports/sign-in", data={"key": platform.name}, headers={"Origin": HOST})
            cookie = {"Cookie": signed.headers["set-cookie"].partition(";")[0]}
            began = time.perf_counter()
            await client.get("/reports", headers=cookie)
            first = time.perf_counter() - began
            shown = await client.get("/reports", headers=cookie)
            again = time.perf_counter() - began - first
            shown.raise_for_status()
            tried = [f"/{simulation.experiment.name}"] if platform.name in simulation.experiment.platforms else []
            pages = [await client.get(f"/reports/experiments{path}", headers=cookie) for path in ("", *tried)]
        for part in parts:
            await part.close()
        experiments = tuple(each.raise_for_status().text for each in pages)
        found.append(Loaded(platform.name, first, again, len(shown.content), shown.text, experiments))
    return found


FORMATS: Mapping[str, Callable[[Report], bytes]] = {
    "html": lambda report: page.html(report).encode(),
    "pdf": page.pdf,
    "xlsx": sheet.xlsx,
    "csv": tables.csv_zip,
    "json": tables.json,
}


async def report(url: str, simulation: Simulation, formats: Iterable[str]) -> list[Reported]:
    """A report of the largest platform on all months, in each of the formats."""
    store, ledger, found = Store(url), StoreLedger(url, lambda: simulation.now), []
    for name in formats:
        began = time.perf_counter()
        dashboard = Dashboard(store, ledger, lambda: simulation.now, asyncio.to_thread, 10)
        overview = await dashboard.overview(PLATFORMS[0].name)
        judged = await results(store, lambda: simulation.now, simulation.experiment)
        made = Transparency(overview, english(), overview.platform, [(each, None) for each in judged])
        file = FORMATS[name](made.report(overview.until, __version__))
        found.append(Reported(name, time.perf_counter() - began, file))
    await store.close()
    await ledger.close()
    return found


async def fill(url: str, simulation: Simulation, told: Callable[[int], None]) -> None:
    """Put the days into an empty store."""
    async with Redis.from_url(url) as client:
        if await client.exists(MARK):
            return
        ledger = StoreLedger(url, lambda: simulation.now)
        async with Store(url) as store:
            await simulation.put(store, told)
        await simulation.say(ledger)
        await ledger.close()
        await forget(url, simulation)
        await client.set(MARK, 1)


async def measure(
    directory: Path,
    simulation: Simulation,
    told: Callable[[int], None] = lambda _: None,
    *,
    reports: Iterable[str] = (),
) -> Outcome:
    """Fill a store, look at its dashboard, and write its report in some formats."""
    store = EmbeddedStore(directory)
    store.start()
    try:
        store.wait()
        await fill(store.url, simulation, told)
        loaded = await load(store.url, simulation)
        async with Redis.from_url(store.url) as client:
            memory = (await client.info("memory"))["used_memory"]
        files = sum(path.stat().st_size for path in (directory / "store").rglob("*") if path.is_file())
        return Outcome(loaded, memory, files, await report(store.url, simulation, reports))
    finally:
        store.stop()


async def serve(directory: Path, simulation: Simulation, port: int) -> None:
    """Show it; each platform's key is its name."""
    store = EmbeddedStore(directory)
    store.start()
    try:
        store.wait()
        app, _ = application(store.url, simulation)
        server = uvicorn.Server(uvicorn.Config(app, port=port, access_log=False, log_level="warning"))
        await asyncio.wait_for(server.serve(), SERVED_SECONDS)
    finally:
        store.stop()


def main() -> None:
    """Print what was measured."""
    asked = argparse.ArgumentParser(prog="python -m bench.year", description=__doc__)
    asked.add_argument("--days", type=int, default=371, help="that are simulated")
    asked.add_argument("--out", type=Path, help="directory for the pages and reports")
    asked.add_argument("--keep", type=Path, help="directory for the store, which is taken up again")
    asked.add_argument("--serve", type=int, help="port to show it on, for an hour")
    given = asked.parse_args()
    if given.out:
        given.out.mkdir(parents=True, exist_ok=True)
    console = Console()
    first = unit_of(Span.MONTH, int(time.time()) // DAY_SECONDS).days[0]
    with tempfile.TemporaryDirectory() if given.keep is None else nullcontext(given.keep) as directory:
        simulation = Simulation(first, given.days)
        with console.status("simulating") as status:
            told = lambda day: status.update(f"simulating day {day + 1}")  # noqa: E731
            outcome = asyncio.run(measure(Path(directory), simulation, told, reports=FORMATS))
        table = Table("Platform", "First look", "Again", "Page")
        for each in outcome.loaded:
            table.add_row(each.platform, f"{each.first:.2f} s", f"{each.again:.2f} s", f"{each.size / 1e3:.0f} kB")
            if given.out:
                (given.out / f"{each.platform}.html").write_text(each.page)
                for place, text in enumerate(each.experiments):
                    (given.out / f"{each.platform}-experiments-{place}.html").write_text(text)
        for made in outcome.reported:
            console.print(f"Report as {made.format}: {made.seconds:.1f} s, {len(made.file) / 1e3:.0f} kB")
            if given.out:
                (given.out / f"report.{'zip' if made.format == 'csv' else made.format}").write_bytes(made.file)
        console.print(table, f"Store: {outcome.memory / 1e6:.0f} MB in memory, {outcome.files / 1e6:.0f} MB of files")
        if given.serve:
            asyncio.run(serve(Path(directory), simulation, given.serve))


if __name__ == "__main__":
    main()
