"""Owns the tests of the shapes in which lists are given out. Must never use an entry that is not invented."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from redirect.domain.errors import ListError
from redirect.domain.list_formats import Shape, detect, parse
from redirect.domain.list_records import Labels, Parsed
from redirect.domain.list_tables import parse_rows
from redirect.domain.lists import Confidence, Kind

if TYPE_CHECKING:
    from collections.abc import Mapping

LABELS = Labels("csam", Confidence.HIGH, source="partner")
TEXT_SHAPES = [shape for shape in Shape if shape is not Shape.XLSX]
HIDDEN = "zorblaxminku"


def read(text: str, shape: Shape, columns: Mapping[str, str] | None = None, labels: Labels = LABELS) -> Parsed:
    return parse(text, "list", shape, labels, columns)


def values(parsed: Parsed) -> list[tuple[str, str]]:
    return [(entry.kind.value, entry.value) for entry in parsed.entries]


def left_out(parsed: Parsed) -> dict[int, str]:
    return {error.line: error.reason for error in parsed.unread}


# Plain URLs and domains


def test_among_urls_a_bare_name_stands_for_the_whole_host() -> None:
    parsed = read(
        "# from a partner\nhttps://blocked.example/room/42#top\n\nblocked.example/a  # a note\nwhole.example\n",
        Shape.URLS,
    )
    assert values(parsed) == [
        ("url", "https://blocked.example/room/42#top"),
        ("url", "blocked.example/a"),
        ("host", "whole.example"),
    ]
    assert parsed.lines == [2, 4, 5]
    assert not parsed.unread


def test_entries_carry_what_is_said_of_the_whole_file() -> None:
    labels = Labels("csam-ai", Confidence.LOW, "es", "partner")
    (entry,) = read("whole.example", Shape.DOMAINS, labels=labels).entries
    assert (entry.category, entry.confidence, entry.language, entry.source) == ("csam-ai", "low", "es", "partner")


@pytest.mark.parametrize(
    "written", ["a.example", "*.a.example", ".a.example", "a.example.", "a.example # x", " a.example\r"]
)
def test_a_domain_is_read_however_it_is_written(written: str) -> None:
    assert values(read(written, Shape.DOMAINS)) == [("host", "a.example")]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("test", "a name without a dot would match too much"),
        ("*.example", "a name without a dot would match too much"),
        ("a.example/room", "this is a URL, not a domain"),
        ("a.example b.example", "there is a space in it"),
        ("a..example", "this is no host name"),
        ("a.exa_mple|x", "this is no host name"),
        (f"{'a' * 64}.example", "this is no host name"),
        ("a.\udce9xample", "the line is not UTF-8"),
    ],
)
def test_a_bad_line_is_left_out_by_number_and_reason_and_the_rest_go_on(line: str, reason: str) -> None:
    parsed = read(f"first.example\n{line}\nlast.example", Shape.DOMAINS)
    assert values(parsed) == [("host", "first.example"), ("host", "last.example")]
    assert left_out(parsed) == {2: reason}
    assert str(parsed.unread[0]) == f"list, line 2: {reason}"


def test_names_beyond_ascii_and_addresses_are_hosts() -> None:
    parsed = read("bücher.example\n192.0.2.7\nxn--bcher-kva.example", Shape.DOMAINS)
    assert [value for _, value in values(parsed)] == ["bücher.example", "192.0.2.7", "xn--bcher-kva.example"]


def test_a_value_too_long_to_be_one_is_left_out() -> None:
    parsed = read("https://a.example/" + "x" * 5000 + "\nb.example", Shape.URLS)
    assert left_out(parsed) == {1: "the value is longer than 4096 characters"}
    assert values(parsed) == [("host", "b.example")]


def test_terms_are_one_a_line_and_a_hashtag_is_no_comment() -> None:
    parsed = read("# a comment\nzorblax minku\n#quellfen\n", Shape.TERMS)
    assert values(parsed) == [("term", "zorblax minku"), ("term", "#quellfen")]


@pytest.mark.parametrize("category", ["", "x" * 201, "a\x07b"])
def test_labels_that_no_bundle_takes_are_refused_at_once(category: str) -> None:
    with pytest.raises(ListError, match="category is empty"):
        read("a.example", Shape.DOMAINS, labels=Labels(category, Confidence.HIGH))


# Hosts files


def test_a_hosts_file_lists_every_name_but_those_of_the_machine_itself() -> None:
    text = """# hosts
