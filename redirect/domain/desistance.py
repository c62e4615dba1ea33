"""Owns what is said of people who stop: how many first warnings were not followed by another one. Must never join two
platforms or surfaces, nor guess where a platform does not say which warning it was."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from redirect.domain.summary import REPEATS, UNKNOWN
from redirect.domain.sureness import Count, Share, share

if TYPE_CHECKING:
    from collections.abc import Mapping


class Curve(NamedTuple):
    """Enforced warnings of one surface, by how many the browser session had shown before.

    `second`: the share of first warnings that a second one followed; `later`: third and later warnings for each first
    one, so at least the share that a third one followed. `stopped` is what `second` leaves.
    """

    first: Count
    again: Count
    more: Count
    unknown: Count
    second: Share | None
    later: Share | None

    @property
    def stopped(self) -> Share | None:
        """The share of first warnings that no second one followed."""
        return self.second.rest if self.second else None

    @property
    def sent(self) -> bool:
        """Whether the platform says which warning it is."""
        return self.first.shown > 0


def curve(warned: Mapping[str, Count]) -> Curve:
    """`warned`: warnings by attempt."""
    first, again, more, unknown = (warned.get(attempt, Count()) for attempt in (*sorted(REPEATS), UNKNOWN))
    return Curve(first, again, more, unknown, share(again, first), share(more, first))
