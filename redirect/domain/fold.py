"""Owns what counts as the same text: one fold for list entries and queries alike, so that matching stays exact.

Must never keep, cache or intern any part of a text, never raise on one, and never take longer than its length
allows.

A text is unescaped, every character goes through the fold table (case, width, accents, look-alikes, invisible
characters), and what is left is read in the few ways a person may have meant it: symbols part words or stand
inside them, digits are digits or letters, repeated letters are emphasis, letters stand apart. A query of
letters and spaces, which most are, has one reading only.
"""

from __future__ import annotations

import html
import re
import unicodedata
from functools import cache
from typing import TYPE_CHECKING, Final, NamedTuple
from urllib.parse import unquote

from redirect.domain.fold_table import FoldTable, packaged

if TYPE_CHECKING:
    from collections.abc import Iterator

LONGEST: Final = 4096
"""Characters of a text that are read; the callers refuse or cut longer ones."""

ROUNDS: Final = 3
"""How often a text is unescaped: `%252520` is a space still. Until nothing changes would be quadratic."""

SHORT: Final = 1024
"""Characters up to which every combination of readings is tried; the rarest are left out of longer texts."""

_ESCAPED: Final = re.compile(r"%[0-9A-Fa-f]{2}|&#|&[A-Za-z][A-Za-z0-9]{1,31};")

# From here on text is UTF-8: every symbol left is ASCII, and `bytes.translate` is ten times `str.translate`.
_SYMBOLS: Final = bytes(code for code in range(33, 127) if not chr(code).isalnum()) + b"\x1f"
_PART: Final = bytes.maketrans(_SYMBOLS, b" " * len(_SYMBOLS))
_LETTERS_AND_SPACE: Final = b"abcdefghijklmnopqrstuvwxyz "
_ALSO_OTHER_SCRIPTS: Final = _LETTERS_AND_SPACE + bytes(range(128, 256))

_LEET_SYMBOLS: Final = b"@$!|"
_LEET_I: Final = bytes.maketrans(b"0123456789@$!|", b"oizeasgtbgasil")
_LEET_L: Final = bytes.maketrans(b"0123456789@$!|", b"olzeasgtbgasil")
_NOT_LEET: Final = bytes(set(_SYMBOLS).difference(_LEET_SYMBOLS))
_PART_NOT_LEET: Final = bytes.maketrans(_NOT_LEET, b" " * len(_NOT_LEET))
_LETTER: Final = re.compile(rb"[a-z\x80-\xff]")
_LATIN_OR_DIGIT: Final = re.compile(rb"[a-z0-9]")
_LEET: Final = re.compile(rb"[0-9@$!|]")
_LETTER_AND_LEET: Final = re.compile(rb"[a-z\x80-\xff][0-9@$!|]|[0-9@$!|][a-z\x80-\xff]")

_ANY_LETTER: Final = "([a-z\x80-\U0010ffff])"
_TRIPLED: Final = re.compile(_ANY_LETTER + r"\1\1")
_TRIPLED_ASCII: Final = re.compile(rb"([a-z])\1\1")
_TRIPLED_TEXT: Final = re.compile(r"(\S)\1\1")
_REPEATED: Final = re.compile(_ANY_LETTER + r"\1+")
_MORE_THAN_TWICE: Final = re.compile(_ANY_LETTER + r"\1{2,}")
_ONE: Final = rb"(?:[!-~\x1f]|[\xc2-\xf4][\x80-\xbf]{1,3})"
_SPACED_LETTERS: Final = re.compile(rb"(?<![^ ])" + _ONE + rb"(?: " + _ONE + rb"){2,}(?![^ ])")
_SPACED_ASCII: Final = re.compile(rb"(?<![^ ])[a-z] [a-z] [a-z](?![^ ])")
_DIGITS_BEHIND: Final = re.compile(rb"(?<=[a-z\x80-\xff]{3})[0-9]+(?![^ ])")
_CAMEL: Final = re.compile(r"(?<=[a-zß-öø-ÿа-я])(?=[A-ZÀ-ÖØ-ÞА-Я])")

# Capitals that are drawn as one Latin letter while their small letters are drawn as another.
_GREEK_CAPITALS: Final = str.maketrans("ΗΝΥ", "HNY")
_HAS_GREEK_CAPITAL: Final = re.compile("[ΗΝΥ]")
_WORD: Final = re.compile(r"\w+")
_LATIN: Final = re.compile("[A-Za-z]")

# Vowel signs and the like, which the table keeps. No syllable has so many; putting them in order is quadratic.
_STACKED: Final = re.compile(r"([^\w\s!-~\x1f]{16})[^\w\s!-~\x1f]+")

