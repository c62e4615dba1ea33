"""Owns what is promised of counting words and grades: it never fails, and comes near to what a dictionary says."""

from __future__ import annotations

import icu
import pytest
from hypothesis import given
from hypothesis import strategies as st

from redirect.domain.reading import grade, words

PARALLEL = {
    "zh-Hans": "每个人都可以寻求帮助。你不必说出名字，也不必一次把所有事情都讲完。一句话就足够开始。",
    "zh-Hant": "每個人都可以尋求幫助。你不必說出名字，也不必一次把所有事情都講完。一句話就足夠開始。",
    "th": "ทุกคนขอความช่วยเหลือได้ คุณไม่ต้องบอกชื่อ และไม่ต้องเล่าทุกอย่างในครั้งเดียว แค่ประโยคเดียวก็พอที่จะเริ่มต้น",
}


def by_dictionary(text: str, tag: str) -> int:
    """Words as ICU's dictionaries part them."""
    breaks = icu.BreakIterator.createWordInstance(icu.Locale(tag))
    breaks.setText(text)
    return sum(breaks.getRuleStatus() > 0 for _ in breaks)


@pytest.mark.parametrize(("tag", "text"), PARALLEL.items())
def test_without_a_dictionary_words_are_counted_within_a_fifth(tag: str, text: str) -> None:
    assert words(text) == pytest.approx(by_dictionary(text, tag), rel=0.2)


def test_where_spaces_part_words_each_part_with_a_letter_or_digit_is_one() -> None:
    assert words("Are you under 18 – or over ?") == 6
    assert words("Quelqu’un d’autre ? 3 personnes !") == 4
    assert words("") == words(" – … ") == 0


def test_japanese_counts_its_han_and_kana_alike_and_chinese_its_own_way() -> None:
    assert words("助けを求める人") == 3  # 7 characters by 2.5
    assert words("求助的人是勇敢的") == 5  # 8 characters by 1.6
    assert words("AIで作られた画像") == 4  # one spaced word and 7 characters


@given(st.text(), st.text())
def test_any_text_has_a_count_and_two_have_no_more_than_both(one: str, other: str) -> None:
    assert 0 <= words(one) <= len(one)
    assert words(f"{one} {other}") <= words(one) + words(other) + len(one + other)


@given(st.lists(st.text()))
def test_any_text_has_a_grade(sentences: list[str]) -> None:
    assert grade(sentences) < 1e6


def test_a_plain_sentence_needs_a_lower_grade_than_an_official_one() -> None:
    plain = grade(["You can stop. There is help."])
    official = grade(["Notwithstanding the aforementioned considerations, rehabilitation necessitates consultation."])
    assert plain < 3
    assert official > 16


def test_a_heading_without_a_full_stop_is_a_sentence_of_its_own() -> None:
    assert grade(["Worried about someone?", "You did right to ask"]) == grade(
        ["Worried about someone? You did right to ask."]
    )
