"""Owns the keyed digests that stand for everything in a bundle. Must never digest anything without the key.

A digest is the first 8 bytes, little-endian, of BLAKE2b-512(32-byte list key ‖ tag ‖ bytes): 0.3 µs against
1.9 for HMAC-SHA-256, and other languages compute the same. BLAKE2b is no Merkle-Damgård hash, so that a key in
front is enough. The bytes behind the first 8 are independent of them; they place the bits of the filter.
"""

from __future__ import annotations

from enum import Enum
from hashlib import blake2b
from struct import Struct
from typing import TYPE_CHECKING, Final

from redirect.domain.errors import ListError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

KEY_BYTES: Final = 32
WORD: Final = Struct("<QIII")
ID_AND_GATE: Final = Struct("<QI")

# Lengths that builder and matcher must agree on.
SHORTEST_MIRRORED: Final = 5
SHORTEST_EDITED: Final = 6
STEM_HEAD: Final = 4
RUN_HEAD: Final = 4
SECOND_GATE: Final = 8  # bits by which the sum of gates is moved for the second bit of a phrase
LONGEST_MASKED: Final = 63  # masks of lengths have 64 bits
MOST_ANYWHERE: Final = 4
LONGEST_UNGATED: Final = 3  # a longer phrase is followed only where the filter knows its first three words


class Tag(bytes, Enum):
    """What a digest is of: the same bytes under two tags have nothing in common."""

    KEY = b"k"
    PHRASE = b"t"
    ALL = b"a"
    STEM = b"s"
    STEM_HEAD = b"p"
    UNSPACED_HEAD = b"c"
    EDIT = b"e"
    EXCEPT = b"x"
    URL = b"u"
    HOST = b"h"


Digest = tuple[int, int, int, int]
"""Of a word: its id, and three gates, each of which places a bit of the filter for a purpose of its own: the word
in a row (GATE), anywhere (ANYWHERE), and beside a misspelt one (ANCHOR). A plain tuple: a named one would take
as long to make as the digest."""

GATE: Final = 1
ANYWHERE: Final = 2
ANCHOR: Final = 3


class Digests:
    """Digests under one list key."""

    def __init__(self, list_key: bytes) -> None:
        if len(list_key) != KEY_BYTES:
            raise ListError(f"the list key has {len(list_key)} bytes, not {KEY_BYTES}")
        self._started = {tag: blake2b(list_key + tag) for tag in Tag}
        self.words = self._started[Tag.PHRASE]
        self.hosts = self._started[Tag.HOST]
        self.heads = self._started[Tag.UNSPACED_HEAD]

    def __repr__(self) -> str:
        return "Digests(masked)"

    def of(self, tag: Tag, data: bytes) -> tuple[int, int]:
        """Id and gate of some bytes under a tag."""
        state = self._started[tag].copy()
        state.update(data)
        id_and_gate: tuple[int, int] = ID_AND_GATE.unpack_from(state.digest())
        return id_and_gate

    def word(self, token: bytes) -> Digest:
        """The digest of one word, in whichever direction it is written."""
        state = self.words.copy()
        state.update(oriented(token))
        digest: Digest = WORD.unpack_from(state.digest())
        return digest

    def phrase(self, tokens: Sequence[bytes]) -> tuple[int, int]:
        """Id and gate of words in a row; of a single one, those of the word."""
        return self.of(Tag.PHRASE, phrase(tokens))

    def key_check(self) -> bytes:
        """16 bytes by which a bundle knows its key again."""
        return self._started[Tag.KEY].digest()[:16]


def oriented(token: bytes) -> bytes:
    """The word or its mirror image, whichever sorts first: so that a phrase written backwards is the same.

    Only from five letters: short words are other words backwards.
    """
    if len(token) < SHORTEST_MIRRORED or not token.isascii():
        return token
    return min(token, token[::-1])


def phrase(tokens: Sequence[bytes]) -> bytes:
    """What is digested for words in a row: up to three of them in whatever order."""
    words = [oriented(token) for token in tokens]
    return b" ".join(sorted(words) if len(words) < 4 else words)


def gates_of(total: int) -> tuple[int, int]:
    """The two gates of words in a row, from the sum of theirs: one would let through one in nine by chance."""
    return total, total >> SECOND_GATE


def stems(words: Iterable[bytes]) -> bytes:
    """What is digested for stems in a row, in whatever order."""
    return b" ".join(sorted(words))


def edited(beside: Sequence[bytes], word: str) -> bytes:
    """What is digested for a word with a wrong letter: the words beside it, its first letter, the rest sorted.

    Swapped letters leave it as it is; one more or one fewer is tried by the query.
    """
    return b" ".join(beside) + b"\0" + (word[0] + "".join(sorted(word[1:]))).encode()
