"""Owns how figures of a report are written. Must never leave out how sure one is."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from redirect.domain.sureness import Count, Share

T = TypeVar("T")
FORMULAS = ("=", "+", "-", "@", "\t", "\r")
"""What a spreadsheet program takes for a formula at the beginning of a cell."""


def inert(value: T) -> T | str:
    """A cell of a spreadsheet whose text stays text."""
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULAS) else value


class Names:
    """What countries (ISO codes, M49 numbers, `ZZ`, `rest`), services and categories are called."""

    def __init__(
        self, countries: Callable[[str], str], services: Mapping[str, str], categories: Mapping[str, str]
    ) -> None:
        self.country = countries
        self._services = services
        self._categories = categories

    def service(self, id_: str) -> str:
        """Its English name; the id of one that is no longer in the directory."""
        return self._services.get(id_, id_)

    def category(self, id_: str) -> str:
        """Its label."""
        return self._categories.get(id_, id_)


def percent(found: Share, digits: int = 1) -> str:
    """A share as it is read; too small ones by their limit."""
    return f"below {found.high:.{digits}%}" if found.value is None else f"{found.value:.{digits}%}"


def limits(found: Share, digits: int = 1) -> str:
    """Between which limits it lies."""
    return f"between {found.low:.{digits}%} and {found.high:.{digits}%}"


def about(count: Count) -> str:
    return f"{count.shown:,}"


def give_or_take(count: Count) -> str:
    return f"rounded, give or take {count.give_or_take:,}; up to {count.hidden:,} more were too few to be shown in full"


def month_name(number: int) -> str:
    return f"{number // 12}-{number % 12 + 1:02}"


def extent(about: str, values: Sequence[float], *, share: bool = False) -> str:
    if not values:
        return f"{about}: nothing is published."
    low, high = (f"{value:.1%}" if share else f"{value:,.0f}" for value in (min(values), max(values)))
    return f"{about}: between {low} and {high}."
