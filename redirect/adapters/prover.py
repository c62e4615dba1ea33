"""Owns the proof of a bundle before it goes live. Must never need the store."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from redirect.adapters import bundles
from redirect.domain.bundle import Bundle
from redirect.domain.matching import Matcher
from redirect.domain.periods import DAY_SECONDS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from redirect.domain.manifest import Manifest


@dataclass(frozen=True)
class BundleProver:
    """Implements `Prover`: signature, checksum, structure, and the list key that it was built with."""

    trust: Sequence[bytes]
    list_key: bytes = field(repr=False)

    def manifest(self, envelope: bytes) -> Manifest:
        """The manifest, if a trusted key signed it."""
        return bundles.verify(envelope, self.trust)

    def body(self, manifest: Manifest, body: bytes) -> Matcher:
        """What decides by it. Raises ListError unless it can be matched against."""
        bundles.ensure_body(manifest, body)
        return Matcher(Bundle(body), self.list_key, _today)


def _today() -> int:
    return int(time.time()) // DAY_SECONDS
