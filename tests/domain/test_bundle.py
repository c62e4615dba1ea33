"""What is built, and which bundles are refused."""

from __future__ import annotations

import hashlib
import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from redirect.domain.build import build, entry_ids
from redirect.domain.bundle import HEADER_BYTES, Bundle
from redirect.domain.errors import ListError
from redirect.domain.fold import Fold
from redirect.domain.fold_table import FoldTable, packaged
from redirect.domain.lists import Confidence, Entry, Kind
from redirect.domain.matching import Matcher

KEY = bytes(range(32))
ENTRIES = [
    Entry(Kind.TERM, "zorblax minku", "csam", Confidence.HIGH, source="a"),
    Entry(Kind.TERM, "quellfen drovic", "csam-ai", Confidence.MEDIUM, language="en", source="b"),
    Entry(Kind.ALL, "vintro paxel", "csam", Confidence.LOW),
    Entry(Kind.STEM, "dramolin", "csam", Confidence.LOW),
    Entry(Kind.EXCEPT, "zorblax minku museum", "csam", Confidence.HIGH),
    Entry(Kind.URL, "http://blocked.example/room/42", "csam", Confidence.HIGH),
    Entry(Kind.HOST, "bad.example", "csam", Confidence.HIGH, expires="2027-01-31"),
]
BODY = build(ENTRIES, KEY)


def test_a_bundle_counts_its_entries_and_names_its_categories() -> None:
    bundle = Bundle(BODY)
    assert bundle.counts == {"term": 2, "all": 1, "stem": 1, "except": 1, "url": 1, "host": 1}
    assert bundle.total == 7
    assert bundle.categories == ("csam", "csam-ai")
    assert bundle.size == len(BODY)


def test_the_same_entries_make_the_same_bytes_in_whatever_order() -> None:
    assert build(reversed(ENTRIES), KEY) == BODY


def test_a_bundle_shows_no_entry_in_plain_folded_or_unkeyed_form() -> None:
    for word in ("zorblax", "minku", "quellfen", "drovic", "vintro", "dramolin", "blocked", "bad.example", "room"):
        assert word.encode() not in BODY
    for text in ("zorblax minku", "minku zorblax", "zorblaxminku", "bad.example", "blocked.example/room/42"):
        for digest in (hashlib.blake2b, hashlib.sha256, hashlib.sha1, hashlib.md5):
            assert digest(text.encode()).digest()[:7] not in BODY


def test_another_key_is_refused_and_shares_no_digest() -> None:
    other = bytes(32)
    with pytest.raises(ListError, match="another list key"):
        Matcher(Bundle(BODY), other, lambda: 0)
    with pytest.raises(ListError, match="31 bytes, not 32"):
        build(ENTRIES, bytes(31))
    assert not set(Bundle(BODY).words) & set(Bundle(build(ENTRIES, other)).words)


@settings(max_examples=50)
@given(st.integers(0, len(BODY) - 1))
def test_a_truncated_bundle_is_refused(length: int) -> None:
    with pytest.raises(ListError, match="refused"):
        Bundle(BODY[:length])


@settings(max_examples=50)
@given(st.integers(0, HEADER_BYTES * 8 - 1))
def test_a_header_with_one_bit_flipped_is_refused(bit: int) -> None:
    damaged = bytearray(BODY)
    damaged[bit >> 3] ^= 1 << (bit & 7)
    with pytest.raises(ListError, match="refused"):
        Bundle(bytes(damaged))


@settings(max_examples=50)
@given(st.integers(0, len(BODY) - 1), st.binary(min_size=1, max_size=64))
def test_whatever_stands_in_a_bundle_it_is_refused_or_answers(place: int, scribble: bytes) -> None:
    damaged = bytearray(BODY)
    damaged[place : place + len(scribble)] = scribble[: len(BODY) - place]
    try:
        matcher = Matcher(Bundle(bytes(damaged)), KEY, lambda: 0)
    except ListError:
        return
    for query in ("zorblax minku", "chocolate cake", "早上好世界", "dramolinest", "vintro of paxel", "z.o.r.b"):
        matcher.match_query(query)
    matcher.match_url("http://blocked.example/room/42")


@settings(max_examples=50)
@given(st.binary(max_size=2000))
def test_no_bytes_make_the_reader_fail_in_any_other_way(data: bytes) -> None:
    for bytes_ in (data, BODY[:8] + data, BODY[:HEADER_BYTES] + data):
        with pytest.raises(ListError):
            Bundle(bytes_)


