"""Owns the chapters of a report on how often warnings were shown, and who stopped. Must never join two surfaces."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from redirect.domain.counts import HELP_OPENED, LEFT, SHOWN, WRONG_MATCH
from redirect.domain.desistance import Curve, curve
from redirect.domain.document import Chart, Column, Section, Table, Unit
from redirect.domain.periods import Span, units_within
from redirect.domain.report_words import extent, limits, month_name, percent
from redirect.domain.sureness import Count

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from redirect.domain.document import Value
    from redirect.domain.report_words import Names
    from redirect.domain.summary import Summary
    from redirect.domain.sureness import Share
    from redirect.journeys.dashboard import Month, Overview

COUNT, SHARE = Unit.COUNT, Unit.SHARE
NOTHING = Count()


class ShownChapters:
    """Of one overview."""

    def __init__(self, overview: Overview, names: Names) -> None:
        self._all = overview.sums
        self._months = overview.months
        self._names = names

    def shown(self) -> Section:
        """How often."""
        weeks = [week.first for month in self._months for week in units_within(Span.WEEK, month.unit.days)]
        found = (self._all.weeks.get((week, SHOWN)) for week in weeks)
        shown = tuple(float(count.shown) if count else None for count in found)
        known = [count for count in shown if count is not None]
        chart = Chart(
            "Warnings shown, by week",
            extent("Warnings shown in a week", known),
            tuple(weeks),
            {"Warnings shown": shown},
        )
        months = tuple(self._month(month) for month in self._months)
        by_month = Table(
            "months",
            "By month",
            (
                Column("month", "Month"),
                Column("first", "First day"),
                Column("last", "Last day"),
                Column("shown", "Warnings shown", COUNT),
                Column("help_opened", "Help opened", COUNT),
                Column("left", "Left by the exit", COUNT),
                Column("wrong_match", "Wrong matches", COUNT),
            ),
            months,
            "A chart of weeks leaves out what is published by the month alone: it shows a little less than the table.",
        )
        charts, tables = (chart,) if known else (), (by_month, self._kinds())
        return Section("warnings", "How often the warning was shown", charts=charts, tables=tables)

    def _month(self, month: Month) -> tuple[str | int | None, ...]:
        steps = (
            month.sums.steps.get((step,), NOTHING).shown or None for step in (SHOWN, HELP_OPENED, LEFT, WRONG_MATCH)
        )
        return (month_name(month.unit.number), month.unit.first, month.unit.last, *steps)

    def _kinds(self) -> Table:
        found = sorted(
            ((category, count.shown) for (category, step), count in self._all.categories.items() if step == SHOWN),
            key=lambda pair: -pair[1],
        )
        rows = tuple((self._names.category(category), count) for category, count in found if count)
        return Table(
            "categories",
            "By category of the list",
            (Column("category", "Category"), Column("shown", "Warnings shown", COUNT)),
            rows,
        )

    def stopping(self) -> Section:
        """Who stopped."""
        return Section(
            "stopping",
            "Who stopped",
            tuple(_stop_words(stopped(self._all))),
            charts=tuple(self._by_month()),
            tables=(self._surfaces(),),
        )

    def _surfaces(self) -> Table:
        columns = (
            Column("surface", "Surface"),
            Column("first_warnings", "First warnings", COUNT),
            Column("second_warnings", "Second warnings", COUNT),
            Column("later_warnings", "Later warnings", COUNT),
            Column("stopped", "Stopped", SHARE),
            Column("stopped_low", "from", SHARE),
            Column("stopped_high", "to", SHARE),
        )
        note = "Counted when the platform asked what to do; the other tables count pages that were opened."
        return Table("stopping", "Who stopped, by surface", columns, tuple(_rows(self._all)), note)

    def _by_month(self) -> Iterator[Chart]:
        """A year of weeks is too restless to read."""
        months = [stopped(month.sums) for month in self._months]
        surfaces = sorted({surface for month in months for surface in month})
        if not surfaces or len(months) < 2:
            return
        series = {
            surface: tuple(month[surface].value if surface in month else None for month in months)
            for surface in surfaces
        }
        values = [value for one in series.values() for value in one if value is not None]
        yield Chart(
            "Stopped after the first warning, by month",
            extent("Share of first warnings that no second one followed, in a month", values, share=True),
            tuple(month_name(month.unit.number) for month in self._months),
            series,
            SHARE,
        )


def curves(sums: Summary) -> dict[str, Curve]:
    """Who stopped, by surface."""
    warned: dict[str, dict[str, Count]] = defaultdict(dict)
    for (surface, attempt), count in sorted(sums.warned.items()):
        warned[surface][attempt] = count
    return {surface: curve(attempts) for surface, attempts in warned.items()}


def stopped(sums: Summary) -> dict[str, Share]:
    """The share that stopped, of each surface whose platform says which warning it is."""
    return {surface: found.stopped for surface, found in curves(sums).items() if found.sent and found.stopped}


def _rows(sums: Summary) -> Iterator[tuple[Value, ...]]:
    for surface, found in curves(sums).items():
        shares = found.stopped
        limits_ = (shares.value, shares.low, shares.high) if shares else (None, None, None)
        yield surface, found.first.shown or None, found.again.shown or None, found.more.shown or None, *limits_


def _stop_words(found: Mapping[str, Share]) -> Iterator[str]:
    for surface, one in found.items():
        yield (
            f"On the surface {surface}, {percent(one)} of first warnings ({limits(one)}) were not followed by a second"
            " one in the same browser session."
        )
    if not found:
        yield "The platform does not say which warning of a session it is, so nothing can be said of who stopped."
