"""Owns how a list goes live. Must never let one through that the domain refuses, nor touch the one that is live
until the new one is proven."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import msgspec

from redirect.domain.errors import ListError
from redirect.domain.manifest import Manifest, ensure_in_time, ensure_may_follow, version_after
from redirect.journeys import vet

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from redirect.domain.matching import Matcher
    from redirect.journeys.ports import ListStore


class Prover(Protocol):
    """Proves bundles. Both raise ListError for one that is not what a trusted key signed."""

    def manifest(self, envelope: bytes) -> Manifest: ...
    def body(self, manifest: Manifest, body: bytes) -> Matcher:
        """What decides by this body, as it would today."""
        ...


async def live_manifest(store: ListStore, prover: Prover) -> Manifest | None:
    """What is live, None where nothing is, or nothing that we trust."""
    found = await store.read_list()
    if found is None:
        return None
    try:
        return prover.manifest(found[0])
    except ListError:
        return None


async def publish(
    store: ListStore,
    prover: Prover,
    envelope: bytes,
    body: bytes,
    benign: vet.Benign,
    *,
    now: datetime,
    accept_change: bool = False,
    progress: vet.Progress = vet.untold,
) -> Manifest:
    """Make a bundle live on every node. Raises ListError with what to do, and changes nothing, where it may not:
    among others where it matches anything benign."""
    manifest = prover.manifest(envelope)
    matcher = prover.body(manifest, body)
    ensure_in_time(manifest, now.timestamp())
    ensure_may_follow(manifest, await live_manifest(store, prover), accept_change=accept_change)
    vet.ensure_harmless(vet.trial(matcher, benign, progress))
    await _write(store, manifest, envelope, body)
    return manifest


async def _write(store: ListStore, manifest: Manifest, envelope: bytes, body: bytes) -> None:
    if not await store.write_list(manifest.version, envelope, body):
        raise ListError("another list went live meanwhile; look at `redirect lists status` and try again")


async def roll_back(store: ListStore, prover: Prover, sign: Callable[[Manifest], bytes], now: datetime) -> Manifest:
    """Make the bundle that was live before live again, under a new and higher version. Raises ListError where
    there is none. `sign` gives the envelope of a manifest. What was live needs no trial: going back must not wait,
    nor fail where somebody has to get away from a bad list."""
    found = await store.read_previous_list()
    live = await live_manifest(store, prover)
    if found is None or live is None:
        raise ListError("there is no list to go back to")
    earlier = prover.manifest(found[0])
    if live.created < earlier.created:
        # Going back twice would bring back what somebody has just got away from.
        raise ListError("the list before was rolled back from; build and publish, if it is to go live again")
    ensure_in_time(earlier, now.timestamp())
    version = version_after(live.version, now)
    manifest = msgspec.structs.replace(earlier, version=version, previous=live.version)
    envelope = sign(manifest)
    prover.body(prover.manifest(envelope), found[1])
    ensure_may_follow(manifest, live, accept_change=True)
    await _write(store, manifest, envelope, found[1])
    return manifest
