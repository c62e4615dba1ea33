"""Lists for resolvers: which hosts stand in them, and in what words. The programs that read them are tried in
`integrations/dns`."""

from __future__ import annotations

import re
from ipaddress import ip_address
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from redirect.adapters.categories import shipped_categories
from redirect.domain.errors import ListError, SettingsError
from redirect.domain.list_records import Found, Unread
from redirect.domain.list_zones import read_zone
from redirect.domain.lists import Confidence, Entry, Kind
from redirect.domain.zone_hosts import Hosts, LeftOut, Names, arrange, cover, host_of
from redirect.domain.zones import (
    HIGHEST_SERIAL,
    Format,
    Head,
    Policy,
    Stop,
    Zone,
    head_of,
    origin_of,
    serial_after,
    stop_of,
)

if TYPE_CHECKING:
    from random import Random

CATEGORIES = shipped_categories()
TODAY = "2026-11-22"
BOTH = (ip_address("192.0.2.80"), ip_address("2001:db8::80"))
STOPS = (Stop(), Stop("stop.example"), Stop("", BOTH), Stop("stop.example", BOTH[:1]))
NAME = r"(?:[a-z0-9_-]{1,63}\.)+[a-z0-9_-]{1,63}"
DATA = r"(?:CNAME (?:\.|stop\.example\.|rpz-passthru\.)|A 192\.0\.2\.80|AAAA 2001:db8::80)"
LINE = {
    Format.RPZ: rf"(?:\*\.)?{NAME} {DATA}",
    Format.UNBOUND: rf'local-zone: "{NAME}\." (?:redirect|always_nxdomain|always_transparent)'
    rf'|local-data: "{NAME}\. 300 {DATA}"',
    Format.DNSMASQ: rf"(?:local=/{NAME}/|server=/{NAME}/#|address=/{NAME}/(?:192\.0\.2\.80|2001:db8::80))",
    Format.HOSTS: rf"(?:192\.0\.2\.80|2001:db8::80|0\.0\.0\.0|::) {NAME}(?: www\.{NAME})?",
}
HEAD = {Format.RPZ: 6, Format.UNBOUND: 3, Format.DNSMASQ: 2, Format.HOSTS: 2}

labels = st.sampled_from(["a", "b", "c", "garden", "xn--bcher-kva", "_x", "www"])
names = st.lists(labels, min_size=1, max_size=4).map(lambda parts: ".".join([*parts, "example"]))
sign = st.sampled_from(tuple(" .*@$;:#/\\\"'()\n\r\t\0%-_[]{}=,|^\u2028\u3002\u00fc\u202e\ud800"))
values = st.one_of(names, st.text(max_size=80), st.lists(st.one_of(names, sign), max_size=8).map("".join))
entries = st.builds(
    Entry,
    kind=st.sampled_from(Kind),
    value=values,
    category=st.sampled_from(["csam", "csam-ai", "none"]),
    confidence=st.sampled_from(Confidence),
    expires=st.sampled_from(["", "2026-11-21", "2026-11-22"]),
)


def entry(value: str, kind: Kind = Kind.HOST, confidence: Confidence = Confidence.HIGH) -> Entry:
    return Entry(kind, value, "csam", confidence)


def filed(*given: Entry, longest: int = 253) -> tuple[Names, list[LeftOut]]:
    hosts = Hosts(CATEGORIES, TODAY, longest)
    left = [one for one in hosts.take(given) if one]
    return hosts.names(), left


def text(format_: Format, names: Names, stop: Stop = STOPS[0]) -> str:
    return "".join(Zone(format_, names, stop).lines())


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("blocked.example", "blocked.example"),
        ("Blocked.EXAMPLE.", "blocked.example"),
        ("*.blocked.example", "blocked.example"),
        ("https://blocked.example/", "blocked.example"),
        ("bücher.example", "xn--bcher-kva.example"),
        ("ｂｌｏｃｋｅｄ。example", "blocked.example"),
        ("under_score.example", "under_score.example"),
    ],
)
def test_a_host_is_named_as_dns_has_it(written: str, name: str) -> None:
    assert host_of(written) == name


