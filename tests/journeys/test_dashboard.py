"""Owns what the dashboard knows: what is published, read once, and of one platform."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from bench.simulated import Simulation
from redirect.adapters.ledger import StoreLedger
from redirect.adapters.store import Store
from redirect.domain.figures import Given, Place
from redirect.domain.periods import DAY_SECONDS, Span, day_of, unit_of
from redirect.domain.summary import Summary, packed
from redirect.journeys.dashboard import USUAL_MONTHS, Dashboard
from redirect.journeys.months import KEPT
from redirect.journeys.report import published

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from redirect.domain.periods import Unit

FIRST = unit_of(Span.MONTH, 30_000)
"""Months that lie ahead, so that a store does not forget them at once."""


class Reads(Store):
    """A store that knows how often it was asked for releases of a unit."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.asked: list[tuple[str, Unit]] = []

    async def releases(self, table: Any, units: Any, platform: str = "") -> Any:
        self.asked += [(table.name, unit) for unit in units]
        return await super().releases(table, units, platform)


@pytest.fixture
async def store(valkey: str) -> AsyncIterator[Reads]:
    async with Reads(valkey) as store:
        yield store


@pytest.fixture
async def ledger(valkey: str) -> AsyncIterator[StoreLedger]:
    ledger = StoreLedger(valkey)
    yield ledger
    await ledger.close()


def dashboard(store: Reads, ledger: StoreLedger, now: float) -> Dashboard:
    return Dashboard(store, ledger, lambda: now, asyncio.to_thread, 10)


async def test_a_month_that_has_been_released_is_read_once_and_adds_up(store: Reads, ledger: StoreLedger) -> None:
    simulation = Simulation(FIRST.days[0], len(FIRST.days), size=0.02, countries=4)
    await simulation.put(store)
    looked = dashboard(store, ledger, simulation.now)
    overview = await looked.overview("seek")
    assert overview.months[-1].unit == FIRST
    found = await published(store, lambda: simulation.now, "funnel", "seek", FIRST.first, FIRST.last)
    assert sum(count.shown for count in overview.sums.steps.values()) == found.total > 0
    store.asked.clear()
    assert (await looked.overview("seek")).sums == overview.sums
    assert not [unit for _, unit in store.asked if unit.days[0] in FIRST.days]


async def test_a_worker_that_has_just_begun_reads_no_release_of_a_month_that_was_summed(
    store: Reads, ledger: StoreLedger
) -> None:
    simulation = Simulation(FIRST.days[0], len(FIRST.days), size=0.02, countries=4)
    await simulation.put(store)
    store.asked.clear()
    sums = (await dashboard(store, ledger, simulation.now).overview("seek")).sums
    assert not [unit for _, unit in store.asked if unit.days[0] in FIRST.days]
    for record in (b"zorblax", b"[0,{}]", b'[1,{"steps":{}}]', b'[1,{"\xff":{}}]'):
        await store.write_summary("seek", FIRST, 10, record)
        assert (await dashboard(store, ledger, simulation.now).overview("seek")).sums == sums
        assert store.asked
        store.asked.clear()
    higher = Dashboard(store, ledger, lambda: simulation.now, asyncio.to_thread, 50)
    assert (await higher.overview("seek")).sums != sums


async def test_a_month_whose_releases_are_late_is_looked_at_again(store: Reads, ledger: StoreLedger) -> None:
    now = (FIRST.days.stop + 1) * DAY_SECONDS + 9000.0
    looked = dashboard(store, ledger, now)
    assert not (await looked.overview("seek")).sums.steps
    await Simulation(FIRST.days[0], len(FIRST.days), size=0.02, countries=4).put(store)
    assert (await looked.overview("seek")).sums.steps


async def test_figures_by_calendar_month_are_those_of_the_months_that_were_asked_for(
    store: Reads, ledger: StoreLedger
) -> None:
    october = 2026 * 12 + 9  # of whole weeks: from 28 September to 1 November
    given = {Place(month, "appeals", "received"): Given(50, 10) for month in ("2026-09", "2026-10", "2026-11")}
    await ledger.write_figures("seek", given)
    now = (day_of("2026-12-01") + 1) * DAY_SECONDS
    found = await dashboard(store, ledger, now).overview("seek", october, october)
    assert (found.since, found.until) == ("2026-09-28", "2026-11-01")
    assert [place.month for place in found.figures] == ["2026-10"]


async def test_another_platform_has_figures_of_its_own(store: Reads, ledger: StoreLedger) -> None:
    simulation = Simulation(FIRST.days[0], len(FIRST.days), size=0.02, countries=4)
    await simulation.put(store)
    looked = dashboard(store, ledger, simulation.now)
    assert not (await looked.overview("nobody")).sums.steps
    assert (await looked.overview("seek")).sums != (await looked.overview("tube")).sums


async def test_more_platforms_than_are_remembered_are_all_looked_at_again(store: Reads, ledger: StoreLedger) -> None:
    looked = dashboard(store, ledger, (FIRST.days.stop + 1) * DAY_SECONDS + 9000.0)
    platforms = [f"seek{number}" for number in range(KEPT // USUAL_MONTHS + 1)]
    for platform in platforms:
        for month in range(FIRST.number - USUAL_MONTHS + 1, FIRST.number + 1):
            await store.write_summary(platform, FIRST._replace(number=month), 10, packed(Summary()))
    for platform in 2 * platforms:
        assert len((await looked.overview(platform)).months) == USUAL_MONTHS
