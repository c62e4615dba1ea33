"""Owns the comparison of before and after a change: an interrupted time series. Must never call a difference caused by
the change; it says what would be expected had the weeks before gone on.

Segmented regression of the logarithm of weekly counts (A. Wagner, S. Soumerai, F. Zhang, D. Ross-Degnan, Segmented
regression analysis of interrupted time series studies, Journal of Clinical Pharmacy and Therapeutics 27 (2002); J.
Lopez Bernal, S. Cummins, A. Gasparrini, Interrupted time series regression for the evaluation of public health
interventions, International Journal of Epidemiology 46 (2017)): a trend before, a step at the change, and a bend
after it.

- Autocorrelation: generalised least squares with first-order errors. Series as short as these say little of the
  correlation r, and intervals at its best estimate are too narrow (S. Turner, A. Forbes, A. Karahalios, M. Taljaard, J.
  McKenzie, Evaluation of statistical methods used in the analysis of interrupted time series studies, BMC Medical
  Research Methodology 21 (2021)). So they are taken over all r (A. Zellner, G. Tiao, Bayesian analysis of the
  regression model with autocorrelated errors, Journal of the American Statistical Association 59 (1964)), weighted by
  the restricted likelihood and the reference prior 1/sqrt(1 - r^2) (J. Berger, R. Yang, Noninformative priors and
  Bayesian testing for the AR(1) model, Econometric Theory 10 (1994)). Beside it, the errors of W. Newey and K. West
  (Econometrica 55 (1987)) over `lags` weeks; what is shown spans both.
- Overdispersion: the variance is estimated from the series, never taken from the counts. `spread` says how much
  larger it is than that of counts of independent events.
- Seasons: one or two pairs of a sine and a cosine of a year, where the weeks span long enough to tell them from a
  trend. Where they do not, and no control series takes the season out, a second answer has room for one wave.
- Control series: the logarithm of the ratio of both, week by week, so that whatever moves both drops out (J. Lopez
  Bernal, S. Cummins, A. Gasparrini, The use of controls in interrupted time series studies, International Journal of
  Epidemiology 47 (2018)).
"""

from __future__ import annotations

from dataclasses import dataclass
from math import exp, log, pi
from typing import TYPE_CHECKING, Any, Final

from redirect.domain.errors import SettingsError
from redirect.reports.extra import needed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from redirect.domain.weeks import Weeks

LEAST_WEEKS: Final = 12
"""On each side of the change."""
MOST_MISSING: Final = 0.2
YEAR: Final = 365.25 / 7
LEVEL: Final = 0.95
SEASONS: Final = ((2.0, 2), (1.4, 1))
"""Years of weeks that are needed, and pairs of a sine and a cosine that they can bear."""
CORRELATIONS: Final = tuple(step / 50 for step in range(-15, 50))
HALVINGS: Final = 40
"""Of an interval, until a limit is found."""
EXACT: Final = 1e-12
"""A variance that small is that of a line through every point, as where a control is the series itself."""


@dataclass(frozen=True, slots=True)
class Ratio:
    """How many times as large, and between which limits."""

    value: float
    low: float
    high: float
    p: float


@dataclass(frozen=True, slots=True)
class BeforeAfter:
    """`level`: the step at the change; `trend`: by how much a week's growth bends after it; `average`: all weeks after
    the change beside what was expected; `seasonal` the same with room for a yearly wave, where the weeks are too few to
    tell, else None. `fitted` and `expected` are by week, the latter had the weeks before gone on,
    None before the change. `spread`: times the variance of independent events; `autocorrelation`: of the errors of one
    week with the next; `weeks`: used before and after.
    """

    level: Ratio
    trend: Ratio
    average: Ratio
    seasonal: Ratio | None
    fitted: tuple[float | None, ...]
    expected: tuple[float | None, ...]
    spread: float
    autocorrelation: float
    lags: int
    seasons: int
    weeks: tuple[int, int]
    controlled: bool


