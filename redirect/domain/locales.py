"""Owns the choice of a language. Must never know where catalogues lie or which are reviewed, nor remember
what anyone asked for."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from babel import Locale as Cldr
from babel import UnknownLocaleError
from babel.localedata import locale_identifiers
from langcodes.data_dicts import (
    LANGUAGE_REPLACEMENTS,
    LIKELY_SUBTAGS,
    NORMALIZED_MACROLANGUAGES,
    TERRITORY_REPLACEMENTS,
)

# The parts of langcodes without memory: its public `Language` keeps every tag it ever saw, without bound.
from langcodes.language_distance import _tuple_distance as distance
from langcodes.tag_parser import LanguageTagError, parse_tag
from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

LONGEST = 512
MOST_RANGES = 10
RIGHT_TO_LEFT = frozenset(("Adlm", "Arab", "Hebr", "Mand", "Nkoo", "Rohg", "Samr", "Syrc", "Thaa"))
FARTHEST = 25  # beyond it CLDR speaks of another language; the value that langcodes recommends


class Locale(Struct, frozen=True):
    """A language a page can be written in: BCP 47 `tag`, text `dir` (`ltr` or `rtl`), and whether two people
    have `reviewed` it."""

    tag: str
    dir: str
    name: str
    reviewed: bool


def direction(tag: str) -> str:
    """`rtl` or `ltr`, by the script that a language is likely written in (CLDR)."""
    read = _read(tag)
    return "rtl" if read and read.likely[1] in RIGHT_TO_LEFT else "ltr"


def cldr(tag: str) -> Cldr:
    """What CLDR knows of a language: of the tag, or else of the language alone. Raises ValueError or UnknownLocaleError
    where it knows neither."""
    try:
        return Cldr.parse(tag, sep="-")
    except UnknownLocaleError:
        return Cldr.parse(tag.partition("-")[0])


@dataclass(frozen=True, slots=True)
class _Tag:
    """A language tag in two readings: as `written`, and `likely`, filled in by CLDR's likely subtags."""

    text: str
    written: tuple[str, str, str]
    likely: tuple[str, str, str]


def negotiate(wanted: str, available: Sequence[str]) -> str:
    """The tag of `available` (not empty; the first is the default) that suits an Accept-Language value best.

    CLDR language matching, range by range in the order of their weights. At most 512 characters and ten
    ranges are read; what is no language tag counts as not said. Traditional Chinese never gets Simplified.
    """
    return _match(wanted, available) or available[0]


def choose(explicit: str, hint: str, header: str, country_languages: Iterable[str], available: Sequence[str]) -> str:
    """The language of a page: what the reader chose, the platform's hint, the browser's wish, the official
    languages of the country, English. Whatever is empty or not to be had is passed over."""
    found = _match(explicit, available) or _match(hint, available) or _match(header, available)
    if found := found or _match(",".join(country_languages), available):
        return found
    return "en" if "en" in available else available[0]


def _match(wanted: str, available: Sequence[str]) -> str | None:
    if not wanted:
        return None
    if wanted in available:
        return wanted
    known, served = _known(), tuple(available)
    for text in _best_first(wanted):
        if text in served:
            return text
        if found := (_kept if text in known else _found)(text, served):
            return found
    return None


def _found(text: str, served: tuple[str, ...]) -> str | None:
    asked = _read(text)
    return _nearest(asked, [tag for tag in map(_served, served) if tag]) if asked else None


_kept = lru_cache(maxsize=1024)(_found)
"""Bounded, and of tags that CLDR lists, which say nothing of one reader; any other is looked for anew."""


@lru_cache(maxsize=1)
def _known() -> frozenset[str]:
    return frozenset(name.replace("_", "-") for name in locale_identifiers())


def _nearest(asked: _Tag, served: Sequence[_Tag]) -> str | None:
    """Ties go to the spelling nearest to the one asked for, then to the plainest, then to the first."""
    scored = [
        (far, _unlike(asked.written, tag.written), tag.text.count("-"), place, tag.text)
        for place, tag in enumerate(served)
        if (far := distance(asked.likely, tag.likely)) <= FARTHEST
        and not (asked.likely[1] == "Hant" and tag.likely[1] == "Hans")
    ]
    return min(scored)[-1] if scored else None


def _unlike(one: tuple[str, str, str], other: tuple[str, str, str]) -> tuple[bool, bool, bool]:
    """Which of language, territory and script are not written alike in both; the first weighs most."""
    language, script, territory = (not a or a != b for a, b in zip(one, other, strict=True))
    return language, territory, script


def _best_first(header: str) -> Iterator[str]:
    """The language ranges of an Accept-Language value, best first; `*`, `q=0` and nonsense are left out."""
    ranges = header[:LONGEST].split(",")
    if len(header) > LONGEST:
        ranges.pop()  # cut in two
    wanted = ranges[:MOST_RANGES]
    if wanted and ";" not in wanted[0]:  # none weighs more, and it is often the only one that is asked for
        yield from filter(None, [_tag(wanted.pop(0))])
    weighted = map(_weigh, wanted)
    yield from (tag for weight, tag in sorted(weighted, key=lambda pair: -pair[0]) if weight > 0)


def _weigh(text: str) -> tuple[float, str]:
    said, *parameters = text.split(";")
    tag, weight = _tag(said), 1.0
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip() in {"q", "Q"}:
            weight = _number(value.strip())
    return (weight if tag else 0.0), tag


def _tag(said: str) -> str:
    """Empty where it can be no language."""
    tag = said.strip().replace("_", "-")
    return tag if tag.isascii() and tag != "*" else ""


def _number(weight: str) -> float:
    """RFC 9110: 0 to 1; anything else counts as not wanted."""
    try:
        value = float(weight) if weight.isascii() and len(weight) <= len("0.123") else 0.0
    except ValueError:
        return 0.0
    return value if 0 <= value <= 1 else 0.0


@lru_cache(maxsize=512)
def _served(text: str) -> _Tag | None:
    """Bounded, and keyed by the languages we serve, never by what a reader sends."""
    return _read(text)


def _read(text: str) -> _Tag | None:
    """None where the text names no language."""
    try:
        parts = _parts(LANGUAGE_REPLACEMENTS.get(text.lower(), text) if "-" in text else text)
    except LanguageTagError:
        return None
    written = (parts.get("language", ""), parts.get("script", ""), parts.get("territory", ""))
    if not written[0].isalpha():
        return None
    # CLDR: `und` alone must not be filled in to English.
    return _Tag(text, written, ("und", "Zzzz", "ZZ") if written == ("und", "", "") else _fill(*written))


def _parts(tag: str) -> dict[str, str]:
    return dict(parse_tag(tag))  # type: ignore[no-untyped-call]  # langcodes leaves this one untyped


def _fill(language: str, script: str, territory: str) -> tuple[str, str, str]:
    """CLDR's likely subtags (UTS 35, Likely Subtags): what is missing, guessed from what is there."""
    current = _parts(LANGUAGE_REPLACEMENTS.get(language, language))
    language = NORMALIZED_MACROLANGUAGES.get(current["language"], current["language"])
    script = script or current.get("script", "")
    territory = TERRITORY_REPLACEMENTS.get(territory.lower(), territory) or current.get("territory", "")
    broader = ((language, script, territory), (language, territory), (language, script), (language,))
    for parts in (*broader, ("und", script), ("und",)):
        if likely := LIKELY_SUBTAGS.get("-".join(filter(None, parts))):
            first, second, third = likely.split("-")
            return first if language == "und" else language, script or second, territory or third
    return language, script, territory
