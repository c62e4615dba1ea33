"""Owns when running experiments are looked after. Must never hold up an answer, nor let every worker do what one has
to."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

import msgspec

from redirect.adapters.events import Event, tell
from redirect.domain.errors import StoreError
from redirect.domain.periods import DAY_SECONDS
from redirect.journeys.experiments import broken, harm

if TYPE_CHECKING:
    from redirect.adapters.live_experiments import LiveExperiments
    from redirect.adapters.store import Store
    from redirect.domain.experiments import Experiment
    from redirect.journeys.ports import Clock

GUARD_EVERY = 5.0
"""Seconds between looks of one worker."""
TURN = 5
"""Seconds between looks of all workers of all nodes."""


class Guard:
    """Stops what does harm, whichever worker of whichever node sees it first; all others follow by what it writes."""

    def __init__(self, store: Store, clock: Clock, experiments: LiveExperiments) -> None:
        self._store = store
        self._clock = clock
        self._experiments = experiments

    async def round(self) -> None:
        """One look. Where the store does not answer, the next will do."""
        running = self._experiments.running
        with suppress(StoreError):
            if running and await self._store.take_turn("guard", TURN):
                for experiment in running:
                    await self._look_after(experiment)

    async def _look_after(self, experiment: Experiment) -> None:
        stop = await harm(self._store, self._clock, experiment)
        if stop is not None:
            await self._store.write_stop(experiment.name, msgspec.json.encode(stop))
        for platform in await broken(self._store, self._clock, experiment):
            if await self._store.take_turn(f"broken-{experiment.name}-{platform}", DAY_SECONDS):
                tell(Event.ARMS_OUT_OF_SHARE, experiment=experiment.name, platform=platform)
