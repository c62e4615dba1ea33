"""Owns which numbers are kept: the declared tables, their closed sets of labels, and how a cell too small to be shown
is merged with others. Must never hold anything about one person.

What may leave is decided in `disclosure.py`, of these tables alone.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import IntEnum, StrEnum
from typing import TYPE_CHECKING

from redirect.domain.content import GUIDE, VIDEO, Door
from redirect.domain.decision import Action, Degraded
from redirect.domain.errors import BadRequest
from redirect.domain.periods import DAY_SECONDS, Span, is_day
from redirect.domain.regions import region
from redirect.domain.subject import ATTEMPTS, Mode, Surface

if TYPE_CHECKING:
    from collections.abc import Container, Mapping

SEPARATOR = "|"
"""Stands between the labels of a stored cell; no label may contain it."""
OTHER = "other"
"""The label of anything that its closed set does not know."""
REST = "rest"
"""Stands for all labels that were too small to be shown on their own. Only in what is published."""


class Grain(IntEnum):
    """Seconds that one row covers, always in UTC."""

    HOUR = 3600
    DAY = 86400


class Merge(StrEnum):
    """How labels are made coarser where cells are small."""

    LANGUAGES = "languages"
    REGIONS = "regions"
    COUNTRIES = "countries"


@dataclass(frozen=True, slots=True)
class Rung:
    """One step down from fine to coarse: cells of one span whose labels are merged so far."""

    span: Span
    merges: tuple[Merge, ...] = ()


@dataclass(frozen=True, slots=True)
class Table:
    """A declared table: one integer for each period and combination of labels.

    `retention_days`: how long exact counts are kept; `published_days`: how long what was published of them is.
    `ladder`: a cell too small to be shown on one rung is merged with others like it on the next. Each rung merges whole
    cells of the one before, so that what is shown never overlaps.
    """

    name: str
    grain: Grain
    dimensions: tuple[str, ...]
    retention_days: int
    published_days: int
    ladder: tuple[Rung, ...]

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of a row's fields in order: the period, the dimensions, the count."""
        return (self.grain.name.lower(), *self.dimensions, "count")

    def period(self, when: float) -> int:
        """The number of the period that holds `when` (seconds since 1970-01-01 UTC)."""
        return int(when) // self.grain

    def start(self, period: int) -> str:
        """When a period began, as ISO 8601: `2026-11-22T01:00Z` for hours, `2026-11-22` for days."""
        began = datetime.fromtimestamp(period * self.grain, UTC)
        return began.strftime("%Y-%m-%dT%H:00Z" if self.grain is Grain.HOUR else "%Y-%m-%d")

    @property
    def kept_periods(self) -> int:
        """How many periods retention spans, the open one included."""
        return self.retention_days * DAY_SECONDS // self.grain + 1

    def merged(self, labels: tuple[str, ...], rung: Rung) -> tuple[str, ...]:
        """The labels of a cell as a rung shows them."""
        coarse = list(labels)
        for merge in rung.merges:
            at = self.dimensions.index("language" if merge is Merge.LANGUAGES else "country")
            coarse[at] = region(labels[at]) if merge is Merge.REGIONS else REST
        return tuple(coarse)


DAY, WEEK, MONTH = Span.DAY, Span.WEEK, Span.MONTH
BY_COUNTRY = (
    Rung(DAY),
    Rung(WEEK),
    Rung(MONTH),
    Rung(MONTH, (Merge.REGIONS,)),
    Rung(MONTH, (Merge.COUNTRIES,)),
)
BY_LANGUAGE_AND_COUNTRY = (
    Rung(DAY),
    Rung(WEEK),
    Rung(WEEK, (Merge.LANGUAGES,)),
    Rung(MONTH, (Merge.LANGUAGES,)),
    Rung(MONTH, (Merge.LANGUAGES, Merge.REGIONS)),
    Rung(MONTH, (Merge.LANGUAGES, Merge.COUNTRIES)),
)

