"""Owns looking up digests in a bundle. Must never copy or keep a digest it was asked about."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from redirect.domain.bundle import U64
from redirect.domain.digests import LONGEST_MASKED, SECOND_GATE, Digests

if TYPE_CHECKING:
    from redirect.domain.bundle import Bundle, Label
    from redirect.domain.lists import Kind

_WORK: Final = 600


@dataclass(frozen=True, slots=True)
class Found:
    """A digest that is on the list: of `kind`, found in words or characters `first` to `last` (not included)."""

    id: int
    label: Label
    kind: Kind
    first: int = 0
    last: int = 0
    how: str = "as listed"


class Allowance:
    """How much more work, in steps of about a microsecond, one query may be beyond the words and phrases of its
    first two readings, so that the worst takes under 5 ms. Only hundreds of listed or disguised words come to its
    end."""

    __slots__ = ("_left",)

    def __init__(self) -> None:
        self._left = _WORK

    def spend(self, steps: int) -> bool:
        """Whether there was enough left."""
        self._left -= steps
        return self._left >= 0


class Index:
    """The digests of a bundle, by their key: which are on the list, and which bits of the filter are set."""

    def __init__(self, bundle: Bundle, list_key: bytes) -> None:
        """Raise ListError where the key is not the bundle's."""
        self.digests = Digests(list_key)
        bundle.ensure_key(self.digests.key_check())
        self.header, self._labels = bundle.header, bundle.labels
        self.filter, self.bits = bundle.filter, len(bundle.filter) * 8
        self._words, self._buckets = bundle.words, bundle.buckets
        self._bucket_bits = bundle.header.bucket_bits
        self._shift, self._codes = 64 - self._bucket_bits, (1 << self._bucket_bits) - 1

    def knows(self, gate: int) -> bool:
        """Whether the filter has the bit; if not, nothing under this gate is on the list."""
        place = gate % self.bits
        return bool(self.filter[place >> 3] >> (place & 7) & 1)

    def knows_phrase(self, total: int) -> bool:
        """The same for the sum of the gates of words in a row."""
        return self.knows(total) and self.knows(total >> SECOND_GATE)

    def labels_of(self, digest_id: int) -> list[Label]:
        """What the list says of a digest; empty where it is not on the list."""
        words, codes, bucket = self._words, self._codes, digest_id >> self._shift
        wanted = digest_id << self._bucket_bits & U64
        end = self._buckets[bucket + 1]
        place = bisect_left(words, wanted, self._buckets[bucket], end)
        labels: list[Label] = []
        while place < end and (word := words[place]) & ~codes == wanted:
            labels += self._labels[word & codes : (word & codes) + 1]
            place += 1
        return labels

    def found(self, digest_id: int, kind: Kind, first: int = 0, last: int = 0, how: str = "as listed") -> list[Found]:
        """The same, with where and how it was found."""
        labels = self.labels_of(digest_id)
        return [Found(digest_id, label, kind, first, last, how) for label in labels] if labels else []


def lengths(mask: int) -> tuple[int, ...]:
    """The lengths that a mask of the header names, the shortest first."""
    return tuple(length for length in range(LONGEST_MASKED + 1) if mask >> length & 1)
