"""Owns the addresses of pages: of one length, the same for the same situation, opaque, and ours alone."""

from __future__ import annotations

import base64
import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import fields, replace

from redirect.adapters.tokens import OPENED_KEPT, TOKEN_CHARACTERS, TokenBox
from redirect.domain.content import Statement

MESSAGES = Path(__file__).parents[2] / "messages"
OLD, NEW = bytes(range(32)), bytes(range(32, 64))
SAMPLE = Statement("acme", "csam", "V1", "A", "AR", "2+", "es", 20779, "under-18")
WORD = st.text("abcdefghijklmnopqrstuvwxyz0123456789-+", max_size=8)
STATEMENTS = st.builds(
    Statement,
    platform=WORD,
    category=WORD,
    message=WORD,
    variant=WORD,
    country=st.sampled_from(["AR", "ZZ"]),
    attempt=st.sampled_from(["0", "1", "2+", "unknown"]),
    language=WORD,
    day=st.integers(0, 99_999),
    step=st.sampled_from(["", "under-18", "someone-else", "happened-to-me", "work-or-mistake", "thanks"]),
)


@given(STATEMENTS)
def test_what_is_sealed_opens_to_itself_and_looks_the_same_each_time(statement: Statement) -> None:
    token = TokenBox([OLD]).seal(statement)
    assert TokenBox([OLD]).seal(statement) == token
    assert TokenBox([OLD]).open(token) == statement
    assert len(token) == TOKEN_CHARACTERS
    assert set(token) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")


@given(STATEMENTS)
def test_no_field_can_be_read_from_an_address(statement: Statement) -> None:
    token = TokenBox([OLD]).seal(statement)
    raw = base64.urlsafe_b64decode(token)
    for field in fields(statement):
        text = str(getattr(statement, field.name))
        assert len(text) < 4 or (text not in token and text.encode() not in raw)


@given(STATEMENTS, STATEMENTS)
def test_two_situations_share_no_address(one: Statement, other: Statement) -> None:
    box = TokenBox([OLD])
    assert (box.seal(one) == box.seal(other)) == (one == other)


def test_one_changed_field_changes_the_whole_address() -> None:
    box = TokenBox([OLD])
    one, other = box.seal(SAMPLE), box.seal(replace(SAMPLE, day=SAMPLE.day + 1))
    assert sum(a == b for a, b in zip(one, other, strict=True)) < TOKEN_CHARACTERS / 4


@pytest.mark.parametrize("place", range(TOKEN_CHARACTERS))
def test_one_changed_bit_makes_an_address_unreadable(place: int) -> None:
    box = TokenBox([OLD, NEW])
    token = box.seal(SAMPLE).encode()
    for bit in range(7):
        changed = bytearray(token)
        changed[place] ^= 1 << bit
        assert box.open(changed.decode()) is None


@given(st.text(max_size=200) | st.text("AZaz09-_", min_size=TOKEN_CHARACTERS, max_size=TOKEN_CHARACTERS))
def test_any_other_text_is_unreadable(text: str) -> None:
    assert TokenBox([OLD, NEW]).open(text) is None


def test_an_old_address_opens_while_its_key_is_kept() -> None:
    token = TokenBox([OLD]).seal(SAMPLE)
    rotating = TokenBox([NEW, OLD])
    assert rotating.open(token) == SAMPLE
    assert rotating.seal(SAMPLE) == TokenBox([NEW]).seal(SAMPLE)
    assert TokenBox([NEW]).open(token) is None


def test_a_page_of_before_a_rotation_keeps_its_links() -> None:
    token = TokenBox([OLD]).seal(SAMPLE)
    assert TokenBox([OLD]).code(token, "zorblax") == TokenBox([NEW, OLD]).code(token, "zorblax")


def test_a_code_names_a_service_on_one_page_alone() -> None:
    box = TokenBox([OLD])
    pages = [box.seal(replace(SAMPLE, country=country)) for country in ("AR", "GB")]
    codes = {box.code(page, service) for page in pages for service in ("zorblax", "minku")}
    assert len(codes) == 4
    assert all(len(code) == 12 and "zorblax" not in code for code in codes)


def test_the_longest_names_that_may_be_served_fit() -> None:
    categories = tomllib.loads((MESSAGES / "categories.toml").read_text())
    longest = max(categories, key=len)
    TokenBox([OLD]).seal(
        Statement("p" * 32, longest, "V10", "A", "AR", "unknown", "zh-Hant-TW", 99_999, "work-or-mistake")
    )


def test_a_statement_that_is_too_long_is_refused_and_never_cut() -> None:
    with pytest.raises(ValueError, match="too long"):
        TokenBox([OLD]).seal(replace(SAMPLE, category="c" * 120))


def test_only_addresses_that_we_made_are_remembered_and_no_more_than_a_few() -> None:
    box = TokenBox([OLD])
    for number in range(OPENED_KEPT + 10):
        assert box.open(box.seal(replace(SAMPLE, day=number))) == replace(SAMPLE, day=number)
    assert box._opened.cache_info().currsize == OPENED_KEPT
    box = TokenBox([NEW])
    for text in ("zorblax", "z" * TOKEN_CHARACTERS, "\u00e4" * TOKEN_CHARACTERS, TokenBox([OLD]).seal(SAMPLE)):
        assert box.open(text) is None
    assert box._opened.cache_info().currsize == 0
