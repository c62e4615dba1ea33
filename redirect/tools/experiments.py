"""Owns experiments as the command line sees and stops them. Must never start one: that is what the file is for."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import msgspec

from redirect.adapters import platforms
from redirect.adapters.categories import load_categories
from redirect.adapters.content import load_texts, shipped
from redirect.adapters.experiments import load_experiments
from redirect.adapters.live_experiments import read_stops
from redirect.domain.errors import SettingsError
from redirect.domain.experiments import BY_HAND, Stop
from redirect.domain.periods import DAY_SECONDS, iso
from redirect.domain.telling import state
from redirect.journeys.experiments import results
from redirect.tools.stores import open_store

if TYPE_CHECKING:
    from collections.abc import Mapping

    from redirect.domain.experiments import Experiment
    from redirect.domain.verdicts import Result
    from redirect.settings import Settings

COLUMNS = ("experiment", "question", "arms", "from", "to", "state")
LONGEST_REASON = 200


def load(settings: Settings) -> tuple[Experiment, ...]:
    """All that the file has. Raises ContentError."""
    messages = shipped("messages")
    texts = load_texts(messages, drafts=settings.drafts)
    categories = load_categories(messages / "categories.toml", texts)
    path = settings.experiments or messages / "experiments.toml"
    return load_experiments(path, texts, categories.values(), platforms.load(settings.platforms))


def named(settings: Settings, name: str) -> Experiment:
    """Raises SettingsError where there is none of this name."""
    found = next((experiment for experiment in load(settings) if experiment.name == name), None)
    if found is None:
        raise SettingsError(f"there is no experiment {name!r}; `redirect experiments list` shows which there are")
    return found


async def listed(settings: Settings) -> list[dict[str, Any]]:
    """A row for each experiment."""
    experiments = load(settings)
    async with open_store(settings) as store:
        stops = read_stops(await store.stops() or {})
    return [_row(experiment, stops) for experiment in experiments]


async def stop(settings: Settings, name: str, why: str) -> None:
    """Return everyone to the default message, on every node, within seconds, for good. Raises SettingsError."""
    experiment = named(settings, name)
    if not why.strip() or len(why) > LONGEST_REASON:
        raise SettingsError(f"--why: say in up to {LONGEST_REASON} letters why; it stands in reports")
    record = Stop(BY_HAND, int(time.time()) // DAY_SECONDS, said=why.strip())
    async with open_store(settings) as store:
        if not await store.write_stop(experiment.name, msgspec.json.encode(record)):
            raise SettingsError(f"{name} was stopped before")


async def judged(settings: Settings, name: str) -> tuple[tuple[Result, ...], Stop | None]:
    """What may be said of an experiment, and why it was stopped, if it was. Raises SettingsError, StoreError."""
    experiment = named(settings, name)
    async with open_store(settings) as store:
        stops = read_stops(await store.stops() or {})
        return await results(store, time.time, experiment, settings.minimum_cell), stops.get(name)


def _row(experiment: Experiment, stops: Mapping[str, Stop]) -> dict[str, Any]:
    return {
        "experiment": experiment.name,
        "question": experiment.question,
        "arms": ", ".join(f"{arm.variant} {arm.weight} %" for arm in experiment.arms),
        "from": iso(experiment.first),
        "to": iso(experiment.last),
        "state": state(experiment, stops.get(experiment.name), int(time.time()) // DAY_SECONDS),
    }
