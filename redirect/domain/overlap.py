"""Owns how entries of one list, and two lists, overlap. Must never show an entry, nor need the older list's sources:
of a bundle it knows the digests alone."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING, Final

from redirect.domain.bundle import U64
from redirect.domain.digests import MOST_ANYWHERE, Digests, Tag, phrase
from redirect.domain.filing import MOST_TOKENS
from redirect.domain.guard import Finding, Form, Rule, form
from redirect.domain.index import Index
from redirect.domain.lists import Confidence, Entry, Kind
from redirect.domain.urls import canonicalize, host_suffixes, path_prefixes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from redirect.domain.bundle import Bundle
    from redirect.domain.fold import Fold

MOST_WORDS_TRIED: Final = 8
"""Words of a term in which entries of kind `all` are looked for; of a longer one, the first."""

_EVERY: Final = 10_000
_RANK: Final = {Confidence.HIGH: 0, Confidence.MEDIUM: 1, Confidence.LOW: 2}


@dataclass(frozen=True, slots=True)
class Change:
    """What sets a list apart from the one before: `added` are entries by their place, `removed` ids.

    Of an entry that went away, every id is told; it had one to five.
    """

    before: int
    added: tuple[int, ...]
    removed: tuple[str, ...]


class Overlaps:
    """The entries of one list by what they are filed under."""

    def __init__(
        self, entries: Sequence[Entry], fold: Fold, progress: Callable[[int, int], None] | None = None
    ) -> None:
        self._entries, self._fold, self._progress = entries, fold, progress
        self.forms: list[Form | None] = []
        self._first: dict[Form, int] = {}
        for index, entry in enumerate(entries):
            spelled = form(entry, fold)
            self.forms.append(spelled)
            if spelled is not None:
                self._first.setdefault(spelled, index)
            self._tell(index)

    def findings(self) -> Iterator[Finding]:
        """Entries that another one makes superfluous, one finding for each.

        Written as one word they may not be: a broader term does not match inside a word.
        """
        has_all = any(entry.kind is Kind.ALL for entry in self._entries)
        for index, (entry, spelled) in enumerate(zip(self._entries, self.forms, strict=True)):
            self._tell(index)
            if spelled is None:
                continue
            if (first := self._first[spelled]) != index:
                yield Finding(Rule.DUPLICATE, index, first)
                continue
            for broader in self._broader(entry, anywhere=has_all):
                other = self._first.get(broader)
                if other is not None and other != index and _covers(self._entries[other], entry):
                    yield Finding(Rule.SUBSUMED, index, other)
                    break

    def ids(self, list_key: bytes) -> list[str]:
        """The usual id of every entry, empty where it cannot be filed."""
        digests = Digests(list_key)
        return [f"{digests.of(*spelled)[0]:016x}" if spelled else "" for spelled in self.forms]

    def _tell(self, index: int) -> None:
        if self._progress is not None and index % _EVERY == 0:
            self._progress(index, len(self._entries))

    def _broader(self, entry: Entry, *, anywhere: bool) -> Iterator[Form]:
        """What would match wherever this entry does."""
        if entry.kind in {Kind.URL, Kind.HOST}:
            yield from _above(entry)
        elif entry.kind is Kind.TERM:
            yield from _inside(self._fold.canonical(entry.value).tokens, anywhere=anywhere)


def compare(ids: Sequence[str], new: Bundle, old: Bundle, list_key: bytes) -> Change:
    """`ids` are the usual ones of the new list's entries, empty for what cannot be filed.

    Raises ListError where the key is not the one of the older list.
    """
    known_before, known_now = Index(old, list_key), Index(new, list_key)
    added = [place for place, known in enumerate(ids) if known and not known_before.labels_of(int(known, 16))]
    removed = {number for number in ids_in(old) if not known_now.labels_of(number)}
    return Change(old.total, tuple(added), tuple(f"{number:016x}" for number in sorted(removed)))


def ids_in(bundle: Bundle) -> Iterator[int]:
    """Every id in a bundle."""
    bits = bundle.header.bucket_bits
    for bucket in range(len(bundle.buckets) - 1):
        for place in range(bundle.buckets[bucket], bundle.buckets[bucket + 1]):
            yield bucket << 64 - bits | (bundle.words[place] & U64) >> bits


def _above(entry: Entry) -> Iterator[Form]:
    url = canonicalize(entry.value)
    above = url.host
    while above.count(".") > 1:
        above = above.partition(".")[2]
        yield Form(Tag.HOST, above.encode())
    if entry.kind is Kind.URL:
        yield Form(Tag.HOST, url.host.encode())
        for host in host_suffixes(url.host):
            yield from (Form(Tag.URL, (host + path).encode()) for path in path_prefixes(url))


def _inside(tokens: Sequence[bytes], *, anywhere: bool) -> Iterator[Form]:
    if len(tokens) > MOST_TOKENS:
        return
    for length in range(1, len(tokens)):
        for first in range(len(tokens) - length + 1):
            yield Form(Tag.PHRASE, phrase(tokens[first : first + length]))
    if anywhere:
        words = sorted(set(tokens[:MOST_WORDS_TRIED]))
        for length in range(1, MOST_ANYWHERE + 1):
            yield from (Form(Tag.ALL, b" ".join(chosen)) for chosen in combinations(words, length))


def _covers(broader: Entry, narrower: Entry) -> bool:
    """Whether nothing would change without the narrower entry: the broader one is as sure, and lasts as long."""
    lasts = not broader.expires or ("" < narrower.expires <= broader.expires)
    return broader.category == narrower.category and _RANK[broader.confidence] <= _RANK[narrower.confidence] and lasts
