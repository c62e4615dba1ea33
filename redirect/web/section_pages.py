"""Owns what the dashboard says of what people did on pages. Must never call a tap a person."""

from __future__ import annotations

from redirect.domain.counts import HELP_OPENED, LEFT, SHOWN, WRONG_MATCH
from redirect.domain.sureness import Count, share
from redirect.web.figures_shown import Figure, Section, Table, Value
from redirect.web.plots import (
    View,
    counts_ranked,
)
from redirect.web.section_parts import NOTHING_YET, headline, of_step, rate_by_month

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


def help_opened(view: View) -> Section:
    """Help, as a share of pages, and by service."""
    lead = (
        "The page offers anonymous help. This is how often somebody opened it, for each page that was shown. A person"
        " who opens two services is counted twice; calls to a number that was read off the page are not seen at all."
    )
    shown, opened = of_step(view.sums, SHOWN), of_step(view.sums, HELP_OPENED)
    rate = share(opened, shown)
    if rate is None:
        return Section("help", "Did people open help?", lead, nothing=NOTHING_YET)
    return Section(
        "help",
        "Did people open help?",
        lead,
        headline=headline(view, rate, f"of {shown.shown:,} pages led to help"),
        figures=[rate_by_month(view, HELP_OPENED, "help", "Help opened"), _by_service(view), _by_step(view)],
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
    shown = of_step(view.sums, SHOWN)
    rows: list[list[Value]] = [
        [title, count, share(count, shown)]
        for step, title in DOORS.items()
        if (count := view.sums.steps.get((step,))) is not None
    ]
    columns = ("What was done", "Times", "Of pages shown")
    return Figure(Table("steps", f"What else was done, of {shown.shown:,} pages", columns, rows))


def wrong_matches(view: View) -> Section:
    """How often people said that they meant something else."""
    lead = (
        "Behind “work or mistake” one tap says: this is not what I meant. It is the first sign of a list that is too"
        " broad, or of an entry that everyday searches meet."
    )
    rate = share(of_step(view.sums, WRONG_MATCH), of_step(view.sums, SHOWN))
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
        headline=headline(view, rate, "of pages were called a mistake"),
        figures=[rate_by_month(view, WRONG_MATCH, "wrong", "Wrong matches"), Figure(table)],
    )
