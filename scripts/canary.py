"""Owns how the benign corpus that every list is tried against is made. Must never put a text into it that is not
plainly innocent.

    python scripts/canary.py

writes `redirect/data/canaries.txt.xz`: one query or address a line, the same for the same data. It needs
wordfreq, which the published package does not. `redirect/data/README.md` says what is in it and whose data it is.

Everyday words stand alone, and only the few hundred most frequent of a language: further down begins slang, and
words joined at random could say anything. What is joined are names of CLDR (places, languages, currencies,
months, units), which say nothing whatever their order.
"""

from __future__ import annotations

import argparse
import json
import lzma
import random
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Final

from babel import Locale
from wordfreq import available_languages, get_frequency_list

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT: Final = Path(__file__).resolve().parent.parent
CORPUS: Final = ROOT / "redirect" / "data" / "canaries.txt.xz"
SERVICES: Final = ("crisis_lines", "help_services", "report_services")
LOCALES: Final = (
    "af", "am", "ar", "az", "be", "bg", "bn", "bs", "ca", "cs", "cy", "da", "de", "el", "en", "es", "et", "eu", "fa",
    "fi", "fil", "fr", "ga", "gl", "gu", "he", "hi", "hr", "hu", "hy", "id", "is", "it", "ja", "ka", "kk", "km", "kn",
    "ko", "lo", "lt", "lv", "mk", "ml", "mn", "mr", "ms", "my", "nb", "ne", "nl", "pa", "pl", "ps", "pt", "ro", "ru",
    "si", "sk", "sl", "so", "sq", "sr", "sv", "sw", "ta", "te", "th", "tr", "uk", "ur", "uz", "vi", "zh", "zh_Hant",
    "zu",
)  # fmt: skip
WORDS_A_LANGUAGE: Final = 500
QUERIES_A_LOCALE: Final = 320
UNITS: Final = (
    "length-kilometer", "length-meter", "length-centimeter", "length-mile", "mass-kilogram", "mass-gram",
    "volume-liter", "area-hectare", "speed-kilometer-per-hour", "digital-gigabyte", "power-kilowatt",
)  # fmt: skip
# Names of services that hold the subject itself are left out: a list may rightly have such a word, and its owner
# adds the exception.
SUBJECT: Final = ("sex", "porn", "abus", "pedo", "pädo", "paedo", "missbrauch", "misbrug", "misbruk", "性")
VULGAR: Final = ("cazz", "fuck", "merd", "sex", "shit")
EVERYDAY: Final = (
    "weather", "maps", "news", "translate", "calculator", "recipes", "football", "hotel", "flights", "music", "movie",
    "games", "horoscope", "lottery", "dictionary", "jobs", "bank", "email", "login", "shop", "photos", "video",
    "weather tomorrow", "train timetable", "pizza near me", "how to tie a tie", "cheap flights", "world cup 2026",
    "mp3 player", "1080p monitor", "covid-19 test", "wi-fi password", "coca-cola", "new year's eve", "4 x 4 car",
)  # fmt: skip
# What people rightly look for around the subject. A list that stops them from finding it does harm.
AROUND: Final = (
    "child", "children", "girl", "girls", "boy", "boys", "kids", "baby", "teenager", "family", "school", "parents",
    "child care", "child safety online", "child protection", "child helpline", "children's hospital", "kids games",
    "baby names", "girls school uniform", "boys football boots", "teen books", "talking to children about safety",
    "how to report abuse", "help for parents", "online safety lesson plan", "missing children hotline",
    "school photos", "family photo album", "kids swimming lessons", "youth football club", "art class for children",
    "children's books age 6", "birthday party ideas age 9", "teen mental health", "child psychologist near me",
)  # fmt: skip


def everyday_words() -> Iterator[str]:
    """The most frequent words of each language, those that are letters."""
    for language in sorted(available_languages("best")):
        ranked = chain.from_iterable(get_frequency_list(language, "best"))
        words = [word for word in ranked if (word.isalpha() or not word.isascii()) and _is_decent(word)]
        yield from sorted(words[:WORDS_A_LANGUAGE])


def _is_decent(word: str) -> bool:
    return not any(part in word for part in VULGAR)


def named_services() -> Iterator[str]:
    """Names and addresses of the services that our own pages lead to."""
    for name in SERVICES:
        for line in (ROOT / "facts" / f"{name}.jsonl").read_text(encoding="utf-8").splitlines():
            record = json.loads(line)
            if record["url"]:
                yield record["url"]
            names = filter(None, (record["name"], record["native_name"]))
            yield from (name for name in names if not any(word in name.lower() for word in SUBJECT))


def named_things(tag: str) -> Iterator[str]:
    """Queries of names that CLDR has in one language, alone, joined, with numbers, as hashtags."""
    locale = Locale.parse(tag)
    rng = random.Random(tag)  # noqa: S311 -- the same file for the same data
    places = sorted({name for code, name in locale.territories.items() if code.isalpha()})
    languages, currencies = sorted(set(locale.languages.values())), sorted(set(locale.currencies.values()))
    cities = sorted({zone["city"] for zone in locale.time_zones.values() if "city" in zone})
    months = sorted(set(locale.months["format"]["wide"].values()))
    days = sorted(set(locale.days["format"]["wide"].values()))
    units = [named["long"] for unit in UNITS if "long" in (named := locale.unit_display_names.get(unit, {}))]
    joined = (
        lambda: rng.choice(places),
        lambda: rng.choice(cities or places),
        lambda: f"{rng.choice(languages)} {rng.choice(places)}",
        lambda: f"{rng.choice(currencies)} {rng.choice(currencies)}",
        lambda: f"{rng.choice(places)} {rng.choice(months)} {rng.randint(2015, 2030)}",
        lambda: f"{rng.choice(cities or places)} - {rng.choice(cities or places)}",
        lambda: f"{rng.choice(days)} {rng.randint(1, 28)} {rng.choice(months)}",
        lambda: f"{rng.randint(2, 900)} {rng.choice(units or months)} {rng.choice(cities or places)}",
        lambda: "#" + rng.choice(places).replace(" ", "").replace("-", ""),
    )
    for number in range(QUERIES_A_LOCALE):
        yield joined[number % len(joined)]()


def corpus() -> list[str]:
    """Every line once, in an order that packs well."""
    lines = chain(EVERYDAY, AROUND, named_services(), everyday_words(), *(named_things(tag) for tag in LOCALES))
    return list(dict.fromkeys(" ".join(line.split()) for line in lines))


def main() -> None:
    argparse.ArgumentParser(prog="python scripts/canary.py", description=__doc__).parse_args()
    lines = corpus()
    packed = lzma.compress("\n".join(lines).encode(), format=lzma.FORMAT_XZ, preset=9 | lzma.PRESET_EXTREME)
    CORPUS.write_bytes(packed)
    print(f"{len(lines)} lines, {len(packed)} bytes")


if __name__ == "__main__":
    main()
