"""Owns what the dashboard says, section by section, in the order that the evidence asks for. Must never compare two
platforms, nor a surface with another.

Everything here is written for a programme manager; docs/dashboard.md explains each figure at length.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from redirect.domain.counts import AUTOMATED, HELP_OPENED, LEFT, REST, SHOWN, WRONG_MATCH
from redirect.domain.desistance import Curve, curve
from redirect.domain.figures import APPEALS, MEASURES, OF_APPEALS, Place
from redirect.domain.regions import MEMBERS
from redirect.domain.subject import ATTEMPTS, Surface
from redirect.domain.sureness import Count, Share, share
from redirect.web.charts import Chart, Line, Point
from redirect.web.figures_shown import Figure, Headline, Section, Table, Value, day_name, written
from redirect.web.plots import (
    CHART_ROWS,
    View,
    by_month,
    calendar,
    counts_ranked,
    given_by_month,
    is_closed,
    marks,
    month_of,
    point,
    said,
    shares_ranked,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from redirect.domain.summary import Pivot, Summary


SURFACES: Mapping[str, str] = {
    Surface.WEB: "web search",
    Surface.IMAGE: "image search",
    Surface.VIDEO: "video search",
    Surface.SUGGEST: "suggestions",
    Surface.PEOPLE: "people search",
    Surface.PROXY: "proxies",
    Surface.DNS: "resolvers",
}
"""Where warnings came up, as people say it."""
NOTHING_YET = "Nothing has been published for these months."
NOT_SENT = (
    "This platform does not say which warning of a browser session it is asking for. With the field `attempt` in its"
    " calls (0, 1, 2 …) this page shows how many people stop after one warning, and still nobody is followed: the"
    " platform counts within the session, redirect keeps none."
)
DOORS = {
    "door_under_18": "Opened: I am under 18",
    "door_someone_else": "Opened: I am worried about someone else",
    "door_happened_to_me": "Opened: it happened to me",
    "door_work_or_mistake": "Opened: work or mistake",
    "guide": "Entered the guided conversation",
    "video": "Opened the video",
    HELP_OPENED: "Opened help",
    LEFT: "Left by the exit",
    WRONG_MATCH: "Said: not what I meant",
}


def surfaces(sums: Summary) -> list[str]:
    """Surfaces with warnings, the one with most first."""
    many: dict[str, int] = {}
    for (surface, _), count in sums.warned.items():
        many[surface] = many.get(surface, 0) + count.shown
    return sorted(
        (surface for surface, count in many.items() if count and surface in {*Surface}), key=many.__getitem__
    )[::-1]


def sections(view: View) -> list[Section]:
    """All of them, in order."""
    return [each(view) for each in (stopping, help_opened, helplines, wrong_matches, appeals, trends, countries)]


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
        headline=_headline(view, total.stopped, "of first warnings were followed by no other in that session", newest),
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
        places=((0, "First"), (1, "Second"), (2, "Third and later")),
        unit=" %",
        top=100,
    )
    table = Table(
        "stopping",
        f"Warnings by how many the session had seen before, {_surface(view)}",
        ("Warning", "Shown", "Of first warnings"),
        [list(step) for step in steps],
    )
    left_out = (
        f"{total.unknown.shown:,} warnings came without `attempt`; they are in none of these shares."
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
    return Figure(Table("stopping-by-month", f"Month by month, {_surface(view)}", columns, rows), chart)


def help_opened(view: View) -> Section:
    """Help, as a share of pages, and by service."""
    lead = (
        "The page offers anonymous help. This is how often somebody opened it, for each page that was shown. A person"
        " who opens two services is counted twice; calls to a number that was read off the page are not seen at all."
    )
    shown, opened = _step(view.sums, SHOWN), _step(view.sums, HELP_OPENED)
    rate = share(opened, shown)
    if rate is None:
        return Section("help", "Did people open help?", lead, nothing=NOTHING_YET)
    return Section(
        "help",
        "Did people open help?",
        lead,
        headline=_headline(view, rate, f"of {shown.shown:,} pages led to help"),
        figures=[_rate_by_month(view, HELP_OPENED, "help", "Help opened"), _by_service(view), _by_step(view)],
    )


def _by_service(view: View) -> Figure:
    services: dict[str, Count] = {}
    for (service, _), count in view.sums.services.items():
        services[service] = services.get(service, Count()).plus(count)
    ranked = sorted(services.items(), key=lambda item: -item[1].shown)
    rows: list[list[Value]] = [[view.names.service(service), count] for service, count in ranked]
    chart = counts_ranked("Services that were opened", [(view.names.service(name), count) for name, count in ranked])
    return Figure(Table("services", "Ways to services that were taken", ("Service", "Opened"), rows), chart)


def _by_step(view: View) -> Figure:
    shown = _step(view.sums, SHOWN)
    rows: list[list[Value]] = [
        [title, count, share(count, shown)]
        for step, title in DOORS.items()
        if (count := view.sums.steps.get((step,))) is not None
    ]
    columns = ("What was done", "Times", "Of pages shown")
    return Figure(Table("steps", f"What else was done, of {shown.shown:,} pages", columns, rows))


def helplines(view: View) -> Section:
    """What helplines themselves count."""
    places = [place for place in view.overview.figures if place.source != APPEALS]
    lead = "Only a helpline knows who called, wrote or came to a chat. These are the figures that helplines gave."
    if not places:
        return Section("helplines", "What helplines say", lead, nothing="No helpline has given figures for this time.")
    kinds = sorted({(place.source, place.measure) for place in places})
    titles = [f"{view.names.service(source)}: {MEASURES[measure].lower()}" for source, measure in kinds]
    chart = given_by_month(view, "Contacts that helplines counted", list(zip(titles, kinds, strict=True))[:3])
    rows = [
        [calendar(p.month), view.names.service(p.source), MEASURES[p.measure], view.overview.figures[p]] for p in places
    ]
    columns = ("Month", "Helpline", "What", "Count")
    figure = Figure(Table("helplines", "As helplines gave them", columns, rows), chart)
    return Section("helplines", "What helplines say", lead, figures=[figure])


def wrong_matches(view: View) -> Section:
    """How often people said that they meant something else."""
    lead = (
        "Behind “work or mistake” one tap says: this is not what I meant. It is the first sign of a list that is too"
        " broad, or of an entry that everyday searches meet."
    )
    rate = share(_step(view.sums, WRONG_MATCH), _step(view.sums, SHOWN))
    if rate is None:
        return Section("wrong", "Was the match wrong?", lead, nothing=NOTHING_YET)
    categories = sorted({category for category, _ in view.sums.categories})
    rows = []
    for category in categories:
        shown, wrong = (view.sums.categories.get((category, step), Count()) for step in (SHOWN, WRONG_MATCH))
        rows.append([view.names.category(category), shown, wrong, share(wrong, shown)])
    table = Table("wrong-by-category", "By category of the list", ("Category", "Pages", "Wrong", "Share"), rows)
    return Section(
        "wrong",
        "Was the match wrong?",
        lead,
        headline=_headline(view, rate, "of pages were called a mistake"),
        figures=[_rate_by_month(view, WRONG_MATCH, "wrong", "Wrong matches"), Figure(table)],
    )


def appeals(view: View) -> Section:
    """Appeals, as the platform's own desk counts them."""
    lead = "Appeals against a block, received and upheld, as the platform's own desk counts them."
    places = [place for place in view.overview.figures if place.source == APPEALS]
    if not places:
        return Section("appeals", "Appeals", lead, nothing="No figures on appeals were given for this time.")
    found = view.overview.figures
    rows = []
    for month in sorted({place.month for place in places}):
        received, upheld = (found.get(Place(month, APPEALS, measure)) for measure in OF_APPEALS)
        whole, part = (
            Count(received or 0, 1),
            Count(upheld or 0, 1 if upheld else 0, 0 if upheld else view.overview.minimum),
        )
        rows.append([calendar(month), received, upheld, share(part, whole) if received else None])
    named = [(MEASURES[measure], (APPEALS, measure)) for measure in OF_APPEALS]
    chart = given_by_month(view, "Appeals by month", named)
    columns = ("Month", "Received", "Upheld", "Share upheld")
    return Section(
        "appeals", "Appeals", lead, figures=[Figure(Table("appeals", "Appeals, month by month", columns, rows), chart)]
    )


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
        warned = _all(count for (surface, _), count in month.sums.warned.items() if surface == view.surface)
        shares.append(share(warned, checked))
        rows.append([month_of(month), checked, warned, shares[-1]])
    chart = by_month(view, "Share of checks that brought a warning", [("Warnings", shares)])
    columns = ("Month", "Checks", "Warnings", "Share")
    return Figure(Table("checks", f"Checks and warnings, {_surface(view)}", columns, rows), chart)


