"""What is wrong with entries, one by one and side by side."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from redirect.domain.build import build, entry_ids
from redirect.domain.bundle import Bundle
from redirect.domain.digests import Digests
from redirect.domain.errors import ListError
from redirect.domain.fold import Fold
from redirect.domain.fold_table import packaged
from redirect.domain.guard import Lint, Rule, form, single_words
from redirect.domain.lists import Confidence, Entry, Kind
from redirect.domain.matching import Matcher
from redirect.domain.overlap import Overlaps, compare, ids_in

KEY = bytes(range(32))
FOLD = Fold(packaged())
EVERYDAY = single_words(["weather", "the", "Straße", "今日", "two words"], FOLD)
LINT = Lint(FOLD, EVERYDAY, ["google.com", "bbc.co.uk"])


words = st.sampled_from(["zorblax", "minku", "quellfen", "drovic", "vantrop"])
terms = st.builds(
    lambda kind, said: Entry(kind, " ".join(said), "csam", Confidence.HIGH),
    st.sampled_from([Kind.TERM, Kind.ALL]),
    st.lists(words, min_size=1, max_size=4),
)
pages = st.builds(
    lambda kind, host, path: Entry(kind, host + (path if kind is Kind.URL else ""), "csam", Confidence.HIGH),
    st.sampled_from([Kind.URL, Kind.HOST]),
    st.sampled_from(["one.example", "a.one.example", "b.a.one.example", "two.example"]),
    st.sampled_from(["/", "/room", "/room/", "/room/42", "/room/42?page=2"]),
)


def entry(value: str, kind: Kind = Kind.TERM, confidence: Confidence = Confidence.HIGH, expires: str = "") -> Entry:
    return Entry(kind, value, "csam", confidence, expires=expires)


def rules(value: str, kind: Kind = Kind.TERM, language: str = "") -> list[Rule]:
    return list(LINT.look(Entry(kind, value, "csam", Confidence.HIGH, language)))


def overlaps(*entries: Entry) -> list[tuple[Rule, int, int | None]]:
    return [(found.rule, found.index, found.other) for found in Overlaps(entries, FOLD).findings()]


def matcher(entries: list[Entry]) -> Matcher:
    return Matcher(Bundle(build(entries, KEY)), KEY, lambda: 0)


@pytest.mark.parametrize(
    ("host", "rule"),
    [
        ("co.uk", Rule.SUFFIX),
        ("github.io", Rule.SUFFIX),
        ("anything.ck", Rule.SUFFIX),
        ("com", Rule.SUFFIX),
        ("google.com", Rule.COMMON_DOMAIN),
        ("WWW.Google.COM.", Rule.COMMON_DOMAIN),
        ("bbc.co.uk", Rule.COMMON_DOMAIN),
    ],
)
def test_a_host_that_covers_everybody_is_too_broad(host: str, rule: Rule) -> None:
    assert rules(host, Kind.HOST) == [rule]
    assert rules(f"https://{host}/", Kind.URL) == [rule]
    assert rules(f"https://{host}/one/page", Kind.URL) == []


@pytest.mark.parametrize("host", ["blocked.example.com", "someone.github.io", "192.0.2.7", "[2001:db8::7]", "www.ck"])
def test_a_host_of_its_own_is_not_too_broad(host: str) -> None:
    assert rules(host, Kind.HOST) == []


@pytest.mark.parametrize(
    ("value", "rule"),
    [
        ("2026", Rule.NUMBERS),
        ("18 2020", Rule.NUMBERS),
        ("W E A T H E R", Rule.EVERYDAY),
        ("strasse", Rule.EVERYDAY),
        ("今日", Rule.EVERYDAY),
        ("nkq", Rule.SHORT),
        ("字", Rule.SHORT),
        ("\U0001f355 quellfen", Rule.LOST),
        ("the weather", Rule.COMMON_WORDS),
    ],
)
@pytest.mark.parametrize("kind", [Kind.TERM, Kind.ALL])
def test_a_term_with_next_to_nothing_in_it_is_named(value: str, rule: Rule, kind: Kind) -> None:
    assert rules(value, kind) == [rule]
    assert rules(value, Kind.EXCEPT) == []


@pytest.mark.parametrize(
    "value", ["zorblax", "zorblax minku", "the zorblax", "quellfen - drovic", "秘密花園", "zorblax 2026"]
)
def test_a_term_of_its_own_passes(value: str) -> None:
    assert rules(value) == []


def test_vietnamese_tones_are_warned_of() -> None:
    assert rules("zorblax thời") == [Rule.TONES]
    assert rules("zorblax minku", language="vi") == [Rule.TONES]


def test_one_entry_written_twice_is_a_duplicate_whatever_its_spelling() -> None:
    assert overlaps(entry("zorblax minku"), entry("MINKU  z\u0430rblax"), entry("Zorblax-Minku")) == [
        (Rule.DUPLICATE, 2, 0)
    ]
    assert overlaps(
        entry("http://blocked.example/room", Kind.URL), entry("https://BLOCKED.example:80/./room#top", Kind.URL)
    ) == [(Rule.DUPLICATE, 1, 0)]


@pytest.mark.parametrize(
    ("broad", "narrow"),
    [
        (entry("zorblax minku"), entry("quellfen minku zorblax")),
        (entry("minku zorblax", Kind.ALL), entry("zorblax quellfen minku")),
        (entry("blocked.example", Kind.HOST), entry("a.b.blocked.example", Kind.HOST)),
        (entry("blocked.example", Kind.HOST), entry("https://www.blocked.example/room/42", Kind.URL)),
        (entry("http://blocked.example/room/", Kind.URL), entry("http://a.blocked.example/room/42?x=1", Kind.URL)),
    ],
)
def test_an_entry_inside_a_broader_one_is_subsumed(broad: Entry, narrow: Entry) -> None:
    assert overlaps(narrow, broad) == [(Rule.SUBSUMED, 0, 1)]


def test_a_narrower_entry_that_is_surer_or_lasts_longer_stays() -> None:
    broad = entry("zorblax minku", confidence=Confidence.LOW)
    assert overlaps(broad, entry("zorblax minku drovic")) == []
    broad = entry("zorblax minku", expires="2027-01-31")
    assert overlaps(broad, entry("zorblax minku drovic")) == []
    assert overlaps(broad, entry("zorblax minku drovic", expires="2027-01-31")) == [(Rule.SUBSUMED, 1, 0)]


@settings(max_examples=25)
@given(st.lists(terms, min_size=1, max_size=8), st.lists(st.lists(words, max_size=6).map(" ".join), max_size=12))
def test_a_list_decides_the_same_without_its_superfluous_terms(entries: list[Entry], queries: list[str]) -> None:
    needless = {found.index for found in Overlaps(entries, FOLD).findings()}
    whole, rest = matcher(entries), matcher([kept for at, kept in enumerate(entries) if at not in needless])
    for query in [*queries, *(kept.value for kept in entries)]:
        assert (whole.match_query(query) is None) == (rest.match_query(query) is None)


@settings(max_examples=25)
@given(st.lists(pages, min_size=1, max_size=8), st.lists(pages, max_size=12))
def test_a_list_decides_the_same_without_its_superfluous_addresses(entries: list[Entry], asked: list[Entry]) -> None:
    needless = {found.index for found in Overlaps(entries, FOLD).findings()}
    whole, rest = matcher(entries), matcher([kept for at, kept in enumerate(entries) if at not in needless])
    for each in [*entries, *asked]:
        url = f"http://{each.value}"
        assert (whole.match_url(url) is None) == (rest.match_url(url) is None)


@given(st.sampled_from(Kind), st.text(st.characters(), max_size=60))
def test_no_entry_makes_the_guard_fail_and_its_id_is_the_builders(kind: Kind, value: str) -> None:
    listed = Entry(kind, value, "csam", Confidence.HIGH)
    list(LINT.look(listed))
    (named,) = Overlaps([listed], FOLD).ids(KEY)
    spelled = form(listed, FOLD)
    assert bool(named) == (spelled is not None)
    if filed := entry_ids(listed, KEY):
        assert named == filed[0]


def test_an_entry_of_two_thousand_words_takes_no_time() -> None:
    long = entry(" ".join(f"z{number}" for number in range(2000)))
    assert overlaps(entry("zorblax", Kind.ALL), entry("minku"), long) == []
    assert entry_ids(long, KEY) == ()


def test_every_id_of_a_bundle_is_found_in_it() -> None:
    entries = [entry(f"zorblax{number} minku{number}") for number in range(300)]
    known = {int(each, 16) for listed in entries for each in entry_ids(listed, KEY)}
    assert set(ids_in(Bundle(build(entries, KEY)))) == known


def test_a_list_is_compared_with_the_one_before_by_its_ids_alone() -> None:
    before = [entry("zorblax minku"), entry("quellfen"), entry("wholly.example", Kind.HOST)]
    now = [entry("ZORBLAX  minku"), entry("drovic"), entry("http://wholly.example/x", Kind.URL), entry("!!")]
    ids = Overlaps(now, FOLD).ids(KEY)
    change = compare(ids, Bundle(build(now[:3], KEY)), Bundle(build(before, KEY)), KEY)
    assert (change.before, change.added) == (3, (1, 2))
    assert set(change.removed) == {entry_ids(gone, KEY)[0] for gone in before[1:]}


def test_a_list_under_another_key_cannot_be_compared() -> None:
    now, other = [entry("zorblax")], bytes(32)
    with pytest.raises(ListError, match="another list key"):
        compare(Overlaps(now, FOLD).ids(KEY), Bundle(build(now, KEY)), Bundle(build(now, other)), KEY)


def test_a_digest_stands_for_the_same_bytes_as_in_the_bundle() -> None:
    spelled = form(entry("zorblax minku"), FOLD)
    assert spelled is not None
    assert f"{Digests(KEY).of(*spelled)[0]:016x}" == entry_ids(entry("zorblax minku"), KEY)[0]