# Thai, Lao, Tibetan, Myanmar, Khmer, kana, Bopomofo, Han: scripts that put no space between words.
UNSPACED: Final = (
    "\u0e00-\u0eff\u0f00-\u0fff\u1000-\u109f\u1780-\u17ff\u3005-\u3007\u3040-\u312f\u3400-\u4dbf"
    "\u4e00-\u9fff\ua9e0-\ua9ff\uaa60-\uaa7f\uf900-\ufaff\U0001b000-\U0001b16f\U00020000-\U0003ffff"
)
_UNSPACED: Final = re.compile(f"[{UNSPACED}]")
_KANA: Final = re.compile("[\u3040-\u30ff]")
_HAN: Final = re.compile("[\u3005-\u3007\u3400-\u4dbf\u4e00-\u9fff\U00020000-\U0003ffff]")
# A Chinese term of two characters found inside runs hit one innocent query in five.
_SHORTEST_INSIDE: Final = {"kana": 5, "han": 4, "other": 6}
# The space first: the rest is only looked at where there is one.
_SPACE_INSIDE: Final = re.compile(f" (?<=[{UNSPACED}] )(?=[{UNSPACED}])")
_SCRIPT_CHANGE: Final = re.compile(f"(?<=[{UNSPACED}])(?=[a-z0-9])|(?<=[a-z0-9])(?=[{UNSPACED}])")


class Reading(NamedTuple):
    """One way to read a text: `step` names it, `tokens` are its words in UTF-8, `runs` those of them in scripts
    without spaces, to be looked into character by character."""

    step: str
    tokens: list[bytes]
    runs: tuple[str, ...] = ()


class Fold:
    """The fold by one table: a bundle's own, or the packaged one."""

    def __init__(self, table: FoldTable) -> None:
        self._table = table
        values = [table[code] for code in range(128)]
        self._ascii = bytes(ord(v) if isinstance(v, str) and v else code for code, v in enumerate(values))
        self._ascii += bytes(range(128, 256))
        self._dropped = bytes(code for code, v in enumerate(values) if v == "")

    def quick(self, text: str) -> list[bytes] | None:
        """The tokens of a text that can be read in one way only; None means: ask for all readings."""
        if len(text) > LONGEST:
            return None
        return self._quick_ascii(text) if text.isascii() else self._quick_other(text)

    def _quick_ascii(self, text: str) -> list[bytes] | None:
        """Most queries pass here: each test is first a cheap one that settles nearly all, then the exact one."""
        plain = text.encode()
        folded = plain.translate(self._ascii, self._dropped)
        if folded.translate(None, _LETTERS_AND_SPACE) or (_may_be_tripled(folded) and _TRIPLED_ASCII.search(folded)):
            return None
        words = folded.split()
        if list(map(len, words)).count(1) > 2 and _SPACED_ASCII.search(b" ".join(words)):
            return None
        return None if folded != plain and _CAMEL.search(text) else _stripped(words)

    def _quick_other(self, text: str) -> list[bytes] | None:
        if is_unspaced(text) or (not text.islower() and _CAMEL.search(text)):
            return None
        letters = self._letters(text)
        folded = letters.encode(errors="replace")
        if folded.translate(None, _ALSO_OTHER_SCRIPTS) or _TRIPLED_TEXT.search(letters) or is_unspaced(letters):
            return None
        words = folded.split()
        return None if len(words) > 2 and _SPACED_LETTERS.search(b" ".join(words)) else _stripped(words)

    def canonical(self, text: str) -> Reading:
        """The first reading: the one a list entry is filed under."""
        return next(self.readings(text))

    def readings(self, text: str) -> Iterator[Reading]:
        """All readings, the likeliest first, none twice."""
        text = _unescaped(text[:LONGEST])
        letters = self._letters(text)
        unspaced = not letters.isascii() and is_unspaced(letters)
        seen: set[bytes] = set()
        for step, words in self._readings(text, letters.encode(errors="replace"), unspaced=unspaced):
            tokens = _stripped(words.split())
            if (spelled := b" ".join(tokens)) not in seen:
                seen.add(spelled)
                yield Reading(step, tokens, _runs(tokens) if unspaced and step not in _RUNS_SEEN else ())

    def _readings(self, text: str, letters: bytes, *, unspaced: bool) -> Iterator[tuple[str, bytes]]:
        tripled: list[str] = []
        most = 3 if len(text) <= SHORT else 1
        for step, words in self._by_symbols(text, letters, unspaced=unspaced):
            yield step, words
            if len(tripled) < most and _TRIPLED.search(spelled := words.decode()):
                tripled.append(spelled)
        for spelled in tripled:
            yield "repeated letters once", _REPEATED.sub(r"\1", spelled).encode()
            yield "repeated letters twice", _MORE_THAN_TWICE.sub(r"\1\1", spelled).encode()
            yield "only tripled letters once", _MORE_THAN_TWICE.sub(r"\1", spelled).encode()

    def _by_symbols(self, text: str, letters: bytes, *, unspaced: bool) -> Iterator[tuple[str, bytes]]:
        apart = b" ".join(letters.translate(_PART).split())
        parted = _merged(apart)
        if unspaced and b" " in parted:
            yield "words", _composed(_SPACE_INSIDE.sub("", parted.decode()).encode())
            yield "spaces kept", parted
        else:
            yield "words", parted
        if unspaced and _LATIN_OR_DIGIT.search(parted):
            yield "scripts parted", _SCRIPT_CHANGE.sub(" ", parted.decode()).encode()
        together = letters.translate(None, _SYMBOLS)
        if together != apart:
            yield "symbols removed", _composed(_merged(together))
        if _LEET.search(letters):
            yield from _as_letters(letters, parted)
        if not text.islower() and _CAMEL.search(text):
            yield "capitals part words", self._letters(_CAMEL.sub(" ", text)).encode(errors="replace").translate(_PART)

    def _letters(self, text: str) -> str:
        """Every character folded; what is left is lower-case letters, marks, digits, spaces and ASCII symbols."""
        if text.isascii():
            return str(text.encode().translate(self._ascii, self._dropped), "ascii")
        if _HAS_GREEK_CAPITAL.search(text):
            text = _WORD.sub(_latin_capitals, text)
        return _in_order(self._table.apply(text))


