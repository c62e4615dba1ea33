"""Owns finding listed words and phrases among the words of a query. Must never keep a word it was asked about."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING

from redirect.domain.digests import GATE, LONGEST_MASKED, LONGEST_UNGATED, SECOND_GATE, SHORTEST_MIRRORED, WORD
from redirect.domain.lists import Kind

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from redirect.domain.digests import Digest
    from redirect.domain.index import Found, Index


class Words:
    """Words in a row, all of them known to the filter, but for one other word that may stand between; behind the third
    word of a longer phrase only one that the filter lacks.

    The sum of the gates of some words is the gate of their phrase, whatever their order, so that a phrase is
    digested only where the filter knows the sum. Of phrases over three words it knows the first three.
    """

    def __init__(self, index: Index, *, anywhere: bool) -> None:
        """`anywhere`: the list also has entries whose words may stand anywhere; theirs are known as well."""
        self._index = index
        self._anywhere = anywhere
        self._word_lengths = index.header.word_lengths
        if self._word_lengths >> LONGEST_MASKED:  # that long or longer
            self._word_lengths |= -1 << LONGEST_MASKED
        self._lengths = index.header.phrase_lengths
        self._longest = self._lengths.bit_length() - 1

    def row(self, tokens: Iterable[bytes]) -> list[Digest | None]:
        """The digests of the tokens, None where the filter lacks one; nearly every query of a person ends here.

        `Digests.word` and `Index.knows` written out: two calls a word would cost as much as all the rest.
        """
        copy, unpack = self._index.digests.words.copy, WORD.unpack_from
        field, bits = self._index.filter, self._index.bits
        row: list[Digest | None] = []
        for token in tokens:
            state = copy()
            if len(token) >= SHORTEST_MIRRORED and token.isascii() and (mirrored := token[::-1]) < token:
                state.update(mirrored)
            else:
                state.update(token)
            digest = unpack(state.digest())
            place = digest[1] % bits
            if field[place >> 3] >> (place & 7) & 1 or (self._anywhere and self._index.knows(digest[2])):
                row.append(digest)
            else:
                row.append(None)
        return row

    def search(self, tokens: list[bytes], row: list[Digest | None]) -> Iterable[Found]:
        """Everything found among the tokens of this row."""
        alone = self._alone(tokens, row) if self._word_lengths else []
        likely = self._neighbours(row)
        if not likely:
            return alone
        gates = [0 if digest is None else digest[GATE] for digest in row]
        return chain(alone, self._phrases(tokens, gates, likely))

    def _alone(self, tokens: list[bytes], row: list[Digest | None]) -> list[Found]:
        alone: list[Found] = []
        for place, digest in enumerate(row):
            if digest is not None and self._word_lengths >> len(tokens[place]) & 1:
                alone += self._index.found(digest[0], Kind.TERM, place, place + 1)
        return alone

    def _phrases(self, tokens: list[bytes], gates: list[int], likely: list[tuple[int, ...]]) -> Iterator[Found]:
        absent: set[tuple[bytes, ...]] = set()
        for places in likely:
            words = tuple([tokens[place] for place in places])
            if self._lengths >> len(places) & 1 and words not in absent:
                found = self._phrase(words, places)
                yield from found
                if not found:
                    absent.add(words)
            if len(places) == LONGEST_UNGATED < self._longest:
                yield from self._longer(tokens, gates, places)

    def _neighbours(self, row: list[Digest | None]) -> list[tuple[int, ...]]:
        """Pairs and triples of known words whose sum the filter has, with one other word between at most.

        Whether that word is known makes no difference: else an entry that it is part of would hide the others.
        `Index.knows_phrase` is written out, as `knows` is in `row`.
        """
        field, bits = self._index.filter, self._index.bits
        likely: list[tuple[int, ...]] = []
        three = two = one = 0  # the gates of the words that stand so far before, 0 where the filter lacks one
        for place, digest in enumerate(row):
            if digest is None:
                three, two, one = two, one, 0
                continue
            gate = digest[GATE]
            if (
                one
                and field[(bit := (total := one + gate) % bits) >> 3] >> (bit & 7) & 1
                and field[(bit := (total >> SECOND_GATE) % bits) >> 3] >> (bit & 7) & 1
            ):
                likely.append((place - 1, place))
            if (
                two
                and field[(bit := (total := two + gate) % bits) >> 3] >> (bit & 7) & 1
                and field[(bit := (total >> SECOND_GATE) % bits) >> 3] >> (bit & 7) & 1
            ):
                likely.append((place - 2, place))
            if (
                one
                and two
                and field[(bit := (total := two + one + gate) % bits) >> 3] >> (bit & 7) & 1
                and field[(bit := (total >> SECOND_GATE) % bits) >> 3] >> (bit & 7) & 1
            ):
                likely.append((place - 2, place - 1, place))
            if (
                one
                and three
                and field[(bit := (total := three + one + gate) % bits) >> 3] >> (bit & 7) & 1
                and field[(bit := (total >> SECOND_GATE) % bits) >> 3] >> (bit & 7) & 1
            ):
                likely.append((place - 3, place - 1, place))
            if (
                two
                and three
                and field[(bit := (total := three + two + gate) % bits) >> 3] >> (bit & 7) & 1
                and field[(bit := (total >> SECOND_GATE) % bits) >> 3] >> (bit & 7) & 1
            ):
                likely.append((place - 3, place - 2, place))
            three, two, one = two, one, gate
        return likely

    def _longer(self, tokens: list[bytes], gates: list[int], places: tuple[int, ...]) -> Iterator[Found]:
        """Phrases of over three words that start with these, in order."""
        gate = sum(gates[place] for place in places)
        for place in range(places[-1] + 1, len(gates)):
            if not gates[place]:
                if place - places[0] > len(places):
                    return
                continue
            places = (*places, place)
            gate += gates[place]
            if self._lengths >> len(places) & 1 and self._index.knows_phrase(gate):
                yield from self._phrase([tokens[at] for at in places], places)
            if len(places) == self._longest:
                return

    def _phrase(self, words: Sequence[bytes], places: tuple[int, ...]) -> list[Found]:
        digest_id, _ = self._index.digests.phrase(words)
        first, last = places[0], places[-1] + 1
        how = "as listed" if last - first == len(places) else "a word between"
        return self._index.found(digest_id, Kind.TERM, first, last, how)