def before_after(series: Weeks, at: str, control: Weeks | None = None, per: Weeks | None = None) -> BeforeAfter:
    """Compare the weeks from the one that begins on or after `at` (an ISO date) with those before. `per` are the counts
    that the series is a share of. Raises SettingsError where there is too little."""
    numpy = needed("numpy")
    used = _used(series, *(weeks for weeks in (control, per) if weeks is not None))
    change = sum(monday < at for monday in series.mondays)
    before = sum(place < change for place in used)
    _ensure_enough(before, len(used) - before, len(series.mondays) - len(used), len(series.mondays))
    counts = _numbers(numpy, series, used)
    scale = numpy.ones(len(used))
    for other in (control, per):
        if other is not None:
            scale = scale * _numbers(numpy, other, used)
    own = 1 / counts + (1 / _numbers(numpy, control, used) if control else 0)
    weeks = len(series.mondays)
    terms, outcome = _terms(numpy, weeks, change, _pairs(weeks)), numpy.log(counts / scale)
    fits = _fits(outcome, terms[used], used)
    waved = None
    if not _pairs(weeks) and control is None:
        wave = _terms(numpy, weeks, change, 1)[used]
        waved = _ratio(_fits(outcome, wave, used), _average(wave, before))
    return _found(numpy, fits, waved, terms, used, (change, before), scale, own.mean(), controlled=control is not None)


@dataclass(frozen=True, slots=True)
class _Line:
    """Generalised least squares with one correlation of errors; its restricted log-likelihood but for a constant."""

    params: Any
    covariance: Any
    scale: float
    likelihood: float


@dataclass(frozen=True, slots=True)
class _Fits:
    """A line for each of CORRELATIONS with how likely it is, and beside them one with other errors."""

    lines: tuple[_Line, ...]
    weights: Any
    free: int
    check: Any
    lags: int

    @property
    def best(self) -> int:
        """The place of the likeliest."""
        return int(self.weights.argmax())


def _numbers(numpy: Any, weeks: Weeks, used: Sequence[int]) -> Any:
    return numpy.array([weeks.counts[place] for place in used], dtype=float)


def _used(*several: Weeks) -> list[int]:
    """Weeks that all series show."""
    return [place for place, counts in enumerate(zip(*(weeks.counts for weeks in several), strict=True)) if all(counts)]


def _ensure_enough(before: int, after: int, missing: int, total: int) -> None:
    if min(before, after) < LEAST_WEEKS:
        raise SettingsError(
            f"--from, --at, --to: {LEAST_WEEKS} published weeks are needed from the first day to the change, and from"
            f" there to the last; there are {before} and {after}"
        )
    if missing > MOST_MISSING * total:
        raise SettingsError(f"{missing} of {total} weeks have a count that is too small to be published; widen --where")


def _terms(numpy: Any, weeks: int, change: int, pairs: int) -> Any:
    """One, the trend, the step, the bend, and seasons; time counts from the change, in weeks."""
    time = numpy.arange(weeks, dtype=float)
    after = (time >= change).astype(float)
    columns = [numpy.ones(weeks), time - change, after, (time - change) * after]
    for pair in range(1, pairs + 1):
        columns += [numpy.sin(2 * pi * pair * time / YEAR), numpy.cos(2 * pi * pair * time / YEAR)]
    return numpy.column_stack(columns)


def _pairs(weeks: int) -> int:
    return next((pairs for years, pairs in SEASONS if weeks >= years * YEAR), 0)


def _average(terms: Any, before: int) -> list[float]:
    """All weeks after the change, of the weeks that are used."""
    return [0, 0, 1, float(terms[before:, 3].mean())]


def _fits(outcome: Any, terms: Any, used: Sequence[int]) -> _Fits:
    numpy, models = needed("numpy"), needed("statsmodels.api")
    lines = tuple(line(outcome, terms, numpy.diff(used), correlation) for correlation in CORRELATIONS)
    chances = numpy.array([each.likelihood for each in lines]) - numpy.log1p(-numpy.square(CORRELATIONS)) / 2
    weights = numpy.exp(chances - chances.max())
    lags = max(2, int(4 * (len(used) / 100) ** (2 / 9)))
    check = models.OLS(outcome, terms).fit(
        cov_type="HAC", cov_kwds={"maxlags": lags, "use_correction": True}, use_t=True
    )
    return _Fits(lines, weights / weights.sum(), len(outcome) - terms.shape[1], check, lags)