127.0.0.1 localhost localhost.localdomain
::1 ip6-localhost
255.255.255.255 broadcasthost
fe80::1%lo0 localhost
0.0.0.0 0.0.0.0
0.0.0.0 a.example b.example # two
:: c.example
192.0.2.1\td.example
"""
    parsed = read(text, Shape.HOSTS)
    assert [value for _, value in values(parsed)] == ["a.example", "b.example", "c.example", "d.example"]
    assert {kind for kind, _ in values(parsed)} == {Kind.HOST}
    assert parsed.lines == [7, 7, 8, 9]
    assert not parsed.unread


def test_one_bad_name_in_a_hosts_line_does_not_spoil_the_others() -> None:
    parsed = read("0.0.0.0 a.example b..example c.example\n0.0.0.0\na.example", Shape.HOSTS)
    assert [value for _, value in values(parsed)] == ["a.example", "c.example"]
    assert left_out(parsed) == {
        1: "this is no host name",
        2: "the line names no host",
        3: "the line does not begin with an IP address",
    }


# Adblock rules


def test_an_adblock_list_gives_its_hosts() -> None:
    text = """[Adblock Plus 2.0]
! Title: invented
||a.example^
||b.example^$important
||c.example^$third-party,document
||*.d.example^
||e.example^|
# also a comment
"""
    parsed = read(text, Shape.ADBLOCK)
    assert [value for _, value in values(parsed)] == ["a.example", "b.example", "c.example", "d.example", "e.example"]
    assert parsed.lines == [3, 4, 5, 6, 7]
    assert not parsed.unread


@pytest.mark.parametrize(
    ("rule", "reason"),
    [
        ("@@||a.example^", "an exception (@@) is not kept"),
        ("||a.example/room^", "this is no host name"),
        ("||a.example", "only rules of the form ||domain^ are read"),
        ("a.example##.banner", "only rules of the form ||domain^ are read"),
        ("/zorb.*/", "only rules of the form ||domain^ are read"),
        ("||ad*.example^", "this is no host name"),
        ("||a.example^$domain=b.example", "an option limits or changes the rule"),
        ("||a.example^$badfilter", "an option limits or changes the rule"),
        ("||a.example^$third-party,~image", "an option limits or changes the rule"),
        ("||a.example^$document,", "an option limits or changes the rule"),
        ("!#include other.txt", "directives are not followed"),
    ],
)
def test_an_adblock_rule_that_says_more_than_a_host_is_left_out(rule: str, reason: str) -> None:
    parsed = read(f"||first.example^\n{rule}\n||last.example^", Shape.ADBLOCK)
    assert [value for _, value in values(parsed)] == ["first.example", "last.example"]
    assert left_out(parsed) == {2: reason}


# Response policy zones

ZONE = """$TTL 1h
$ORIGIN rpz.test.
@ IN SOA localhost. root.localhost. (
    2026112201 ; serial
    1h 15m 30d 2h )
  IN NS localhost.
a.example       CNAME .
*.a.example     CNAME .
b.example       60 IN CNAME *.
C.example       IN 60 CNAME stop.invalid.
d.example       A 192.0.2.1
                AAAA 2001:db8::1
