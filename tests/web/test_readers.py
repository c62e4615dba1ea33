"""That clicking a thousand times does not count a thousand times, and that nobody is kept for it."""

from __future__ import annotations

import ipaddress
import re
from typing import TYPE_CHECKING

import pytest

from conftest import LISTED, WEB, Service
from redirect.adapters import clicks
from redirect.adapters.clicks import ALL, EACH, MOST_KEPT, PERIOD, Clicks
from redirect.web.readers import Readers

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.types import Scope

ADDRESS = ipaddress.ip_address("203.0.113.9").packed
OURS = [ipaddress.ip_network("127.0.0.0/8"), ipaddress.ip_network("198.51.100.7")]


class Noted:
    """Who is taken for whom."""

    def __init__(self) -> None:
        self.readers: list[bytes] = []

    def count(self, reader: bytes, step: str) -> bool:
        self.readers.append(reader)
        return False


def request(peer: str, *forwarded: str) -> Scope:
    headers = [(b"x-forwarded-for", text.encode("latin-1")) for text in forwarded]
    return {"client": (peer, 1) if peer else None, "headers": headers}


@pytest.mark.parametrize(
    ("asked", "reader"),
    [
        (request("203.0.113.9"), "203.0.113.9"),
        (request("203.0.113.9", "192.0.2.1"), "203.0.113.9"),
        (request("127.0.0.1", "192.0.2.1"), "192.0.2.1"),
        (request("", "192.0.2.1"), "192.0.2.1"),
        (request("127.0.0.1", "192.0.2.1, 203.0.113.9"), "203.0.113.9"),
        (request("127.0.0.1", "192.0.2.1", "203.0.113.9, 198.51.100.7"), "203.0.113.9"),
        (request("127.0.0.1", "203.0.113.9:4711"), "203.0.113.9"),
        (request("127.0.0.1", "::ffff:203.0.113.9"), "203.0.113.9"),
        (request("127.0.0.1", "[2001:db8:1:2:3::4]:80"), "2001:db8:1:2::"),
        (request("2001:db8:1:2::9"), "2001:db8:1:2::"),
    ],
)
def test_the_reader_is_the_last_address_that_no_proxy_of_ours_has(asked: Scope, reader: str) -> None:
    noted = Noted()
    assert not Readers(OURS, noted).count(asked, "a step")
    assert noted.readers == [ipaddress.ip_address(reader).packed[:8]]


@pytest.mark.parametrize(
    "asked",
    [
        request("127.0.0.1"),
        request(""),
        request("10.1.2.3"),
        request("10.1.2.3", "203.0.113.9"),
        request("127.0.0.1", "192.168.1.1"),
        request("127.0.0.1", "198.51.100.7"),
        request("127.0.0.1", "unknown"),
        request("127.0.0.1", "203.0.113.9, \xff"),
        request("127.0.0.1", ""),
        request("fe80::1%eth0"),
    ],
)
def test_what_may_be_everybody_is_taken_for_nobody(asked: Scope) -> None:
    noted = Noted()
    assert Readers(OURS, noted).count(asked, "a step")
    assert not noted.readers


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def counted(kept: Clicks, reader: bytes, steps: list[str]) -> int:
    return sum(kept.count(reader, step) for step in steps)


def test_a_reader_counts_a_few_times_for_each_step_and_again_after_an_hour() -> None:
    clock = Clock()
    kept = Clicks(clock)
    assert counted(kept, b"a", ["/w/1"] * 1000) == EACH
    assert counted(kept, b"b", ["/w/1"] * 1000) == EACH
    assert counted(kept, b"a", ["/w/2"] * 1000) == EACH
    clock.now = PERIOD
    assert counted(kept, b"a", ["/w/1"] * 1000) == EACH


def test_going_through_many_pages_does_not_count_for_ever() -> None:
    assert counted(Clicks(), b"a", [f"/w/{number}" for number in range(1000)]) == ALL


def test_memory_is_bounded_and_one_reader_cannot_make_it_forget(monkeypatch: pytest.MonkeyPatch) -> None:
    assert MOST_KEPT > 100 * ALL
    monkeypatch.setattr(clicks, "MOST_KEPT", 3 * ALL)
    kept = Clicks()
    assert counted(kept, b"a", [f"/w/{number}" for number in range(1000)]) == ALL
    for number in range(1000):
        kept.count(b"reader %d" % number, "/w/1")
        assert len(kept._counted) <= 3 * ALL + 1


def test_nothing_kept_is_an_address_and_the_same_reader_has_another_name_next_time() -> None:
    clock = Clock()
    kept = Clicks(clock)
    kept.count(ADDRESS, "/w/1")
    first = set(kept._counted)
    assert all(len(name) == 8 and ADDRESS not in name for name in first)
    clock.now = PERIOD
    kept.count(ADDRESS, "/w/1")
    assert not first & set(kept._counted)


def test_many_clicks_of_one_person_are_as_many_counts_as_the_limit(make_service: Callable[..., Service]) -> None:
    """Of so many people that rounding hides no other limit. What they say of themselves changes nothing."""
    service = make_service("--demo")
    page = service.check(LISTED, country="GB")["page"]
    door = service.url + service.page(page).doors["under-18"]
    for click in range(3 * EACH):
        for person in range(20):
            forwarded = {"X-Forwarded-For": f"198.51.100.{click}, 203.0.113.{person}", "User-Agent": f"Browser {click}"}
            assert re.search("tel:|http", WEB.get(door, headers=forwarded).text), "everyone is shown the page"
    service.stop()
    rows = {row["step"]: row["count"] for row in service.counts("funnel")}
    assert rows["door_under_18"] == 20 * EACH
