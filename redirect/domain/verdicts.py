"""Owns what may be said of an experiment. Must never name a better arm by clicks alone: who stopped comes first, then
who opened help; nor compare an arm while no week of one of its counts is published.

It knows published weeks and nothing else: counts rounded to 5, small ones missing. What rounding adds is in the
intervals; a missing count is taken to be anything that it may be, so an interval spans the best and the worst case.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from enum import StrEnum
from math import ceil, isfinite, nan
from typing import TYPE_CHECKING, Final

from redirect.domain.counts import HELP_OPENED, SHOWN
from redirect.domain.experiments import FIRST_REPEAT, FIRST_SHOWING, Assign
from redirect.domain.sequential import Interval, Rate, difference, level, mismatch, needed, odds_ratio
from redirect.domain.sureness import Share

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from redirect.domain.experiments import Experiment, Guardrail

ALPHA: Final = 0.05
"""Of all experiments without any difference, at most this share ever names an arm as better or worse: whatever the
number of arms, and however often somebody looks."""
BROKEN: Final = 0.01
"""Of all experiments that assign as they should, at most this share is ever called broken."""
CLICKS_SPREAD: Final = 2.0
"""One person may open several services, so ways to help vary more than heads: at least twice."""
ROUNDING: Final = 2.0
"""The variance of rounding to the nearest 5."""
_LOG_ODDS_SCALE: Final = 0.25
_WEEKS_FOR_SPREAD: Final = 4

Cells = dict[tuple[int, str, str, str], int]
"""Published counts of one experiment on one platform, by week, arm, attempt and step."""


class Verdict(StrEnum):
    """What follows for one arm, beside the default."""

    TOO_SMALL = "too_small"
    BROKEN = "broken"
    OPEN = "open"
    MORE_STOP = "more_stop"
    FEWER_STOP = "fewer_stop"
    MORE_HELP = "more_help"
    ALIKE = "alike"


@dataclass(frozen=True, slots=True)
class Compared:
    """One outcome of an arm beside the default's, as shares of first showings."""

    share: float
    base: float
    difference: Interval
    odds_ratio: Interval


@dataclass(frozen=True, slots=True)
class Finding:
    """What is known of one arm. `showings` first showings of it were published; `stopped` is None where no repeat can
    be laid to an arm, and both outcomes are while no week of them is published. `more_weeks`: about how many more it
    would take to find the smallest difference worth knowing; None where nobody can say."""

    arm: str
    verdict: Verdict
    showings: int
    stopped: Compared | None = None
    help_opened: Compared | None = None
    more_weeks: int | None = None


@dataclass(frozen=True, slots=True)
class Seen:
    """One arm by itself: shares of its first showings, whose limits hold at every look as well. `stopped` is None where
    no repeat can be laid to an arm."""

    arm: str
    stopped: Share | None
    help_opened: Share
    guardrails: Mapping[Guardrail, Share]


@dataclass(frozen=True, slots=True)
class Result:
    """What is known of an experiment on one platform, from `weeks` published weeks. `mismatch` is the p-value of the
    shares that the arms have; `showings` are first showings by arm. `seen` are all arms, the default first; none where
    there is no result."""

    experiment: Experiment
    platform: str
    weeks: int
    showings: Mapping[str, int]
    mismatch: float
    findings: tuple[Finding, ...]
    seen: tuple[Seen, ...] = ()


def judge(experiment: Experiment, platform: str, cells: Cells, minimum: int) -> Result:
    """What published counts say. `minimum` is the smallest cell that is shown."""
    arms = [arm.variant for arm in experiment.arms]
    # Weeks are chosen by how many were shown the page, never by what these did, so that choosing favours no arm.
    weeks = [
        week for week in sorted({week for week, *_ in cells}) if all((week, arm, "0", SHOWN) in cells for arm in arms)
    ]
    showings = {arm: sum(cells[week, arm, FIRST_SHOWING, SHOWN] for week in weeks) for arm in arms}
    odd = mismatch(list(showings.values()), list(experiment.weights.values())) if weeks else 1.0
    table = _Table(experiment, cells, weeks, minimum)
    findings = tuple(
        Finding(arm.variant, Verdict.BROKEN, showings[arm.variant])
        if odd < BROKEN
        else _finding(table, arm.variant, showings[arm.variant])
        for arm in experiment.challengers
    )
    seen = tuple(table.seen(arm) for arm in arms) if weeks and odd >= BROKEN else ()
    return Result(experiment, platform, len(weeks), showings, odd, findings, seen)


