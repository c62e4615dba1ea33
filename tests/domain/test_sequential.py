"""Owns whether the statistics are right: against scipy and statsmodels, and by experiments that are looked at all the
time. Seeds are fixed, so that a test that holds, holds."""

from __future__ import annotations

from math import exp, log, sqrt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import integrate, optimize, stats
from statsmodels.stats.contingency_tables import Table2x2
from statsmodels.stats.proportion import confint_proportions_2indep

from redirect.domain.sequential import (
    POWER,
    Rate,
    difference,
    mismatch,
    more_often,
    needed,
    odds_ratio,
    radius,
)

ALPHA = 0.05
COUNTS = st.integers(10, 5000)


def chance(estimate: float, variance: float, scale: float) -> float:
    """An always-valid p-value: at most a share p of all experiments without any difference ever show one this small."""
    if variance <= 0:
        return 1.0
    ratio = scale**2 / (variance + scale**2)
    evidence = 0.5 * log(variance / (variance + scale**2)) + 0.5 * ratio * estimate**2 / variance
    return exp(min(0.0, -evidence))


@given(COUNTS, COUNTS, COUNTS, COUNTS)
def test_estimates_and_variances_are_those_of_statsmodels(a: int, b: int, c: int, d: int) -> None:
    one, base = Rate(a, a + b), Rate(c, c + d)
    table = Table2x2(np.array([[a, b], [c, d]]))
    assert odds_ratio(one, base, ALPHA, 0.25).estimate == pytest.approx(table.oddsratio)
    assert sqrt(one.log_odds_variance + base.log_odds_variance) == pytest.approx(table.log_oddsratio_se)
    low, high = confint_proportions_2indep(a, a + b, c, c + d, method="wald", alpha=ALPHA)
    assert difference(one, base, ALPHA, 0.02).estimate == pytest.approx((low + high) / 2, abs=1e-9)
    assert sqrt(one.variance + base.variance) * stats.norm.isf(ALPHA / 2) == pytest.approx((high - low) / 2)


@pytest.mark.parametrize(("estimate", "deviation", "scale"), [(0.01, 0.01, 0.02), (0.05, 0.012, 0.02), (0.4, 0.2, 0.1)])
def test_the_evidence_is_the_mixture_that_it_says(estimate: float, deviation: float, scale: float) -> None:
    """The likelihood of every difference, weighted by a normal of this scale, to that of none: integrated by scipy."""

    def weighted(truth: float) -> float:
        return float(stats.norm.pdf(estimate, truth, deviation) * stats.norm.pdf(truth, 0, scale))

    mixed, _ = integrate.quad(weighted, -3, 3, points=[0, estimate])
    ratio = mixed / stats.norm.pdf(estimate, 0, deviation)
    assert chance(estimate, deviation**2, scale) == pytest.approx(min(1, 1 / ratio), rel=1e-6)


@given(st.floats(1e-6, 1e-2), st.floats(0.005, 0.2), st.floats(0.001, 0.2))
def test_the_interval_ends_where_the_evidence_reaches_its_limit(variance: float, scale: float, alpha: float) -> None:
    assert chance(radius(variance, alpha, scale), variance, scale) == pytest.approx(alpha, rel=1e-6)


def test_an_interval_that_may_be_looked_at_all_the_time_is_wider_than_one_that_may_not() -> None:
    one, base = Rate(300, 1000), Rate(260, 1000)
    low, high = confint_proportions_2indep(300, 1000, 260, 1000, method="wald", alpha=ALPHA)
    found = difference(one, base, ALPHA, 0.02)
    assert found.low < low < high < found.high


def looked_at(rng: np.random.Generator, shares: tuple[float, float], looks: int, each: int) -> bool:
    """Whether a difference was ever seen, by somebody who looks after every `each` showings of an arm."""
    one = np.cumsum(rng.binomial(each, shares[0], looks))
    base = np.cumsum(rng.binomial(each, shares[1], looks))
    for look in range(looks):
        trials = each * (look + 1)
        if min(one[look], base[look]) < 10:
            continue
        found = difference(Rate(one[look], trials), Rate(base[look], trials), ALPHA, 0.02)
        if found.low > 0 or found.high < 0:
            return True
    return False


