"""Owns how figures become charts: which points, which names, which marks. Must never draw more than a table beside it
says."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

from redirect.charts import Chart, Line, Point
from redirect.domain.figures import Place, months_between
from redirect.domain.periods import day_of, iso
from redirect.web.figures_shown import month_name, written

if TYPE_CHECKING:
    from collections.abc import Sequence

    from redirect.domain.notes import Note
    from redirect.domain.summary import Summary
    from redirect.domain.sureness import Count, Share
    from redirect.journeys.dashboard import Month, Overview

CHART_ROWS = 12
"""Names that one chart has room for; the table has all."""


class Names(Protocol):
    """What things are called in English."""

    def service(self, service_id: str) -> str: ...
    def country(self, code: str) -> str: ...
    def category(self, category_id: str) -> str: ...


class View(NamedTuple):
    """What the sections are made of: figures, their sums, the surface that is looked at, and names."""

    overview: Overview
    sums: Summary
    surface: str
    names: Names

    @property
    def months(self) -> Sequence[Month]:
        """The months that were asked for."""
        return self.overview.months


def by_month(view: View, title: str, lines: Sequence[tuple[str, Sequence[Share | None]]]) -> Chart | None:
    """A chart of shares over months; None where there are fewer than two."""
    if sum(each is not None for _, shares in lines for each in shares) < 2:
        return None
    ends = [
        f"{name}: {said(view, found[0])} in {month_of(view.months[0])}, {said(view, found[-1])} at the end"
        for name, shares in lines
        if (found := [each for each in shares if each])
    ]
    return Chart(
        title=title,
        says="; ".join(ends),
        lines=tuple(
            Line(name, tuple(point(place, each) for place, each in enumerate(shares) if each)) for name, shares in lines
        ),
        places=tuple((place, month_of(month)) for place, month in enumerate(view.months))[
            :: 1 if len(view.months) < 8 else 2
        ],
        marks=marks(view, [month.unit.first for month in view.months], 30),
        unit=" %",
    )


def given_by_month(view: View, title: str, lines: Sequence[tuple[str, tuple[str, str]]]) -> Chart | None:
    found = view.overview.figures
    given = {place.month for place in found}
    if len(given) < 2:
        return None
    months = months_between(min(given), max(given))
    drawn = [
        Line(name, tuple(Point(at, found.get(Place(month, *kind))) for at, month in enumerate(months)))
        for name, kind in lines
    ]
    return Chart(
        title=title,
        says="; ".join(f"{line.name}: {_ends(line)}" for line in drawn),
        lines=tuple(drawn),
        places=tuple((at, calendar(month)) for at, month in enumerate(months))[:: 1 if len(months) < 8 else 2],
    )


def _ends(line: Line) -> str:
    values = [point.value for point in line.points if point.value is not None]
    return f"from {values[0]:,g} to {values[-1]:,g}" if values else "too few to be shown"


def counts_ranked(title: str, rows: Sequence[tuple[str, Count]]) -> Chart | None:
    """Counts by name; limits are those of rounding."""
    most = [(name, count) for name, count in rows[:CHART_ROWS] if count.shown]
    if len(most) < 2:
        return None
    points = [
        Point(place, count.shown, count.shown - count.give_or_take, count.shown + count.give_or_take)
        for place, (_, count) in enumerate(most)
    ]
    says = "; ".join(f"{name}: {count.shown:,}" for name, count in most)
    places = [(place, name) for place, (name, _) in enumerate(most)]
    return Chart(title, says, (Line(title, tuple(points)),), tuple(places), sideways=True)


def shares_ranked(title: str, rows: Sequence[tuple[str, Share | None]]) -> Chart | None:
    found = [(name, each) for name, each in rows if each]
    if len(found) < 2:
        return None
    points = [point(place, each) for place, (_, each) in enumerate(found)]
    says = "; ".join(f"{name}: {written(each, 0).text}" for name, each in found)
    places = [(place, name) for place, (name, _) in enumerate(found)]
    return Chart(title, says, (Line(title, tuple(points)),), tuple(places), unit=" %", sideways=True)


def point(place: int, found: Share | None) -> Point:
    if found is None:
        return Point(place, None)
    return Point(place, None if found.value is None else found.value * 100, found.low * 100, found.high * 100)


def marks(view: View, days: Sequence[str], width: int) -> tuple[tuple[float, str], ...]:
    """Where notes stand on an axis of days that are `width` days apart, by their number."""
    found = []
    for number, note in numbered(view.overview):
        earlier = [place for place, day in enumerate(days) if day <= note.day]
        if earlier:
            since = day_of(note.day) - day_of(days[earlier[-1]])
            found.append((earlier[-1] + min(since / width, 0.99), str(number)))
    return tuple(found)


def is_closed(view: View, week: str) -> bool:
    """Whether all days of the week that begins so have closed."""
    return iso(day_of(week) + 6) <= view.overview.closed_to


def numbered(overview: Overview) -> list[tuple[int, Note]]:
    """The notes of the time that is looked at, oldest first, by the numbers that charts show."""
    return list(enumerate(sorted(overview.notes.values(), key=lambda note: (note.day, note.kind, note.text)), start=1))


def said(view: View, found: Share | None) -> str:
    if found is None:
        return "nothing shown"
    shown = written(found, view.overview.minimum)
    return f"{shown.text} ({shown.limits})" if shown.limits else shown.text


def month_of(month: Month) -> str:
    return month_name(month.unit.number, short=True)


def calendar(month: str) -> str:
    return month_name(int(month[:4]) * 12 + int(month[5:]) - 1, short=True)
