"""Owns the simulated year: counts of invented platforms, put into a store through its own front door. Must never be
taken for what people do: the shares are made up, in the size that published evaluations report.

Days lie ahead, since a store forgets exact counts of days long past; whoever looks at them brings a clock to match.
"""

from __future__ import annotations

import asyncio
import random
from dataclasses import dataclass
from math import exp, sqrt
from typing import TYPE_CHECKING

from redis.asyncio import Redis

from redirect.domain.counts import CHECKS, DEVICES, EXPERIMENTS, FUNNEL, SERVICES, TABLES, Cell, Sums
from redirect.domain.disclosure import MINIMUM_CELL
from redirect.domain.experiments import Arm, Assign, Experiment, Guardrail, Outcome
from redirect.domain.figures import Place
from redirect.domain.notes import Kind, Note
from redirect.domain.periods import CLOSING_LAG, DAY_SECONDS, iso
from redirect.journeys.dashboard import Entries
from redirect.journeys.months import Months
from redirect.journeys.report import release_closed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from redirect.adapters.ledger import StoreLedger
    from redirect.adapters.store import Store

COUNTRIES = """
    US GB DE FR BR IN ES MX IT CA JP AR PL NL AU ID TR CO SE KR ZA CL PE RO UA CZ PT BE EG PH HU AT CH GR NG MA TH FI
    VN DK NO IE NZ MY SG KE EC IL RS BG HR SK LT SI UY LV BO EE IS MT
"""
LANGUAGES = """
    en es de fr pt-BR it ja pl nl id tr sv ko ro uk cs pt el hu ar th fi vi da nb ms he sr bg hr sk lt sl lv et is mt hi
    tl ru
"""
WEEKDAY = (0.94, 0.92, 0.93, 0.95, 1.02, 1.13, 1.11)
SERVICES_USED = ("stop-it-now-uk", "troubled-desire", "redirection", "find-a-helpline", "childline-gb", "iwf-uk")


@dataclass(frozen=True)
class Platform:
    """An invented platform: first warnings on an average day, their surfaces, and of each how many repeat."""

    name: str
    daily: float
    surfaces: dict[str, float]
    sends_attempt: bool = True
    repeats: float = 0.22
    help: float = 0.012
    wrong: float = 0.006


PLATFORMS = (
    Platform("seek", 14_000, {"web": 0.7, "image": 0.3}),
    Platform("tube", 3_500, {"video": 1.0}, repeats=0.3, help=0.008, wrong=0.011),
    Platform("access", 900, {"proxy": 0.6, "dns": 0.4}, sends_attempt=False, help=0.02, wrong=0.002),
)
NOTES = (
    (40, Kind.LIST, "New list: 118,204 entries, +3.1%"),
    (131, Kind.MESSAGE, "Messages, laws, services or translations were changed"),
    (205, Kind.LIST, "New list: 151,930 entries, +28.5%"),
    (270, Kind.LAYOUT, "The layout of the pages was changed"),
    (300, Kind.OTHER, "A helpline's campaign on television began"),
)


STOPPED_BY_B = 0.04
"""How many points more stop after arm B of the experiment."""


