"""Owns what all three ways into Squid promise beyond the contract, and that the README is true."""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

from integrations.conftest import LISTED_HOST, PAGES, RESULTS, Reply, StandIn, ask, listening
from integrations.contract import CANARY, LISTED, PERSON, assert_unwritten, decided
from integrations.squid.squids import HERE, Squid, Squids

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from conftest import Service

WAYS = ("icap", "rewrite", "acl")
ACCESS = {"access_log none": "access_log stdio:access.log"}
RESULTS_HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
DEBUG = {"debug_options ALL,0": "debug_options ALL,1"}
"""What Squid does by default, in the directory of the test."""
README = (HERE / "README.md").read_text()


@pytest.fixture(scope="module", params=WAYS)
def squid(request: pytest.FixtureRequest, service: Service, platform: StandIn) -> Iterator[Squid]:
    squids = Squids(request.param, service.port, platform.port)
    yield squids.make()
    squids.stop()


@pytest.fixture
def make(service: Service, platform: StandIn) -> Iterator[Callable[..., Squid]]:
    squids = Squids("rewrite", service.port, platform.port)
    yield squids.make
    squids.stop()


def page(reply: Reply) -> str:
    """Where a person is sent, if anywhere."""
    where = reply.headers.get("location", "")
    return where if where.startswith(PAGES) and reply.status in {302, 303} else ""


def get(squid: Squid, target: str, method: str = "GET", **headers: str) -> Reply:
    """A request for any address."""
    return ask(squid.port, target, method, headers=headers)


def stopped(squid: Squid, target: str, method: str = "GET", **headers: str) -> Reply:
    """The same for an address that is listed; tried anew, since a busy machine may have decided too late."""
    return decided(partial(get, squid, target, method, **headers), lambda reply: bool(page(reply)))


def test_a_listed_address_is_stopped_on_any_host_and_its_neighbours_pass(squid: Squid) -> None:
    assert page(stopped(squid, "http://blocked.example/room/42"))
    assert page(stopped(squid, "http://BLOCKED.example:80/x/../room/%34%32?a=b"))
    assert page(stopped(squid, f"http://{LISTED_HOST}/"))
    for passes in ("http://blocked.example/room/43", "http://blocked.example/"):
        assert get(squid, passes).body == RESULTS


def test_the_page_is_in_the_language_of_the_person(squid: Squid, service: Service) -> None:
    for language in ("es-AR,es;q=0.9", "ar", "en"):
        where = page(stopped(squid, "http://search.example/?q=zorblax+minku", Accept_Language=language))
        path = urlsplit(where).path.removeprefix("/safety")
        assert service.get(path).headers["content-language"].startswith(language[:2])


def test_a_person_is_sent_on_without_a_referrer_and_nothing_is_kept(squid: Squid) -> None:
    headers = stopped(squid, "http://search.example/?q=zorblax+minku").headers
    assert (headers["cache-control"], headers["referrer-policy"]) == ("no-store", "no-referrer")


def test_the_page_never_stops_itself_though_its_host_is_listed(squid: Squid) -> None:
    where = urlsplit(page(stopped(squid, f"http://{LISTED_HOST}/")))
    for path in (where.path, f"{where.path}/leave", f"{where.path}?lang=es"):
        assert get(squid, f"http://{LISTED_HOST}{path}").body == RESULTS


def test_a_connection_to_a_host_that_is_listed_as_a_whole_is_refused(squid: Squid) -> None:
    assert page(stopped(squid, f"{LISTED_HOST}:443", "CONNECT"))
    assert not page(get(squid, "blocked.example:443", "CONNECT"))


LOUD = {
    "any request": ("access.log", ACCESS, f"http://{CANARY}.example/", RESULTS_HEAD, (CANARY, PERSON)),
    "an impossible host": ("cache.log", DEBUG, f"http://{CANARY}..example/", RESULTS_HEAD, (CANARY, PERSON)),
    "a long address": ("cache.log", DEBUG, "http://search.example/" + "x" * 9000, RESULTS_HEAD, (PERSON,)),
    "a broken answer": ("cache.log", DEBUG, f"http://a.example/?q={CANARY}", b"HTTP/1.1 999999\r\n\r\n", (CANARY,)),
}


@pytest.mark.parametrize(("log", "changes", "target", "answer", "texts"), LOUD.values(), ids=LOUD)
def test_by_default_squid_would_write_what_our_file_keeps_out(
    make: Callable[..., Squid], log: str, changes: dict[str, str], target: str, answer: bytes, texts: tuple[str, ...]
) -> None:
    with listening(StandIn(garbage=answer)) as platform:
        quiet, loud = make(behind=platform.port), make(behind=platform.port, changes=changes)
        for squid in (quiet, loud):
            ask(squid.port, target, source=PERSON)
            squid.stop()
    assert_unwritten([quiet.directory], (CANARY, PERSON))
    written = (loud.directory / log).read_text()
    for text in texts:
        assert text in written


def test_the_access_log_of_the_readme_names_neither_person_nor_address(make: Callable[..., Squid]) -> None:
    found = re.search(r"```squid\n(logformat .*\naccess_log .*)\n```", README)
    assert found is not None
    squid = make(changes={"access_log none": found[1].replace("/var/log/squid/plain.log", "plain.log")})
    for query in (LISTED, f"q={CANARY}".encode()):
        squid.search(query, source=PERSON)
    squid.stop()
    assert re.fullmatch(r"(\S+ (GET|-) \d+ \d+\n)+", (squid.directory / "plain.log").read_text())
    assert_unwritten([squid.directory])


def test_the_readme_names_what_is_shipped() -> None:
    shipped = {file.name: file.read_text() for file in (HERE / "redirect").iterdir()}
    shipped |= {file.name: file.read_text() for file in HERE.glob("*.service")}
    for name in re.findall(r"`([a-z-]+\.(?:conf|service))`", README):
        assert name in shipped or name == "squid.conf"
    for setting in re.findall(r"^\| `[a-z.]+conf`[^|]*\| `([^`]+)`", README, re.MULTILINE):
        assert any(setting in text for text in shipped.values()), setting
    for directive in (
        "adaptation_access redirect",
        "url_rewrite_access",
        "http_access deny redirect_stop",
        "deny_info",
    ):
        assert directive in README
        assert any(directive in text for text in shipped.values())