class _Table:
    """Published weeks of an experiment, as rates of arms."""

    def __init__(self, experiment: Experiment, cells: Cells, weeks: list[int], minimum: int) -> None:
        self.experiment = experiment
        self._cells = cells
        self.weeks = weeks
        self._most_unseen = minimum - 1
        arms = [arm.variant for arm in experiment.arms]
        self._trials = {arm: sum(cells[week, arm, FIRST_SHOWING, SHOWN] for week in weeks) for arm in arms}
        # Two outcomes of each challenger could name it better or worse; they share what may go wrong.
        self.alpha = ALPHA / (2 * len(experiment.challengers))
        self._spread = {
            outcome: max(floor, self._seen_spread(*outcome))
            for outcome, floor in (((FIRST_REPEAT, SHOWN), 1.0), ((FIRST_SHOWING, HELP_OPENED), CLICKS_SPREAD))
        }

    def rates(self, arm: str, attempt: str, step: str) -> tuple[Rate, Rate] | None:
        """The lowest and the highest that the rate may be; None where no week of it was published."""
        return self._rates(arm, attempt, step) if self._shown(arm, attempt, step) else None

    def seen(self, arm: str) -> Seen:
        """What is known of an arm by itself."""
        repeats = self._share(arm, FIRST_REPEAT, SHOWN)
        return Seen(
            arm,
            None if self.experiment.assign is Assign.RANDOM else repeats.rest,
            self._share(arm, FIRST_SHOWING, HELP_OPENED),
            {each: self._share(arm, FIRST_SHOWING, each.value) for each in self.experiment.guardrails},
        )

    def _share(self, arm: str, attempt: str, step: str) -> Share:
        rates = self._rates(arm, attempt, step)
        low, high = (level(rate, ALPHA, self.experiment.smallest) for rate in rates)
        if not self._shown(arm, attempt, step):
            return Share(None, 0.0, min(1.0, high.high))
        return Share(_middle(rates), max(0.0, low.low), min(1.0, high.high))

    def _shown(self, arm: str, attempt: str, step: str) -> list[int]:
        seen = (self._cells.get((week, arm, attempt, step)) for week in self.weeks)
        return [count for count in seen if count is not None]

    def _rates(self, arm: str, attempt: str, step: str) -> tuple[Rate, Rate]:
        shown = self._shown(arm, attempt, step)
        trials = self._trials[arm]
        blur = (ROUNDING * len(shown), ROUNDING * len(self.weeks))
        spread = self._spread.get((attempt, step), CLICKS_SPREAD)
        low, unseen = sum(shown), len(self.weeks) - len(shown)
        # A person may click twice, yet a share beyond all of them means nothing.
        high = min(low + unseen * self._most_unseen, trials)
        return Rate(min(low, trials), trials, spread, blur), Rate(high, trials, spread, blur)

    def _seen_spread(self, attempt: str, step: str) -> float:
        """How much more the weeks of arms differ than chance would have it: Pearson's statistic of arms by weeks for
        each degree of freedom (P. McCullagh, J. Nelder, Generalized Linear Models, 1989, 4.5)."""
        arms = [arm.variant for arm in self.experiment.arms]
        weeks = [week for week in self.weeks if all((week, arm, attempt, step) in self._cells for arm in arms)]
        if len(weeks) < _WEEKS_FOR_SPREAD:
            return 1.0
        events = {(w, a): self._cells[w, a, attempt, step] for w in weeks for a in arms}
        trials = {(w, a): self._cells[w, a, FIRST_SHOWING, SHOWN] for w in weeks for a in arms}
        shares = {a: sum(events[w, a] for w in weeks) / sum(trials[w, a] for w in weeks) for a in arms}
        total = 0.0
        for week in weeks:
            expected = {a: trials[week, a] * shares[a] for a in arms}
            level = sum(events[week, a] for a in arms) / sum(expected.values())
            for arm in arms:
                mean = expected[arm] * level
                variance = mean * max(1 - mean / trials[week, arm], 0.05) + ROUNDING
                total += (events[week, arm] - mean) ** 2 / variance
        return total / ((len(weeks) - 1) * (len(arms) - 1))

    def compared(self, arm: str, attempt: str, step: str, *, without: bool = False) -> Compared | None:
        """An outcome beside the default's; `without`: the share of those of whom it was not counted."""
        one, base = (self.rates(each, attempt, step) for each in (arm, self.experiment.default.variant))
        if one is None or base is None:
            return None
        if without:
            one, base = _rest(one), _rest(base)
        scale = self.experiment.smallest
        worst, best = ((one[0], base[1]), (one[1], base[0]))
        gaps = [difference(*pair, self.alpha, scale) for pair in (worst, best)]
        odds = [odds_ratio(*pair, self.alpha, _LOG_ODDS_SCALE) for pair in (worst, best)]
        return Compared(_middle(one), _middle(base), _span(gaps), _span(odds))

    def more_weeks(self, arm: str, base: float, spread: float) -> int | None:
        """How many more weeks like those so far, until the smallest difference would show."""
        shares = self.experiment.weights
        pair = (shares[arm], shares[self.experiment.default.variant])
        trials = needed(base, self.experiment.smallest, pair, self.alpha, spread)
        so_far = sum(self._trials.values())
        return max(0, ceil((trials - so_far) / (so_far / len(self.weeks)))) if 0 < base < 1 else None

    def spread_of(self, attempt: str, step: str) -> float:
        return self._spread[attempt, step]


