"""What a list says before it is built."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from redirect.domain.build import build
from redirect.domain.bundle import Bundle
from redirect.domain.errors import ListError
from redirect.domain.lists import COLUMNS, Confidence, Entry, Kind, parse_csv
from redirect.domain.matching import Matcher

KEY = bytes(range(32))
HEADER = ",".join(COLUMNS)
GOOD = "term,zorblax minku,csam,high,en,source-a,2027-01-31,found by hand"


def reasons(text: str) -> list[tuple[int, str]]:
    return [(error.line, error.reason) for error in parse_csv(text, "list.csv")[1]]


def test_a_record_becomes_an_entry() -> None:
    entries, errors = parse_csv(f"{HEADER}\n{GOOD}\n", "list.csv")
    assert not errors
    assert entries == [
        Entry(Kind.TERM, "zorblax minku", "csam", Confidence.HIGH, "en", "source-a", "2027-01-31", "found by hand")
    ]


def test_columns_may_stand_in_any_order_and_the_last_four_may_be_absent() -> None:
    entries, errors = parse_csv("\ufeffCategory, Value ,kind,confidence\r\ncsam,quellfen,TERM,Low\r\n", "list.csv")
    assert not errors
    assert entries == [Entry(Kind.TERM, "quellfen", "csam", Confidence.LOW)]


@pytest.mark.parametrize("written", ["blocked.example", "*.blocked.example"])
def test_a_host_is_matched_with_all_below_it_also_where_it_is_written_with_a_star(written: str) -> None:
    entries, _ = parse_csv(f"{HEADER}\nhost,{written},csam,high,,,,\n", "list.csv")
    listed = Matcher(Bundle(build(entries, KEY)), KEY, lambda: 0)
    assert listed.match_url("http://blocked.example/")
    assert listed.match_url("http://deep.blocked.example/room/42")
    assert not listed.match_url("http://example/")


@pytest.mark.parametrize(
    ("record", "reason"),
    [
        ("word,zorblax,csam,high,,,,", "kind is none of term, all, stem, except, url, host"),
        ("term,zorblax,csam,sure,,,,", "confidence is none of high, medium, low"),
        ("term,,csam,high,,,,", "the value is empty"),
        ("host,*.,csam,high,,,,", "the value is empty"),
        ("term,zorblax,,high,,,,", "category is empty"),
        ("term,zorblax,csam,high,,,tomorrow,", "expires is no date such as 2027-01-31"),
        ("term,zorblax,csam,high", "the record has 4 fields, the header 8"),
        ("term,zorblax,csam,high,,,,,,", "the record has 10 fields, the header 8"),
        ('term,"zorblax,csam,high,,,,', "the record is not well-formed CSV"),
        (f"term,{'z' * 4097},csam,high,,,,", "the value is longer than 4096 characters"),
        ("term,zorblax,cs\x07am,high,,,,", "category is longer than 200 characters or not printable"),
    ],
)
def test_a_bad_record_is_told_by_line_and_reason_and_the_rest_go_on(record: str, reason: str) -> None:
    text = f"{HEADER}\n{GOOD}\n{record}\n\n{GOOD}\n"
    assert reasons(text) == [(3, reason)]
    assert len(parse_csv(text, "list.csv")[0]) == 2


@pytest.mark.parametrize("header", ["", "kind,value", "kind,value,category,confidence,kind", 'kind,"value'])
def test_a_list_without_its_columns_is_refused(header: str) -> None:
    with pytest.raises(ListError, match=r"list\.csv, line 1"):
        parse_csv(f"{header}\n{GOOD}\n", "list.csv")


def test_an_entry_never_shows_its_value() -> None:
    entry = Entry(Kind.TERM, "zorblax", "csam", Confidence.HIGH, note="why zorblax")
    assert "zorblax" not in repr(entry) + str(entry)


@given(st.text(st.characters(), max_size=300))
def test_no_text_makes_the_reader_fail_or_shows_in_its_errors(text: str) -> None:
    secret = "".join(character for character in text if character not in "\r\n")
    _, errors = parse_csv(f"{HEADER}\n{text}", "list.csv")
    assert all(len(secret) < 12 or secret not in str(error) for error in errors)
