"""Owns whether a change is found where there is one and not where there is none, and what is said of it."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pytest
import statsmodels.api as sm

from redirect.domain.errors import SettingsError
from redirect.domain.periods import Span, day_of, unit_of
from redirect.domain.weeks import Weeks, weekly
from redirect.journeys.compare import Asked
from redirect.journeys.report import Row
from redirect.reports.before_after import before_after, line
from redirect.reports.compared import comparison

MONDAY = date(2025, 1, 6)


def weeks(counts: list[int | None] | np.ndarray) -> Weeks:
    mondays = tuple((MONDAY + timedelta(weeks=place)).isoformat() for place in range(len(counts)))
    return Weeks(mondays, tuple(None if count is None else int(count) for count in counts))


def simulated(
    rng: np.random.Generator, many: int = 104, effect: float = 0.0, correlation: float = 0.4, season: float = 0.1
) -> np.ndarray:
    """Overdispersed, correlated weekly counts of about 400 with a trend and a season; the change is in the middle."""
    errors, error, time = np.zeros(many), 0.0, np.arange(many)
    for week in range(many):
        error = correlation * error + rng.normal(0, 0.08)
        errors[week] = error
    level = 6 + 0.002 * time + season * np.sin(2 * np.pi * time / 52.18) + effect * (time >= many // 2)
    return np.asarray(rng.poisson(np.exp(level + errors)))


def test_a_change_is_found_where_there_is_one_and_seldom_where_there_is_none() -> None:
    rng, found, wrong = np.random.default_rng(1), 0, 0
    for _ in range(12):
        series = weeks(simulated(rng, effect=-0.4))
        found += before_after(series, series.mondays[52]).average.high < 1
        series = weeks(simulated(rng))
        wrong += before_after(series, series.mondays[52]).average.p < 0.05
    assert found >= 9
    assert wrong <= 2


def test_a_short_series_shows_a_change_that_is_not_there_no_more_often_than_a_long_one() -> None:
    """`python -m bench.before_after` does this for many lengths and correlations, a thousand times each."""
    rng, wrong = np.random.default_rng(7), 0
    for _ in range(40):
        series = weeks(simulated(rng, 40, season=0.0))
        wrong += before_after(series, series.mondays[20]).average.p < 0.05
    assert wrong <= 4


def test_what_a_season_may_have_done_is_said_where_the_weeks_are_too_few_to_tell() -> None:
    rng = np.random.default_rng(3)
    series = weeks(simulated(rng, 40, season=0.15, correlation=0.0))
    found = before_after(series, series.mondays[20])
    assert not found.average.low <= 1 <= found.average.high
    assert found.seasonal is not None
    assert found.seasonal.low <= 1 <= found.seasonal.high
    asked = Asked("funnel", "acme", "", "", {"step": "shown"})
    report = comparison(asked, series.mondays[20], series, found, "2027-01-08", "0.1.0", 10)
    assert "It may be the season" in report.sections[0].texts[0]
    assert before_after(series, series.mondays[20], control=series).seasonal is None


def test_what_is_found_is_about_what_is_there() -> None:
    rng = np.random.default_rng(2)
    series = weeks(simulated(rng, effect=-0.4, correlation=0.0))
    found = before_after(series, series.mondays[52])
    assert found.level.low < np.exp(-0.4) < found.level.high
    assert found.average.low < np.exp(-0.4) < found.average.high
    assert found.seasons == 1
    assert found.weeks == (52, 52)
    assert found.spread > 1
    assert found.expected[:52] == (None,) * 52
    assert found.expected[60] is not None


def test_autocorrelation_is_found_and_without_any_the_line_is_that_of_least_squares() -> None:
    rng = np.random.default_rng(3)
    found = [
        before_after(series := weeks(simulated(rng, 104, correlation=0.6)), series.mondays[52]).autocorrelation
        for _ in range(10)
    ]
    assert 0.4 < np.mean(found) < 0.8
    terms, outcome = np.column_stack([np.ones(30), np.arange(30)]), rng.normal(size=30)
    plain = sm.OLS(outcome, terms).fit()
    expected = -0.5 * (28 * np.log(plain.ssr / 28) + np.linalg.slogdet(terms.T @ terms)[1])
    found_line = line(outcome, terms, np.ones(29), 0.0)
    assert found_line.likelihood == pytest.approx(expected)
    assert found_line.covariance == pytest.approx(plain.cov_params())


def test_weeks_that_are_missing_are_bridged_as_generalised_least_squares_does() -> None:
    rng, used = np.random.default_rng(9), np.array([0, 1, 2, 4, 5, 9, 10, 11, 12, 15])
    terms, outcome = np.column_stack([np.ones(10), used]), rng.normal(size=10)
    apart = np.abs(np.subtract.outer(used, used)).astype(float)
    same = sm.GLS(outcome, terms, sigma=0.6**apart).fit()
    found = line(outcome, terms, np.diff(used), 0.6)
    assert found.params == pytest.approx(same.params)
    assert found.covariance == pytest.approx(same.cov_params())
    logdet = np.linalg.slogdet(0.6**apart)[1] + np.linalg.slogdet(np.linalg.inv(same.normalized_cov_params))[1]
    assert found.likelihood == pytest.approx(-0.5 * (8 * np.log(same.scale) + logdet))


def test_a_shock_that_moves_both_is_no_change_beside_a_control() -> None:
    rng, shock = np.random.default_rng(4), np.exp(0.5 * (np.arange(104) >= 52))
    series = weeks(rng.poisson(400 * shock))
    alone = before_after(series, series.mondays[52])
    assert alone.average.low > 1.3
    beside = before_after(series, series.mondays[52], control=weeks(rng.poisson(900 * shock)))
    assert beside.controlled
    assert beside.average.low < 1 < beside.average.high
    share = before_after(series, series.mondays[52], per=weeks(rng.poisson(5000 * shock)))
    assert share.average.low < 1 < share.average.high


def test_too_few_weeks_and_too_many_missing_ones_are_refused() -> None:
    series = weeks([100] * 20)
    with pytest.raises(SettingsError, match="there are 10 and 10"):
        before_after(series, series.mondays[10])
    holes = weeks([None if place % 3 == 0 else 100 + place % 7 for place in range(60)])
    with pytest.raises(SettingsError, match="20 of 60 weeks"):
        before_after(holes, holes.mondays[30])


def test_a_few_missing_weeks_are_left_out_and_stay_missing() -> None:
    counts = list(map(int, simulated(np.random.default_rng(5), 60)))
    series = weeks([None if place in {7, 41} else count for place, count in enumerate(counts)])
    found = before_after(series, series.mondays[30])
    assert found.weeks == (29, 29)
    assert found.fitted[7] is None
    assert found.expected[41] is None


def test_published_days_and_weeks_make_a_series_and_months_do_not() -> None:
    day = day_of("2026-11-16")
    rows = [
        Row(unit_of(Span.DAY, day), ("acme", "AR", "shown"), 30),
        Row(unit_of(Span.DAY, day + 1), ("acme", "AR", "shown"), 20),
        Row(unit_of(Span.WEEK, day), ("acme", "CL", "shown"), 15),
        Row(unit_of(Span.WEEK, day), ("acme", "CL", "left"), 70),
        Row(unit_of(Span.MONTH, day), ("acme", "005", "shown"), 90),
    ]
    names = ("platform", "country", "step")
    found = weekly(rows, names, {"step": "shown"}, range(day - 7, day + 14))
    assert found.mondays == ("2026-11-09", "2026-11-16", "2026-11-23")
    assert found.counts == (None, 65, None)


def test_the_report_never_calls_a_difference_caused() -> None:
    rng = np.random.default_rng(6)
    asked = Asked("funnel", "acme", "", "", {"step": "shown"})
    for effect, says in ((-0.5, "fewer than"), (0.0, "no proof that nothing changed")):
        series = weeks(simulated(rng, effect=effect))
        found = before_after(series, series.mondays[52])
        report = comparison(asked, series.mondays[52], series, found, "2027-01-08", "0.1.0", 10)
        words = " ".join(text for section in report.sections for text in section.texts)
        assert says in words
        assert "caus" not in words
