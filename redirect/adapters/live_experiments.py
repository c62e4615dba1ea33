"""Owns which experiments run now: what the file says, on today's date, without those that were stopped. Must never
forget a stop because the store does not answer.

Stops lie in the store; each node keeps the last known copy in `stopped.json`.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from redirect.adapters.events import Event, tell
from redirect.adapters.files import Copy
from redirect.domain.errors import StoreError
from redirect.domain.experiments import Stop
from redirect.domain.periods import DAY_SECONDS
from redirect.domain.records import decoded

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from redirect.adapters.store import Store
    from redirect.domain.experiments import Experiment
    from redirect.journeys.ports import Clock


def read_stops(records: Mapping[str, bytes]) -> dict[str, Stop]:
    """Stops by experiment. One that cannot be read still stops."""
    unread = Stop("by_hand", 0, said="the record of it cannot be read")
    return {name: decoded(record, Stop) or unread for name, record in records.items()}


class LiveExperiments:
    """Implements `Experiments` and `KnownExperiments`."""

    def __init__(self, experiments: Sequence[Experiment], cache: Path, clock: Clock) -> None:
        self._experiments = {experiment.name: experiment for experiment in experiments}
        self._copy = Copy(cache)
        self._clock = clock
        self._stops: Mapping[str, Stop] = self._copy.read(dict[str, Stop]) or {}
        self._see()

    @property
    def running(self) -> Sequence[Experiment]:
        """Those that run today."""
        return tuple(dict.fromkeys(self.now.values()))

    @property
    def known(self) -> Sequence[Experiment]:
        """All that the file has."""
        return tuple(self._experiments.values())

    def stop(self, name: str) -> Stop | None:
        """Why this one was stopped; None where it was not."""
        return self._stops.get(name)

    def at(self, platform: str, day: int) -> Experiment | None:
        """The one that runs on a platform on a day, None where none does or it has been stopped."""
        for experiment in self._experiments.values():
            if platform in experiment.platforms and experiment.runs_on(day) and experiment.name not in self._stops:
                return experiment
        return None

    def refresh(self, records: Mapping[str, bytes]) -> None:
        """Take over what the store holds, and keep a copy for the time when it does not answer."""
        stops = read_stops(records)
        changed = stops != self._stops
        if changed:
            for name in stops.keys() - self._stops.keys():
                tell(Event.EXPERIMENT_ENDED, experiment=name, reason=stops[name].sentence)
            self._stops = stops
            self._see()
        self._copy.keep(stops, changed=changed)

    def tick(self) -> None:
        """Look at the clock: with a new day an experiment may begin or end."""
        if self._today() != self._day:
            self._see()

    def _see(self) -> None:
        self._day = self._today()
        platforms = {name for experiment in self._experiments.values() for name in experiment.platforms}
        found = {platform: self.at(platform, self._day) for platform in platforms}
        self.now: Mapping[str, Experiment] = {name: experiment for name, experiment in found.items() if experiment}

    def _today(self) -> int:
        return int(self._clock()) // DAY_SECONDS


class StopWatcher:
    """Takes over which experiments were stopped. A store that does not answer is asked again next time."""

    def __init__(self, store: Store, experiments: LiveExperiments) -> None:
        self._store = store
        self._experiments = experiments

    async def look(self) -> None:
        """Take over what is new, also the day."""
        self._experiments.tick()
        with suppress(StoreError, OSError):
            records = await self._store.stops()
            if records is not None:
                self._experiments.refresh(records)
