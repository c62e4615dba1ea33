"""Canonical URLs and expressions: the published vectors, then whatever people might try."""

import json
import time
import tracemalloc
from contextlib import suppress
from pathlib import Path
from typing import Any

import ada_url
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from publicsuffixlist import PSLFILE, PublicSuffixList

from redirect.domain import urls
from redirect.domain.urls import BadUrl, canonicalize, expressions, host_suffixes, path_prefixes, quick_host
from tests.canonical import unmasked

VECTORS = Path(__file__).parents[1] / "vectors"
CANONICAL = json.loads((VECTORS / "safebrowsing_canonical.json").read_text("utf-8"))
EXPRESSIONS = json.loads((VECTORS / "safebrowsing_expressions.json").read_text("utf-8"))["vectors"]

# Pieces that mean something to one reader of URLs or another; put together at random they find what
# random text never would.
# fmt: off
PIECES = st.sampled_from([
    "http:", "https:", "HTTP:", "ftp:", "ttp", "mailto:", "//", "/", "\\", "\\\\", "@", ":", "80", "#", "?",
    "%", "%2", "%25", "2f", "%2f", "%2e", ".", "..", "%5c", "%40", "%3f", "%23", "%3a", "%41", "%4", "1",
    "blocked", ".example", "room/42", "user", "a", "B", "-", "_", "~", "!", "<", "^", "|", "*", "$", "+",
    "[", "]", "::1", "[::ffff:1.2.3.4]", "[64:ff9b::1]", "0x7f", "127.0.0.1", "08", "255", "。", "．", "ｅ",
    "ü", "%C3%BC", "É", "ß", "ss", "℀", "％", "א", "xn--", "xn--tda", "%20", "%00", "%ff", "e\u0301",
    "\U0001f4a9", "\x80", "\x7f", "\x00", "\u00ad", "\u200d", "\ufeff", "\ud800", "\t", "\n", " ",
])
# fmt: on
PIECED = st.builds(
    "{}{}{}".format,
    st.sampled_from(["", "", "http://", "https://user@", " http://"]),
    st.lists(PIECES, min_size=1, max_size=9).map("".join),
    st.sampled_from(["", "/room/42", ".example/a", "@blocked.example/room/42"]),
)
ANY_TEXT = st.one_of(PIECED, st.text())
ANY_URL = st.one_of(ANY_TEXT, st.binary(), ANY_TEXT.map(lambda text: text.encode("utf-8", "surrogatepass")))


def exact_input(vector: dict[str, Any]) -> str | bytes:
    """The vectors' own rule: where the bytes are given, they are the exact input."""
    raw = vector.get("input_bytes_hex")
    return bytes.fromhex(raw) if raw else vector["input"]


@pytest.mark.parametrize("vector", CANONICAL["vectors"], ids=lambda vector: vector["id"])
def test_a_published_url_has_its_published_canonical_form(vector: dict[str, Any]) -> None:
    assert unmasked(canonicalize(exact_input(vector))) == vector["expected"]


@pytest.mark.parametrize("vector", CANONICAL["components"], ids=lambda vector: vector["id"])
def test_a_published_url_has_its_published_parts(vector: dict[str, Any]) -> None:
    url = canonicalize(exact_input(vector))
    assert (url.host, url.path, url.query or "") == (vector["host"], vector["path"], vector["query"])


@pytest.mark.parametrize("vector", CANONICAL["hosts"], ids=lambda vector: vector["input"])
def test_a_published_url_has_its_published_host(vector: dict[str, Any]) -> None:
    assert canonicalize(vector["input"]).host == vector["host"]


@pytest.mark.parametrize("vector", CANONICAL["ipv4"], ids=lambda vector: vector["input"])
def test_a_published_spelling_of_an_address_is_its_dotted_quad(vector: dict[str, Any]) -> None:
    name = vector["input"]
    assert canonicalize(f"http://{name}/").host == (vector["expected"] or name)


@pytest.mark.parametrize("vector", CANONICAL["paths"], ids=lambda vector: vector["input"])
def test_a_published_url_has_its_published_path(vector: dict[str, Any]) -> None:
    assert canonicalize(vector["input"]).path == vector["path"]


@pytest.mark.parametrize("vector", CANONICAL["reject_no_host"], ids=lambda vector: vector["input"] or "empty")
def test_what_names_no_host_is_refused(vector: dict[str, Any]) -> None:
    with pytest.raises(BadUrl):
        canonicalize(vector["input"])