def _pages_by_week(view: View) -> Figure:
    both = {**view.sums.weeks, **view.overview.newest.weeks}
    weeks = sorted((week, count) for (week, step), count in both.items() if step == SHOWN and is_closed(view, week))
    places = [(place, week) for place, (week, _) in enumerate(weeks)]
    chart = None
    if len(weeks) > 1:
        chart = Chart(
            title="Pages shown, by week",
            says=f"From {weeks[0][1].shown:,} in the week of {day_name(weeks[0][0])} to {weeks[-1][1].shown:,} in that"
            f" of {day_name(weeks[-1][0])}; highest {max(count.shown for _, count in weeks):,}.",
            lines=(Line("Pages", tuple(Point(place, count.shown) for place, (_, count) in enumerate(weeks))),),
            places=tuple((place, day_name(week)[:-5]) for place, week in places[:: max(1, len(places) // 8)]),
            marks=marks(view, [week for week, _ in weeks], 7),
        )
    rows: list[list[Value]] = [[day_name(week), count] for week, count in weeks]
    note = "At least so many: what was too small for its week is in the figures of its month alone."
    table = Table("pages-by-week", "Pages shown, by week", ("Week from", "Pages, at least"), rows, folded=True)
    return Figure(table, chart, [note])


def _devices(view: View) -> Figure:
    whole = _all(view.sums.devices.values())
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
        " world, and where that was not enough with the rest; nothing is counted twice. Countries differ in lists,"
        " languages and services: their shares say where to look, not who does better."
    )
    steps = view.sums.countries
    shown = {country: count for (country, step), count in steps.items() if step == SHOWN}
    own = [country for country in shown if country not in MEMBERS and country != REST]
    if not shown:
        return Section("countries", "By country", lead, nothing=NOTHING_YET)
    ranked = [*_most(shown, own), *_most(shown, [country for country in shown if country not in own])]
    shares = {
        country: [share(steps.get((country, step), Count()), shown[country]) for step in (HELP_OPENED, WRONG_MATCH)]
        for country in ranked
    }
    rows: list[list[Value]] = [[view.names.country(each), shown[each], *shares[each]] for each in ranked]
    points = [(view.names.country(each), shares[each][0]) for each in ranked[: min(CHART_ROWS, len(own))]]
    chart = shares_ranked("Help opened, in the countries with most pages", points)
    columns = ("Country", "Pages", "Help opened", "Wrong match")
    figure = Figure(Table("countries", "All countries and regions", columns, rows), chart)
    return Section("countries", "By country", lead, figures=[figure])


def _most(shown: dict[str, Count], countries: Iterable[str]) -> list[str]:
    return sorted(countries, key=lambda country: (-shown[country].shown, country))


def _rate_by_month(view: View, step: str, name: str, title: str) -> Figure:
    rows, shares = [], []
    for month in view.months:
        shown, done = _step(month.sums, SHOWN), _step(month.sums, step)
        shares.append(share(done, shown))
        rows.append([month_of(month), shown, done, shares[-1]])
    chart = by_month(view, f"{title}, share of pages by month", [(title, shares)])
    columns = ("Month", "Pages", title, "Share")
    return Figure(Table(f"{name}-by-month", f"{title}, month by month", columns, rows), chart)


def _headline(view: View, found: Share | None, of: str, also: str = "") -> Headline | None:
    return None if found is None else Headline(written(found, view.overview.minimum), of, also)


def _step(sums: Summary, step: str) -> Count:
    return sums.steps.get((step,), Count())


def _all(counts: Iterable[Count]) -> Count:
    whole = Count()
    for count in counts:
        whole = whole.plus(count)
    return whole


def _surface(view: View) -> str:
    return f"on {SURFACES[view.surface]}" if view.surface else "on all surfaces"
