"""Owns the weeks that are compared before and after a change. Must never take them from anywhere but what is
published."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from redirect.domain.disclosure import MINIMUM_CELL
from redirect.domain.errors import SettingsError
from redirect.domain.periods import day_of
from redirect.domain.weeks import Weeks, weekly
from redirect.journeys.report import published

if TYPE_CHECKING:
    from collections.abc import Mapping

    from redirect.journeys.ports import Clock, ReleaseStore


@dataclass(frozen=True, slots=True)
class Asked:
    """Which weeks: of a table and platform, those cells whose labels are as `where` says. `control` and `per` change
    some of these labels, `platform` too: for a series that the change did not touch, and for what this one is a share
    of."""

    table: str
    platform: str
    first: str
    last: str
    where: Mapping[str, str]
    control: Mapping[str, str] = field(default_factory=dict)
    per: Mapping[str, str] = field(default_factory=dict)


async def weeks(
    store: ReleaseStore, clock: Clock, asked: Asked, minimum: int = MINIMUM_CELL
) -> tuple[Weeks, Weeks | None, Weeks | None]:
    """The series, its control and what it is a share of. Raises SettingsError for a label that is none, BadRequest,
    StoreError."""
    series = await _weeks(store, clock, asked, {}, minimum)
    control = await _weeks(store, clock, asked, asked.control, minimum) if asked.control else None
    per = await _weeks(store, clock, asked, asked.per, minimum) if asked.per else None
    return series, control, per


async def _weeks(store: ReleaseStore, clock: Clock, asked: Asked, otherwise: Mapping[str, str], minimum: int) -> Weeks:
    where = {"platform": asked.platform, **asked.where, **otherwise}
    found = await published(store, clock, asked.table, where["platform"], asked.first, asked.last, minimum)
    if unknown := sorted(set(where) - set(found.dimensions)):
        raise SettingsError(f"--where: {asked.table} has no {unknown[0]}; it has {', '.join(found.dimensions)}")
    return weekly(found.rows, found.dimensions, where, range(day_of(found.first), day_of(found.last) + 1))
