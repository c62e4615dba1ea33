"""Owns the 48 ways to disguise a phrase that recall is measured on. Must never be given a phrase that is not
invented or everyday."""

from __future__ import annotations

import random
import unicodedata
from collections.abc import Callable
from typing import Final

Disguise = Callable[[list[str], random.Random], str]

_LOOKALIKES_CYRILLIC: Final = str.maketrans("aceijkmnoprstuvwxyzhbd", "асеіјкмпоргѕтиѵшхузһвԁ")
_LOOKALIKES_GREEK: Final = str.maketrans("abeikmnoptuvwxyz", "αβεικμηορτυνωχγζ")
_ACCENTS: Final = "\u0301\u0300\u0302\u0308\u0303\u030a"
_SMALL_CAPITALS: Final = str.maketrans("abcdefghijklmnoprtuvwyz", "ᴀʙᴄᴅᴇꜰɢʜɪᴊᴋʟᴍɴᴏᴘʀᴛᴜᴠᴡʏᴢ")
_LEET: Final = str.maketrans("aeiost", "431057")
_LEET_SYMBOLS: Final = str.maketrans("aisl", "@!$1")


def _each(between: str) -> Disguise:
    """The same text with something between all letters."""
    return lambda words, _: " ".join(between.join(word) for word in words)


def _inside(inserted: str) -> Disguise:
    """Something once inside every word."""
    return lambda words, _: " ".join(word[:2] + inserted + word[2:] for word in words)


def _shifted(first: int) -> Disguise:
    """Letters moved to another alphabet of Unicode that starts at a code point."""
    return lambda words, _: " ".join("".join(_shift(letter, first) for letter in word) for word in words)


def _shift(letter: str, first: int) -> str:
    return chr(first + ord(letter) - 97) if "a" <= letter <= "z" else letter


def _joined_by(between: str) -> Disguise:
    return lambda words, _: between.join(words)


def _mapped(table: dict[int, int]) -> Disguise:
    return lambda words, _: " ".join(words).translate(table)


def _random_case(words: list[str], rng: random.Random) -> str:
    return "".join(rng.choice((letter.upper(), letter)) for letter in " ".join(words))


def _accented(words: list[str], rng: random.Random) -> str:
    return unicodedata.normalize(
        "NFC", "".join(c + rng.choice(_ACCENTS) if c in "aeiouyncsz" else c for c in " ".join(words))
    )


def _stacked(words: list[str], rng: random.Random) -> str:
    return "".join(c + "".join(chr(rng.randrange(0x300, 0x36F)) for _ in range(4)) for c in " ".join(words))


def _tagged(words: list[str], _: random.Random) -> str:
    return " ".join(word[:3] + chr(0xE0000 + ord(word[0])) + word[3:] for word in words)


def _entities(words: list[str], _: random.Random) -> str:
    return "".join(f"&#{ord(c)};" if place % 2 else c for place, c in enumerate(" ".join(words)))


def _repeated(words: list[str], rng: random.Random) -> str:
    places = {rng.randrange(len(word)) for word in words}
    return " ".join("".join(c * 4 if place in places else c for place, c in enumerate(word)) for word in words)


def _camel(words: list[str], _: random.Random) -> str:
    return "#" + "".join(word.capitalize() for word in words)


def _swapped(words: list[str], _: random.Random) -> str:
    return " ".join(words[1:] + words[:1])


def _edited(change: Callable[[str, int, random.Random], str]) -> Disguise:
    """One letter wrong in the longest word, never its first."""

    def disguise(words: list[str], rng: random.Random) -> str:
        longest = max(range(len(words)), key=lambda place: len(words[place]))
        word = words[longest]
        changed = change(word, rng.randrange(1, len(word) - 1), rng)
        return " ".join([*words[:longest], changed, *words[longest + 1 :]])

    return disguise


def _one_more(word: str, place: int, rng: random.Random) -> str:
    return word[:place] + rng.choice("abcdefghijklmnopqrstuvwxyz") + word[place:]


KINDS: Final[dict[str, Disguise]] = {
    "case": _random_case,
    "full width": _shifted(0xFF41),
    "mathematical bold": _shifted(0x1D41A),
    "mathematical script": _shifted(0x1D4EA),
    "circled": _shifted(0x24D0),
    "squared": _shifted(0x1F170),
    "small capitals": _mapped(_SMALL_CAPITALS),
    "Cyrillic look-alikes": _mapped(_LOOKALIKES_CYRILLIC),
    "Greek look-alikes": _mapped(_LOOKALIKES_GREEK),
    "accents": _accented,
    "stacked marks": _stacked,
    "zero-width space": _each("\u200b"),
    "zero-width non-joiner": _each("\u200c"),
    "zero-width joiner": _each("\u200d"),
    "soft hyphen": _inside("\u00ad"),
    "word joiner": _inside("\u2060"),
    "variation selector": _each("\ufe0f"),
    "tag characters": _tagged,
    "byte-order mark": _inside("\ufeff"),
    "bidi controls": lambda words, _: "\u2068" + " \u200e".join(words) + "\u2069",
    "Hangul filler": _inside("\u3164"),
    "Braille blank": _joined_by("\u2800"),
    "leet digits": _mapped(_LEET),
    "leet symbols": _mapped(_LEET_SYMBOLS),
    "spaced letters": lambda words, _: "  ".join(" ".join(word) for word in words),
    "dotted": _each("."),
    "dashed": lambda words, _: "-".join("-".join(word) for word in words),
    "underscored": lambda words, _: "_".join(words),
    "joined": _joined_by(""),
    "odd spaces": _joined_by(" \u3000\u00a0 "),
    "newline": _joined_by(" \r\n\t"),
    "plus": _joined_by("+"),
    "percent": _joined_by("%20"),
    "percent twice": _joined_by("%2520"),
    "entities": _entities,
    "emoji": _joined_by("🌵✨"),
    "punctuation inside": _inside("*"),
    "repeats": _repeated,
    "plural": lambda words, _: " ".join([*words[:-1], words[-1] + "s"]),
    "embedded": lambda words, _: "where can one find " + " ".join(words) + " for free online",
    "hashtag": _camel,
    "words swapped": _swapped,
    "letter dropped": _edited(lambda word, place, _: word[:place] + word[place + 1 :]),
    "letter added": _edited(_one_more),
    "letters swapped": _edited(lambda w, at, _: w[:at] + w[at + 1] + w[at] + w[at + 2 :]),
    "word added": lambda words, _: " ".join([words[0], "very", *words[1:]]),
    "word dropped": lambda words, _: " ".join(words[1:]),
    "reversed": lambda words, _: " ".join(words)[::-1],
}

NEED_LETTERS_OF_LATIN: Final = frozenset(
    {"full width", "mathematical bold", "mathematical script", "circled", "squared", "small capitals", "accents",
     "Cyrillic look-alikes", "Greek look-alikes", "leet digits", "leet symbols", "plural", "case", "repeats", "hashtag"}
)  # fmt: skip
NEED_TWO_WORDS: Final = frozenset({"words swapped", "word added", "word dropped"})
