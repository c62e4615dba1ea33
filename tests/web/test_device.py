"""Owns the kinds of devices: what browsers say is told apart in no time, however it is written, and forgotten."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ua_parser import user_agent_parser

from conftest import LISTED, WEB, Service, eventually
from redirect.domain.counts import CLOSED
from redirect.web.device import KINDS_KEPT, Devices

if TYPE_CHECKING:
    from collections.abc import Callable

DEVICES = Devices()
KHTML = "AppleWebKit/537.36 (KHTML, like Gecko)"
PHONE = f"Mozilla/5.0 (Linux; Android 14; Pixel 8) {KHTML} Chrome/126.0.0.0 Mobile Safari/537.36"
CRAWLER = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"
HEADERS = {
    PHONE: "phone",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
    "Version/17.5 Mobile/15E148 Safari/604.1": "phone",
    "NokiaC3-00/5.0 (07.20) Profile/MIDP-2.1": "phone",
    "Mozilla/5.0 (iPad; CPU OS 12_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148": "tablet",
    f"Mozilla/5.0 (Linux; Android 13; SM-X700) {KHTML} Chrome/126.0.0.0 Safari/537.36": "tablet",
    f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {KHTML} Chrome/126.0.0.0 Safari/537.36": "desktop",
    "Mozilla/5.0 (Windows NT 10.0; rv:128.0) Gecko/20100101 Firefox/128.0": "desktop",
    "Mozilla/5.0 (X11; Linux x86_64; rv:127.0) Gecko/20100101 Firefox/127.0": "desktop",
    "Mozilla/5.0 (X11; CrOS x86_64 14541.0.0)": "desktop",
    CRAWLER: "automated",
    "facebookexternalhit/1.1": "automated",
    "Lynx/2.9.0 libwww-FM/2.14": "other",
    "": "other",
}
WORDS = ("Android", "Linux; ", "iPhone", "; ", "bot", "/1.0", " Build/", "SM-", "(", ")", "Mobile", "Safari", "HTC")
MARKS = ("Chrome/", "Windows NT ", "; en-us", "spider", "1_", "\xe9", "Opera", "MSIE ", "x", " ", "-", ".", "_")


@pytest.mark.parametrize(("header", "kind"), HEADERS.items())
def test_devices_are_told_apart(header: str, kind: str) -> None:
    assert DEVICES.kind(header.encode()) == kind


@given(st.binary(max_size=2000))
def test_whatever_a_header_holds_it_is_one_of_the_kinds(header: bytes) -> None:
    assert DEVICES.kind(header) in CLOSED["device"]


def test_a_header_is_never_kept_and_what_stands_for_it_not_for_ever() -> None:
    devices = Devices()
    for number in range(KINDS_KEPT + 1):
        devices.kind(b"Browser/%d" % number)
    assert len(devices._kinds) == 1, "all is forgotten at once"
    assert not any(b"Browser" in digest for digest in devices._kinds)


@settings(max_examples=400)
@given(st.lists(st.sampled_from(WORDS + MARKS), max_size=300).map("".join))
def test_a_crafted_header_holds_nobody_up(header: str) -> None:
    began = time.thread_time()
    DEVICES.kind(header.encode("latin-1"))
    assert time.thread_time() - began < 0.05


def test_no_header_is_remembered() -> None:
    for header in HEADERS:
        DEVICES.kind(header.encode())
    assert user_agent_parser._PARSE_CACHE == {}, "the library would keep the last 200"


def test_only_the_beginning_of_a_header_is_looked_at() -> None:
    assert DEVICES.kind(b"x" * 512 + CRAWLER.encode()) == "other"


def test_programs_are_counted_apart_and_in_no_rate(make_service: Callable[..., Service]) -> None:
    service = make_service("--demo")
    page = service.check(LISTED, country="GB")["page"]
    links = [link for link in service.page(page, headers={"Sec-Purpose": "prefetch"}).links if "/go/" in link]
    for header, times in ((PHONE, 15), (CRAWLER, 20)):
        for _ in range(times):
            for address in (page, f"{page}/leave", service.url + links[0]):
                assert WEB.get(address, headers={"User-Agent": header}).status_code in {200, 303}
    expected = {"phone": 15, "automated": 20}
    eventually(lambda: {row["device"]: row["count"] for row in service.counts("devices")} == expected)
    assert {row["step"]: row["count"] for row in service.counts("funnel")} == {
        "shown": 15,
        "left": 15,
        "help_opened": 15,
    }
    assert [row["count"] for row in service.counts("services")] == [15]
