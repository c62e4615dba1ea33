"""Owns the byte layout of a bundle (`docs/bundle.md`) and reads one in place.

Must never copy what is mapped, and never trust a byte of it before it has been checked. Whether the bytes are
the ones that were signed is for the caller to know: a body that was changed on purpose and passes here matches
other things, but reads nothing outside itself.
"""

from __future__ import annotations

import json
import struct
import sys
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from hashlib import blake2b
from itertools import pairwise
from typing import TYPE_CHECKING, Final, NamedTuple

from redirect.domain.errors import ListError
from redirect.domain.fold_table import FoldTable, packaged
from redirect.domain.lists import Confidence, Kind

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

MAGIC: Final = b"redirect"
VERSION: Final = 1
LARGEST: Final = 1 << 30
CHECKSUM_BYTES: Final = 16
U64: Final = (1 << 64) - 1
_DAY_ZERO: Final = date(1970, 1, 1).toordinal()
FOREVER: Final = 1 << 30

_HEADER: Final = struct.Struct("<8sHHIQ16s6I5Q3BxIIQ5Q4x")
HEADER_BYTES: Final = _HEADER.size + CHECKSUM_BYTES
KIND_ORDER: Final = tuple(Kind)


class Header(NamedTuple):
    """The first bytes of a bundle. The masks say which lengths occur: bit n, length n, up to 63 (or more).

    `word_lengths` are of words that are entries on their own, in bytes; `phrase_lengths` of phrases, in words;
    the others in characters.

    `sizes` are the bytes of the five sections in their order, each padded to a multiple of eight.
    """

    key_check: bytes
    counts: tuple[int, ...]
    word_lengths: int
    phrase_lengths: int
    unspaced_lengths: int
    stem_lengths: int
    except_lengths: int
    bucket_bits: int
    most_except_tokens: int
    most_stem_tokens: int
    labels: int
    flags: int
    words: int
    sizes: tuple[int, ...]

    def pack(self, labels: bytes) -> bytes:
        """The header's bytes; its checksum also covers the labels."""
        total = HEADER_BYTES + sum(padded(size) for size in self.sizes)
        head = _HEADER.pack(MAGIC, VERSION, HEADER_BYTES, self.flags, total, self.key_check, *self.counts,
                            *self[2:11], 0, self.words, *self.sizes)  # fmt: skip
        return head + checksum(head, labels)


@dataclass(frozen=True, slots=True)
class Label:
    """What a two-byte code says of an entry. `last_day` counts days since 1970-01-01 UTC."""

    category: str
    confidence: Confidence
    language: str
    source: str
    last_day: int


def padded(size: int) -> int:
    """The next multiple of eight, where every section starts."""
    return size + -size % 8


def checksum(head: bytes | memoryview, labels: bytes | memoryview) -> bytes:
    """Finds accidents, not forgers: a signature over the whole bundle does that."""
    return blake2b(bytes(head) + bytes(labels), digest_size=CHECKSUM_BYTES).digest()


class Bundle:
    """A bundle over any buffer, checked as far as its structure goes and otherwise untouched."""

    def __init__(self, data: bytes | memoryview) -> None:
        """Raise ListError, saying why, for anything truncated, oversized, inconsistent or of another version."""
        view = memoryview(data).toreadonly().cast("B")
        self.header = _read_header(view)
        labels, self.filter, buckets, words, fold = _sections(view, self.header.sizes)
        ensure(checksum(view[: _HEADER.size], labels) == bytes(view[_HEADER.size : HEADER_BYTES]),
               "the header is damaged")  # fmt: skip
        self.size = len(view)
        self.labels = _read_labels(labels, self.header.labels)
        ensure(not len(buckets) % 4 and not len(words) % 8, "a table ends in the middle of a number")
        self.buckets, self.words = buckets.cast("I"), words.cast("Q")
        self._ensure_sound()
        # Nearly always the table of this very version, which is ready: a swap of lists then costs no time.
        self.table = packaged() if fold == packaged().data else FoldTable(fold)

    def __repr__(self) -> str:
        return f"Bundle({self.total} entries)"

    @property
    def counts(self) -> dict[Kind, int]:
        """Entries by kind, as the list had them."""
        return dict(zip(KIND_ORDER, self.header.counts, strict=True))

    @property
    def total(self) -> int:
        """Entries of all kinds."""
        return sum(self.header.counts)

    @cached_property
    def categories(self) -> tuple[str, ...]:
        """The distinct categories, sorted."""
        return tuple(sorted({label.category for label in self.labels}))

    @property
    def edits(self) -> bool:
        """Whether the list was built to forgive one wrong letter."""
        return bool(self.header.flags & 1)

    def ensure_key(self, key_check: bytes) -> None:
        """Raise ListError unless the bundle was built with the key that this check belongs to."""
        ensure(key_check == self.header.key_check, "the bundle was built with another list key")

    def _ensure_sound(self) -> None:
        header = self.header
        ensure(len(self.buckets) == (1 << header.bucket_bits) + 1, "the bucket table has a wrong size")
        ensure(len(self.words) == header.words, "the digests have a wrong size")
        ensure(len(self.labels) <= 1 << header.bucket_bits, "there are more labels than codes")
        in_order = all(low <= high for low, high in pairwise(self.buckets))
        ends = (self.buckets[0], self.buckets[-1])
        ensure(in_order and ends == (0, header.words), "the bucket table is out of order")


def ensure(holds: bool, reason: str) -> None:  # noqa: FBT001 - reads as a sentence
    """Raise ListError with the reason unless it holds."""
    if not holds:
        raise ListError(f"the bundle is refused: {reason}")


def _read_header(view: memoryview) -> Header:
    ensure(sys.byteorder == "little", "it is little-endian and this machine is not")
    ensure(len(view) <= LARGEST, "it is too large")
    ensure(bytes(view[:8]) == MAGIC, "it does not start as one")
    ensure(len(view) >= HEADER_BYTES, "it is cut off in the header")
    fields = _HEADER.unpack_from(view)
    ensure(fields[1] == VERSION, f"it has version {fields[1]}, this program reads {VERSION}")
    ensure(fields[2] == HEADER_BYTES, "its header has a wrong size")
    ensure(fields[4] == len(view), "it is cut off, or something stands behind its end")
    header = Header._make((fields[5], fields[6:12], *fields[12:21], fields[3], fields[22], fields[23:]))
    ensure(8 <= header.bucket_bits <= 24 and header.sizes[1] > 0, "its tables have impossible sizes")
    ensure(HEADER_BYTES + sum(map(padded, header.sizes)) == len(view), "its sections do not fill it")
    return header


def _sections(view: memoryview, sizes: Sequence[int]) -> Iterator[memoryview]:
    at = HEADER_BYTES
    for size in sizes:
        yield view[at : at + size]
        at += padded(size)


def _read_labels(data: memoryview, count: int) -> tuple[Label, ...]:
    try:
        rows = json.loads(bytes(data))
        labels = tuple(_label(*row) for row in rows)
    except (ValueError, TypeError, RecursionError):
        raise ListError("the bundle is refused: its labels cannot be read") from None
    ensure(len(labels) == count, "its labels have a wrong number")
    return labels


def _label(category: str, confidence: str, language: str, source: str, expires: str) -> Label:
    if not all(isinstance(text, str) for text in (category, language, source, expires)):
        raise ValueError
    last_day = date.fromisoformat(expires).toordinal() - _DAY_ZERO if expires else FOREVER
    return Label(category, Confidence(confidence), language, source, last_day)
