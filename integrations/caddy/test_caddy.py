"""Owns what the Caddy adapter promises, on the real Caddy and the real service. Must never touch the Caddy of the
machine."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

import pytest

from integrations.contract import CANARY, LISTED, PERSON, assert_unwritten
from integrations.proxies import CADDY
from integrations.proxy_contract import ProxyAdapter
from tests.ports import free_port

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from conftest import Service
    from integrations.conftest import StandIn
    from integrations.contract import MakeFront

HERE = Path(__file__).parent
README = (HERE / "README.md").read_text()
EXAMPLE = (HERE / "Caddyfile").read_text()


@pytest.fixture(scope="module")
def make_front(service: Service, platform: StandIn) -> Iterator[MakeFront]:
    with CADDY.fronts(service.port, platform.port) as make:
        yield make


class TestContract(ProxyAdapter):
    behind_another: ClassVar = {"header_up -Cookie\n": "header_up -Cookie\n\t\ttrusted_proxies 127.0.0.0/8\n"}


@pytest.mark.parametrize("status", [302, 401, 403, 404, 429, 500])
def test_a_failure_names_minute_and_status_and_nothing_else(
    make_front: MakeFront, stand_in: Callable[..., StandIn], status: int
) -> None:
    front = make_front(stand_in(status=status).port)
    assert TestContract().passes(front.search(LISTED))
    (line,) = (front.directory / "redirect-failures.log").read_text().splitlines()
    told = json.loads(line)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d", told.pop("ts"))
    assert told == {"status": status}


def test_an_error_of_the_platform_is_asked_about_once_and_stays_its_own(
    make_front: MakeFront, stand_in: Callable[..., StandIn]
) -> None:
    redirect = stand_in()
    assert make_front(redirect.port, behind=free_port()).search(LISTED).status == 502
    assert len(redirect.seen) == 1


def test_without_our_settings_caddy_would_have_written_them(make_front: MakeFront) -> None:
    nobody = free_port()
    loud = make_front(nobody, behind=nobody, changes={"import redirect/logs.caddy\n": "\n"})
    loud.search(f"q={CANARY}".encode(), source=PERSON)
    written = (loud.directory / "program.log").read_text()
    assert CANARY in written
    assert PERSON in written


def test_the_access_log_of_the_readme_names_neither_person_nor_address(make_front: MakeFront) -> None:
    found = re.search(r"```caddyfile\n(log \{.*?\n\})\n```", README, re.DOTALL)
    assert found is not None
    front = make_front(changes={"\tbind 127.0.0.1\n\timport": f"\tbind 127.0.0.1\n{found[1]}\n\timport"})
    for query in (LISTED, f"q={CANARY}".encode()):
        front.search(query, source=PERSON)
    assert len((front.directory / "plain.log").read_text().splitlines()) == 2
    assert_unwritten([front.directory])


def test_the_readme_shows_what_is_shipped() -> None:
    shipped = "".join(file.read_text() for file in (HERE / "redirect").iterdir()) + EXAMPLE
    snippet = README.partition("```caddyfile\n")[2].partition("```")[0]
    for line in (line.strip() for line in snippet.splitlines()):
        assert line in EXAMPLE or line == "search.example {"
    for setting in re.findall(r"^\| [^|]*\| `([^`]+)`", README, re.MULTILINE):
        assert setting in shipped, setting
