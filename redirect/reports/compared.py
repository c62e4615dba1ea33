"""Owns the report on before and after a change. Must never say that the change was the cause."""

from __future__ import annotations

from math import sqrt
from typing import TYPE_CHECKING

from redirect.domain.document import Chart, Column, Figure, Report, Section, Table, Unit
from redirect.domain.periods import Span, day_of, unit_of

if TYPE_CHECKING:
    from redirect.domain.weeks import Weeks
    from redirect.journeys.compare import Asked
    from redirect.reports.before_after import BeforeAfter, Ratio

LIMITS = (
    "Weeks differ for many reasons: whatever else changed at that time is in these figures, too.",
    "What is shown by the month alone is in no week, so the series holds the larger part of the counts, not all.",
    "A control series takes out what moves both. It is as good as the reason to believe that the change left it alone.",
)


def comparison(
    asked: Asked, at: str, series: Weeks, found: BeforeAfter, made: str, version: str, minimum: int
) -> Report:
    """A report of one chapter of figures, one chart, and the weeks."""
    of = ", ".join(f"{name} {label}" for name, label in asked.where.items()) or asked.table
    waved = found.seasonal
    figures = (
        Figure("All weeks after, beside what was expected", _change(found.average), _limits(found.average)),
        *([Figure("The same, with room for a season", _change(waved), _limits(waved))] if waved else []),
        Figure("The step at the change", _change(found.level), _limits(found.level)),
        Figure("The bend of the trend, a week", _change(found.trend), _limits(found.trend)),
    )
    texts = (_verdict(found), *_how(found))
    sections = (
        Section("found", "What was found", texts, figures, (_chart(series, found),)),
        Section("limits", "What it cannot say", LIMITS, tables=(_table(series, found),)),
    )
    title = f"Before and after {at}: {of}, on {asked.platform}"
    last = unit_of(Span.WEEK, day_of(series.mondays[-1])).last
    return Report(title, asked.platform, series.mondays[0], last, made, version, minimum, sections)


def _verdict(found: BeforeAfter) -> str:
    before, after = found.weeks
    if found.average.low <= 1 <= found.average.high:
        return (
            f"No difference was found: {after} weeks after the change lie within what the {before} before let expect."
            " That is no proof that nothing changed; the range says how much may have."
        )
    more = "more" if found.average.value > 1 else "fewer"
    said = f"In the {after} weeks after the change there were {more} than the {before} weeks before let expect."
    if found.seasonal and found.seasonal.low <= 1 <= found.seasonal.high:
        return f"{said} It may be the season: the weeks are too few to tell. Longer series, or a control series, would."
    return said


SEASONS = {
    0: "The weeks do not span long enough to tell seasons from a trend: a turn of season would look like a change.",
    1: "One wave a year is taken for the season.",
    2: "Two waves a year are taken for the season.",
}


def _how(found: BeforeAfter) -> tuple[str, ...]:
    control = "Beside a control series" if found.controlled else "Without a control series"
    method = (
        f"{control}: segmented regression of the logarithm of weekly counts. The errors of two weeks in a row most"
        f" likely have a correlation of {found.autocorrelation:.2f}; intervals are at 95 %, over all correlations by"
        f" how likely these are (Zellner and Tiao), and span those of Newey and West over {found.lags} weeks."
    )
    spread = f"The weeks vary {sqrt(max(found.spread, 0)):.1f} times as much as counts of independent events would."
    return method, spread, SEASONS[found.seasons]


def _change(ratio: Ratio) -> str:
    return f"{ratio.value - 1:+.1%}"


def _limits(ratio: Ratio) -> str:
    return f"between {ratio.low - 1:+.1%} and {ratio.high - 1:+.1%}; p = {ratio.p:.3f}"


def _chart(series: Weeks, found: BeforeAfter) -> Chart:
    lines = {
        "Published": tuple(None if count is None else float(count) for count in series.counts),
        "Fitted": found.fitted,
        "Expected without the change": found.expected,
    }
    return Chart("Week by week", _change(found.average) + " beside what was expected.", series.mondays, lines)


def _table(series: Weeks, found: BeforeAfter) -> Table:
    columns = (
        Column("week", "Week from"),
        Column("published", "Published", Unit.COUNT),
        Column("fitted", "Fitted", Unit.COUNT),
        Column("expected", "Expected without the change", Unit.COUNT),
    )
    rows = tuple(
        (week, count, _whole(fitted), _whole(expected))
        for week, count, fitted, expected in zip(
            series.mondays, series.counts, found.fitted, found.expected, strict=True
        )
    )
    return Table("weeks", "Weeks", columns, rows, appendix=True)


def _whole(value: float | None) -> int | None:
    return None if value is None else round(value)