def _finding(table: _Table, arm: str, showings: int) -> Finding:
    help_opened = table.compared(arm, FIRST_SHOWING, HELP_OPENED)
    if help_opened is None:
        return Finding(arm, Verdict.TOO_SMALL, showings)
    if table.experiment.assign is Assign.RANDOM:
        more = table.more_weeks(arm, help_opened.base, table.spread_of(FIRST_SHOWING, HELP_OPENED))
        return Finding(arm, Verdict.OPEN, showings, None, help_opened, more)
    stopped = table.compared(arm, FIRST_REPEAT, SHOWN, without=True)
    if stopped is None:
        return Finding(arm, Verdict.TOO_SMALL, showings)
    verdict = _verdict(stopped, help_opened, table.experiment.smallest)
    more = table.more_weeks(arm, stopped.base, table.spread_of(FIRST_REPEAT, SHOWN)) if verdict is Verdict.OPEN else 0
    return Finding(arm, verdict, showings, stopped, help_opened, more)


def _verdict(stopped: Compared, help_opened: Compared, smallest: float) -> Verdict:
    """Stopping first. Only where arms are known to be alike in that do ways to help decide."""
    if stopped.difference.low > 0:
        return Verdict.MORE_STOP
    if stopped.difference.high < 0:
        return Verdict.FEWER_STOP
    if stopped.difference.low <= -smallest or stopped.difference.high >= smallest:
        return Verdict.OPEN
    return Verdict.MORE_HELP if help_opened.difference.low > 0 else Verdict.ALIKE


def _rest(rates: tuple[Rate, Rate]) -> tuple[Rate, Rate]:
    low, high = (Rate(rate.trials - rate.events, rate.trials, rate.spread, rate.blur) for rate in rates)
    return high, low


def _middle(rates: tuple[Rate, Rate]) -> float:
    return (rates[0].share + rates[1].share) / 2


def _span(found: list[Interval]) -> Interval:
    estimates = [each.estimate for each in found if isfinite(each.estimate)]
    middle = sum(estimates) / len(estimates) if estimates else nan
    return Interval(middle, min(each.low for each in found), max(each.high for each in found))


def by_week(rows: Iterable[tuple[int, tuple[str, ...], int]], experiment: str) -> dict[str, Cells]:
    """Published rows of the table `experiments` (week, labels, count) of one experiment, by platform."""
    found: dict[str, Cells] = defaultdict(dict)
    for week, (platform, name, arm, attempt, step), count in rows:
        if name == experiment:
            found[platform][week, arm, attempt, step] = count
    return found
