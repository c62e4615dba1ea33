"""Owns the texts that matching is measured on: invented words, reserved domains, and everyday words of many
languages. Must never hold a real term, address or query."""

from __future__ import annotations

import unicodedata
from functools import cache
from typing import TYPE_CHECKING, Final

from babel import Locale
from wordfreq import top_n_list

from redirect.domain.fold import fold
from redirect.domain.lists import Confidence, Entry, Kind

if TYPE_CHECKING:
    import random

LANGUAGES: Final = (
    "ar", "bg", "bn", "ca", "cs", "da", "de", "el", "en", "es", "fa", "fi", "fr", "he", "hi", "hu", "id", "it", "ja",
    "ko", "lt", "mk", "ms", "nb", "nl", "pl", "pt", "ro", "ru", "sh", "sk", "sl", "sv", "ta", "tr", "uk", "ur", "vi",
    "zh",
)  # fmt: skip
THAI: Final = "th"  # wordfreq has no Thai; the names of countries, languages and units in CLDR are everyday words
_ONSETS: Final = (
    "b", "bl", "br", "c", "ch", "d", "dr", "f", "fl", "g", "gl", "gr", "h", "j", "k", "kl", "kr", "l", "m", "n", "p",
    "pl", "pr", "qu", "r", "s", "sk", "st", "t", "tr", "v", "vr", "w", "y", "z",
)  # fmt: skip
_NUCLEI: Final = ("a", "e", "i", "o", "u", "ai", "au", "ea", "ei", "io", "oa", "ou")
_CODAS: Final = ("b", "ck", "d", "f", "g", "k", "l", "ll", "lm", "ln", "lt", "m", "mp", "n", "nd", "nk", "nt", "p",
                 "r", "rb", "rk", "rn", "sk", "st", "t", "v", "x", "zz")  # fmt: skip
_PAGES_PER_HOST: Final = 4
_COMMON: Final = 20_000


def invented_word(rng: random.Random) -> str:
    syllables = rng.choice((2, 2, 3))
    return "".join(rng.choice(_ONSETS) + rng.choice(_NUCLEI) for _ in range(syllables)) + rng.choice(_CODAS)


def invented_terms(count: int, rng: random.Random) -> list[str]:
    """Distinct phrases of two, sometimes three words that no language has."""
    found: dict[str, None] = {}
    while len(found) < count:
        found[" ".join(invented_word(rng) for _ in range(rng.choice((2, 2, 2, 3))))] = None
    return list(found)


def everyday_terms(count: int, rng: random.Random) -> list[str]:
    """Pairs and triples of everyday words, each of one language: the list that hits most often by chance."""
    spaced = [language for language in LANGUAGES if language not in {"ja", "zh"}]
    found: dict[str, None] = {}
    while len(found) < count:
        words = common_words(rng.choice(spaced))[200:]
        found[" ".join(rng.sample(words, rng.choice((2, 3))))] = None
    return list(found)


def urls(count: int, rng: random.Random) -> list[str]:
    """Distinct pages on a quarter as many hosts, under reserved domains."""
    paths, ends = ("album", "room", "view", "p"), ("", ".html", "/", "?page=2")
    return [
        f"http://{_host(number // _PAGES_PER_HOST)}/{rng.choice(paths)}/{number:x}{rng.choice(ends)}"
        for number in range(count)
    ]


def _host(number: int) -> str:
    ending = ("example", "test", "invalid", "example.net", "example.org")[number % 5]
    return f"{'www.' if number % 3 else ''}{_ONSETS[number % 31]}{_NUCLEI[number % 12]}{number:x}.{ending}"


def entries(terms: list[str], pages: list[str]) -> list[Entry]:
    """A list as platforms hold it: two categories, two sources, three confidences."""
    levels = tuple(Confidence)
    listed = [
        Entry(Kind.TERM, term, "csam", levels[place % 3], source=f"source-{place % 2}")
        for place, term in enumerate(terms)
    ]
    return listed + [Entry(Kind.URL, page, "csam", Confidence.HIGH, source="urls") for page in pages]


