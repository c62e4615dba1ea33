"""Owns what closed months come to: made once they have been released, kept beside the releases, remembered. Must never
hold a figure that releases do not: whatever is kept can be made of them anew."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING

from redirect.domain.counts import CHECKS, DEVICES, FUNNEL, SERVICES
from redirect.domain.periods import Span, newest_closed, units_within
from redirect.domain.summary import Summary, packed, summary, unpacked
from redirect.journeys.report import published

if TYPE_CHECKING:
    from collections.abc import Sequence

    from redirect.domain.periods import Unit
    from redirect.journeys.ports import Aside, Clock, SummaryStore

LOOKED_AT = (CHECKS.name, FUNNEL.name, SERVICES.name, DEVICES.name)
KEPT = 128
"""Months that are remembered, of all platforms together."""
NEWEST = 2
"""Months that are looked at to be made before anybody asks."""


class Months:
    """Reads what is published, month by month, and keeps what a month came to: releases never change."""

    def __init__(self, store: SummaryStore, clock: Clock, aside: Aside, minimum: int) -> None:
        self._store = store
        self._clock = clock
        self._aside = aside
        self._minimum = minimum
        self._known: OrderedDict[tuple[str, Unit], Summary] = OrderedDict()
        self._made: set[Unit] = set()

    async def of(self, platform: str, units: Sequence[Unit]) -> list[Summary]:
        """What these months come to. Raises StoreError."""
        # What is known is taken out first: whatever is remembered next may push it out.
        sums = {unit: self._recalled(platform, unit) for unit in units if (platform, unit) in self._known}
        unknown = [unit for unit in units if unit not in sums]
        kept = await self._store.summaries(platform, unknown, self._minimum) if unknown else []
        for unit, record in zip(unknown, kept, strict=True):
            sums[unit] = await self._found(platform, unit, record)
        return [sums[unit] for unit in units]

    async def between(self, platform: str, first: str, last: str) -> Summary:
        """What two ISO dates, both included, come to. Raises StoreError."""
        return (await self._read(platform, first, last))[0]

    async def make(self) -> None:
        """Make those of the months that closed last, so that whoever looks first need not wait. Raises StoreError."""
        closed = newest_closed(self._clock())
        for unit in units_within(Span.MONTH, range(closed - 90, closed + 1))[-NEWEST:]:
            if unit not in self._made:
                (release,) = await self._store.releases(FUNNEL, [unit])
                for platform in sorted({platform for platform, *_ in release.shown} if release else ()):
                    await self.of(platform, [unit])
                if release:
                    self._made.add(unit)

    async def _found(self, platform: str, unit: Unit, record: bytes | None) -> Summary:
        """From what is kept, else from releases."""
        sums = unpacked(record) if record else None
        if sums is None:
            sums, complete = await self._read(platform, unit.first, unit.last)
            if not complete:
                return sums
            await self._store.write_summary(platform, unit, self._minimum, packed(sums))
        self._known[platform, unit] = sums
        if len(self._known) > KEPT:
            self._known.popitem(last=False)
        return sums

    def _recalled(self, platform: str, unit: Unit) -> Summary:
        self._known.move_to_end((platform, unit))
        return self._known[platform, unit]

    async def _read(self, platform: str, first: str, last: str) -> tuple[Summary, bool]:
        found = {
            name: await published(self._store, self._clock, name, platform, first, last, self._minimum)
            for name in LOOKED_AT
        }
        rows = {name: each.rows for name, each in found.items()}
        return await self._aside(lambda: summary(rows, self._minimum)), all(each.complete for each in found.values())