@pytest.mark.parametrize("vector", EXPRESSIONS, ids=lambda vector: vector["id"])
def test_a_published_url_has_its_published_expressions(vector: dict[str, Any]) -> None:
    found = expressions(canonicalize(vector["url"]))
    assert sorted(found) == sorted(vector["expressions"])


def test_all_143_published_cases_are_here() -> None:
    kinds = ("vectors", "components", "hosts", "ipv4", "paths", "reject_no_host")
    assert sum(len(CANONICAL[kind]) for kind in kinds) + len(EXPRESSIONS) == 143


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http%3A%2F%2Fwackyurl.example:80/", "http://wackyurl.example/"),
        ("http://[::192.9.5.5]/ipng", "http://[::c009:505]/ipng"),
        ("http://10.192.95.89 xy/", "http://10.192.95.89%20xy/"),
        ("ttp://a.b.c.d.e.f.g/1.html", "ttp://a.b.c.d.e.f.g/1.html"),
    ],
)
def test_where_implementations_differ_we_do_as_the_vectors_decide(url: str, expected: str) -> None:
    assert unmasked(canonicalize(url)) == expected


@pytest.mark.parametrize(
    "url",
    [
        "http://BLOCKED.example:80/a/../room/42#x",
        "hTTpS://blocked.example/room/42",
        "blocked.example/room/42",
        "blocked.example:8080/room/42",
        "//blocked.example/room/42",
        "http:blocked.example/room/42",
        "http:/blocked.example/room/42",
        "http:///blocked.example/room/42",
        "http:\\\\blocked.example\\room\\42",
        "\\\\blocked.example\\room\\42",
        "http://blocked.example\\@other.example/../room/42",
        "http://user:pass@blocked.example/room/42",
        "http://other.example@other.example@blocked.example/room/42",
        "http://other.example%2f@blocked.example/room/42",
        "http://other.example%3f%23%5c@blocked.example/room/42",
        "http%3A%2F%2Fblocked.example%2Froom%2F42",
        "http%253A%252F%252Fblocked.example%252Froom%252F42",
        "ht\ttp://blo\ncked.exa\rmple/ro\tom/42",
        " \x00\x1f http://blocked.example/room/42 \n",
        "\ufeff\u200bhttp://blocked.example/room/42",
        "http://blocked.example./room/42",
        "http://..blocked..example..:80/room/42",
        "http://ｂｌｏｃｋｅｄ．ＥＸＡＭＰＬＥ/room/42",
        "http://blocked。example/room/42",
        "http://blocked｡example/room/42",
        "http://blo\u00adck\u200bed.exam\u2060ple/room/42",
        "http://ⓑlocked.ℯxample/room/42",
        "http://%62%6c%6fcked.example/room/42",
        "http://%2562locked.example/room/42",
        "http://%EF%BD%82locked.example/room/42",
        "http://%EF%BB%BFblocked.example/room/42",
        "http://blocked.example/%72oom/%34%32",
        "http://blocked.example/%2572oom/%25252534%32",
        "http://blocked.example//room///42",
        "http://blocked.example/room%2f42",
        "http://blocked.example/room%5c42",
        "http://blocked.example/./room/./42",
        "http://blocked.example/%2e/room/x/.%2E/42",
        "http://blocked.example/../../room/42",
        "http://blocked.example/x%3f/../room/42",
        "http://blocked.example/x%2f/../room/42",
        "http://blocked.example/x/y//../../../room/42",
        "http://blocked.example/x%2f..%2froom/42",
        "http://blocked.example/x%3f%2f..%2froom/42",
        "http://blocked.example/x%255c..%255croom/42",
    ],
)
def test_a_disguise_of_a_url_is_that_url(url: str) -> None:
    assert "blocked.example/room/42" in expressions(canonicalize(url))
    assert canonicalize(url)[:3] == ("blocked.example", "/room/42", None)


@pytest.mark.parametrize(
    ("spelling", "host"),
    [
        ("http://127.1/", "127.0.0.1"),
        ("http://0x7F.0.0.0X1/", "127.0.0.1"),
        ("http://0x7f.0x.0x.1/", "127.0.0.1"),
        ("http://017700000001./", "127.0.0.1"),
        ("http://１２７．０．０．１/", "127.0.0.1"),
        ("http://%31%32%37.0.0.1/", "127.0.0.1"),
        ("http://[::FFFF:7F00:1]/", "127.0.0.1"),
        ("http://[0:0:0:0:0:ffff:127.0.0.1]:80/", "127.0.0.1"),
        ("http://[64:ff9b::7f00:1]/", "127.0.0.1"),
        ("http://[2001:DB8:0:0:1:0:0:1]/", "[2001:db8::1:0:0:1]"),
        ("http://[2001:db8::1%25zone]/", "[2001:db8::1]"),
        ("http://08.1/", "08.1"),
        ("http://4294967296/", "4294967296"),
        ("http://1_0.1/", "1_0.1"),
    ],
)
def test_every_spelling_of_an_address_is_one_host(spelling: str, host: str) -> None:
    assert canonicalize(spelling).host == host


