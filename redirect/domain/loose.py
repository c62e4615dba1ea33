"""Owns the looser searches, each only where a bundle has entries for it: words anywhere, stems, one wrong letter.

Must never spend more than its allowance on one query, whatever the query.
"""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING, Final

from redirect.domain.digests import ANCHOR, ANYWHERE, MOST_ANYWHERE, SHORTEST_EDITED, STEM_HEAD, Tag, edited, stems
from redirect.domain.index import lengths
from redirect.domain.lists import Kind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from redirect.domain.digests import Digest
    from redirect.domain.index import Allowance, Found, Index

LONGEST_ENDING: Final = 5
_ALPHABET: Final = "abcdefghijklmnopqrstuvwxyz"
# Where the other words of a phrase of two or three may stand, seen from one of them.
_BESIDE: Final = ((-1,), (1,), (-2, -1), (-1, 1), (1, 2))
_NEAR: Final = (-2, -1, 1, 2)


class Loose:
    """The looser searches of one bundle."""

    def __init__(self, index: Index, *, edits: bool) -> None:
        counts = dict(zip(Kind, index.header.counts, strict=True))
        self._index = index
        self.anywhere = counts[Kind.ALL] > 0
        self._stems = lengths(index.header.stem_lengths)
        self._edits = edits and index.header.phrase_lengths > 0
        self.idle = not (self.anywhere or self._stems or self._edits)

    def search(self, tokens: list[bytes], row: list[Digest | None], allowance: Allowance) -> Iterator[Found]:
        """Everything found; `row` has the digests of the tokens that the filter knows."""
        if self._stems:
            yield from self._stemmed(tokens, allowance)
        if not any(row):
            return
        if self.anywhere:
            yield from self._anywhere(tokens, row, allowance)
        if self._edits:
            yield from self._edited(tokens, row, allowance)

    def _anywhere(self, tokens: list[bytes], row: list[Digest | None], allowance: Allowance) -> Iterator[Found]:
        """Grow sets of words as long as the filter knows their sum."""
        places = {token: place for place, token in enumerate(tokens) if row[place] is not None}
        words = [
            (token, digest[ANYWHERE], place)
            for token, place in sorted(places.items())
            if (digest := row[place]) is not None and self._index.knows(digest[ANYWHERE])
        ]
        grown: list[tuple[int, int, tuple[int, ...]]] = [(-1, 0, ())]
        while grown:
            newest, gate, chosen = grown.pop()
            for number in range(newest + 1, len(words)):
                if not allowance.spend(1):
                    return
                total = gate + words[number][1]
                if chosen and not self._index.knows(total):
                    continue
                wider = (*chosen, number)
                yield from self._all_of([words[one] for one in wider])
                if len(wider) < MOST_ANYWHERE:
                    grown.append((number, total, wider))

    def _all_of(self, words: list[tuple[bytes, int, int]]) -> list[Found]:
        digest_id, _ = self._index.digests.of(Tag.ALL, b" ".join(word[0] for word in words))
        places = [word[2] for word in words]
        return self._index.found(digest_id, Kind.ALL, min(places), max(places) + 1, "words anywhere")

    def _stemmed(self, tokens: list[bytes], allowance: Allowance) -> Iterator[Found]:
        row = [self._stems_of(token, allowance) for token in tokens]
        most = self._index.header.most_stem_tokens
        for first in range(len(row)):
            for last in range(first + 1, min(len(row), first + most) + 1):
                if not row[last - 1]:
                    break
                for chosen in product(*row[first:last]):
                    if allowance.spend(1) and self._index.knows(sum(gate for _, gate in chosen)):
                        digest_id, _ = self._index.digests.of(Tag.STEM, stems(stem for stem, _ in chosen))
                        yield from self._index.found(digest_id, Kind.STEM, first, last, "stem")

    def _stems_of(self, token: bytes, allowance: Allowance) -> list[tuple[bytes, int]]:
        word = token.decode()
        if len(word) < STEM_HEAD or not allowance.spend(1):
            return []
        if not self._index.knows(self._index.digests.of(Tag.STEM_HEAD, word[:STEM_HEAD].encode())[1]):
            return []
        known = []
        for length in self._stems:
            if length <= len(word) <= length + LONGEST_ENDING and allowance.spend(1):
                stem = word[:length].encode()
                gate = self._index.digests.of(Tag.STEM, stem)[1]
                if self._index.knows(gate):
                    known.append((stem, gate))
        return known

    def _edited(self, tokens: list[bytes], row: list[Digest | None], allowance: Allowance) -> Iterator[Found]:
        """A word of a phrase with two letters swapped, one more or one fewer, beside words that are known."""
        anchors = {at: digest[ANCHOR] for at, digest in enumerate(row) if digest is not None}
        near = {at + step for at in anchors for step in _NEAR}
        for place in sorted(near.intersection(range(len(tokens)))):
            if len(tokens[place]) < SHORTEST_EDITED - 1:
                continue
            for beside in _BESIDE:
                if not allowance.spend(1):
                    return
                places = [place + step for step in beside]
                gates = [anchors[at] for at in places if at in anchors]
                if len(gates) == len(places) and self._index.knows(sum(gates)):
                    words = sorted(tokens[at] for at in places)
                    first, last = min(place, *places), max(place, *places) + 1
                    yield from self._spellings(words, tokens[place].decode(), first, last, allowance)

    def _spellings(
        self, beside: list[bytes], word: str, first: int, last: int, allowance: Allowance
    ) -> Iterator[Found]:
        for spelling in _one_letter_off(word):
            if not allowance.spend(2):
                return
            digest_id, _ = self._index.digests.of(Tag.EDIT, edited(beside, spelling))
            yield from self._index.found(digest_id, Kind.TERM, first, last, "one letter off")


def _one_letter_off(word: str) -> Iterator[str]:
    """The word, for swapped letters; less each letter but the first; with each letter of the alphabet."""
    yield word
    for place in range(1, len(word)):
        yield word[:place] + word[place + 1 :]
    for letter in _ALPHABET:
        yield word + letter
