"""Owns what sections of the dashboard have in common. Must never join two surfaces."""

from __future__ import annotations

from typing import TYPE_CHECKING

from redirect.domain.counts import SHOWN
from redirect.domain.subject import Surface
from redirect.domain.sureness import Count, Share, share
from redirect.web.figures_shown import Figure, Headline, Table, written
from redirect.web.plots import (
    View,
    by_month,
    month_of,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from redirect.domain.summary import Summary


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


def rate_by_month(view: View, step: str, name: str, title: str) -> Figure:
    rows, shares = [], []
    for month in view.months:
        shown, done = of_step(month.sums, SHOWN), of_step(month.sums, step)
        shares.append(share(done, shown))
        rows.append([month_of(month), shown, done, shares[-1]])
    chart = by_month(view, f"{title}, share of pages by month", [(title, shares)])
    columns = ("Month", "Pages", title, "Share")
    return Figure(Table(f"{name}-by-month", f"{title}, month by month", columns, rows), chart)


def headline(view: View, found: Share | None, of: str, also: str = "") -> Headline | None:
    return None if found is None else Headline(written(found, view.overview.minimum), of, also)


def of_step(sums: Summary, step: str) -> Count:
    return sums.steps.get((step,), Count())


def all_of(counts: Iterable[Count]) -> Count:
    whole = Count()
    for count in counts:
        whole = whole.plus(count)
    return whole


def on_surface(view: View) -> str:
    return f"on {SURFACES[view.surface]}" if view.surface else "on all surfaces"