@cache
def common_words(language: str) -> list[str]:
    """The most frequent words of a language, the most frequent first."""
    if language == THAI:
        locale = Locale.parse(THAI)
        return sorted({*locale.territories.values(), *locale.languages.values(), *locale.scripts.values()})
    return [word for word in top_n_list(language, _COMMON) if _is_written_with_letters(word)]


def _is_written_with_letters(word: str) -> bool:
    kinds = [unicodedata.category(character)[0] for character in word]
    return "L" in kinds and all(kind in "LM" for kind in kinds)


def after_lint(terms: list[str]) -> list[str]:
    """Without the terms that `redirect lists check` would not let pass: folded, all their words are among the
    300 most frequent of one language."""
    frequent = [frozenset(fold(word) for word in common_words(language)[:300]) for language in LANGUAGES]
    folded = ((term, fold(term).split()) for term in terms)
    return [term for term, tokens in folded if not any(words.issuperset(tokens) for words in frequent)]


@cache
def _weights(language: str) -> list[float]:
    """Zipf's law: the word of rank n is met about once in n words."""
    return [1 / (rank + 2) for rank in range(len(common_words(language)))]


def everyday_words(most: int = 5000) -> frozenset[bytes]:
    """What a list owner's everyday words would be."""
    return frozenset(word.encode() for language in LANGUAGES for word in common_words(language)[:most])


def benign_queries(count: int, rng: random.Random) -> list[str]:
    """Queries of everyday words in every language, some as people really type them."""
    languages = (*LANGUAGES, THAI)
    return [benign_query(languages[number % len(languages)], rng) for number in range(count)]


def plain_query(language: str, rng: random.Random, length: int) -> str:
    """Words of one language and nothing else."""
    words = rng.choices(common_words(language), _weights(language), k=length)
    return ("" if language in {"ja", "zh", THAI} else " ").join(words)


def benign_query(language: str, rng: random.Random) -> str:
    """One to eight words; three in ten are styled as people style them."""
    length = rng.choice((1, 1, 2, 2, 2, 3, 3, 3, 4, 4, 5, 6, 8))
    words = rng.choices(common_words(language), _weights(language), k=length)
    text = ("" if language in {"ja", "zh", THAI} else " ").join(words)
    if rng.random() > 0.3:
        return text
    style = rng.choice(_STYLES)
    return style.format(
        text=text, first=words[0], last=words[-1], hyphens="-".join(words), underscores="_".join(words),
        camel="".join(word.capitalize() for word in words), title=text.title(), upper=text.upper(),
        year=rng.randrange(1990, 2027),
    )  # fmt: skip


_STYLES: Final = (
    "{text} {year}", "{text} mp3", "{text} 1080p", "{text} 4k", "i5 12400f {text}", "{text} covid-19", "b2b {text}",
    "{hyphens}", "#{camel}", "#{first} #{last}", "{text} iPhone 15 Pro", "YouTube {text}", "7-Eleven {text}",
    "C++ {text}", "AT&T {text}", "{text} Win11", "{text}?", "{text}!!!", '"{text}"', "{text} site:example.com",
    "{title}", "{upper}", "www.{first}.example/{underscores}", "https://example.org/{first}?q={last}&p=2",
    "{text} ({last})", "{first}'s {text} & more", "{first}, {last}", "{text} s01e02", "{text} 50% off", "@{first}",
)  # fmt: skip


def messy_ascii(rng: random.Random) -> str:
    """English as people type it: years, hyphens, formats."""
    words = rng.choices(common_words("en"), _weights("en"), k=4)
    style = rng.choice(("{0} {1} {2} 2026", "{0}-{1} {2} mp3 1080p", "best {0} & {1} {2}?", "{0}_{1}: {2}'s {3}"))
    return style.format(*words)