@pytest.mark.parametrize("share", [0.02, 0.2, 0.5])
def test_looking_all_the_time_finds_nothing_where_there_is_nothing(share: float) -> None:
    """1,000 experiments with 50 looks each; one that was looked at so often with a usual test would find something in
    about a quarter of them."""
    rng = np.random.default_rng(8)
    wrong = sum(looked_at(rng, (share, share), 50, 200) for _ in range(1000))
    assert wrong <= ALPHA * 1000


def test_what_is_there_is_found_with_the_stated_power_at_the_stated_size() -> None:
    rng, rate, smallest = np.random.default_rng(9), 0.2, 0.03
    trials = round(needed(rate, smallest, (0.5, 0.5), ALPHA) / 2)
    base, one = rng.binomial(trials, rate, 2000), rng.binomial(trials, rate + smallest, 2000)
    found = [
        difference(Rate(a, trials), Rate(b, trials), ALPHA, smallest).low > 0 for a, b in zip(one, base, strict=True)
    ]
    assert POWER - 0.05 < np.mean(found) < POWER + 0.05


def test_the_stated_size_is_what_a_search_for_it_finds() -> None:
    def lacking(trials: float) -> float:
        variance = 0.2 * 0.8 * 4 / trials
        return radius(variance, ALPHA, 0.03) + float(stats.norm.ppf(POWER)) * sqrt(variance) - 0.03

    assert needed(0.2, 0.03, (0.5, 0.5), ALPHA) == pytest.approx(optimize.brentq(lacking, 100, 1e7), rel=0.01)


def test_shares_of_arms_are_compared_by_a_dirichlet_mixture() -> None:
    counts, weights = (60, 30, 10), (0.5, 0.3, 0.2)
    mixed = stats.dirichlet_multinomial.pmf(counts, [100 * weight for weight in weights], 100)
    assert mismatch(counts, weights) == pytest.approx(min(1, stats.multinomial.pmf(counts, 100, weights) / mixed))


def test_right_shares_are_seldom_called_wrong_and_wrong_ones_soon_found() -> None:
    rng, weights = np.random.default_rng(10), (0.5, 0.3, 0.2)

    def ever(truth: tuple[float, ...]) -> bool:
        counts = np.cumsum(rng.multinomial(200, truth, 50), axis=0)
        return any(mismatch(list(map(int, row)), weights) < 0.01 for row in counts)

    assert sum(ever(weights) for _ in range(500)) <= 5
    assert sum(ever((0.46, 0.32, 0.22)) for _ in range(50)) >= 48


def test_rare_events_are_compared_by_likelihoods_of_a_binomial() -> None:
    share, events, others = 0.25, 20, 18
    ratios = [ratio * share / (ratio * share + 1 - share) for ratio in (1.25, 1.5, 2, 3)]
    likelihood = np.mean([stats.binom.pmf(events, events + others, other) for other in ratios])
    expected = stats.binom.pmf(events, events + others, share) / likelihood
    assert more_often(events, others, share) == pytest.approx(min(1, expected))


@pytest.mark.parametrize("share", [0.05, 0.5])
def test_a_harmless_arm_is_seldom_stopped_and_a_harmful_one_is(share: float) -> None:
    rng = np.random.default_rng(11)

    def ever(ratio: float) -> bool:
        part = ratio * share / (ratio * share + 1 - share)
        events = np.cumsum(rng.random(1500) < part)
        return any(more_often(int(events[at]), at + 1 - int(events[at]), share) < 0.025 for at in range(9, 1500, 10))

    assert sum(ever(1.0) for _ in range(300)) <= 0.025 * 300
    assert sum(ever(2.0) for _ in range(60)) >= 57


def test_a_hundred_million_showings_are_no_harder_than_a_hundred() -> None:
    assert mismatch((50_000_000, 50_000_000), (0.5, 0.5)) == 1.0
    assert mismatch((50_050_000, 49_950_000), (0.5, 0.5)) < 1e-6
