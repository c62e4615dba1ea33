"""Owns the services as they are now: what the files say, on today's date, without those that are paused. Must never
forget a pause because the store does not answer.

Pauses lie in the store; each node keeps the last known copy in `pauses.json`.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from redirect.adapters.files import Copy

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import date
    from pathlib import Path

    from redirect.domain.services import Directory
    from redirect.journeys.ports import Clock


class LiveDirectory:
    """Implements `Services`. `when_changed` are called after each change: whoever keeps what was made of the services
    as they were drops it there."""

    def __init__(self, directory: Directory, cache: Path, clock: Clock) -> None:
        self._files = directory
        self._copy = Copy(cache)
        self._clock = clock
        self._paused: Mapping[str, str] = self._copy.read(dict[str, str]) or {}
        self.when_changed: list[Callable[[], None]] = []
        self._day = self._today()
        self.now = directory.on(self._day, self._paused)

    def refresh(self, pauses: Mapping[str, bytes]) -> None:
        """Take over what the store holds, and keep a copy for the time when it does not answer."""
        paused = {service: until.decode("ascii", "replace") for service, until in pauses.items()}
        changed = paused != self._paused
        if changed:
            self._paused = paused
            self._see()
        self._copy.keep(paused, changed=changed)

    def tick(self) -> None:
        """Look at the clock: with a new day a pause may be over, or a record have become stale."""
        if self._today() != self._day:
            self._see()

    def _see(self) -> None:
        self._day = self._today()
        self.now = self._files.on(self._day, self._paused)
        for forget in self.when_changed:
            forget()

    def _today(self) -> date:
        return datetime.fromtimestamp(self._clock(), UTC).date()
