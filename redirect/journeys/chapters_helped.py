"""Owns the chapters of a report on what readers did, who helped, and where. Must never rank services by more than how
often they were opened."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Final

from redirect.domain.counts import CRISIS_OPENED, HELP_OPENED, LEFT, SHOWN, WRONG_MATCH
from redirect.domain.document import Chart, Column, Section, Table, Unit
from redirect.domain.figures import APPEALS, MEASURES
from redirect.domain.sureness import Count, share

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from redirect.domain.report_words import Names
    from redirect.journeys.dashboard import Overview

COUNT, SHARE = Unit.COUNT, Unit.SHARE
NOTHING: Final = Count()
MOST_COUNTRIES: Final = 15
STEPS: Final[Mapping[str, str]] = {
    HELP_OPENED: "Help opened",
    "guide": "Guided conversation entered",
    "video": "Officer's video opened",
    CRISIS_OPENED: "Crisis line's site opened",
    LEFT: "Left by the exit",
    "door_under_18": "Door: under 18",
    "door_someone_else": "Door: worried about someone",
    "door_happened_to_me": "Door: it happened to me",
    "door_work_or_mistake": "Door: work or mistake",
    WRONG_MATCH: "Wrong match",
}


class HelpedChapters:
    """Of one overview."""

    def __init__(self, overview: Overview, names: Names) -> None:
        self._all = overview.sums
        self._overview = overview
        self._names = names
        self._shown = self._all.steps.get((SHOWN,), NOTHING)

    def helped(self) -> Section:
        """What readers did, and who helped."""
        steps = []
        for step, label in STEPS.items():
            found = self._all.steps.get((step,), NOTHING)
            part = share(found, self._shown)
            if found.shown and part:
                steps.append((label, found.shown, part.value, part.low, part.high))
        table = Table(
            "steps",
            "What readers did, for each warning shown",
            (
                Column("step", "Step"),
                Column("count", "Count", COUNT),
                Column("share", "Share", SHARE),
                Column("low", "from", SHARE),
                Column("high", "to", SHARE),
            ),
            tuple(steps),
        )
        return Section(
            "help",
            "What readers did, and who helped",
            charts=tuple(self._service_chart()),
            tables=(table, self._services(), self._helplines(), self._helpline_months()),
        )

    def _opened(self) -> list[tuple[str, int]]:
        sums: dict[str, int] = defaultdict(int)
        for (service, _), count in self._all.services.items():
            sums[service] += count.shown
        return sorted(((service, count) for service, count in sums.items() if count), key=lambda pair: -pair[1])

    def _service_chart(self) -> Iterator[Chart]:
        opened = self._opened()[:8]
        if opened:
            yield Chart(
                "Services that were opened most",
                f"{self._names.service(opened[0][0])} was opened most, about {opened[0][1]:,} times.",
                tuple(self._names.service(service) for service, _ in opened),
                {"Opened": tuple(float(count) for _, count in opened)},
                across=True,
            )

    def _services(self) -> Table:
        rows = sorted(
            (self._names.service(service), audience, count.shown)
            for (service, audience), count in self._all.services.items()
            if count.shown
        )
        columns = (
            Column("service", "Service"),
            Column("audience", "From the page for"),
            Column("opened", "Opened", COUNT),
        )
        return Table("services", "Services opened", columns, tuple(rows))

    def _told(self) -> list[tuple[str, str, str, int | None]]:
        """What helplines tell: month, service, what, and how many."""
        return [
            (place.month, self._names.service(place.source), MEASURES[place.measure], count)
            for place, count in self._overview.figures.items()
            if place.source != APPEALS
        ]

    def _helplines(self) -> Table:
        sums: dict[tuple[str, str], list[int | None]] = defaultdict(list)
        for _, service, measure, count in self._told():
            sums[service, measure].append(count)
        rows = tuple(
            (*key, len(counts), counts.count(None), sum(count or 0 for count in counts) or None)
            for key, counts in sorted(sums.items())
        )
        columns = (
            Column("service", "Service"),
            Column("measure", "What"),
            Column("months", "Months told", COUNT),
            Column("small_months", "of these too few to show", COUNT),
            Column("count", "Sum of the others", COUNT),
        )
        return Table("helplines", "What helplines tell", columns, rows, "As the services report it, rounded to 5.")

    def _helpline_months(self) -> Table:
        columns = (
            Column("month", "Month"),
            Column("service", "Service"),
            Column("measure", "What"),
            Column("count", "Count", COUNT),
        )
        rows = tuple(sorted(self._told(), key=lambda row: row[:3]))
        return Table("helpline_months", "What helplines tell, by month", columns, rows, appendix=True)

    def places(self) -> Section:
        """Where."""
        sums = sorted(
            (
                (place, count.shown)
                for (place, step), count in self._all.countries.items()
                if step == SHOWN and count.shown
            ),
            key=lambda pair: -pair[1],
        )
        rows = tuple((self._names.country(place), count, count / self._shown.shown) for place, count in sums)
        chart = Chart(
            "Where the warning was shown most",
            f"{len(sums)} countries and regions; most in {self._names.country(sums[0][0])}." if sums else "",
            tuple(self._names.country(place) for place, _ in sums[:MOST_COUNTRIES]),
            {"Warnings shown": tuple(float(count) for _, count in sums[:MOST_COUNTRIES])},
            across=True,
        )
        columns = (
            Column("place", "Country or region"),
            Column("shown", "Warnings shown", COUNT),
            Column("share", "Share", SHARE),
        )
        note = "A region holds what its countries had too little of; “All others” what all regions had too little of."
        table = Table("countries", "Warnings shown, by country or region", columns, rows, note, appendix=True)
        return Section("places", "Where", charts=(chart,) if sums else (), tables=(table,))