*.e.example     CNAME *.walled.invalid.
f.example       CNAME rpz-drop.
g.example.rpz.test. CNAME .
h.example       TXT "a ; b ( c"
"""


def test_a_zone_lists_what_it_blocks_or_rewrites_and_each_name_once() -> None:
    parsed = read(ZONE, Shape.RPZ)
    assert [value for _, value in values(parsed)] == [f"{letter}.example" for letter in "abCdefgh"]
    assert parsed.lines == [7, 9, 10, 11, 13, 14, 15, 16]
    assert not parsed.unread


@pytest.mark.parametrize(
    ("record", "reason"),
    [
        ("x.example CNAME rpz-passthru.", "an exception (rpz-passthru) is not kept"),
        ("x.example CNAME x.example.", "an exception (rpz-passthru) is not kept"),
        ("x.example CNAME rpz-tcp-only.", "rpz-tcp-only blocks nothing"),
        ("24.0.2.0.192.rpz-ip CNAME .", "only triggers by name are read, not by address or name server"),
        ("ns1.x.example.rpz-nsdname CNAME .", "only triggers by name are read, not by address or name server"),
        ("x.example.elsewhere.test. CNAME .", "the name lies outside the zone"),
        ("x.example CNAME", "the record leads nowhere"),
        ("x.example 60 IN", "the record has no type"),
        ("x.example NS ns.test.", "a record of this type lists nothing"),
        ("example CNAME .", "a name without a dot would match too much"),
        ("* CNAME .", "this is no host name"),
        ("x\\.y.example CNAME .", "this is no host name"),
        ('x.example TXT "left open', "a quote is left open"),
        ("x.example TXT ( left open", "a parenthesis is left open"),
        ("x.example TXT )", "a parenthesis is closed that was not open"),
        ("$INCLUDE /etc/passwd", "only $ORIGIN and $TTL are followed"),
        ("$GENERATE 1-9 $.x.example CNAME .", "only $ORIGIN and $TTL are followed"),
        ("$ORIGIN", "$ORIGIN names nothing"),
    ],
)
def test_one_bad_record_drops_no_other(record: str, reason: str) -> None:
    parsed = read(ZONE + record + "\nlast.example CNAME .\n", Shape.RPZ)
    assert left_out(parsed) == {17: reason}
    assert values(parsed)[-1] == ("host", "last.example")
    assert len(parsed.entries) == 9


def test_a_zone_without_soa_or_origin_is_read_by_its_relative_names() -> None:
    parsed = read("a.example CNAME .\n*.b.example CNAME .\nc.example. CNAME .\n", Shape.RPZ)
    assert [value for _, value in values(parsed)] == ["a.example", "b.example"]
    assert left_out(parsed) == {3: "the name lies outside the zone"}


def test_a_transferred_zone_is_read_by_the_name_of_its_soa() -> None:
    text = """rpz.test.\t60\tIN\tSOA\tlocalhost. root.localhost. 1 2 3 4 5
