"""Owns the two looks at an experiment: what may be said of it, from published counts, and whether it does harm, from
exact ones. Must never let an exact count out: of those, all that leaves is that an arm was stopped.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from redirect.domain.counts import EXPERIMENTS, SEPARATOR, SHOWN
from redirect.domain.disclosure import MINIMUM_CELL, publishable
from redirect.domain.experiments import FIRST_SHOWING, Stop
from redirect.domain.periods import DAY_SECONDS, iso
from redirect.domain.sequential import mismatch, more_often
from redirect.domain.telling import state
from redirect.domain.verdicts import ALPHA, BROKEN, by_week, judge
from redirect.journeys.report import published

if TYPE_CHECKING:
    from collections.abc import Mapping

    from redirect.domain.experiments import Experiment
    from redirect.domain.verdicts import Result
    from redirect.journeys.ports import Clock, CountStore, KnownExperiments, ReleaseStore

Exact = Counter[tuple[str, str, str]]
"""Exact counts of first showings by platform, arm and step."""


async def results(
    store: ReleaseStore, clock: Clock, experiment: Experiment, minimum: int = MINIMUM_CELL
) -> tuple[Result, ...]:
    """What published counts say, one result for each of its platforms. Raises StoreError."""
    first, last = iso(experiment.first - 6), iso(experiment.last + 7)  # whole weeks; only who takes part is counted
    found = await published(store, clock, EXPERIMENTS.name, "", first, last, minimum)
    rows = ((row.unit.number, row.labels, row.count) for row in found.rows)
    cells = by_week(rows, experiment.name)
    return tuple(judge(experiment, name, cells.get(name, {}), minimum) for name in experiment.platforms)


@dataclass(frozen=True, slots=True)
class Found:
    """What a manager may know of one experiment on one platform. `today` counts days since 1970-01-01; `minimum` is the
    smallest cell that is shown."""

    result: Result
    stop: Stop | None
    today: int
    minimum: int

    @property
    def experiment(self) -> Experiment:
        """The one that it is about."""
        return self.result.experiment

    @property
    def state(self) -> str:
        """Whether it runs."""
        return state(self.experiment, self.stop, self.today)


class Findings:
    """Experiments of one platform, as the dashboard shows them: nothing of another platform, also where both took part
    in the same."""

    def __init__(self, store: ReleaseStore, clock: Clock, known: KnownExperiments, minimum: int) -> None:
        self._store = store
        self._clock = clock
        self._known = known
        self._minimum = minimum

    async def of(self, platform: str) -> tuple[Found, ...]:
        """All of a platform, the newest first. Raises StoreError."""
        known = [each for each in self._known.known if platform in each.platforms]
        newest_first = sorted(known, key=lambda each: (-each.first, each.name))
        return tuple([await self._found(each, platform) for each in newest_first])

    async def on(self, platform: str, name: str) -> Found | None:
        """One of them, None where the platform has none of this name. Raises StoreError."""
        known = (each for each in self._known.known if platform in each.platforms and each.name == name)
        one = next(known, None)
        return await self._found(one, platform) if one else None

    async def _found(self, experiment: Experiment, platform: str) -> Found:
        found = await results(self._store, self._clock, experiment, self._minimum)
        (result,) = (each for each in found if each.platform == platform)
        return Found(result, self._known.stop(experiment.name), int(self._clock()) // DAY_SECONDS, self._minimum)


async def harm(store: CountStore, clock: Clock, experiment: Experiment) -> Stop | None:
    """Why an experiment must end now, None while it need not. Raises StoreError."""
    exact, today = await _counted(store, clock, experiment), int(clock()) // DAY_SECONDS
    # As many tests as there are, so that a harmless experiment is stopped in at most a share ALPHA of all.
    alpha = ALPHA / (len(experiment.guardrails) * len(experiment.challengers) * len(experiment.platforms))
    for platform in experiment.platforms:
        for guardrail in experiment.guardrails:
            for arm, share in _beside_default(experiment).items():
                events = exact[platform, arm, guardrail]
                together = events + exact[platform, experiment.default.variant, guardrail]
                # A stop is seen by people; fewer events than may be published must not be behind it.
                if publishable(together) and more_often(events, together - events, share) < alpha:
                    return Stop(guardrail.value, today, arm)
    return None


async def broken(store: CountStore, clock: Clock, experiment: Experiment) -> tuple[str, ...]:
    """Platforms on which arms are not shown in the shares that they should be. Raises StoreError."""
    exact, weights = await _counted(store, clock, experiment), experiment.weights

    def chance(platform: str) -> float:
        return mismatch([exact[platform, arm, SHOWN] for arm in weights], list(weights.values()))

    return tuple(platform for platform in experiment.platforms if chance(platform) < BROKEN)


async def _counted(store: CountStore, clock: Clock, experiment: Experiment) -> Exact:
    """First showings since the first day, the open one included."""
    last = min(int(clock()) // DAY_SECONDS, experiment.last + 1)
    exact: Exact = Counter()
    for _, joined, count in await store.counts(EXPERIMENTS, range(experiment.first, last + 1)):
        platform, name, arm, attempt, step = joined.split(SEPARATOR)
        if name == experiment.name and attempt == FIRST_SHOWING:
            exact[platform, arm, step] += count
    return exact


def _beside_default(experiment: Experiment) -> Mapping[str, float]:
    """Of each challenger, its part of what it and the default are shown together."""
    default = experiment.default.weight
    return {arm.variant: arm.weight / (arm.weight + default) for arm in experiment.challengers}
