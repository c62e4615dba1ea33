"""Owns what the dashboard says of people who stop. Must never guess which warning it was where nobody says."""

from __future__ import annotations

from typing import TYPE_CHECKING

from redirect.charts import Chart, Line
from redirect.domain.desistance import Curve, curve
from redirect.domain.subject import ATTEMPTS
from redirect.domain.sureness import Count, Share
from redirect.web.figures_shown import Figure, Section, Table, day_name, written
from redirect.web.plots import (
    View,
    by_month,
    is_closed,
    month_of,
    point,
    said,
)

if TYPE_CHECKING:
    from redirect.domain.summary import Pivot
from redirect.web.section_parts import NOTHING_YET, headline, on_surface

NOT_SENT = (
    "This platform does not say which warning of a browser session it is asking for. With the field “attempt” in its"
    " calls (0, 1, 2 …) this page shows how many people stop after one warning, and still nobody is followed: the"
    " platform counts within the session, redirect keeps none."
)

FOLLOWED = "were followed by no other in that session"


def stopping(view: View) -> Section:
    """The share that does not repeat."""
    lead = (
        "A warning works when a person stops. Of all first warnings, this is the share after which the same browser"
        " session was shown no second one."
    )
    total = _curve(view.sums.warned, view.surface)
    if not total.sent:
        return Section("stopping", "Did people stop?", lead, nothing=NOT_SENT if total.unknown.shown else NOTHING_YET)
    newest = _newest_week(view)
    return Section(
        "stopping",
        "Did people stop?",
        lead,
        headline=headline(view, total.stopped, f"of first warnings {on_surface(view)} {FOLLOWED}", newest),
        figures=[_curve_figure(view, total), _stopping_by_month(view)],
    )


def _curve(warned: Pivot, *where: str) -> Curve:
    return curve({attempt: warned.get((*where, attempt), Count()) for attempt in ATTEMPTS})


def _newest_week(view: View) -> str:
    both = {**view.sums.warned_weeks, **view.overview.newest.warned_weeks}
    weeks = {week for week, surface, _ in both if surface == view.surface and is_closed(view, week)}
    for week in sorted(weeks, reverse=True):
        found = _curve(both, week, view.surface).stopped
        if found:
            shown = written(found, view.overview.minimum)
            return f"In the newest week with enough warnings (from {day_name(week)}): {shown.text}, {shown.limits}"
    return ""


def _curve_figure(view: View, total: Curve) -> Figure:
    whole = Share(1.0, 1.0, 1.0)
    steps = [
        ("A first warning", total.first, whole),
        ("A second one in the same session", total.again, total.second),
        ("Third and later ones", total.more, total.later),
    ]
    points = [point(place, each) for place, (_, _, each) in enumerate(steps)]
    chart = Chart(
        title="How many first warnings were followed by more",
        says="; ".join(f"{name}: {said(view, each)}" for name, _, each in steps),
        lines=(Line("Of 100 first warnings", tuple(points)),),
        places=((0, "First"), (1, "Second"), (2, "Later")),
        unit=" %",
        top=100,
    )
    table = Table(
        "stopping",
        f"Warnings by how many the session had seen before, {on_surface(view)}",
        ("Warning", "Shown", "Of first warnings"),
        [list(step) for step in steps],
    )
    left_out = (
        f"{total.unknown.shown:,} warnings came without “attempt”; they are in none of these shares."
        if total.unknown.shown
        else ""
    )
    later = "Third and later warnings are counted together, so fewer people than this share saw a third one."
    return Figure(table, chart, [later, *([left_out] if left_out else [])])


def _stopping_by_month(view: View) -> Figure:
    curves = [(month, _curve(month.sums.warned, view.surface)) for month in view.months]
    rows = [[month_of(month), each.first, each.again, each.stopped] for month, each in curves]
    chart = by_month(
        view, "Share of first warnings that no other followed", [("Stopped", [each.stopped for _, each in curves])]
    )
    columns = ("Month", "First warnings", "Followed by another", "Not followed")
    return Figure(Table("stopping-by-month", f"Month by month, {on_surface(view)}", columns, rows), chart)
