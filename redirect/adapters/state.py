"""Owns what a worker says of itself in `/readyz` and `/metrics`. Must never hold anything of a request."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from redirect.adapters.flush import Flusher
    from redirect.adapters.live_list import LiveList
    from redirect.adapters.watcher import KeyWatcher
    from redirect.domain.decision import Degraded
    from redirect.domain.manifest import Manifest


@dataclass(frozen=True)
class WorkerState:
    """The list, the store and the languages of one worker, as they are at the moment."""

    lists: LiveList
    keys: KeyWatcher
    flusher: Flusher
    languages: Sequence[str]

    @property
    def manifest(self) -> Manifest | None:
        """Of the list that is live here."""
        return self.lists.manifest

    @property
    def degraded(self) -> Degraded:
        """Why answers may be less right than usual."""
        return self.lists.live.degraded

    @property
    def refused(self) -> str:
        """Why the newest list is not live; empty while it is."""
        return self.lists.refused

    @property
    def store_reachable(self) -> bool:
        """Whether the last calls to the store came through."""
        return self.keys.reachable and self.flusher.reachable
