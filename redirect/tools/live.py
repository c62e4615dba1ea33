"""Owns the list that is live, as the command line sees and changes it. Must never make one live that was not proven."""

from __future__ import annotations

import time
from contextlib import suppress
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from redirect.adapters import benign, bundles, sources
from redirect.adapters.ledger import StoreLedger
from redirect.adapters.store import Store
from redirect.data_dir import store_url
from redirect.domain.decision import DEFAULT_CATEGORY
from redirect.domain.errors import ListError, StoreError
from redirect.domain.lists import Confidence
from redirect.domain.subject import is_address
from redirect.journeys import publish, vet
from redirect.journeys.changes import note_list
from redirect.tools.lists import envelope_of, prover_of, sign
from redirect.tools.stores import open_store

if TYPE_CHECKING:
    from collections.abc import Callable

    from redirect.domain.manifest import Manifest
    from redirect.domain.matching import Match, Matcher
    from redirect.settings import Settings

SAMPLE = Path(__file__).parents[1] / "data" / "demo_list.csv"
LIVE = "live"
"""Stands for the list that is live, where a directory with a bundle could stand."""


async def publish_list(
    settings: Settings, directory: Path, *, accept_change: bool, progress: vet.Progress = vet.untold
) -> Manifest:
    """Make the bundle in `directory` live, once it has been tried on all that is benign."""
    envelope, body = bundles.read(directory)
    prover, harmless = prover_of(settings), benign.load()
    async with open_store(settings) as store:
        manifest = await publish.publish(
            store,
            prover,
            envelope,
            body,
            harmless,
            now=datetime.now(UTC),
            accept_change=accept_change,
            progress=progress,
        )
        await _note(settings, manifest)
        return manifest


async def roll_back_list(settings: Settings) -> Manifest:
    """Make the list that was live before live again."""
    async with open_store(settings) as store:
        sign = partial(envelope_of, settings)
        manifest = await publish.roll_back(store, prover_of(settings), sign, datetime.now(UTC))
        await _note(settings, manifest)
        return manifest


async def _note(settings: Settings, manifest: Manifest) -> None:
    """For the charts: on the day it happened, also while no service runs. What is live is live, noted or not."""
    ledger = StoreLedger(store_url(settings))
    with suppress(StoreError):
        await note_list(ledger, time.time, manifest)
    await ledger.close()


async def list_status(settings: Settings) -> Manifest | None:
    """What is live, None where nothing is."""
    async with open_store(settings) as store:
        return await publish.live_manifest(store, prover_of(settings))


async def trusted(settings: Settings, where: str) -> tuple[Matcher, bytes]:
    """What is live, or lies in a directory, if a trusted key signed it: what decides by it, and its bytes."""
    if where == LIVE:
        async with open_store(settings) as store:
            found = await store.read_list()
        if found is None:
            raise ListError("no list is live")
    else:
        found = bundles.read(Path(where))
    prover = prover_of(settings)
    return prover.body(prover.manifest(found[0]), found[1]), found[1]


async def explainer(settings: Settings) -> Callable[[str], Match | None]:
    """Says what matches a query, or a URL where the text begins as one, in the list that is live. Raises ListError
    where none is."""
    matcher, _ = await trusted(settings, LIVE)

    def explain(text: str) -> Match | None:
        return matcher.match_url(text) if is_address(text) else matcher.match_query(text)

    return explain


async def publish_sample(settings: Settings) -> None:
    """The sample list of invented entries, where nothing is live and nothing was."""
    async with Store(store_url(settings)) as store:
        if await store.list_version() or any((settings.data_dir / "lists").glob("*")):
            return
        entries, _ = sources.read(SAMPLE, category=DEFAULT_CATEGORY, confidence=Confidence.HIGH)
        envelope, body, _ = sign(settings, entries, version=1)  # older than any list that somebody builds
        # A test tries the sample on all that is benign; here it would only make the first start a second longer.
        await publish.publish(store, prover_of(settings), envelope, body, vet.Benign((), (), ()), now=datetime.now(UTC))
