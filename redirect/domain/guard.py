"""Owns what is wrong with an entry before it goes live: too broad, too thin, everyday, or not to be filed at all.

Must never show an entry: a finding says which one by its number and why in fixed words.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final, NamedTuple

from redirect.domain.digests import Tag, phrase, stems
from redirect.domain.fold import is_unspaced
from redirect.domain.lists import Entry, Kind
from redirect.domain.urls import BadUrl, canonicalize, is_public_suffix, path_prefixes

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from redirect.domain.fold import Fold

SHORTEST_WORD: Final = 4
SHORTEST_RUN: Final = 2
VIETNAMESE: Final = frozenset(chr(code) for code in (0x1A0, 0x1A1, 0x1AF, 0x1B0, *range(0x1EA0, 0x1EFA)))


class Rule(StrEnum):
    """What a finding is about; `ABOUT` has it in words."""

    UNREADABLE = "unreadable"
    REFUSED = "refused"
    SUFFIX = "suffix"
    COMMON_DOMAIN = "common-domain"
    NUMBERS = "numbers"
    SHORT = "short"
    LOST = "lost"
    EVERYDAY = "everyday"
    CANARY = "canary"
    COLLISION = "collision"
    COMMON_WORDS = "common-words"
    TONES = "tones"
    DUPLICATE = "duplicate"
    SUBSUMED = "subsumed"


ABOUT: Final = {
    Rule.UNREADABLE: "cannot be read",
    Rule.REFUSED: "cannot be filed",
    Rule.SUFFIX: "is a whole public suffix, with everybody's sites below it",
    Rule.COMMON_DOMAIN: "covers a search engine's own domain, or a site that nearly everybody uses",
    Rule.NUMBERS: "is only numbers",
    Rule.SHORT: "folds to one very short word",
    Rule.LOST: "folds to one word, the rest to nothing",
    Rule.EVERYDAY: "matches a single everyday word",
    Rule.CANARY: "matches the benign corpus; publish will refuse it",
    Rule.COLLISION: "matches a frequent word of some language",
    Rule.COMMON_WORDS: "is made of everyday words only, so word order and accents may hit innocent queries",
    Rule.TONES: "is told from other words by Vietnamese tones, which are folded away",
    Rule.DUPLICATE: "says the same as another entry",
    Rule.SUBSUMED: "stands inside what a broader entry already matches",
}
SERIOUS: Final = frozenset(tuple(Rule)[: tuple(Rule).index(Rule.COMMON_WORDS)])
"""A list with one of these is not fit to go live."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One entry, by its place among the entries (from 0), and what is wrong.

    `other` is the entry it repeats or is covered by, `entry_id` the id by which it matched where that is not its
    usual one, `reason` says more in fixed words.
    """

    rule: Rule
    index: int
    other: int | None = None
    entry_id: str = ""
    reason: str = ""


class Form(NamedTuple):
    """What an entry is filed under first: two entries of one form are the same. Never to be shown."""

    tag: Tag
    data: bytes


def form(entry: Entry, fold: Fold) -> Form | None:
    """The form of an entry, None where nothing of it can be filed."""
    if entry.kind in {Kind.URL, Kind.HOST}:
        return _form_of_url(entry)
    tokens = fold.canonical(entry.value).tokens
    match entry.kind:
        case Kind.TERM:
            spelled = Form(Tag.PHRASE, phrase(tokens))
        case Kind.ALL:
            spelled = Form(Tag.ALL, b" ".join(sorted(set(tokens))))
        case Kind.STEM:
            spelled = Form(Tag.STEM, stems(tokens))
        case _:
            spelled = Form(Tag.EXCEPT, b"".join(tokens))
    return spelled if spelled.data else None


def _form_of_url(entry: Entry) -> Form | None:
    try:
        url = canonicalize(entry.value)
    except BadUrl:
        return None
    if entry.kind is Kind.HOST:
        return Form(Tag.HOST, url.host.encode())
    return Form(Tag.URL, (url.host + path_prefixes(url)[0]).encode())


class Lint:
    """Looks at entries one by one."""

    def __init__(self, fold: Fold, everyday: frozenset[bytes], domains: Iterable[str]) -> None:
        """`everyday` are folded words; `domains` the own domains of sites that nearly everybody uses."""
        self._fold = fold
        self._everyday = everyday
        self._covering = frozenset(host for domain in domains for host in _covering(domain))

    def look(self, entry: Entry) -> Iterator[Rule]:
        """What is wrong with an entry, the worst first; nothing for an exception, which only ever lets through."""
        if entry.kind in {Kind.URL, Kind.HOST}:
            yield from self._too_broad(entry)
        elif entry.kind is not Kind.EXCEPT:
            yield from self._too_thin(entry)

    def _too_broad(self, entry: Entry) -> Iterator[Rule]:
        try:
            url = canonicalize(entry.value)
        except BadUrl:
            return
        if entry.kind is Kind.URL and path_prefixes(url)[0] != "/":
            return
        if is_public_suffix(url.host):
            yield Rule.SUFFIX
        elif url.host in self._covering:
            yield Rule.COMMON_DOMAIN

    def _too_thin(self, entry: Entry) -> Iterator[Rule]:
        tokens = self._fold.canonical(entry.value).tokens
        if not tokens:
            return
        if all(token.isdigit() for token in tokens):
            yield Rule.NUMBERS
        elif len(tokens) == 1:
            yield from self._one_word(entry, tokens[0])
        elif self._everyday.issuperset(tokens):
            yield Rule.COMMON_WORDS
        if entry.language.startswith("vi") or not VIETNAMESE.isdisjoint(entry.value):
            yield Rule.TONES

    def _one_word(self, entry: Entry, token: bytes) -> Iterator[Rule]:
        word = token.decode()
        if token in self._everyday:
            yield Rule.EVERYDAY
        elif len(word) < (SHORTEST_RUN if is_unspaced(word) else SHORTEST_WORD):
            yield Rule.SHORT
        elif any(not part.isascii() and not self._fold.canonical(part).tokens for part in entry.value.split()):
            yield Rule.LOST


def single_words(lines: Iterable[str], fold: Fold) -> frozenset[bytes]:
    """The folded words of those lines that are one word."""
    read = (fold.canonical(line).tokens for line in lines if " " not in line)
    return frozenset(tokens[0] for tokens in read if len(tokens) == 1)


def _covering(domain: str) -> Iterator[str]:
    """The domain, its `www`, and what stands above it."""
    yield f"www.{domain}"
    while domain:
        yield domain
        domain = domain.partition(".")[2]
