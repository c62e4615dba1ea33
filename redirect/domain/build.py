"""Owns how entries become the bytes of a bundle (`docs/bundle.md`). Must never let anything of an entry into it
but keyed digests and labels."""

from __future__ import annotations

import json
from array import array
from collections import Counter
from itertools import accumulate
from typing import TYPE_CHECKING, Final

from redirect.domain.bundle import KIND_ORDER, U64, Header, padded
from redirect.domain.digests import Digests
from redirect.domain.errors import ListError
from redirect.domain.filing import Filing
from redirect.domain.fold_table import packaged

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from redirect.domain.lists import Entry

_PROGRESS_EVERY: Final = 10_000
_BITS_PER_GATE: Final = 8
_SMALLEST_FILTER: Final = 1 << 10
_CODE_BITS: Final = 16
_CODES: Final = (1 << _CODE_BITS) - 1


def build(
    entries: Iterable[Entry],
    list_key: bytes,
    *,
    progress: Callable[[int, int], None] | None = None,
    edits: bool = False,
    everyday: frozenset[bytes] = frozenset(),
    refused: Callable[[int, str], None] | None = None,
) -> bytes:
    """The body of a bundle, the same for the same entries and key, in whatever order they come.

    `progress` is told entries done and in all. `edits` forgives one letter in words of at least six beside a
    rare one. `everyday` are folded words in UTF-8, too common to be joined forms or to stand beside an edited word.
    `refused` is told index and reason of each entry that cannot be filed; without it, the first raises
    ListError.
    """
    every = entries if isinstance(entries, (list, tuple)) else list(entries)
    draft = _Draft(list_key, edits=edits, everyday=everyday)
    for index, entry in enumerate(every):
        if progress is not None and index % _PROGRESS_EVERY == 0:
            progress(index, len(every))
        try:
            draft.add(entry)
        except ListError as error:
            if refused is None:
                raise ListError(f"entry {index + 1}: {error.reason}", list_name=entry.source) from None
            refused(index, error.reason)
    body = draft.body()
    if progress is not None:
        progress(len(every), len(every))
    return body


def entry_ids(entry: Entry, list_key: bytes, *, edits: bool = False) -> tuple[str, ...]:
    """The ids under which a match of this entry may be reported, the usual one first; empty if it is refused."""
    filing = Filing(packaged(), Digests(list_key), edits=edits, everyday=frozenset())
    try:
        return tuple(dict.fromkeys(f"{digest_id:016x}" for digest_id in filing.file(entry)))
    except ListError:
        return ()


class _Draft:
    """A bundle in the making. A digest is kept with its label's number behind it, to be sorted together."""

    def __init__(self, list_key: bytes, *, edits: bool, everyday: frozenset[bytes]) -> None:
        self._table, self._digests, self._edits = packaged(), Digests(list_key), edits
        self._filing = Filing(self._table, self._digests, edits=edits, everyday=everyday)
        self._labels: dict[tuple[str, ...], int] = {}
        self._filed: list[int] = []
        self._counts: Counter[str] = Counter()

    def add(self, entry: Entry) -> None:
        ids = self._filing.file(entry)
        label = (entry.category, str(entry.confidence), entry.language, entry.source, entry.expires)
        number = self._labels.setdefault(label, len(self._labels))
        if number > _CODES:
            raise ListError("the list has over 65,536 combinations of category, language, source and expiry")
        self._filed += [digest_id << _CODE_BITS | number for digest_id in ids]
        self._counts[entry.kind] += 1

    def body(self) -> bytes:
        labels = sorted(self._labels)
        codes = {self._labels[label]: code for code, label in enumerate(labels)}
        words = sorted({word & ~_CODES | codes[word & _CODES] for word in self._filed})
        bucket_bits = max(8, len(words).bit_length() - 5, len(labels).bit_length())
        sections = (
            json.dumps(labels, separators=(",", ":")).encode(),
            _filter(self._filing.gates),
            _buckets(words, bucket_bits),
            array("Q", [word >> _CODE_BITS << bucket_bits & U64 | word & _CODES for word in words]).tobytes(),
            bytes(self._table.data),
        )
        lengths = self._filing.lengths
        header = Header(
            key_check=self._digests.key_check(),
            counts=tuple(self._counts[kind] for kind in KIND_ORDER),
            word_lengths=lengths.word,
            phrase_lengths=lengths.phrase,
            unspaced_lengths=lengths.unspaced,
            stem_lengths=lengths.stem,
            except_lengths=lengths.exception,
            bucket_bits=bucket_bits,
            most_except_tokens=lengths.most_exception,
            most_stem_tokens=lengths.most_stems,
            labels=len(labels),
            flags=int(self._edits),
            words=len(words),
            sizes=tuple(map(len, sections)),
        )
        return header.pack(sections[0]) + b"".join(part.ljust(padded(len(part)), b"\0") for part in sections)


def _filter(gates: Iterable[int]) -> bytes:
    gates = set(gates)
    field = bytearray(max(_SMALLEST_FILTER, padded(len(gates) * _BITS_PER_GATE >> 3)))
    bits = len(field) * 8
    for gate in gates:
        place = gate % bits
        field[place >> 3] |= 1 << (place & 7)
    return bytes(field)


def _buckets(words: Sequence[int], bits: int) -> bytes:
    """Where the digests that start with each value of the first `bits` bits begin, and the end."""
    starts = array("I", bytes(4 * ((1 << bits) + 1)))
    shift = _CODE_BITS + 64 - bits
    for word in words:
        starts[(word >> shift) + 1] += 1
    return array("I", accumulate(starts)).tobytes()
