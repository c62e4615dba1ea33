"""Owns reports as the command line makes them. Must never show a count that has not been published."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from babel import Locale

from redirect import __version__
from redirect.adapters import platforms
from redirect.adapters.categories import shipped_categories
from redirect.adapters.content import shipped
from redirect.adapters.directory import load_directory
from redirect.adapters.ledger import StoreLedger
from redirect.adapters.live_experiments import read_stops
from redirect.data_dir import store_url
from redirect.domain.counts import REST, TABLES
from redirect.domain.errors import BadRequest, SettingsError
from redirect.domain.report_words import Names
from redirect.journeys import compare
from redirect.journeys.dashboard import Dashboard
from redirect.journeys.experiments import results
from redirect.journeys.transparency import Transparency
from redirect.tools import experiments
from redirect.tools.stores import open_store

if TYPE_CHECKING:
    from redirect.adapters.store import Store
    from redirect.domain.document import Report
    from redirect.domain.experiments import Experiment, Stop
    from redirect.domain.verdicts import Result
    from redirect.domain.weeks import Weeks
    from redirect.journeys.compare import Asked
    from redirect.journeys.dashboard import Overview
    from redirect.journeys.ports import Clock
    from redirect.settings import Settings

REST_NAMES = {REST: "All others together", "ZZ": "Country not told", "other": "Other"}


async def collect(settings: Settings, platform: str, first: int, last: int, clock: Clock = time.time) -> Report:
    """The report on one platform, from month to month (numbers of units). Raises SettingsError where no month of these
    has closed, StoreError."""
    shown_name = _shown_name(settings, platform)
    async with open_store(settings) as store:
        ledger = StoreLedger(store_url(settings), clock)
        try:
            dashboard = Dashboard(store, ledger, clock, asyncio.to_thread, settings.minimum_cell)
            overview = await dashboard.overview(platform, first, last)
        finally:
            await ledger.close()
        if not overview.months:
            raise SettingsError("--from, --to: no month of these has closed and is still kept")
        found = await _experiments(settings, store, clock, overview)
    made = datetime.fromtimestamp(clock(), UTC).date().isoformat()
    return Transparency(overview, english(), shown_name, found).report(made, __version__)


async def weeks(settings: Settings, asked: Asked) -> tuple[Weeks, Weeks | None, Weeks | None]:
    """The weeks to compare. Raises SettingsError for a table, date or label that is none."""
    async with open_store(settings) as store:
        try:
            return await compare.weeks(store, time.time, asked, settings.minimum_cell)
        except BadRequest as error:
            raise SettingsError(f"{error}: tables are {', '.join(TABLES)}; a day is written like 2026-07-06") from None


async def _experiments(
    settings: Settings, store: Store, clock: Clock, overview: Overview
) -> list[tuple[Result, Stop | None]]:
    """Of those that ran on this platform within the months."""
    days = range(overview.months[0].unit.days.start, overview.months[-1].unit.days.stop)
    stops = read_stops(await store.stops() or {})
    found: list[tuple[Result, Stop | None]] = []
    for experiment in experiments.load(settings):
        if _ran(experiment, overview.platform, days):
            several = await results(store, clock, experiment, settings.minimum_cell)
            found += [(one, stops.get(experiment.name)) for one in several if one.platform == overview.platform]
    return found


def _ran(experiment: Experiment, platform: str, days: range) -> bool:
    return platform in experiment.platforms and experiment.first < days.stop and experiment.last >= days.start


def _shown_name(settings: Settings, name: str) -> str:
    known = platforms.load(settings.platforms)
    platforms.ensure_name(name)
    if known and name not in known:
        raise SettingsError(f"--platform: {name!r} is not in the file that REDIRECT_PLATFORMS names")
    return (known[name].shown_name if name in known else "") or name


def english() -> Names:
    """What services, countries and categories are called."""
    territories = Locale("en").territories
    directory = load_directory(shipped("messages") / "resources")
    return Names(
        lambda code: REST_NAMES.get(code) or str(territories.get(code, code)),
        {service.id: service.name for service in directory},
        {category.id: category.label for category in shipped_categories().values()},
    )
