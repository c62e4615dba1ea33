"""Owns what the dashboard knows: months of one platform, as published, with figures and notes beside them. Must never
take a count from anywhere but `report.published`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from redirect.domain.counts import FUNNEL
from redirect.domain.errors import BadRequest
from redirect.domain.figures import Given, Place, given, month_of, months_before
from redirect.domain.notes import MOST_NOTES, Note, written
from redirect.domain.periods import DAY_SECONDS, Span, Unit, day_of, iso, newest_closed, units_within
from redirect.domain.report_words import month_name
from redirect.domain.summary import Summary, together
from redirect.journeys.months import Months

if TYPE_CHECKING:
    from collections.abc import Mapping

    from redirect.journeys.ports import Aside, Clock, Ledger, SummaryStore

USUAL_MONTHS = 12


@dataclass(frozen=True, slots=True)
class Month:
    """A closed month of whole weeks, and what it comes to."""

    unit: Unit
    sums: Summary


@dataclass(frozen=True, slots=True)
class Overview:
    """All that the pages about one platform are made of. `choices`: the months that can be asked for, oldest first;
    `newest`: what is published of the weeks since the last of them, where that is asked for; `figures` and `notes` lie
    within the months."""

    platform: str
    choices: tuple[Unit, ...]
    months: tuple[Month, ...]
    newest: Summary
    figures: Mapping[Place, int | None]
    notes: Mapping[str, Note]
    closed_to: str
    minimum: int

    @property
    def sums(self) -> Summary:
        """All months together."""
        return together(month.sums for month in self.months)

    @property
    def since(self) -> str:
        """The first day that the figures cover; empty where no month has closed."""
        return self.months[0].unit.first if self.months else ""

    @property
    def until(self) -> str:
        """The last day that they cover."""
        return self.months[-1].unit.last if self.months else ""


class Dashboard:
    """Reads what is published, and what stands beside it."""

    def __init__(self, store: SummaryStore, ledger: Ledger, clock: Clock, aside: Aside, minimum: int) -> None:
        self._months = Months(store, clock, aside, minimum)
        self._ledger = ledger
        self._clock = clock
        self._minimum = minimum

    async def overview(self, platform: str, first: int = 0, last: int = 0) -> Overview:
        """From month `first` to month `last` (numbers of units, 0 where nobody says). Raises StoreError."""
        closed = newest_closed(self._clock())
        choices = units_within(Span.MONTH, range(closed - FUNNEL.published_days + 1, closed + 1))
        last = last or (choices[-1].number if choices else 0)
        first = first or last - USUAL_MONTHS + 1
        asked = [unit for unit in choices if first <= unit.number <= last]
        sums = await self._months.of(platform, asked)
        since = choices[-1].days.stop if choices else closed - 6 * 7
        newest = range(since, closed + 1) if asked[-1:] == choices[-1:] else range(0)
        shown = [month_name(unit.number) for unit in (asked[0], asked[-1])] if asked else []
        notes = await self._ledger.notes(platform)
        return Overview(
            platform=platform,
            choices=tuple(choices),
            months=tuple(Month(unit, each) for unit, each in zip(asked, sums, strict=True)),
            newest=await self._months.between(platform, iso(newest[0]), iso(closed)) if newest else Summary(),
            figures=await self._figures(platform, *shown) if shown else {},
            notes={name: note for name, note in notes.items() if asked and asked[0].first <= note.day},
            closed_to=iso(closed),
            minimum=self._minimum,
        )

    async def _figures(self, platform: str, first: str, last: str) -> dict[Place, int | None]:
        found = await self._ledger.figures(platform)
        within = {place: each for place, each in found.items() if first <= place.month <= last}
        return {place: each.at(self._minimum) for place, each in sorted(within.items())}


class Entries:
    """What people add: figures and notes, for the platform of their key alone."""

    def __init__(self, ledger: Ledger, clock: Clock, minimum: int) -> None:
        self._ledger = ledger
        self._clock = clock
        self._minimum = minimum

    @property
    def months(self) -> list[str]:
        """The calendar months that figures can be given for, the newest first."""
        return months_before(month_of(self._clock()))

    async def give(self, platform: str, figures: Mapping[Place, int | None]) -> None:
        """Keep what may be shown of figures, and no more. Raises StoreError."""
        kept: dict[Place, Given | None] = {
            place: None if count is None else given(count, self._minimum) for place, count in figures.items()
        }
        if kept:
            await self._ledger.write_figures(platform, kept)

    async def note(self, platform: str, name: str, day: str, kind: str, text: str) -> None:
        """Keep a note under a name of its own. Raises BadRequest, StoreError."""
        try:
            when = day_of(day)
        except ValueError:
            raise BadRequest("bad-period") from None
        today = int(self._clock()) // DAY_SECONDS
        if not today - FUNNEL.published_days <= when <= today:
            raise BadRequest("bad-period")
        note = written(iso(when), kind, text)
        by_hand = [each for each in (await self._ledger.notes(platform)).values() if each.by_hand]
        if len(by_hand) >= MOST_NOTES:
            raise BadRequest("invalid-request")
        await self._ledger.write_note(platform, name, note)

    async def strike(self, platform: str, name: str) -> None:
        """Take a note of this platform back. Raises StoreError."""
        await self._ledger.delete_note(platform, name)
