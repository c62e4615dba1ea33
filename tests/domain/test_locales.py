"""Owns what is promised of the choice of a language."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import langcodes
import pytest
from hypothesis import given
from hypothesis import strategies as st
from langcodes import language_distance

from redirect.domain.locales import choose, negotiate

VECTORS = Path(__file__).parents[1] / "vectors" / "locales.json"
CASES: list[dict[str, Any]] = json.loads(VECTORS.read_text(encoding="utf-8"))["cases"]
SERVED = ("en", "es", "ar", "pt-BR", "pt-PT", "zh-Hans", "zh-Hant", "nb")


def test_262_of_the_275_published_cases_are_met() -> None:
    met = sum(negotiate(case["wanted"], case["available"]) == case["expected"] for case in CASES)
    assert len(CASES) == 275
    assert met >= 262


@given(st.text())
def test_any_text_gets_one_of_the_languages_that_are_served(wanted: str) -> None:
    assert negotiate(wanted, SERVED) in SERVED


@given(st.text(alphabet="aAeEnsrzhHant-_,;=q.01239* \t\x00é", max_size=80))
def test_nearly_right_headers_get_one_of_the_languages_that_are_served(wanted: str) -> None:
    assert negotiate(wanted, SERVED) in SERVED


@pytest.mark.parametrize("wanted", ["zh-Hant", "zh-TW", "zh-HK", "zh-MO", "zh-Hant-CN", "yue", "yue-Hant-HK"])
@pytest.mark.parametrize("simplified", ["zh", "zh-CN", "zh-Hans", "zh-Hans-SG"])
def test_traditional_never_gets_simplified(wanted: str, simplified: str) -> None:
    assert negotiate(wanted, ["en", simplified]) == "en"


@pytest.mark.parametrize(
    ("wanted", "chosen"),
    [
        ("es-AR", "es"),
        ("es_AR", "es"),
        ("ES", "es"),
        ("ar-MA,fr;q=0.9", "ar"),
        ("en;q=0.2, es;q=0.8", "es"),
        ("es;q=0, ar", "ar"),
        ("es;q=abc, ar;q=0.1", "ar"),
        ("es;q=7, ar;q=0.1", "ar"),
        ("no", "nb"),
        ("pt-AO", "pt-PT"),
        ("iw, *;q=0.5", "en"),
        ("*", "en"),
        ("", "en"),
        ("-,;;=", "en"),
    ],
)
def test_an_accept_language_value_finds_the_language(wanted: str, chosen: str) -> None:
    assert negotiate(wanted, SERVED) == chosen


def test_only_ten_ranges_and_512_characters_are_read() -> None:
    assert negotiate(",".join(["xx"] * 9 + ["es"]), SERVED) == "es"
    assert negotiate(",".join(["xx"] * 10 + ["es"]), SERVED) == "en"
    assert negotiate(" " * 510 + "es-AR", SERVED) == "en"


def test_no_library_remembers_what_a_reader_asked_for() -> None:
    negotiate("en-x-canary7, fr-CA-canary, sw-Latn-TZ", SERVED)
    remembered = (langcodes.Language._PARSE_CACHE, langcodes.Language._INSTANCES, language_distance._DISTANCE_CACHE)
    assert not any("canary" in str(memory) or "sw" in str(memory) for memory in remembered)


@pytest.mark.parametrize(
    ("explicit", "hint", "header", "country", "chosen"),
    [
        ("ar", "es", "pt-BR", ["nb"], "ar"),
        ("", "es", "pt-BR", ["nb"], "es"),
        ("xx", "", "pt-BR", ["nb"], "pt-BR"),
        ("", "xx", "*", ["qu", "es", "ay"], "es"),
        ("", "", "", [], "en"),
        ("tlh", "tlh", "tlh", ["tlh"], "en"),
    ],
)
def test_the_readers_choice_comes_first_and_english_last(
    explicit: str, hint: str, header: str, country: list[str], chosen: str
) -> None:
    assert choose(explicit, hint, header, country, ("ar", *SERVED)) == chosen


def test_without_english_the_first_language_is_the_last_resort() -> None:
    assert choose("", "", "", [], ("es", "ar")) == "es"