@pytest.mark.parametrize("host", ["[", "[]", "[::1", "[::1]x", "[::zz]", "[1.2.3.4]", "[:::1]"])
def test_a_malformed_ipv6_host_is_refused(host: str) -> None:
    with pytest.raises(BadUrl):
        canonicalize(f"http://{host}/")


@pytest.mark.parametrize(
    ("unicode", "ascii_form"),
    [
        ("münchen.example", "xn--mnchen-3ya.example"),
        ("MÜNCHEN.example", "xn--mnchen-3ya.example"),
        ("mu\u0308nchen.example", "xn--mnchen-3ya.example"),
        ("faß.example", "xn--fa-hia.example"),
        ("例え。テスト", "xn--r8jz45g.xn--zckzah"),
        ("💩.example", "xn--ls8h.example"),
    ],
)
def test_a_unicode_host_is_its_punycode(unicode: str, ascii_form: str) -> None:
    escaped = "".join(f"%{byte:02x}" for byte in unicode.encode())
    for host in (unicode, ascii_form, ascii_form.upper(), escaped):
        assert canonicalize(f"http://{host}/").host == ascii_form
        assert canonicalize(f"http://{host}/".encode()).host == ascii_form


@pytest.mark.parametrize("host", ["a\u200cb.example", "ü<>.example", "％41.example", "a\ufffd.example", "℀.example"])
def test_a_host_that_idna_refuses_is_kept_escaped(host: str) -> None:
    assert canonicalize(f"http://{host}/").host.startswith(("a%", "%"))


def test_ignorable_characters_cannot_pad_a_host_out_of_sight() -> None:
    ignorable = [chr(point) for point in range(0x80, 0xE01F0) if _idna_drops(point)]
    assert len(ignorable) > 280
    padding = "".join(ignorable)
    assert canonicalize(f"http://blo{padding}ck{padding}ed.example/").host == "blocked.example"


def _idna_drops(point: int) -> bool:
    if 0xD800 <= point < 0xE000 or 0x20000 <= point < 0xE0000:
        return False
    return ada_url.idna_to_ascii(f"a{chr(point)}b") == b"ab"


def test_lone_surrogates_count_as_replacement_characters() -> None:
    assert canonicalize("http://h.example/\ud800?\udfff") == canonicalize("http://h.example/\ufffd?\ufffd")
    assert canonicalize("http://a\udcff.example/") == canonicalize("http://a\ufffd.example/")


@given(ANY_URL)
@example("http://.[::1]/")
@example("http://h/x/..%3fy")
@example("http://h/%3f?")
@example("http://%2525%32%35/")
def test_canonicalizing_twice_changes_nothing_and_nothing_but_bad_url_is_raised(url: str | bytes) -> None:
    try:
        once = canonicalize(url)
    except BadUrl:
        return
    assert unmasked(once).isascii()
    assert canonicalize(unmasked(once)) == once
    assert canonicalize(unmasked(once).encode()) == once


@given(ANY_URL)
def test_there_are_at_most_thirty_expressions_and_the_first_is_the_url(url: str | bytes) -> None:
    try:
        canonical = canonicalize(url)
    except BadUrl:
        return
    found = expressions(canonical)
    query = f"?{canonical.query}" if canonical.query else ""
    assert found[0] == canonical.host + canonical.path + query
    assert len(found) == len(set(found)) == len(host_suffixes(canonical.host)) * len(path_prefixes(canonical)) <= 30


@given(PIECED)
@example("http://blocked.example:80@other.example/")
@example("http://blocked.example\t.other.example/")
@example("http://\u212aelvin.example/")
@example("http://blocked.example\n")
@example("http://0x7f/")
def test_the_quick_host_is_the_canonical_host_or_none(url: str) -> None:
    quick = quick_host(url)
    assert quick is None or quick == canonicalize(url).host


def test_the_quick_host_sees_ordinary_urls() -> None:
    assert quick_host("HTTPS://Www.Blocked.Example:443/room/42?a=b#c") == "www.blocked.example"
    assert quick_host("http://blocked.example") == "blocked.example"


