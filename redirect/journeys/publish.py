"""Owns how a list goes live. Must never let one through that the domain refuses, nor touch the one that is live
until the new one is proven."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import msgspec

from redirect.domain.errors import ListError
from redirect.domain.manifest import Manifest, ensure_may_follow, version_after

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from redirect.journeys.ports import ListStore


class Prover(Protocol):
    """Proves bundles. Both raise ListError for one that is not what a trusted key signed."""

    def manifest(self, envelope: bytes) -> Manifest: ...
    def body(self, manifest: Manifest, body: bytes) -> None: ...


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
    store: ListStore, prover: Prover, envelope: bytes, body: bytes, *, accept_change: bool = False
) -> Manifest:
    """Make a bundle live on every node. Raises ListError with what to do, and changes nothing, where it may not."""
    manifest = prover.manifest(envelope)
    prover.body(manifest, body)
    ensure_may_follow(manifest, await live_manifest(store, prover), accept_change=accept_change)
    if not await store.write_list(manifest.version, envelope, body):
        raise ListError("another list went live meanwhile; look at `redirect lists status` and try again")
    return manifest


async def roll_back(store: ListStore, prover: Prover, sign: Callable[[Manifest], bytes], now: datetime) -> Manifest:
    """Make the bundle that was live before live again, under a new and higher version. Raises ListError where
    there is none. `sign` gives the envelope of a manifest."""
    found = await store.read_previous_list()
    live = await live_manifest(store, prover)
    if found is None or live is None:
        raise ListError("there is no list to go back to")
    earlier = prover.manifest(found[0])
    version = version_after(live.version, now)
    manifest = msgspec.structs.replace(earlier, version=version, previous=live.version)
    return await publish(store, prover, sign(manifest), found[1], accept_change=True)
