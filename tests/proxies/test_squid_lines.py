"""Squid's lines, and whatever else might come out of a pipe."""

from __future__ import annotations

import re
from urllib.parse import quote_from_bytes

import pytest
from hypothesis import given
from hypothesis import strategies as st

from redirect.proxies.asking import Verdict
from redirect.proxies.squid_lines import LINE_LIMIT, Asked, Lines, Way, read_line, write_line

PAGE = "https://search.example/safety/w/abc_-="
ANSWER = re.compile(
    rb"([0-9]+ )?(BH message=no-question|ERR redirect=(decided|undecided)"
    rb'|OK status=30[23] url="[!#-~]+" redirect=stopped|OK message=[A-Za-z0-9_=-]+ redirect=stopped)\n'
)

ways = st.sampled_from(Way)
words = st.one_of(
    st.sampled_from(
        [b"0", b"17", b"-", b"GET", b"POST", b"method=GET", b"languages=es", b"http://a.example/?q=b", b"a:443"]
    ),
    st.binary(max_size=30),
)
garbage = st.lists(words, max_size=8).map(b" ".join).map(lambda line: line.replace(b"\n", b""))
addresses = st.binary(min_size=1, max_size=60).map(lambda path: b"http://a.example/" + b"".join(path.split()))
verdicts = st.sampled_from([Verdict(), Verdict(PAGE), Verdict(decided=False)])


@given(ways, garbage, verdicts)
def test_every_line_gets_one_line_on_its_own_channel(way: Way, line: bytes, verdict: Verdict) -> None:
    asked = read_line(way, line)
    answer = write_line(way, asked, verdict)
    assert ANSWER.fullmatch(answer)
    first = line.split()[:1]
    assert answer.partition(b" ")[0] == first[0] if first and first[0].isdigit() else asked.channel == b""


@given(st.integers(0, 9999), addresses, st.sampled_from(["GET", "POST", "PURGE"]), st.text(max_size=20))
def test_what_squid_writes_is_what_is_read(channel: int, address: bytes, method: str, languages: str) -> None:
    spoken = quote_from_bytes(languages.encode("latin-1", "replace"))
    rewrite = b"%d %b method=%b languages=%b" % (channel, address, method.encode(), spoken.encode() or b"-")
    acl = b"%d %b %b %b -" % (channel, address, method.encode(), spoken.encode() or b"-")
    for way, line in ((Way.REWRITE, rewrite), (Way.ACL, acl)):
        asked = read_line(way, line)
        assert asked.question is not None
        assert asked.channel == str(channel).encode()
        assert asked.question.address == address
        assert asked.question.method == method
        assert asked.question.languages == (
            "" if languages == "-" else languages.encode("latin-1", "replace").decode("latin-1")
        )


@pytest.mark.parametrize(("line", "address"), [
    (b"http://a.example/?q=b", b"http://a.example/?q=b"),
    (b"5 http://a.example/?q=b", b"http://a.example/?q=b"),
    (b"5 http://a.example/?q=b 192.0.2.1/- - GET myip=192.0.2.2 myport=3128", b"http://a.example/?q=b"),
    (b"5 http://a.example/?q=zorblax minku method=GET languages=-", b"http://a.example/?q=zorblax minku"),
    (b"5 http://a.example/?q= method=GET  zorblax minku method=GET languages=-",
     b"http://a.example/?q= method=GET zorblax minku"),
    (b"5 blocked.example:443 method=CONNECT languages=-", b"https://blocked.example:443/"),
])  # fmt: skip
def test_an_address_is_read_whatever_surrounds_it(line: bytes, address: bytes) -> None:
    asked = read_line(Way.REWRITE, line)
    assert asked.question is not None
    assert asked.question.address == address


@pytest.mark.parametrize("way", Way)
@pytest.mark.parametrize("line", [b"", b"  ", b"7", b"7 -", b"7 - GET - -", b"-"])
def test_a_line_without_an_address_is_no_question(way: Way, line: bytes) -> None:
    asked = read_line(way, line)
    assert asked.question is None
    assert write_line(way, asked, Verdict(PAGE)).endswith(b"BH message=no-question\n")


@pytest.mark.parametrize(("method", "status"), [("GET", 302), ("HEAD", 302), ("POST", 303), ("CONNECT", 303)])
def test_the_method_decides_how_a_person_is_sent(method: str, status: int) -> None:
    asked = read_line(Way.REWRITE, b"3 http://a.example/ method=%b languages=-" % method.encode())
    assert write_line(Way.REWRITE, asked, Verdict(PAGE)) == b'3 OK status=%d url="%b" redirect=stopped\n' % (
        status, PAGE.encode()
    )  # fmt: skip


def test_an_access_list_gets_the_end_of_the_address() -> None:
    asked = read_line(Way.ACL, b"3 http://a.example/ GET - -")
    assert write_line(Way.ACL, asked, Verdict(PAGE)) == b"3 OK message=abc_-= redirect=stopped\n"
    assert write_line(Way.ACL, Asked(b"", asked.question), Verdict()) == b"ERR redirect=decided\n"
    assert write_line(Way.ACL, asked, Verdict(decided=False)) == b"3 ERR redirect=undecided\n"


@given(st.lists(st.binary(max_size=20).map(lambda line: line.replace(b"\n", b"")), max_size=9), st.data())
def test_lines_are_the_same_however_they_come(lines: list[bytes], data: st.DataObject) -> None:
    stream = b"".join(line + b"\n" for line in lines)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=9)))
    taken = Lines()
    pieces = [stream[begin:end] for begin, end in zip([0, *cuts], [*cuts, len(stream)], strict=True)]
    assert [line for piece in pieces for line in taken.feed(piece)] == lines


def test_a_line_without_end_costs_no_memory_and_keeps_its_channel() -> None:
    taken = Lines()
    assert not taken.feed(b"12 http://a.example/?q=" + b"x" * LINE_LIMIT)
    for _ in range(20):
        assert not taken.feed(b"x" * LINE_LIMIT)
    (line, following) = taken.feed(b"y\n13 http://b.example/\n")
    assert len(line) == LINE_LIMIT
    assert line.startswith(b"12 http://a.example/")
    assert following == b"13 http://b.example/"
