"""Owns the statistics of experiments: answers that stay right however often one looks. Must never know what is counted.

Everything here is computed from sums, in closed form, so that a service needs no statistics library to guard what it
serves; tests hold it against scipy and statsmodels, and against a hundred thousand simulated looks.

Sources
- Differences: the normal mixture sequential probability ratio test. H. Robbins, Statistical methods related to the law
  of the iterated logarithm, Annals of Mathematical Statistics 41 (1970); R. Johari, P. Koomen, L. Pekelis, D. Walsh,
  Always valid inference: continuous monitoring of A/B tests, Operations Research 70 (2022); as an asymptotic confidence
  sequence: I. Waudby-Smith, D. Arbour, R. Sinha, E. Kennedy, A. Ramdas, Time-uniform central limit theory and
  asymptotic confidence sequences, Annals of Statistics 52 (2024).
- Shares of arms: the Dirichlet-multinomial mixture. M. Lindon, A. Malek, Anytime-valid inference for multinomial count
  data, NeurIPS 35 (2022).
- Rates of rare events: likelihood ratios mixed over several ratios, a nonnegative supermartingale (J. Ville, 1939; S.
  Howard, A. Ramdas, J. McAuliffe, J. Sekhon, Time-uniform, nonparametric, nonasymptotic confidence sequences, Annals of
  Statistics 49 (2021)).
"""

from __future__ import annotations

from dataclasses import dataclass
from math import exp, inf, lgamma, log, sqrt
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

POWER: Final = 0.8
"""The stated power: the chance to find a difference that is as large as asked for, at the stated size."""
_POWER_QUANTILE: Final = 0.8416212335729143
"""The normal quantile of POWER."""
_RATIOS: Final = (1.25, 1.5, 2.0, 3.0)
"""How many times as often an event may come in an arm that does harm; each gets the same weight."""
_CONCENTRATION: Final = 100.0
"""How far the mixture over shares of arms strays from those intended: about five points."""

_LARGEST: Final = 700.0
"""The logarithm of about the largest number that can be written."""


@dataclass(frozen=True, slots=True)
class Rate:
    """Events of trials, as sums. `spread`: how much more the events vary than if they were independent; `blur`: the
    variance that rounding has added to the events, and to the trials."""

    events: float
    trials: float
    spread: float = 1.0
    blur: tuple[float, float] = (0.0, 0.0)

    @property
    def share(self) -> float:
        """Events for each trial."""
        return self.events / self.trials

    @property
    def variance(self) -> float:
        """Of the share, by the delta method."""
        binomial = self.share * max(0.0, 1 - self.share) * self.trials * self.spread
        return (binomial + self.blur[0] + self.share**2 * self.blur[1]) / self.trials**2

    @property
    def log_odds(self) -> float:
        """Infinite where there is no event, or nothing else."""
        rest = self.trials - self.events
        if self.events <= 0 or rest <= 0:
            return inf if rest <= 0 else -inf
        return log(self.events / rest)

    @property
    def log_odds_variance(self) -> float:
        """By the delta method; without spread and blur `1/events + 1/rest`."""
        rest = self.share * (1 - self.share)
        return self.variance / rest**2 if rest > 0 else inf


@dataclass(frozen=True, slots=True)
class Interval:
    """An estimate and how low and how high the truth may be."""

    estimate: float
    low: float
    high: float


def difference(one: Rate, base: Rate, alpha: float, scale: float) -> Interval:
    """How much larger the share of `one` is. The interval holds the truth at every look, but in a share `alpha` of all
    experiments. It is narrowest where the truth is about as large as `scale`."""
    return _around(one.share - base.share, one.variance + base.variance, alpha, scale)


def level(rate: Rate, alpha: float, scale: float) -> Interval:
    """The share of one arm by itself, with an interval as that of `difference`."""
    return _around(rate.share, rate.variance, alpha, scale)


def odds_ratio(one: Rate, base: Rate, alpha: float, scale: float) -> Interval:
    """How many times as large the odds of `one` are; the interval as that of `difference`. `scale` is in log odds.
    Infinite or no number where odds are nought or infinite, so that nobody can say."""
    estimate = one.log_odds - base.log_odds
    found = _around(estimate, one.log_odds_variance + base.log_odds_variance, alpha, scale)
    return Interval(*(inf if value > _LARGEST else exp(value) for value in (found.estimate, found.low, found.high)))


def radius(variance: float, alpha: float, scale: float) -> float:
    """How far the truth may be from an estimate of this variance."""
    both = variance + scale**2
    return sqrt(2 * variance * both / scale**2 * (log(1 / alpha) + 0.5 * log(both / variance)))


def _around(estimate: float, variance: float, alpha: float, scale: float) -> Interval:
    if not 0 < variance < inf:
        return Interval(estimate, -inf, inf)
    reach = radius(variance, alpha, scale)
    return Interval(estimate, estimate - reach, estimate + reach)


def mismatch(counts: Sequence[float], weights: Sequence[float]) -> float:
    """An always-valid p-value for counts that should stand to each other as `weights` (which add up to 1)."""
    prior = [_CONCENTRATION * weight for weight in weights]
    total = sum(counts)
    mixed = lgamma(_CONCENTRATION) - lgamma(_CONCENTRATION + total)
    for count, weight, start in zip(counts, weights, prior, strict=True):
        mixed += lgamma(start + count) - lgamma(start) - count * log(weight)
    return exp(min(0.0, -mixed))


def more_often(events: int, base_events: int, share: float) -> float:
    """An always-valid, one-sided p-value for more events in an arm than in another. `share` is the arm's part of both
    together. Exact for rare events that are independent: whichever arm the next one comes from is a throw of a coin."""
    together = events + base_events
    logs = []
    for ratio in _RATIOS:
        other = ratio * share / (ratio * share + 1 - share)
        logs.append(events * log(other / share) + (together - events) * log((1 - other) / (1 - share)))
    most = max(logs)
    evidence = most + log(sum(exp(each - most) for each in logs) / len(logs))
    return exp(min(0.0, -evidence))


def needed(rate: float, smallest: float, shares: tuple[float, float], alpha: float, spread: float = 1.0) -> float:
    """Trials of all arms together after which a difference of `smallest` is found with POWER, where `rate` is about the
    share of events and `shares` are those of the two arms in all trials."""
    unit = rate * (1 - rate) * spread * sum(1 / share for share in shares)

    def reach(trials: float) -> float:
        return radius(unit / trials, alpha, smallest) + _POWER_QUANTILE * sqrt(unit / trials)

    low, high = 1.0, 1e12
    while high / low > 1.001:
        middle = sqrt(low * high)
        low, high = (low, middle) if reach(middle) <= smallest else (middle, high)
    return high
