"""Owns what is said of a bundle, and which bundle may follow which. Must never say what is in one."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import msgspec

from redirect.domain.decision import Degraded
from redirect.domain.errors import ListError

CHANGE_LIMIT = 0.20
"""Share by which a list may shrink or grow without a person saying so."""

REFRESH_AFTER = timedelta(days=7)
BODY_LIMIT = 1 << 28
"""Bytes of the largest bundle taken: about twenty million entries."""

HIGHEST_VERSION = (1 << 53) - 1
"""What the store and every reader of JSON can compare exactly."""


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """The signed half of a bundle. Times are ISO 8601 in UTC.

    Past `refresh_by` the list goes on serving and answers say `degraded`; past `use_until`, the end of a
    licence, it stops matching. `previous` is the version that this one was built after, 0 where none is known.
    `entries` counts by kind. `local` allows local checkers.
    """

    version: int
    previous: int
    created: str
    refresh_by: str
    use_until: str | None
    entries: dict[str, int]
    size: int
    sha256: str
    local: bool = False

    def __post_init__(self) -> None:
        """Raise ValueError for what nobody could live with, whoever signed it: times are read again every second."""
        moments = (self.created, self.refresh_by, *([] if self.use_until is None else [self.use_until]))
        if any(datetime.fromisoformat(moment).tzinfo is None for moment in moments):
            raise ValueError("a time without its zone")
        if not 0 <= self.version <= HIGHEST_VERSION or any(count < 0 for count in self.entries.values()):
            raise ValueError("an impossible number")

    @property
    def total(self) -> int:
        """Entries that can match: exceptions cannot."""
        return sum(count for kind, count in self.entries.items() if kind != "except")


def version_after(previous: int, moment: datetime) -> int:
    """A version that rises with time and can be read: 20261122010203 for 2026-11-22 01:02:03 UTC."""
    return max(previous + 1, int(moment.astimezone(UTC).strftime("%Y%m%d%H%M%S")))


def staleness(manifest: Manifest, now: float) -> Degraded:
    """What the age of a list means for its answers at `now` (seconds since 1970-01-01 UTC)."""
    if manifest.use_until and now > datetime.fromisoformat(manifest.use_until).timestamp():
        return Degraded.LIST_PAST_USE
    if now > datetime.fromisoformat(manifest.refresh_by).timestamp():
        return Degraded.LIST_PAST_REFRESH
    return Degraded.NO


def ensure_in_time(new: Manifest, now: float) -> None:
    """Raise ListError for a list whose licence has ended: it would match nothing."""
    if staleness(new, now) is Degraded.LIST_PAST_USE:
        raise ListError(f"the list may be used until {new.use_until} only, which is over; it would match nothing")


def ensure_may_follow(new: Manifest, live: Manifest | None, *, accept_change: bool) -> None:
    """Raise ListError unless `new` may replace `live`; the message says what to do."""
    if not new.total:
        raise ListError("the list is empty; an empty list never goes live")
    if live is None:
        return
    if new.version <= live.version:
        raise ListError(f"version {new.version} is not newer than {live.version}, which is live; build it again")
    change = new.total / live.total - 1
    if abs(change) > CHANGE_LIMIT and not accept_change:
        raise ListError(
            f"{new.total} entries, {live.total} are live: a change of {change:+.0%} is more than"
            f" {CHANGE_LIMIT:.0%}; if that is meant, publish with --accept-change"
        )