def line(outcome: Any, terms: Any, gaps: Any, correlation: float) -> _Line:
    """The line through weeks that lie so many weeks apart, whose errors have this correlation from one to the next."""
    numpy = needed("numpy")
    # What is new in each week's error, on the scale of the first one's: an error remembers its last week alone.
    steps = correlation**gaps
    left = numpy.sqrt(1 - steps**2)
    both = numpy.column_stack((terms, outcome))
    both = numpy.vstack((both[:1], (both[1:] - steps[:, None] * both[:-1]) / left[:, None]))
    terms, outcome = both[:, :-1], both[:, -1]
    inner = terms.T @ terms
    params = numpy.linalg.solve(inner, terms.T @ outcome)
    rest, free = outcome - terms @ params, len(outcome) - terms.shape[1]
    scale = max(float(rest @ rest) / free, EXACT)
    sizes = float(2 * numpy.log(left).sum() + numpy.linalg.slogdet(inner)[1])
    return _Line(params, scale * numpy.linalg.inv(inner), scale, -0.5 * (free * log(scale) + sizes))


def _found(
    numpy: Any,
    fits: _Fits,
    waved: Ratio | None,
    terms: Any,
    used: Sequence[int],
    change: tuple[int, int],
    scale: Any,
    own: float,
    *,
    controlled: bool,
) -> BeforeAfter:
    first, before = change
    without = terms.copy()
    without[:, 2:4] = 0
    places = {place: number for number, place in enumerate(used)}
    best = fits.lines[fits.best]

    def by_week(shape: Any, begin: int) -> tuple[float | None, ...]:
        values = numpy.exp(shape[used] @ best.params) * scale
        weeks = range(len(terms))
        return tuple(float(values[places[week]]) if week in places and week >= begin else None for week in weeks)

    return BeforeAfter(
        level=_ratio(fits, [0, 0, 1, 0]),
        trend=_ratio(fits, [0, 0, 0, 1]),
        average=_ratio(fits, _average(terms[used], before)),
        seasonal=waved,
        fitted=by_week(terms, 0),
        expected=by_week(without, first),
        spread=float(best.scale / own),
        autocorrelation=CORRELATIONS[fits.best],
        lags=fits.lags,
        seasons=(terms.shape[1] - 4) // 2,
        weeks=(before, len(used) - before),
        controlled=controlled,
    )


def _ratio(fits: _Fits, weights: list[float]) -> Ratio:
    """An estimate over all correlations, with limits that span those of the check, and the larger p of both."""
    numpy, special = needed("numpy"), needed("scipy.special")
    weights = [*weights, *[0.0] * (fits.lines[0].params.size - len(weights))]
    means = numpy.array([each.params @ weights for each in fits.lines])
    errors = numpy.array([(weights @ each.covariance @ weights) ** 0.5 for each in fits.lines])

    def below(value: float) -> float:
        return float(fits.weights @ special.stdtr(fits.free, (value - means) / errors))

    def limit(part: float) -> float:
        ends = means + errors * special.stdtrit(fits.free, part)
        low, high = float(ends.min()), float(ends.max())
        for _ in range(HALVINGS):
            middle = (low + high) / 2
            low, high = (middle, high) if below(middle) < part else (low, middle)
        return (low + high) / 2

    check = fits.check.t_test(weights)
    (checked,) = check.conf_int(1 - LEVEL)
    low = min(limit((1 - LEVEL) / 2), float(checked[0]))
    high = max(limit((1 + LEVEL) / 2), float(checked[1]))
    p = max(2 * min(below(0.0), 1 - below(0.0)), float(check.pvalue))
    return Ratio(exp(float(fits.weights @ means)), exp(low), exp(high), p)