@pytest.mark.parametrize(
    "written",
    [
        "",
        "example",
        "192.0.2.1",
        "[2001:db8::1]",
        "0x7f.1",
        "blocked.example/room",
        "blocked.example?a",
        "a b.example",
        "a\nb.example",
        "*.*.example",
        "a.example;b.example",
        "x" * 64 + ".example",
        ".".join(["x" * 60] * 5),
        "blocked.123",
        "24.0.2.0.192.rpz-ip",
        "ns.name.rpz-nsdname",
        "32.1.2.0.192.rpz-client-ip",
    ],
)
def test_what_dns_could_not_look_up_is_no_host_and_is_never_repeated(written: str) -> None:
    with pytest.raises(ListError) as refused:
        host_of(written)
    assert not written or written not in str(refused.value)


def test_only_hosts_that_policy_blocks_at_a_resolver_are_written_and_the_rest_is_told_by_place() -> None:
    names, left = filed(
        entry("zorblax minku", Kind.TERM),
        entry("blocked.example"),
        entry("http://blocked.example/room/42", Kind.URL),
        entry("likely.example", confidence=Confidence.MEDIUM),
        entry("not a host"),
        Entry(Kind.HOST, "old.example", "csam", Confidence.HIGH, expires="2026-11-21"),
        Entry(Kind.HOST, "cat.example", "unheard-of", Confidence.HIGH),
        entry("quellfen drovic", Kind.EXCEPT),
    )
    assert names == Names(("blocked.example",))
    assert [(place, serious) for place, _, serious in left] == [
        (0, False), (2, False), (3, False), (4, True), (5, True), (6, True), (7, False),
    ]  # fmt: skip


def test_an_exception_spares_a_host_and_all_below_it_and_more_specific_wins() -> None:
    names, left = filed(
        entry("blocked.example"),
        entry("garden.blocked.example", Kind.EXCEPT),
        entry("deep.garden.blocked.example"),
        entry("appeal.example"),
        entry("appeal.example", Kind.EXCEPT),
        entry("elsewhere.example", Kind.EXCEPT),
        entry("sub.blocked.example"),
    )
    assert names == Names(("blocked.example", "deep.garden.blocked.example"), ("garden.blocked.example",))
    assert not left


def test_a_name_that_cannot_stand_in_the_zone_with_all_below_it_is_left_out() -> None:
    long = ".".join(["x" * 60] * 3) + "." + "y" * 50 + ".example"
    assert filed(entry(long))[0].blocked
    names, left = filed(entry(long), longest=Zone(Format.RPZ).longest)
    assert not names.blocked
    assert left[0].serious


def test_what_would_block_given_hosts_is_found_by_place() -> None:
    hosts = Hosts(CATEGORIES, TODAY)
    given = (entry("one.example"), entry("two.example"), entry("help.two.example", Kind.EXCEPT), entry("one.example"))
    assert not any(hosts.take(given))
    assert hosts.blocking(["help.one.example", "help.two.example", "three.example"]) == [0]
    assert hosts.blocking(["two.example", "one.example"]) == [0, 1]


@given(st.sets(names), st.sets(names), names)
def test_what_is_written_blocks_what_the_list_blocks_and_nothing_is_written_twice(
    listed: set[str], spared: set[str], asked: str
) -> None:
    written = arrange(listed, spared)
    assert bool(cover(asked, set(written.blocked), set(written.spared))) is bool(cover(asked, listed, spared))
    for name in written.blocked:
        assert not cover(name.partition(".")[2], written.blocked, written.spared)


@given(st.lists(entries, max_size=20), st.sampled_from(Format), st.sampled_from(STOPS))
def test_no_entry_gets_anything_but_a_plain_name_into_a_file(given_: list[Entry], format_: Format, stop: Stop) -> None:
    written = filed(*given_)[0]
    lines = text(format_, written, stop).split("\n")
    assert lines.pop() == ""
    for line in lines[HEAD[format_] :]:
        assert re.fullmatch(LINE[format_], line), "a line has more in it"


@given(st.sets(names, max_size=8), st.sets(names, max_size=4), st.sampled_from(STOPS))
def test_a_zone_reads_back_as_it_was_meant(listed: set[str], spared: set[str], stop: Stop) -> None:
    written = arrange(listed, spared)
    read = list(read_zone(text(Format.RPZ, written, stop)))
    assert sorted(one.value for one in read if isinstance(one, Found)) == list(written.blocked)
    assert sum(isinstance(one, Unread) for one in read) == 2 * len(written.spared)


@given(st.lists(names, min_size=1, max_size=8), st.randoms(use_true_random=False), st.sampled_from(Format))
def test_the_same_names_make_the_same_text_in_any_order(listed: list[str], random: Random, format_: Format) -> None:
    before = text(format_, arrange(dict.fromkeys(listed), ()))
    random.shuffle(listed)
    assert text(format_, arrange(dict.fromkeys(listed), ())) == before