CHECKS = Table(
    "checks",
    Grain.HOUR,
    ("platform", "surface", "action", "mode", "attempt", "degraded"),
    retention_days=35,
    published_days=760,
    ladder=(Rung(DAY), Rung(WEEK)),
)
FUNNEL = Table(
    "funnel",
    Grain.DAY,
    ("platform", "country", "language", "category", "message", "variant", "attempt", "step"),
    retention_days=60,
    published_days=760,
    ladder=BY_LANGUAGE_AND_COUNTRY,
)
SERVICES = Table(
    "services",
    Grain.DAY,
    ("platform", "service", "country", "audience"),
    retention_days=60,
    published_days=760,
    ladder=BY_COUNTRY,
)
DEVICES = Table(
    "devices",
    Grain.DAY,
    ("platform", "country", "device"),
    retention_days=60,
    published_days=760,
    ladder=BY_COUNTRY,
)
EXPERIMENTS = Table(
    "experiments",
    Grain.DAY,
    ("platform", "experiment", "arm", "attempt", "step"),
    retention_days=200,
    published_days=760,
    ladder=(Rung(WEEK),),
)

SHOWN, HELP_OPENED, LEFT, WRONG_MATCH = "shown", "help_opened", "left", "wrong_match"
CRISIS_OPENED = "crisis_opened"
STEPS: Mapping[str, str] = {
    "": SHOWN,
    Door.UNDER_18: "door_under_18",
    Door.SOMEONE_ELSE: "door_someone_else",
    Door.HAPPENED_TO_ME: "door_happened_to_me",
    Door.WORK_OR_MISTAKE: "door_work_or_mistake",
    GUIDE: "guide",
    VIDEO: "video",
}
"""The step that opening a page is, by the step that its address names. Places within the guided conversation are none:
its paths are answers that a person gave."""
PHONE, TABLET, DESKTOP, AUTOMATED = "phone", "tablet", "desktop", "automated"
PLATFORM = re.compile("[a-z0-9][a-z0-9-]{0,31}")


class _PlatformNames:
    """Any name that the operator may give a platform."""

    def __contains__(self, label: object) -> bool:
        return isinstance(label, str) and PLATFORM.fullmatch(label) is not None


CLOSED: Mapping[str, Container[str]] = {
    "platform": _PlatformNames(),
    "surface": frozenset(Surface),
    "action": frozenset(Action),
    "mode": frozenset(Mode),
    "attempt": frozenset(ATTEMPTS),
    "degraded": frozenset(Degraded),
    "step": frozenset((*STEPS.values(), HELP_OPENED, CRISIS_OPENED, LEFT, WRONG_MATCH)),
    "audience": frozenset(Door),
    "device": frozenset((PHONE, TABLET, DESKTOP, OTHER, AUTOMATED)),
}
"""The labels of each dimension that settings and content do not name; those they do are closed at start."""


def closed(table: Table, labels: tuple[str, ...], known: Mapping[str, Container[str]]) -> tuple[str, ...]:
    """Labels as they may be counted: `other` for what the set of its dimension does not know."""
    pairs = zip(table.dimensions, labels, strict=True)
    return tuple(label if label in known[dimension] else OTHER for dimension, label in pairs)


TABLES: Mapping[str, Table] = {table.name: table for table in (CHECKS, FUNNEL, SERVICES, DEVICES, EXPERIMENTS)}


@dataclass(frozen=True, slots=True)
class Cell:
    """The address of one integer: table name, period number and labels in the order of the dimensions."""

    table: str
    period: int
    labels: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Sums:
    """A numbered batch of sums on its way to the store: applied once, whatever happens on the way."""

    spool: str
    sequence: int
    cells: tuple[tuple[Cell, int], ...]


def span(table: Table, now: float, first: str = "", last: str = "") -> range:
    """The periods from `first` to `last` (ISO dates or times, both included), within retention.

    Raises BadRequest("bad-period") for anything that is no date or time.
    """
    newest = table.period(now)
    oldest = newest - table.kept_periods + 1
    begin = table.period(_moment(first)) if first else oldest
    end = table.period(_moment(last, end_of_day=True)) if last else newest
    return range(max(begin, oldest), min(end, newest) + 1)


def _moment(text: str, *, end_of_day: bool = False) -> float:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise BadRequest("bad-period") from None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    if end_of_day and is_day(text):
        moment += timedelta(days=1, seconds=-1)
    return moment.timestamp()