@given(PIECED)
@example("http://h.example/x//../../y")
@example("http://a.example%2f@b.example/")
@example("http://a.example\\@b.example/")
def test_a_url_and_what_a_browser_makes_of_it_are_one(url: str) -> None:
    """ada implements the WHATWG standard that browsers follow, so it stands in for one here."""
    try:
        opened = ada_url.URL(_scalars(url))
    except ValueError:
        return
    host = opened.hostname.strip(".")
    # Names without a dot may be refused, for the vectors' sake: behind a wrong number of slashes.
    if opened.protocol in {"http:", "https:", "ftp:"} and ("." in host or "[" in host):
        assert canonicalize(url) == canonicalize(opened.href)


def _scalars(text: str) -> str:
    return "".join("\ufffd" if "\ud800" <= char <= "\udfff" else char for char in text)


@given(st.text(alphabet="%2541fF/.", max_size=200))
def test_unescaping_in_one_go_equals_unescaping_until_stable(text: str) -> None:
    stable = text
    while (further := urls._ESCAPE.sub(lambda found: chr(int(found[0][1:], 16)), stable)) != stable:
        stable = further
    assert urls._unescape(text) == stable


@pytest.mark.parametrize(
    "url",
    [
        "http://h/%" + "25" * 2040,
        "http://h/" + "%" * 4080,
        "http://h/" + "%2%35" * 800,
        "http://h/" + "a/" * 1000 + "../" * 690,
        "http://h/" + "%2e%2e%2f" * 450,
        "http://%" + "25" * 2040,
        "http://" + "a." * 2040,
        "http://" + "a@" * 2040 + "h",
        "http://" + "".join(chr(0x4E00 + number) for number in range(1360)),
        "http://" + "".join(chr(0x20000 + number) for number in range(299)) + "\U0002f810" * 700,
        "http://a" + "\u0301" * 500 + "\u0323" * 500,
        "http://" + "\u00ad" * 2040,
        "http://0" + "7" * 4080,
        "http://[" + "0:" * 2040 + "]",
        "http://h/?" + "\x00" * 4080,
    ],
    ids=lambda url: ascii(url[:24]),
)
def test_the_worst_url_of_4_kb_takes_under_5_ms(url: str) -> None:
    assert len(url.encode()) <= 4110
    assert min(_seconds(url) for _ in range(5)) < 0.005


def _seconds(url: str) -> float:
    began = time.perf_counter()
    with suppress(BadUrl):
        expressions(canonicalize(url))
    return time.perf_counter() - began


def test_unescaping_takes_time_in_proportion() -> None:
    short, long = "http://h/%" + "25" * 10_000, "http://h/%" + "25" * 80_000
    assert min(_seconds(long) for _ in range(3)) < 24 * min(_seconds(short) for _ in range(3))


def test_host_suffixes_end_at_the_registrable_domain_of_every_rule() -> None:
    reference = PublicSuffixList()
    rules = [line.split()[0] for line in Path(PSLFILE).read_text("utf-8").splitlines() if line.strip()]
    for rule in rules:
        if rule.startswith("//"):
            continue
        suffix = rule.replace("*", "w").removeprefix("!")
        suffix = suffix if suffix.isascii() else ada_url.idna_to_ascii(suffix).decode()
        for host in (suffix, f"a.{suffix}", f"a.b.c.d.e.{suffix}"):
            assert host_suffixes(host)[-1] == (reference.privatesuffix(host) or host)


def test_a_hosting_platforms_entry_does_not_cover_its_customers() -> None:
    assert host_suffixes("a.b.github.io") == ("a.b.github.io", "b.github.io")


def test_labels_looked_at_reach_over_the_deepest_rule() -> None:
    deepest = max(name.count(".") + 1 + max(more, 0) for name, more in urls._suffix_rules().items())
    assert deepest + 4 <= urls._LABELS_LOOKED_AT


def test_the_suffix_list_takes_no_more_than_2_mb() -> None:
    tracemalloc.start()
    rules = urls._suffix_rules.__wrapped__()
    kept, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(rules) > 9_000
    assert kept < 2_000_000


@pytest.mark.parametrize("url", ["mailto:canary", "http://[canary]/", "/canary", "http:///canary", "http://:80/canary"])
def test_a_refusal_carries_nothing_of_the_url(url: str) -> None:
    with pytest.raises(BadUrl) as refused:
        canonicalize(url)
    error = refused.value
    assert isinstance(error, ValueError)
    assert "canary" not in repr(error) + str(error)
    assert error.__context__ is None


def test_a_canonical_url_shows_nothing_unless_asked() -> None:
    url = canonicalize("http://canary.example/canary?canary")
    assert "canary" not in f"{url} {url!r} {[url]}"
    assert "canary" in unmasked(url)
