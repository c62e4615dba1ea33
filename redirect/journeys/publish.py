"""Owns how a list goes live. Must never let one through that the domain refuses, nor touch the one that is live
until the new one is proven."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from redirect.domain.errors import ListError
from redirect.domain.manifest import Manifest, ensure_may_follow

if TYPE_CHECKING:
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