class Simulation:
    """Counts of some days, the same for the same seed, and an experiment in their first three months."""

    def __init__(self, first: int, days: int, *, size: float = 1.0, countries: int = 60, seed: int = 7) -> None:
        self.days = range(first, first + days)
        self.experiment = Experiment(
            name="harm-first",
            question="Do more people stop when the page begins with the child who is harmed?",
            message="V1",
            arms=(Arm("A", 50), Arm("B", 50)),
            assign=Assign.BUCKET,
            platforms=(PLATFORMS[0].name,),
            surfaces=frozenset({"web"}),
            countries=frozenset(),
            first=first + 7,
            last=first + 7 + 12 * 7 - 1,
            primary=Outcome.STOPPED,
            guardrails=tuple(Guardrail),
            smallest=0.02,
        )
        self._size = size
        self._random = random.Random(seed)
        self._weights = {country: 1 / (place + 3) for place, country in enumerate(COUNTRIES.split()[:countries])}
        self._spoken = {country: self._languages(place) for place, country in enumerate(self._weights)}

    @property
    def now(self) -> float:
        """When the last of the days has closed."""
        return self.days.stop * DAY_SECONDS + CLOSING_LAG + 60.0

    async def put(self, store: Store, told: Callable[[int], None] = lambda _: None) -> None:
        """Day by day: count, then release what has closed. What a store would have forgotten by then stays."""
        today = [self.days.start]

        def clock() -> float:
            return (today[0] + 1) * DAY_SECONDS + CLOSING_LAG + 60.0

        months = Months(store, clock, asyncio.to_thread, MINIMUM_CELL)
        for place, today[0] in enumerate(self.days):
            await store.apply(Sums("simulated", place + 1, tuple(self._day(today[0]))))
            await release_closed(store, clock, asyncio.to_thread)
            await months.make()
            told(place)

    async def count(self, store: Store) -> None:
        """Count all days, and release nothing."""
        for place, day in enumerate(self.days):
            await store.apply(Sums("simulated", place + 1, tuple(self._day(day))))

    async def say(self, ledger: StoreLedger) -> None:
        """Figures of helplines and appeals, and notes of changes."""
        entries = Entries(ledger, lambda: self.now, minimum=10)
        months = {iso(day)[:7] for day in self.days} & set(entries.months)
        for platform in PLATFORMS:
            figures: dict[Place, int | None] = {}
            for month in sorted(months):
                figures[Place(month, "stop-it-now-uk", "calls")] = self._poisson(60 * self._size)
                figures[Place(month, "stop-it-now-uk", "chats")] = self._poisson(35 * self._size)
                figures[Place(month, "troubled-desire", "messages")] = self._poisson(9 * self._size)
                figures[Place(month, "appeals", "received")] = self._poisson(platform.daily * self._size / 300)
                figures[Place(month, "appeals", "upheld")] = self._poisson(platform.daily * self._size / 1200)
            await entries.give(platform.name, figures)
        for place, (day, kind, text) in enumerate(NOTES):
            if day < len(self.days):
                note = Note(iso(self.days[day]), kind, text, by_hand=kind is Kind.OTHER)
                await ledger.write_note("seek" if note.by_hand else "", f"simulated-{place}", note)

    def _languages(self, place: int) -> dict[str, float]:
        known = LANGUAGES.split()
        own = known[place % len(known)]
        shares = {own: 0.8, "en": 0.12, known[(place * 7 + 3) % len(known)]: 0.08}
        return shares if own != "en" else {"en": 0.85, "es": 0.15}

    def _day(self, day: int) -> Iterator[tuple[Cell, int]]:
        place = day - self.days.start
        busy = WEEKDAY[(day + 3) % 7] * (1 + 0.0004 * place)
        season = busy * (1.2 if place > 205 else 1.0)  # with a longer list
        learned = 0.03 if place > 131 else 0.0  # from another text
        for platform in PLATFORMS:
            searches = platform.daily * self._size * busy * 900
            yield from self._checks(platform, day, platform.daily * self._size * season, searches, learned)
            for country, weight in self._weights.items():
                warned = platform.daily * self._size * season * weight / sum(self._weights.values())
                yield from self._pages(platform, day, country, warned, learned)
        if self.experiment.runs_on(day):
            yield from self._tried(PLATFORMS[0], day, PLATFORMS[0].daily * self._size * season * 0.7)

    def _tried(self, platform: Platform, day: int, warned: float) -> Iterator[tuple[Cell, int]]:
        """Both arms of the experiment, alike but for who stops."""
        for arm in self.experiment.arms:
            shown, repeats = warned * arm.weight / 100, platform.repeats - STOPPED_BY_B * (arm.variant == "B")
            for attempt, step, share in (
                ("0", "shown", 1.0),
                ("1", "shown", repeats),
                ("0", "help_opened", platform.help),
                ("0", "wrong_match", platform.wrong),
                ("0", "crisis_opened", 0.0004),
            ):
                labels = (platform.name, self.experiment.name, arm.variant, attempt, step)
                yield from self._cell(EXPERIMENTS.name, day, labels, shown * share)

    def _checks(
        self, platform: Platform, day: int, warned: float, searches: float, learned: float
    ) -> Iterator[tuple[Cell, int]]:
        for surface, share in platform.surfaces.items():
            for action, attempt, mean in (
                *(("block", attempt, times * share * warned) for attempt, times in self._attempts(platform, learned)),
                ("allow", "0" if platform.sends_attempt else "unknown", share * searches),
            ):
                labels = (platform.name, surface, action, "enforce", attempt, "no")
                for hour in (3, 9, 15, 21):
                    yield from self._cell(CHECKS.name, day * 24 + hour, labels, mean / 4)

    def _attempts(self, platform: Platform, learned: float) -> tuple[tuple[str, float], ...]:
        if not platform.sends_attempt:
            return (("unknown", 1.0),)
        again = platform.repeats - learned
        return (("0", 1.0), ("1", again), ("2+", again * 0.6))

    def _pages(
        self, platform: Platform, day: int, country: str, warned: float, learned: float
    ) -> Iterator[tuple[Cell, int]]:
        for language, spoken in self._spoken[country].items():
            for attempt, times in self._attempts(platform, learned):
                for category, message, share in (
                    ("csam", "V2" if attempt in {"1", "2+"} else "V1", 0.9),
                    ("csam-ai", "V4", 0.1),
                ):
                    shown = warned * spoken * times * share
                    start = (platform.name, country, language, category, message, "A", attempt)
                    for step, part in self._steps(platform):
                        yield from self._cell(FUNNEL.name, day, (*start, step), shown * part)
        opened = warned * platform.help / len(SERVICES_USED)
        for order, service in enumerate(SERVICES_USED):
            labels = (platform.name, service, country, "main")
            yield from self._cell(SERVICES.name, day, labels, opened * 2 / (order + 1))
        for device, share in (("phone", 0.6), ("desktop", 0.3), ("tablet", 0.05), ("automated", 0.04)):
            yield from self._cell(DEVICES.name, day, (platform.name, country, device), warned * share)

    def _steps(self, platform: Platform) -> tuple[tuple[str, float], ...]:
        return (
            ("shown", 1.0),
            ("help_opened", platform.help),
            ("left", 0.07),
            ("wrong_match", platform.wrong),
            ("guide", 0.01),
            ("door_under_18", 0.006),
            ("door_someone_else", 0.004),
            ("door_happened_to_me", 0.003),
            ("door_work_or_mistake", 0.009),
        )

    def _cell(self, table: str, period: int, labels: tuple[str, ...], mean: float) -> Iterator[tuple[Cell, int]]:
        count = self._poisson(mean)
        if count:
            yield Cell(table, period, labels), count

    def _poisson(self, mean: float) -> int:
        """By multiplying uniform numbers (Knuth), and from 30 on by the normal distribution that it comes close to."""
        if mean >= 30:
            return max(0, round(self._random.gauss(mean, sqrt(mean))))
        count, product, limit = 0, self._random.random(), exp(-mean)
        while product > limit:
            product *= self._random.random()
            count += 1
        return count


async def forget(url: str, simulation: Simulation) -> None:
    """Take away what a store would have forgotten by the end of the days: exact counts past their retention."""
    async with Redis.from_url(url) as client:
        for table in TABLES.values():
            oldest, newest = table.period(simulation.days.start * DAY_SECONDS), table.period(simulation.now)
            for period in range(oldest, newest - table.kept_periods + 1):
                await client.unlink(f"counts:{{{table.name}:{period}}}", f"applied:{{{table.name}:{period}}}")
