"""Owns the decision whether a query or URL is on a list. Must never keep, cache or intern any part of either.

Few digests, each only where those before it leave room: one a word against a filter of bits settles most
queries; only neighbours that are both known are looked up as a phrase. The same for URLs: hosts first.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain, islice
from typing import TYPE_CHECKING, Final

from redirect.domain.fold import Fold
from redirect.domain.index import Allowance, Index
from redirect.domain.innocent import Innocent
from redirect.domain.lists import Confidence, Kind
from redirect.domain.loose import Loose
from redirect.domain.pages import Pages
from redirect.domain.runs import Runs
from redirect.domain.words import Words

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from redirect.domain.bundle import Bundle
    from redirect.domain.digests import Digest
    from redirect.domain.fold import Reading
    from redirect.domain.index import Found

MANY: Final = 32
"""Words from which on it pays to look for repetitions first."""

MOST_FOUND: Final = 64
"""Entries looked at in one reading before the surest of them is taken."""

_RANK: Final = {Confidence.HIGH: 0, Confidence.MEDIUM: 1, Confidence.LOW: 2}


@dataclass(frozen=True, slots=True)
class Match:
    """The entry that matched, as far as a bundle knows it; `steps` says how the text was read and matched."""

    entry_id: str
    kind: Kind
    category: str
    confidence: Confidence
    language: str
    source: str
    steps: tuple[str, ...] = ()


class Matcher:
    """Decides for one bundle. Safe to share between threads; holds nothing of what it was asked."""

    def __init__(self, bundle: Bundle, list_key: bytes, today: Callable[[], int]) -> None:
        """Raise ListError where the key is not the bundle's. `today` counts days since 1970-01-01 UTC."""
        self._bundle, self._today = bundle, today
        index = Index(bundle, list_key)
        self._fold = Fold(bundle.table)
        self._loose = Loose(index, edits=bundle.edits)
        self._words = Words(index, anywhere=self._loose.anywhere)
        self._runs, self._pages = Runs(index), Pages(index)
        self._innocent = Innocent(index, today)

    def __repr__(self) -> str:
        return f"Matcher({self._bundle!r})"

    def match_query(self, text: str) -> Match | None:
        """The surest entry that the text contains in any of its readings, or None."""
        tokens = self._fold.quick(text)
        if tokens is None:
            return self._match_readings(text)
        if len(tokens) < MANY:
            row = self._words.row(tokens)
        else:
            known = self._asked(set(tokens))
            row = [known[token] for token in tokens]
        return self._surest(self._in_words(tokens, row), "words")

    def match_url(self, url: str) -> Match | None:
        """The surest entry for the URL, its host or one above it; None also for what is no URL."""
        return self._surest(self._pages.search(url), "url")

    def _match_readings(self, text: str) -> Match | None:
        allowance = Allowance()
        known: dict[bytes, Digest | None] = {}
        heads: dict[str, bool] = {}
        surest: Match | None = None
        for number, reading in enumerate(self._fold.readings(text)):
            fresh = set(reading.tokens).difference(known)
            if number > 1 and not allowance.spend(2 * len(fresh) + len(text) // 10):
                break
            known |= self._asked(fresh)
            match = self._surest(self._in_reading(reading, known, heads, allowance), reading.step)
            if match is not None and (surest is None or _RANK[match.confidence] < _RANK[surest.confidence]):
                surest = match
            if surest is not None and surest.confidence is Confidence.HIGH:
                break
        return surest

    def _asked(self, tokens: set[bytes]) -> dict[bytes, Digest | None]:
        return dict(zip(tokens, self._words.row(tokens), strict=True))

    def _in_reading(
        self, reading: Reading, known: dict[bytes, Digest | None], heads: dict[str, bool], allowance: Allowance
    ) -> Iterator[Found]:
        yield from self._in_words(reading.tokens, [known[token] for token in reading.tokens], allowance)
        for run in reading.runs:
            for found in self._runs.search(run, heads):
                if not self._innocent.covers_in_run(run, found, allowance):
                    yield found

    def _in_words(
        self, tokens: list[bytes], row: list[Digest | None], allowance: Allowance | None = None
    ) -> Iterable[Found]:
        founds = self._words.search(tokens, row) if any(row) else ()
        if self._loose.idle and not founds:
            return ()
        allowance = allowance or Allowance()
        if not self._loose.idle:
            founds = chain(founds, self._loose.search(tokens, row, allowance))
        return (found for found in founds if not self._innocent.covers(tokens, found, allowance))

    def _surest(self, founds: Iterable[Found], step: str) -> Match | None:
        if not founds:
            return None
        surest: Found | None = None
        for found in islice(founds, MOST_FOUND):
            if found.label.last_day < self._today():
                continue
            if surest is None or _RANK[found.label.confidence] < _RANK[surest.label.confidence]:
                surest = found
            if surest.label.confidence is Confidence.HIGH:
                break
        return None if surest is None else _match(surest, step)


def _match(found: Found, step: str) -> Match:
    label = found.label
    steps = (step, found.how)
    return Match(f"{found.id:016x}", found.kind, label.category, label.confidence, label.language, label.source, steps)