def test_an_oversized_or_newer_bundle_is_refused_with_the_reason() -> None:
    with pytest.raises(ListError, match="something stands behind its end"):
        Bundle(BODY + b"\0" * 8)
    newer = BODY[:8] + struct.pack("<H", 2) + BODY[10:]
    with pytest.raises(ListError, match="version 2, this program reads 1"):
        Bundle(newer)


def test_a_forged_header_whose_tables_end_in_the_middle_of_a_number_is_refused() -> None:
    header = Bundle(BODY).header
    labels, filter_, buckets, words, fold = header.sizes
    for sizes in ((labels, filter_, buckets - 1, words, fold), (labels, filter_, buckets, words - 4, fold)):
        forged = header._replace(sizes=sizes).pack(BODY[HEADER_BYTES : HEADER_BYTES + labels]) + BODY[HEADER_BYTES:]
        with pytest.raises(ListError, match="in the middle of a number"):
            Bundle(forged)


def test_a_code_that_no_label_has_matches_nothing() -> None:
    bundle = Bundle(BODY)
    words = bytearray(BODY)
    at = BODY.index(struct.pack("<Q", bundle.words[0]))
    words[at : at + 8 * len(bundle.words)] = struct.pack(
        f"<{len(bundle.words)}Q", *(word | 0xFF for word in bundle.words)
    )
    matcher = Matcher(Bundle(bytes(words)), KEY, lambda: 0)
    assert matcher.match_query("zorblax minku") is None


@settings(max_examples=50)
@given(st.data())
def test_a_malicious_fold_table_is_refused_or_folds(data: st.DataObject) -> None:
    table = bytearray(packaged().data)
    for _ in range(data.draw(st.integers(1, 5))):
        place = data.draw(st.integers(0, len(table) - 1))
        table[place] = data.draw(st.integers(0, 255))
    try:
        fold = Fold(FoldTable(bytes(table)))
    except ListError:
        return
    for text in ("Zorblax minku!", "zórblåx МИНКУ", "早上好 ｶﾞ", "\ud800", "z0r%20b", "ﷺ½"):
        fold.quick(text)
        list(fold.readings(text))


def test_a_fold_table_of_another_shape_is_refused() -> None:
    table = bytes(packaged().data)
    for broken in (b"", table[:100], table[:-8], table + bytes(8), b"\xff" * len(table), table[:16] + b"\xff" * 9000):
        with pytest.raises(ListError, match="fold table"):
            FoldTable(broken)
    assert bytes(FoldTable(table).data) == table


def test_an_empty_list_makes_a_bundle_that_matches_nothing() -> None:
    matcher = Matcher(Bundle(build([], KEY)), KEY, lambda: 0)
    assert matcher.match_query("zorblax minku") is None
    assert matcher.match_url("http://blocked.example/room/42") is None


@pytest.mark.parametrize(
    ("kind", "value", "reason"),
    [
        (Kind.TERM, "🔥", "folds to almost nothing"),
        (Kind.TERM, " a b ", "folds to almost nothing"),
        (Kind.TERM, "word " * 17, "over 16 words"),
        (Kind.ALL, "a1 b2 c3 d4 e5", "over 4 words"),
        (Kind.STEM, "dra", "under 4 letters"),
        (Kind.URL, "::::", "URL"),
        (Kind.HOST, "bad.example/room", "has a path"),
    ],
)
def test_an_entry_that_cannot_be_filed_is_named_by_number_and_reason(kind: Kind, value: str, reason: str) -> None:
    bad = Entry(kind, value, "csam", Confidence.HIGH, source="list-a")
    refused: list[tuple[int, str]] = []
    body = build([*ENTRIES, bad], KEY, refused=lambda index, why: refused.append((index, why)))
    assert body == BODY
    assert [index for index, _ in refused] == [len(ENTRIES)]
    assert reason in refused[0][1]
    with pytest.raises(ListError, match="list-a"):
        build([bad], KEY)
    assert entry_ids(bad, KEY) == ()


def test_progress_is_told_from_nothing_to_all() -> None:
    told: list[tuple[int, int]] = []
    build(ENTRIES, KEY, progress=lambda done, total: told.append((done, total)))
    assert told[0] == (0, 7)
    assert told[-1] == (7, 7)


def test_an_entry_is_known_by_the_ids_it_may_match_under() -> None:
    matcher = Matcher(Bundle(BODY), KEY, lambda: 0)
    ids = entry_ids(ENTRIES[0], KEY)
    for query in ("zorblax minku", "minku, zorblax", "zorblaxminku"):
        match = matcher.match_query(query)
        assert match is not None
        assert match.entry_id in ids
