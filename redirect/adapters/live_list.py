"""Owns the list that this worker matches against. Must never drop a list for one that is worse.

Each bundle that was live is kept under `lists/<version>/` in the data directory, the newest two, so that a
restart serves while the store is down.
"""

from __future__ import annotations

import fcntl
import shutil
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from redirect.adapters import bundles
from redirect.domain.bundle import Bundle
from redirect.domain.decision import Degraded
from redirect.domain.errors import ListError
from redirect.domain.manifest import Manifest, staleness
from redirect.domain.matching import Matcher
from redirect.domain.periods import DAY_SECONDS
from redirect.journeys.ports import Live

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from redirect.journeys.ports import Clock

KEPT = 2


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One list, ready to match."""

    manifest: Manifest
    matcher: Matcher


class LiveList:
    """Implements `Lists`. Swaps whole snapshots; an answer in progress keeps the one it began with.

    `local`: outside the service only lists are taken whose owner allows that.
    """

    def __init__(
        self, directory: Path, list_key: bytes, trust: Sequence[bytes], clock: Clock, *, local: bool = False
    ) -> None:
        self._directory = directory
        self._local = local
        self._list_key = list_key
        self._trust = trust
        self._clock = clock
        self._snapshot: Snapshot | None = None
        self.live = Live(0, None, Degraded.NO_LIST)
        self.refused = ""

    @property
    def manifest(self) -> Manifest | None:
        """Of the list that is live here."""
        return self._snapshot.manifest if self._snapshot else None

    def load_last_known_good(self) -> None:
        """Take the newest bundle on disk that still proves good."""
        for directory in reversed(self._kept()):
            try:
                self._swap(self._open(directory))
            except (ListError, OSError) as error:
                self.refused = str(error)
            else:
                return

    def take(self, envelope: bytes, body: bytes) -> None:
        """Check, keep and swap. Raises ListError for a bundle that proves bad, OSError where it cannot be kept; then
        nothing has changed."""
        manifest = self._proven(envelope, body)
        with self._alone():
            snapshot = self._keep(self._directory / str(manifest.version), envelope, body)
        self._swap(snapshot)
        self.refused = ""

    @contextmanager
    def fetching(self) -> Iterator[bool]:
        """Whether nobody else of this node fetches a bundle meanwhile. Who hears no looks again later: it may lie here
        then."""
        self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        with (self._directory / "fetching").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                yield False
            else:
                yield True

    def take_kept(self, version: int) -> bool:
        """Swap to what another worker of this node has kept; False, and nothing changed, unless that proves good and
        is newer."""
        if version <= self.live.version:
            return False
        try:
            snapshot = self._open(self._directory / str(version))
        except (ListError, OSError):
            return False
        if snapshot.manifest.version != version:
            return False
        self._swap(snapshot)
        self.refused = ""
        return True

    def tick(self) -> None:
        """Look at the clock: a list may have come to the end of its time. Once a second is enough."""
        if self._snapshot is None:
            return
        manifest, matcher = self._snapshot.manifest, self._snapshot.matcher
        degraded = staleness(manifest, self._clock())
        # One object, so that no answer sees the version of one list and the matcher of another.
        self.live = Live(manifest.version, None if degraded is Degraded.LIST_PAST_USE else matcher, degraded)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """One worker keeps a bundle, the others map what it kept: the memory is shared."""
        self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        with (self._directory / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _keep(self, directory: Path, envelope: bytes, body: bytes) -> Snapshot:
        with suppress(ListError, OSError):
            if (directory / bundles.ENVELOPE_NAME).read_bytes() == envelope:
                return self._open(directory)
        bundles.write(directory, envelope, body)
        others = [path for path in self._kept() if path != directory]
        for old in others[: 1 - KEPT]:
            shutil.rmtree(old, ignore_errors=True)
        return self._open(directory)

    def _proven(self, envelope: bytes, body: bytes) -> Manifest:
        manifest = self._allowed(envelope)
        if manifest.version <= self.live.version:
            raise ListError(f"version {manifest.version} is not newer than {self.live.version}, which is live")
        bundles.ensure_body(manifest, body)
        self._matcher(body)
        return manifest

    def _allowed(self, envelope: bytes) -> Manifest:
        manifest = bundles.verify(envelope, self._trust)
        if self._local and not manifest.local:
            raise ListError("this list may not leave the service: its manifest does not say local")
        return manifest

    def _open(self, directory: Path) -> Snapshot:
        manifest = self._allowed((directory / bundles.ENVELOPE_NAME).read_bytes())
        body = bundles.map_body(directory / bundles.BODY_NAME)
        bundles.ensure_body(manifest, body)
        return Snapshot(manifest, self._matcher(memoryview(body)))

    def _matcher(self, body: bytes | memoryview) -> Matcher:
        return Matcher(Bundle(body), self._list_key, lambda: int(self._clock()) // DAY_SECONDS)

    def _swap(self, snapshot: Snapshot) -> None:
        self._snapshot = snapshot
        self.tick()

    def _kept(self) -> list[Path]:
        if not self._directory.is_dir():
            return []
        return sorted(
            (path for path in self._directory.iterdir() if path.name.isdecimal()),
            key=lambda path: int(path.name),
        )