@pytest.mark.parametrize("format_", Format)
def test_a_file_says_what_it_is(format_: Format) -> None:
    zone = Zone(format_, Names(("a.example", "b.example")), serial=2026112201)
    assert head_of("".join(zone.lines())) == Head(format_, 2, 2026112201 if format_ is Format.RPZ else 0)


@pytest.mark.parametrize(
    "written",
    [
        "$TTL 60\n@ IN SOA ns.example. me.example. ( 2026112207 ; serial\n 1 1 1 1 )\n",
        "; ours\n@ 60 IN SOA ns me 2026112207 1 1 1 1\n",
        "$ORIGIN a.\n@ SOA ns.example. me.example. (\n\t\t; the serial\n\t2026112207 1 1 1 1)\n",
    ],
)
def test_the_serial_of_a_zone_that_somebody_else_wrote_is_found(written: str) -> None:
    assert head_of(written) == Head("", 0, 2026112207)


@pytest.mark.parametrize("written", ["127.0.0.1 localhost\n", "", "server:\n", "x SOA\n", "redirect export rpz"])
def test_any_other_file_is_none_of_ours(written: str) -> None:
    assert head_of(written) is None


@given(st.text(max_size=200))
def test_reading_a_head_never_fails(written: str) -> None:
    head_of(written)


@given(st.integers(0, HIGHEST_SERIAL - 1), st.integers(0, HIGHEST_SERIAL))
def test_a_serial_only_rises(previous: int, now: int) -> None:
    after = serial_after(previous, now)
    assert previous < after <= HIGHEST_SERIAL
    assert after >= now


def test_the_highest_serial_is_the_end() -> None:
    with pytest.raises(ListError):
        serial_after(HIGHEST_SERIAL, 0)


def test_listed_names_lead_where_the_options_say() -> None:
    assert stop_of(Format.RPZ, None, "", []) == Stop()
    assert stop_of(Format.RPZ, Policy.NXDOMAIN, "", []) == Stop()
    assert stop_of(Format.RPZ, None, "Stop.Example.", ["192.0.2.80", "2001:DB8::80", "192.0.2.80"]) == Stop(
        "stop.example", BOTH
    )
    assert stop_of(Format.HOSTS, Policy.REDIRECT, "stop.example", ["192.0.2.80"]).addresses


@pytest.mark.parametrize(
    ("format_", "policy", "name", "addresses"),
    [
        (Format.RPZ, Policy.REDIRECT, "", []),
        (Format.RPZ, Policy.NXDOMAIN, "stop.example", []),
        (Format.RPZ, Policy.NXDOMAIN, "", ["192.0.2.80"]),
        (Format.HOSTS, None, "stop.example", []),
        (Format.DNSMASQ, None, "stop.example", []),
        (Format.RPZ, None, "stop", []),
        (Format.RPZ, None, "a.example\nb.example", []),
        (Format.RPZ, None, "", ["192.0.2.80;"]),
        (Format.RPZ, None, "", ["192.0.2.0/24"]),
        (Format.RPZ, None, "", ["fe80::1%eth0\nx"]),
    ],
)
def test_options_that_cannot_be_meant_are_refused(
    format_: Format, policy: Policy | None, name: str, addresses: list[str]
) -> None:
    with pytest.raises(SettingsError, match="--"):
        stop_of(format_, policy, name, addresses)


@pytest.mark.parametrize("written", ["", "a..b", "a b", "x" * 101, "ö.invalid", "123", "$ORIGIN"])
def test_a_zone_has_a_plain_name(written: str) -> None:
    assert origin_of("RPZ.Invalid.") == "rpz.invalid"
    with pytest.raises(SettingsError, match="--origin"):
        origin_of(written)


def test_a_hosts_file_names_what_people_type_most_and_no_more_than_is_allowed() -> None:
    names = Names(("blocked.example", "other.example"), ("www.other.example",))
    lines = text(Format.HOSTS, names, Stop("", BOTH[:1])).splitlines()[2:]
    assert lines == ["192.0.2.80 blocked.example www.blocked.example", "192.0.2.80 other.example"]
    assert text(Format.HOSTS, Names(("blocked.example",))).splitlines()[2:] == [
        "0.0.0.0 blocked.example www.blocked.example",
        ":: blocked.example www.blocked.example",
    ]
