"""Owns how sure a figure is that was made of published counts. Must never give a share without its limits.

Three things stand between a published share and the truth, and the limits hold all of them:

- chance: the score interval (Wilson, Journal of the American Statistical Association 22, 1927, 209-212), which stays
  right for small shares;
- rounding: each cell was rounded to the nearest 5, so it is off by -2 to 2, each as likely. The errors of many cells
  are put together with chance by adding the squares of distances from the share (Zou and Donner, Statistics in Medicine
  27, 2008, 1693-1702);
- what was too small to be shown, or to be added whole to a sum of small cells: at most so much more (`disclosure` says
  how much), added on the one side where it may lie.
"""

from __future__ import annotations

from math import sqrt
from statistics import NormalDist
from typing import NamedTuple

from redirect.domain.disclosure import ROUND_TO

LEVEL = 0.95
Z = NormalDist().inv_cdf(0.5 + LEVEL / 2)
ROUNDING = (ROUND_TO**2 - 1) / 12
"""Variance of the error of one rounded cell."""


class Count(NamedTuple):
    """A sum of published cells: what is shown, of how many cells, and how much more there may be at most, rounding
    aside."""

    shown: int = 0
    cells: int = 0
    hidden: int = 0

    def plus(self, other: Count) -> Count:
        """Both together."""
        return Count(self.shown + other.shown, self.cells + other.cells, self.hidden + other.hidden)

    @property
    def give_or_take(self) -> int:
        """How far rounding may have moved the sum, in 95 of 100 such sums."""
        return round(Z * sqrt(ROUNDING * self.cells))


class Share(NamedTuple):
    """Part of a whole, from 0 to 1, and between which limits it lies in 95 of 100 such cases. `value` is None where the
    part was too small to be shown: then only the limits are known."""

    value: float | None
    low: float
    high: float

    @property
    def rest(self) -> Share:
        """The share of all others."""
        return Share(None if self.value is None else 1 - self.value, 1 - self.high, 1 - self.low)


def share(part: Count, whole: Count) -> Share | None:
    """What share of `whole` is `part`; None where nothing of the whole is shown."""
    if whole.shown <= 0:
        return None
    low = _limit(part.shown, whole.shown + whole.hidden, part.cells, whole.cells, -1)
    high = _limit(part.shown + part.hidden, whole.shown, part.cells, whole.cells, 1)
    value = min(1.0, part.shown / whole.shown) if part.shown else None
    return Share(value, low if part.shown else 0.0, high)


def _limit(part: int, whole: int, part_cells: int, whole_cells: int, side: int) -> float:
    """The limit below (-1) or above (1) the share, for chance and rounding together."""
    value = min(1.0, part / whole)
    chance = wilson(value, whole)[side > 0] - value
    rounding = Z * sqrt(ROUNDING * (part_cells + value**2 * whole_cells)) / whole
    return min(1.0, max(0.0, value + side * sqrt(chance**2 + rounding**2)))


def wilson(value: float, whole: int) -> tuple[float, float]:
    """The limits of a share that was seen in `whole` cases."""
    spread = Z**2 / whole
    middle = value + spread / 2
    reach = Z * sqrt(value * (1 - value) / whole + spread / (4 * whole))
    return max(0.0, (middle - reach) / (1 + spread)), min(1.0, (middle + reach) / (1 + spread))
