"""Owns the trial of a list on texts: on benign ones, of which none may match, and on an operator's own, of which only
rates are told. Must never show or keep a text, nor an entry."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, Final, Protocol

from redirect.domain.decision import DEFAULT_CATEGORY, Action
from redirect.domain.errors import ListError
from redirect.domain.fold import LONGEST
from redirect.domain.subject import is_address

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from redirect.domain.decision import Category
    from redirect.domain.matching import Match, Matcher
    from redirect.domain.subject import Surface

NAMED: Final = 10
"""Ids that the refusal of a list names."""

ALLOWED: Final = "none"
"""Stands for the category of what matches nothing."""

_EVERY: Final = 1000


class Progress(Protocol):
    """Told what is being gone through, how far it is, and how much there is, None where nobody knows."""

    def __call__(self, about: str, done: int, total: int | None, /) -> None: ...


def untold(about: str, done: int, total: int | None) -> None:
    """Progress that nobody watches."""


@dataclass(frozen=True, slots=True)
class Benign:
    """Texts of which a list may match none: `queries`, `urls`, and the `domains` whose own an entry must not cover.

    `frequent` are words of many languages to compare with, None where there are none at hand.
    """

    queries: Sequence[str]
    urls: Sequence[str]
    domains: Sequence[str]
    frequent: Sequence[str] | None = None


@dataclass(frozen=True, slots=True)
class Trial:
    """How many texts were tried, and by which entries how many of them matched."""

    tried: int
    matched: Mapping[str, int]

    @property
    def total(self) -> int:
        """Texts that matched."""
        return sum(self.matched.values())

    def data(self) -> dict[str, object]:
        """The same, as it is written in JSON."""
        return {"tried": self.tried, "matched": self.total, "entries": dict(self.matched)}


def trial(matcher: Matcher, benign: Benign, progress: Progress) -> Trial:
    """Try a list on all benign queries and addresses."""
    return attempt(matcher, "benign queries and addresses", benign.queries, benign.urls, progress)


def ensure_harmless(tried: Trial) -> None:
    """Raise ListError, naming entries by id and saying what to do, where anything benign matched."""
    if not tried.matched:
        return
    ids = sorted(tried.matched, key=lambda entry_id: (-tried.matched[entry_id], entry_id))
    more = f" and {len(ids) - NAMED} more" if len(ids) > NAMED else ""
    raise ListError(
        f"it matches {tried.total} of {tried.tried} everyday queries and addresses, by entry"
        f" {', '.join(ids[:NAMED])}{more}. `redirect lists check` on its sources says in which file and line they are:"
        " take them out, make them longer, or add an entry of kind except; then build and publish again"
    )


def rates(
    lines: Iterable[str], matcher: Matcher, categories: Mapping[str, Category], surface: Surface
) -> Counter[tuple[str, Action]]:
    """How many of the lines would get which action, by category. Nothing of a line is kept."""
    counted: Counter[tuple[str, Action]] = Counter()
    for line in lines:
        if text := line.strip():
            counted[_decided(_match(matcher, text[:LONGEST]), categories, surface)] += 1
    return counted


def _match(matcher: Matcher, text: str) -> Match | None:
    return matcher.match_url(text) if is_address(text) else matcher.match_query(text)


def _decided(match: Match | None, categories: Mapping[str, Category], surface: Surface) -> tuple[str, Action]:
    if match is None:
        return ALLOWED, Action.ALLOW
    category = categories.get(match.category) or categories[DEFAULT_CATEGORY]
    return category.id, category.action(match.confidence, surface)


def attempt(matcher: Matcher, about: str, queries: Sequence[str], urls: Sequence[str], progress: Progress) -> Trial:
    """Try a list on any texts; `about` names them to `progress`."""
    matched: Counter[str] = Counter()
    total = len(queries) + len(urls)
    matches = chain(map(matcher.match_query, queries), map(matcher.match_url, urls))
    for number, match in enumerate(matches):
        if match is not None:
            matched[match.entry_id] += 1
        if number % _EVERY == 0:
            progress(about, number, total)
    progress(about, total, total)
    return Trial(total, dict(matched))
