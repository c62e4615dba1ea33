"""Owns how much a text asks of its reader: how many words, and of which school grade. Must never need a dictionary."""

from __future__ import annotations

import math
import re
from typing import Final

_HAN: Final = "\u3005\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
_KANA: Final = "\u3041-\u3096\u309d\u309e\u30a1-\u30fa\u30fc-\u30fe"
_THAI: Final = "\u0e01-\u0e3a\u0e40-\u0e4e"
UNSPACED: Final = re.compile(f"[{_HAN}{_KANA}{_THAI}]")
JAPANESE: Final = re.compile(f"[{_KANA}]")
THAI: Final = re.compile(f"[{_THAI}]")

# Characters that say as much as one English word, where spaces do not part words: the rates by which translators
# convert. Chinese and Japanese: anycount.com/word-count-facts (1,300 to 1,700 characters for 1,000 words; by 2.5).
# Thai: gotranscript.com/word-count (a quarter of a word each).
CHINESE_WORD: Final = 1.6
JAPANESE_WORD: Final = 2.5
THAI_WORD: Final = 4.0


def words(text: str) -> int:
    """How many words a text has. In Chinese, Japanese and Thai: how many English words it is worth."""
    spaced = [part for part in UNSPACED.sub(" ", text).split() if any(map(str.isalnum, part))]
    unspaced, thai = len(UNSPACED.findall(text)), len(THAI.findall(text))
    rate = JAPANESE_WORD if JAPANESE.search(text) else CHINESE_WORD
    return len(spaced) + math.ceil((unspaced - thai) / rate + thai / THAI_WORD)


def grade(sentences: list[str]) -> float:
    """The school grade of the United States that an English text needs: Flesch-Kincaid grade level (Kincaid and
    others, 1975). A heading without a full stop is a sentence. Syllables are counted as groups of vowels, without a
    silent e."""
    text = " ".join(each if each.endswith((".", "?", "!")) else f"{each}." for each in sentences)
    parts = re.findall(r"[A-Za-z']+", text)
    if not parts:
        return 0.0
    ends = len(re.findall(r"[.?!:;]+", text))
    return 0.39 * len(parts) / ends + 11.8 * sum(map(_syllables, parts)) / len(parts) - 15.59


def _syllables(word: str) -> int:
    return max(1, len(re.findall(r"[aeiouy]+", re.sub(r"(?<=[^l])e$", "", word.lower()))))