rpz.test.\t60\tIN\tNS\tlocalhost.
a.example.rpz.test.\t60\tIN\tCNAME\t.
rpz.test.\t60\tIN\tSOA\tlocalhost. root.localhost. 1 2 3 4 5
"""
    assert values(read(text, Shape.RPZ)) == [("host", "a.example")]


def test_a_second_origin_lies_within_the_zone() -> None:
    text = "$ORIGIN rpz.test.\n@ SOA a. b. 1 2 3 4 5\n$ORIGIN example.rpz.test.\na CNAME .\n$ORIGIN sub\nb CNAME .\n"
    assert [value for _, value in values(read(text, Shape.RPZ))] == ["a.example", "b.sub.example"]


def test_a_record_without_an_owner_belongs_to_the_one_before() -> None:
    assert left_out(read("  CNAME .\na.example CNAME .", Shape.RPZ)) == {1: "the record has no owner name"}


# Tables


def test_our_own_csv_is_read_as_it_is() -> None:
    text = "kind,value,category,confidence,expires\nterm,zorblax minku,csam-ai,medium,2027-01-31\n"
    (entry,) = read(text, Shape.CSV).entries
    assert (entry.value, entry.category, entry.confidence, entry.expires) == (
        "zorblax minku",
        "csam-ai",
        "medium",
        "2027-01-31",
    )


@given(
    st.lists(st.sampled_from(["term,zorblax,csam,high,a", "term,,csam,high,b", "", "term,x", ' "', "\r"]), max_size=9)
)
def test_our_own_csv_is_read_alike_whether_rewritten_or_not(records: list[str]) -> None:
    text = "\n".join(["kind,value,category,confidence,source", *records])
    parsed, rewritten = read(text, Shape.CSV), read(text, Shape.CSV, {"value": "Value"})
    assert (parsed.entries, parsed.lines) == (rewritten.entries, rewritten.lines)
    assert left_out(parsed) == left_out(rewritten)


def test_columns_of_another_name_are_mapped_and_what_no_column_says_is_said_for_the_file() -> None:
    text = 'Partner list;;\nId;Keyword;Type\n1;zorblax; minku;x\n2;quellfen drovic;sold\n3;"a;b zorb";\n'
    labels = Labels("csam", Confidence.MEDIUM, kind=Kind.TERM)
    parsed = read(text, Shape.CSV, {"value": "keyword", "category": "TYPE"}, labels)
    assert values(parsed) == [("term", "quellfen drovic")]
    assert parsed.lines == [4]
    assert (parsed.entries[0].category, parsed.entries[0].confidence) == ("sold", "medium")
    assert left_out(parsed) == {3: "the record has 4 fields, the header 3", 5: "category is empty"}


@pytest.mark.parametrize("sign", [",", ";", "\t", "|"])
def test_the_delimiter_is_found_by_the_header(sign: str) -> None:
    text = sign.join(("kind", "value")) + "\r\n" + sign.join(("term", "zorblax minku")) + "\r\n"
    assert values(read(text, Shape.CSV)) == [("term", "zorblax minku")]


@pytest.mark.parametrize(
    ("text", "columns", "reason"),
    [
        ("a,b\n1,2\n", {}, "none of the first 20 rows is a header"),
        ("", {}, "none of the first 20 rows is a header"),
        ("value\nzorblax\n", {}, "no column says kind"),
        ("kind,value,value\n", {}, "the header names a column twice"),
        ("kind,value\n", {"category": "Type"}, "the column mapped to category is not there"),
    ],
)
def test_a_table_without_a_usable_header_is_refused(text: str, columns: dict[str, str], reason: str) -> None:
    with pytest.raises(ListError, match=reason):
        read(text, Shape.CSV, columns)


def test_a_quote_left_open_spoils_its_own_line_only() -> None:
    text = 'kind,value\nterm,"zorblax\nterm,quellfen drovic\nterm,\udcff\n'
    parsed = read(text, Shape.CSV)
    assert values(parsed) == [("term", "quellfen drovic")]
    assert left_out(parsed) == {2: "the record is not well-formed CSV", 4: "the line is not UTF-8"}


CELL = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\n\r\0"), min_size=1, max_size=30)


@given(st.lists(st.tuples(CELL, CELL), max_size=20))
def test_what_is_written_as_csv_comes_back_on_its_line(cells: list[tuple[str, str]]) -> None:
    draft = io.StringIO()
    writer = csv.writer(draft, lineterminator="\n", quoting=csv.QUOTE_ALL)
    writer.writerow(("note", "value"))
    writer.writerows(cells)
    parsed = read(draft.getvalue(), Shape.CSV, labels=Labels("csam", Confidence.HIGH, kind=Kind.TERM))
    expected = {line: value.strip() for line, (_, value) in enumerate(cells, 2) if value.strip()}
    assert dict(zip(parsed.lines, (entry.value for entry in parsed.entries), strict=True)) == expected
    assert all(error.reason == "the value is empty" for error in parsed.unread)


def test_rows_shorter_than_the_header_of_a_sheet_are_filled_up() -> None:
    rows = [(1, ["kind", "value", "note"]), (2, ["term", "zorblax minku"]), (3, ["term"]), (4, [])]
    parsed = parse_rows(iter(rows), "sheet", LABELS, {})
    assert values(parsed) == [("term", "zorblax minku")]
    assert left_out(parsed) == {3: "the value is empty"}


# Which shape


@pytest.mark.parametrize(
    ("text", "name", "shape"),
    [
        ("anything at all", "list.csv", Shape.CSV),
        ("anything at all", "LIST.TSV", Shape.CSV),
        ("anything at all", "list.rpz", Shape.RPZ),
        ("kind;value\nterm;zorblax", "export", Shape.CSV),
        (ZONE, "list.txt", Shape.RPZ),
        ("a.example CNAME .\nb.example CNAME .\n", "list", Shape.RPZ),
        ("[Adblock Plus 2.0]\n##.x\n##.y\n##.z\n", "list.txt", Shape.ADBLOCK),
        ("! a comment\n||a.example^\n@@||b.example^\n", "list.txt", Shape.ADBLOCK),
        ("# a\n0.0.0.0 a.example\n0.0.0.0 b.example\n", "hosts", Shape.HOSTS),
        ("a.example\n*.b.example\n", "list.txt", Shape.URLS),
        ("https://a.example/1\nbroken one\na.example/2\n", "list.txt", Shape.URLS),
        ("||x\na.example\nb.example\nc.example\n", "list.txt", Shape.URLS),
    ],
)
def test_the_shape_is_found_by_name_and_content(text: str, name: str, shape: Shape) -> None:
    assert detect(text, name) is shape


@pytest.mark.parametrize("text", ["zorblax minku\nquellfen drovic\n", '{"a": [1, 2]}\n', "zorblax\nquellfen\n"])
def test_a_shape_that_is_not_clear_is_not_guessed(text: str) -> None:
    with pytest.raises(ListError, match="--format"):
        detect(text, "list.txt")


# Whatever comes

SIGNS = st.sampled_from("*^@!#;()\"',|\t.A\r%\\é\x00\udcff\ufeff")
RULES = st.sampled_from(
    ["a.example", "||", "@@", "$important", "$ORIGIN", "$TTL", "$INCLUDE", "[Adblock", "https://a.example/"]
)
RECORDS = st.sampled_from(["IN", "SOA", "CNAME", "rpz-passthru.", "192.0.2.1", "::1", "kind", "value", "term", "high"])
WORDS = SIGNS | RULES | RECORDS
LINES = st.lists(st.lists(WORDS | st.text(max_size=8), max_size=6).map(" ".join), max_size=12).map("\n".join)


@given(LINES | st.text(), st.sampled_from(TEXT_SHAPES))
def test_no_text_raises_anything_but_a_list_error_and_every_line_is_within_it(text: str, shape: Shape) -> None:
    try:
        parsed = read(text, shape)
    except ListError:
        assert shape is Shape.CSV
        return
    last = text.count("\n") + 1
    assert len(parsed.lines) == len(parsed.entries)
    assert all(1 <= line <= last for line in [*parsed.lines, *left_out(parsed)])
    if shape is not Shape.HOSTS:
        assert not set(parsed.lines) & set(left_out(parsed))


@given(LINES | st.text())
def test_detection_names_a_shape_or_says_that_it_cannot(text: str) -> None:
    try:
        found: Shape | None = detect(text, "list")
    except ListError:
        found = None
    assert found is None or found in TEXT_SHAPES


@given(st.lists(st.sampled_from(["good.example", f"{HIDDEN}..example", f"{HIDDEN} x", f"{HIDDEN}/"]), max_size=8))
def test_bad_lines_change_nothing_for_good_ones_and_are_never_quoted(lines: list[str]) -> None:
    parsed = read("\n".join(lines), Shape.DOMAINS)
    assert parsed.lines == [number for number, line in enumerate(lines, 1) if line == "good.example"]
    assert sorted(left_out(parsed)) == [number for number, line in enumerate(lines, 1) if line != "good.example"]
    assert HIDDEN not in f"{parsed!r}{parsed.unread!r}{[str(error) for error in parsed.unread]}"


@pytest.mark.parametrize(
    ("shape", "line"),
    [
        (Shape.RPZ, "x" + " 1" * 20_000),
        (Shape.RPZ, "x " + "1" * 40_000 + "x CNAME ."),
        (Shape.RPZ, "(" * 40_000),
        (Shape.RPZ, "x TXT " + '"' * 39_999),
        (Shape.URLS, "a." * 20_000 + " x"),
        (Shape.ADBLOCK, "||" + "a." * 20_000 + "^$" + "image," * 5_000),
        (Shape.HOSTS, "0.0.0.0 " + "a." * 20_000),
        (Shape.DOMAINS, "é." * 20_000),
    ],
)
@pytest.mark.timeout(5)
def test_a_long_line_takes_no_long_time(shape: Shape, line: str) -> None:
    assert not read(line, shape).entries
    with pytest.raises(ListError):
        detect(line + "\n" + "x y\n" * 5, "list")
