"""Owns what the dashboard says of figures that others give. Must never mix them with our own."""

from __future__ import annotations

from redirect.domain.figures import APPEALS, MEASURES, OF_APPEALS, Place
from redirect.domain.sureness import Count, share
from redirect.web.figures_shown import Figure, Section, Table
from redirect.web.plots import (
    View,
    calendar,
    given_by_month,
)


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