def fold(text: str) -> str:
    """The canonical form of a text by the packaged table: its words, folded, one space apart.

    Never raises on any str; folding a result again changes nothing.
    """
    return b" ".join(_packaged().canonical(text).tokens).decode()


@cache
def _packaged() -> Fold:
    return Fold(packaged())


def is_unspaced(text: str) -> bool:
    """Whether a text has characters of a script that puts no space between words."""
    return _UNSPACED.search(text) is not None


def shortest_inside(run: str) -> int:
    """How long a term must be to be found inside a run; a shorter one has to be the whole run."""
    script = "kana" if _KANA.search(run) else "han" if _HAN.search(run) else "other"
    return _SHORTEST_INSIDE[script]


# Their runs are parts of the ones in the first reading.
_RUNS_SEEN: Final = frozenset({"spaces kept", "scripts parted"})


def _may_be_tripled(letters: bytes) -> bool:
    """Whether some letter or space stands three times in a row: all are compared at once with those one further on."""
    as_number = int.from_bytes(letters, "little")
    differs = as_number ^ as_number >> 8
    return 0 in (differs | differs >> 8).to_bytes(len(letters), "little")


def _stripped(words: list[bytes]) -> list[bytes]:
    """Without the `s` of a Latin plural: cakes and cake are one word, glass and bus are as they are."""
    return [w[:-1] if w[-1] == 115 and len(w) > 3 and 115 != w[-2] < 128 else w for w in words]


def _runs(tokens: list[bytes]) -> tuple[str, ...]:
    return tuple(run for run in b" ".join(tokens).decode().split(" ") if is_unspaced(run))


def _unescaped(text: str) -> str:
    for _ in range(ROUNDS):
        if ("%" not in text and "&" not in text) or not _ESCAPED.search(text):
            break
        text = html.unescape(unquote(text))
    return text


def _in_order(text: str) -> str:
    if _STACKED.search(text):
        text = _STACKED.sub(r"\1", text)
    return unicodedata.normalize("NFC", text)


def _composed(words: bytes) -> bytes:
    """Letters and marks that stood apart and have been joined since are one letter again."""
    return words if words.isascii() else _in_order(words.decode()).encode()


def _merged(words: bytes) -> bytes:
    """Three or more single letters, one space apart, are one word; a wider space ends it."""
    return _SPACED_LETTERS.sub(lambda found: _composed(found[0].replace(b" ", b"")), words)


def _as_letters(letters: bytes, parted: bytes) -> Iterator[tuple[str, bytes]]:
    """Digits and symbols read as letters, in words that have both; a number stays a number."""
    removed = _composed(_merged(letters.translate(None, _NOT_LEET)))
    if not _LETTER_AND_LEET.search(removed):
        return
    words = removed.split()
    yield "digits as letters", _leet(words, _LEET_I)
    if b"1" in removed:
        yield "digits as letters, 1 as l", _leet(words, _LEET_L)
    spelled = _merged(letters.translate(_PART_NOT_LEET)).split()
    if spelled != words:
        yield "digits as letters", _leet(spelled, _LEET_I)
    if _DIGITS_BEHIND.search(parted):
        yield "digits behind words removed", _DIGITS_BEHIND.sub(b"", parted)


def _leet(words: list[bytes], table: bytes) -> bytes:
    return b" ".join(
        [w if w.isalpha() else w.translate(table) if _LETTER.search(w) else w.translate(None, _SYMBOLS) for w in words]
    )


def _latin_capitals(word: re.Match[str]) -> str:
    return word[0].translate(_GREEK_CAPITALS) if _LATIN.search(word[0]) else word[0]
