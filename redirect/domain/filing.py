"""Owns which digests and filter bits stand for an entry. Must never keep anything readable of one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from redirect.domain.digests import (
    ANCHOR,
    ANYWHERE,
    GATE,
    LONGEST_MASKED,
    LONGEST_UNGATED,
    MOST_ANYWHERE,
    RUN_HEAD,
    SHORTEST_EDITED,
    STEM_HEAD,
    Digests,
    Tag,
    edited,
    gates_of,
    phrase,
    stems,
)
from redirect.domain.errors import ListError
from redirect.domain.fold import Fold, is_unspaced, shortest_inside
from redirect.domain.lists import Kind
from redirect.domain.urls import BadUrl, canonicalize, path_prefixes

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from redirect.domain.fold import Reading
    from redirect.domain.fold_table import FoldTable
    from redirect.domain.lists import Entry
    from redirect.domain.urls import CanonicalUrl

MOST_TOKENS: Final = 16
MOST_STEMS: Final = 3
SHORTEST_JOINED: Final = 8
MOST_EDITED: Final = 2
# Readings of a term under which it is also filed; the others only make sense for a query.
_FILED: Final = frozenset({"words", "scripts parted", "symbols removed", "digits as letters", "capitals part words"})


@dataclass(slots=True)
class Lengths:
    """Which lengths occur in a list: masks of bits, and the most words of two kinds."""

    word: int = 0
    phrase: int = 0
    unspaced: int = 0
    stem: int = 0
    exception: int = 0
    most_exception: int = 0
    most_stems: int = 0


class Filing:
    """Files entries one by one: `file` gives the ids of one; bits and lengths add up over all."""

    def __init__(self, table: FoldTable, digests: Digests, *, edits: bool, everyday: frozenset[bytes]) -> None:
        self._fold, self._digests = Fold(table), digests
        self._edits, self._everyday = edits, everyday
        self._ids: list[int] = []
        self._filers = {
            Kind.TERM: self._term,
            Kind.ALL: self._all,
            Kind.STEM: self._stem,
            Kind.EXCEPT: self._exception,
            Kind.URL: self._url,
            Kind.HOST: self._host,
        }
        self.gates: set[int] = set()
        self.lengths = Lengths()

    def file(self, entry: Entry) -> list[int]:
        """The ids of an entry, the usual one first. ListError where nothing of it is left to be matched."""
        self._ids = []
        self._filers[entry.kind](entry.value)
        return self._ids

    def _add(self, tag: Tag, data: bytes) -> int:
        """Add an id; returns its gate."""
        digest_id, gate = self._digests.of(tag, data)
        self._ids.append(digest_id)
        return gate

    def _gate(self, tag: Tag, data: bytes) -> int:
        return self._digests.of(tag, data)[1]

    def _term(self, value: str) -> None:
        self._tokens(value)
        for reading in self._readings(value):
            if reading.step not in _FILED:
                continue
            if len(reading.tokens) == 1 and reading.runs:
                self._add_run(reading.runs[0])
            else:
                self._add_words(reading.tokens)

    def _readings(self, value: str) -> Iterator[Reading]:
        for reading in self._fold.readings(value):
            if len(reading.tokens) <= MOST_TOKENS and not _is_thin(reading.tokens):
                yield reading

    def _add_run(self, run: str) -> None:
        self.gates.add(self._add_phrase([run.encode()]))
        if shortest_inside(run) <= len(run) <= LONGEST_MASKED:
            self.lengths.unspaced |= 1 << len(run)
            self.gates.add(self._gate(Tag.UNSPACED_HEAD, run[:RUN_HEAD].encode()))

    def _add_words(self, tokens: Sequence[bytes]) -> None:
        gate = self._add_phrase(tokens)
        if len(tokens) == 1:
            self.gates.add(gate)
            return
        gates = [self._digests.word(token)[GATE] for token in tokens]
        self.gates.update((*gates, *gates_of(sum(gates)), *gates_of(sum(gates[:LONGEST_UNGATED]))))
        self.lengths.phrase |= 1 << len(tokens)
        joined = b"".join(tokens)
        if len(joined.decode()) >= SHORTEST_JOINED and joined not in self._everyday:
            self.gates.add(self._add_phrase([joined]))
        if self._edits and len(tokens) <= LONGEST_UNGATED:
            self._add_edits(tokens)

    def _add_phrase(self, tokens: Sequence[bytes]) -> int:
        if len(tokens) == 1:
            self.lengths.word |= 1 << min(len(tokens[0]), LONGEST_MASKED)
        return self._add(Tag.PHRASE, phrase(tokens))

    def _add_edits(self, tokens: Sequence[bytes]) -> None:
        words = [token.decode() for token in tokens]
        longest = sorted(range(len(words)), key=lambda place: -len(words[place]))[:MOST_EDITED]
        for place in longest:
            beside = sorted(token for at, token in enumerate(tokens) if at != place)
            if len(words[place]) >= SHORTEST_EDITED and not self._everyday.issuperset(beside):
                self._add(Tag.EDIT, edited(beside, words[place]))
                self.gates.add(sum(self._digests.word(word)[ANCHOR] for word in beside))

    def _all(self, value: str) -> None:
        tokens = sorted(set(self._tokens(value)))
        if len(tokens) > MOST_ANYWHERE:
            raise ListError(f"an entry of kind all has over {MOST_ANYWHERE} words")
        self._add(Tag.ALL, b" ".join(tokens))
        gates = [self._digests.word(token)[ANYWHERE] for token in tokens]
        for chosen in range(1, 1 << len(gates)):
            self.gates.add(sum(gate for place, gate in enumerate(gates) if chosen >> place & 1))

    def _stem(self, value: str) -> None:
        tokens = self._tokens(value)
        words = [token.decode() for token in tokens]
        if len(words) > MOST_STEMS or not all(STEM_HEAD <= len(word) <= LONGEST_MASKED for word in words):
            raise ListError(f"a stem has under {STEM_HEAD} letters, or there are over {MOST_STEMS}")
        self._add(Tag.STEM, stems(tokens))
        for word in words:
            self.gates.add(self._gate(Tag.STEM_HEAD, word[:STEM_HEAD].encode()))
            self.lengths.stem |= 1 << len(word)
        gates = [self._gate(Tag.STEM, token) for token in tokens]
        self.gates.update((*gates, sum(gates)))
        self.lengths.most_stems = max(self.lengths.most_stems, len(tokens))

    def _exception(self, value: str) -> None:
        """In every reading, since the term is looked for in every reading of a query that holds the exception."""
        self._tokens(value)
        for reading in self._readings(value):
            joined = b"".join(reading.tokens)
            self._add(Tag.EXCEPT, joined)
            self.lengths.most_exception = max(self.lengths.most_exception, len(reading.tokens))
            text = joined.decode()
            if is_unspaced(text) and len(text) <= LONGEST_MASKED:
                self.lengths.exception |= 1 << len(text)

    def _url(self, value: str) -> None:
        url = _canonical(value)
        self._add(Tag.URL, (url.host + path_prefixes(url)[0]).encode())
        self.gates.add(self._gate(Tag.HOST, url.host.encode()))

    def _host(self, value: str) -> None:
        url = _canonical(value)
        if url.path != "/" or url.query is not None:
            raise ListError("an entry of kind host has a path")
        self.gates.add(self._add(Tag.HOST, url.host.encode()))

    def _tokens(self, value: str) -> list[bytes]:
        tokens = self._fold.canonical(value).tokens
        if _is_thin(tokens):
            raise ListError("the entry folds to almost nothing")
        if len(tokens) > MOST_TOKENS:
            raise ListError(f"the entry has over {MOST_TOKENS} words")
        return tokens


def _is_thin(tokens: Sequence[bytes]) -> bool:
    """Three letters, or one or two of another script, are the least that is worth a decision."""
    return sum(map(len, tokens)) < 3


def _canonical(value: str) -> CanonicalUrl:
    try:
        return canonicalize(value)
    except BadUrl as error:
        raise ListError(str(error)) from None
