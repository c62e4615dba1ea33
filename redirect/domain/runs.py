"""Owns finding terms inside text of scripts that put no space between words. Must never keep a part of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from redirect.domain.digests import ID_AND_GATE, RUN_HEAD, Tag
from redirect.domain.index import lengths
from redirect.domain.lists import Kind

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from redirect.domain.index import Found, Index


class Runs:
    """Character by character: the first four of a term decide where its lengths are tried."""

    def __init__(self, index: Index) -> None:
        self._index = index
        self._lengths = lengths(index.header.unspaced_lengths)

    def search(self, run: str, heads: dict[str, bool]) -> Iterator[Found]:
        """Everything found, by characters. `heads` says of those that this query asked about whether the filter has
        them; it grows."""
        if not self._lengths:
            return
        here = [run[first : first + RUN_HEAD] for first in range(len(run) - RUN_HEAD + 1)]
        self._look_up(heads, here)
        for first, head in enumerate(here):
            if heads[head]:
                yield from self._from(first, run)

    def _look_up(self, heads: dict[str, bool], here: Iterable[str]) -> None:
        """`Digests.of` and `Index.knows` written out, as in `Words.row`."""
        copy, unpack = self._index.digests.heads.copy, ID_AND_GATE.unpack_from
        field, bits = self._index.filter, self._index.bits
        for head in here:
            if head not in heads:
                state = copy()
                state.update(head.encode())
                place = unpack(state.digest())[1] % bits
                heads[head] = bool(field[place >> 3] >> (place & 7) & 1)

    def _from(self, first: int, run: str) -> Iterator[Found]:
        for length in self._lengths:
            if first + length > len(run):
                return
            digest_id, gate = self._index.digests.of(Tag.PHRASE, run[first : first + length].encode())
            if self._index.knows(gate):
                yield from self._index.found(digest_id, Kind.TERM, first, first + length)
