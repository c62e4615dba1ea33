"""Owns what the HAProxy adapter promises, on the real HAProxy and the real service. Must never touch the HAProxy of
the machine."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

import pytest

from conftest import eventually
from integrations.conftest import ask
from integrations.contract import CANARY, LIMIT, LISTED, PERSON, UNLISTED, assert_unwritten
from integrations.proxies import HAPROXY
from integrations.proxy_contract import ProxyAdapter

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from conftest import Service
    from integrations.conftest import StandIn
    from integrations.contract import Front, MakeFront

HERE = Path(__file__).parent
README = (HERE / "README.md").read_text()
EXAMPLE = (HERE / "haproxy.cfg").read_text()


@pytest.fixture(scope="module")
def make_front(service: Service, platform: StandIn) -> Iterator[MakeFront]:
    with HAPROXY.fronts(service.port, platform.port) as make:
        yield make


class TestContract(ProxyAdapter):
    takes_40_kilobytes = False
    behind_another: ClassVar = {
        "bind 127.0.0.1:8081\n": "bind 127.0.0.1:8081\n"
        "    http-request set-src hdr_ip(x-forwarded-for,-1) if { src 127.0.0.0/8 }\n"
    }


is_stopped, passes = TestContract().is_stopped, TestContract().passes


def test_only_what_the_decision_needs_reaches_redirect(make_front: MakeFront, stand_in: Callable[..., StandIn]) -> None:
    redirect = stand_in()
    front = make_front(redirect.port)
    front.search(LISTED, headers={"Accept-Language": "es", "X-Original-URI": "/", "X-Own": "a"})
    assert redirect.seen[-1].headers == {
        "host": "redirect",
        "accept": "*/*",
        "user-agent": "HAProxy",
        "authorization": "Bearer demo",
        "accept-language": "es",
        "x-original-uri": f"/search?{LISTED.decode()}",
        "x-original-method": "GET",
        "x-forwarded-host": "search.example",
    }


@pytest.mark.parametrize(("said", "told"), [("GB", "GB"), ("ZZ&style=nginx", ""), ("-", "")])
def test_the_country_is_told_where_haproxy_knows_it(
    make_front: MakeFront, stand_in: Callable[..., StandIn], said: str, told: str
) -> None:
    redirect = stand_in()
    line = "    http-request lua.redirect open\n"
    country = f"    http-request set-var(txn.redirect_country) str({said})\n{line}"
    make_front(redirect.port, changes={line: country}).search(LISTED)
    assert redirect.seen[-1].target == f"/v1/forward?country={told}"


@pytest.mark.parametrize("length", [8000, 8300, 14_000])
def test_an_address_too_long_to_be_asked_about_is_refused(front: Front, length: int) -> None:
    reply = front.search(b"q=" + b"x" * (length - 30) + b"+zorblax+minku")
    assert is_stopped(reply) if length < 8192 else reply.status == 414


def test_long_headers_of_a_person_leave_room_for_the_question(front: Front) -> None:
    long = {"Accept-Language": "e" * 6000, "Cookie": "a" * 500}
    eventually(lambda: is_stopped(front.search(b"q=" + b"x" * 7900 + b"+zorblax+minku", headers=long)))


def test_while_one_search_waits_others_are_served(make_front: MakeFront, stand_in: Callable[..., StandIn]) -> None:
    front = make_front(stand_in(delay=1.5).port)
    with ThreadPoolExecutor(20) as people:
        replies = list(people.map(lambda _: front.search(UNLISTED), range(20)))
    assert all(map(passes, replies))
    assert min(reply.seconds for reply in replies) < 2 * LIMIT
    assert max(reply.seconds for reply in replies) < 1.4


def test_a_decided_search_writes_no_line(make_front: MakeFront) -> None:
    front = make_front()
    eventually(lambda: is_stopped(front.search(LISTED)))
    before = front.announced()
    front.search(LISTED)
    front.search(UNLISTED)
    assert front.announced() == before


def _says(front: Front, text: str) -> bool:
    return text in front.announced()


def test_by_default_haproxy_would_write_them_and_as_the_readme_has_it_it_does_not(make_front: MakeFront) -> None:
    found = re.search(r"    log global\n    (log-format .*\n    error-log-format .*)\n", README)
    assert found is not None
    loud = make_front(
        changes={
            "local0 notice": "local0",
            "frontend search\n": "frontend search\n    log global\n    option httplog\n",
        }
    )
    plain = make_front(
        changes={"local0 notice": "local0", "frontend search\n": f"frontend search\n    log global\n    {found[1]}\n"}
    )
    for front in (loud, plain):
        front.search(f"q={CANARY}".encode(), source=PERSON)
        with suppress(OSError):
            ask(front.port, f"/{CANARY} /", source=PERSON)
        eventually(partial(_says, front, " 200 "))
    assert CANARY in loud.announced()
    assert PERSON in loud.announced()
    assert_unwritten([plain.directory])


def test_the_readme_shows_what_is_shipped() -> None:
    shipped = "".join(file.read_text() for file in (HERE / "redirect").iterdir()) + EXAMPLE
    snippet = README.partition("   ```haproxy\n")[2].partition("```")[0].replace("/etc/haproxy/", "")
    for line in (line.strip() for line in snippet.splitlines()):
        assert line in EXAMPLE
    for setting in re.findall(r"^\| [^|]*\| `([^`]+)`", README, re.MULTILINE):
        assert setting in shipped, setting
