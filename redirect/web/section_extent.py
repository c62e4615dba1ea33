"""Owns what the dashboard says of how much there was, over time and by country. Must never rank countries."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from redirect.charts import Chart, Line, Point
from redirect.domain.counts import AUTOMATED, HELP_OPENED, REST, SHOWN, WRONG_MATCH
from redirect.domain.periods import day_of, iso
from redirect.domain.regions import MEMBERS
from redirect.domain.sureness import Count, share
from redirect.web.figures_shown import Figure, Section, Table, Value, day_name
from redirect.web.plots import (
    CHART_ROWS,
    View,
    by_month,
    is_closed,
    marks,
    month_of,
    shares_ranked,
)
from redirect.web.section_parts import NOTHING_YET, all_of, on_surface

if TYPE_CHECKING:
    from collections.abc import Iterable

NO_SHARE: Final = "not known"


def trends(view: View) -> Section:
    """How much there is of everything, over time."""
    lead = (
        "How many warnings there were, and of how many searches and addresses. More warnings may mean a longer list, or"
        " a change of the page: look at the marks before you take it for more people."
    )
    if not view.sums.steps and not view.sums.checked:
        return Section("trends", "Trends", lead, nothing=NOTHING_YET)
    return Section("trends", "Trends", lead, figures=[_per_checks(view), _pages_by_week(view), _devices(view)])


def _per_checks(view: View) -> Figure:
    rows, shares = [], []
    for month in view.months:
        checked = month.sums.checked.get((view.surface,), Count())
        warned = all_of(count for (surface, _), count in month.sums.warned.items() if surface == view.surface)
        shares.append(share(warned, checked))
        rows.append([month_of(month), checked, warned, shares[-1]])
    chart = by_month(view, "Share of checks that brought a warning", [("Warnings", shares)])
    columns = ("Month", "Checks", "Warnings", "Share")
    return Figure(Table("checks", f"Checks and warnings, {on_surface(view)}", columns, rows), chart)


def _pages_by_week(view: View) -> Figure:
    both = {**view.sums.weeks, **view.overview.newest.weeks}
    weeks = sorted((week, count) for (week, step), count in both.items() if step == SHOWN and is_closed(view, week))
    every = _every_week(view, [week for week, _ in weeks])
    shown = dict(weeks)
    chart = None
    if len(weeks) > 1:
        chart = Chart(
            title="Pages shown, by week",
            says=f"From {weeks[0][1].shown:,} in the week of {day_name(weeks[0][0])} to {weeks[-1][1].shown:,} in that"
            f" of {day_name(weeks[-1][0])}; highest {max(count.shown for _, count in weeks):,}.",
            lines=(
                Line(
                    "Pages",
                    tuple(
                        Point(place, shown[week].shown if week in shown else None) for place, week in enumerate(every)
                    ),
                ),
            ),
            places=tuple((place, day_name(week)[:-5]) for place, week in enumerate(every))[:: max(1, len(every) // 8)],
            marks=marks(view, every, 7),
        )
    rows: list[list[Value]] = [[day_name(week), count] for week, count in weeks]
    note = "At least so many: what was too small for its week is in the figures of its month alone."
    table = Table("pages-by-week", "Pages shown, by week", ("Week from", "Pages, at least"), rows, folded=True)
    return Figure(table, chart, [note])


def _every_week(view: View, shown: Iterable[str]) -> list[str]:
    """The Mondays of all weeks of the months, and on to the last that is shown."""
    mondays = [day_of(week) for week in shown]
    for month in view.months:
        mondays += month.unit.days[::7]
    return [iso(day) for day in range(min(mondays), max(mondays) + 1, 7)] if mondays else []


def _devices(view: View) -> Figure:
    whole = all_of(view.sums.devices.values())
    rows = [
        [device, count, share(count, whole)]
        for (device,), count in sorted(view.sums.devices.items(), key=lambda item: -item[1].shown)
    ]
    note = f"Programs that say what they are (“{AUTOMATED}”) are counted here alone, and are in no other figure."
    return Figure(
        Table("devices", "Devices that opened the first page", ("Device", "Times", "Share"), rows), None, [note]
    )


def countries(view: View) -> Section:
    """The same by country."""
    lead = (
        "Pages shown and help opened, by country. Where a country had too few, it is counted with its region of the"
        " world, and where that was not enough with the rest; nothing is counted twice. A region has no share: of a"
        " country with many pages and little help, the pages stand in its own row and the help in its region's."
        " Countries differ in lists, languages and services: their shares say where to look, not who does better."
    )
    steps = view.sums.countries
    shown = {country: count for (country, step), count in steps.items() if step == SHOWN}
    own = [country for country in shown if country not in MEMBERS and country != REST]
    if not shown:
        return Section("countries", "By country", lead, nothing=NOTHING_YET)
    ranked = [*_most(shown, own), *_most(shown, [country for country in shown if country not in own])]
    shares = {
        country: [share(steps.get((country, step), Count()), shown[country]) for step in (HELP_OPENED, WRONG_MATCH)]
        for country in own
    }
    untold = [NO_SHARE, NO_SHARE]
    rows: list[list[Value]] = [[view.names.country(each), shown[each], *shares.get(each, untold)] for each in ranked]
    points = [(view.names.country(each), shares[each][0]) for each in ranked[: min(CHART_ROWS, len(own))]]
    chart = shares_ranked("Help opened, in the countries with most pages", points)
    columns = ("Country", "Pages", "Help opened", "Wrong match")
    figure = Figure(Table("countries", "All countries and regions", columns, rows), chart)
    return Section("countries", "By country", lead, figures=[figure])


def _most(shown: dict[str, Count], countries: Iterable[str]) -> list[str]:
    return sorted(countries, key=lambda country: (-shown[country].shown, country))
