"""Owns what the Envoy adapter promises, on the real Envoy of the Python registry and the real service. Must never touch
the Envoy of the machine."""

from __future__ import annotations

import re
import time
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

import pytest

from conftest import eventually
from integrations.contract import CANARY, LISTED, PERSON, UNLISTED
from integrations.proxies import ENVOY
from integrations.proxy_contract import ProxyAdapter

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from conftest import Service
    from integrations.conftest import StandIn
    from integrations.contract import MakeFront

HERE = Path(__file__).parent
README = (HERE / "README.md").read_text()
SHIPPED_YAML = (HERE / "envoy.yaml").read_text()
FILTER = SHIPPED_YAML.partition("envoy.access_loggers.file\n")[2].partition("                    typed_config:")[0]


@pytest.fixture(scope="module")
def make_front(service: Service, platform: StandIn) -> Iterator[MakeFront]:
    with ENVOY.fronts(service.port, platform.port) as make:
        yield make


class TestContract(ProxyAdapter):
    behind_another: ClassVar = {"DOWNSTREAM_DIRECT_REMOTE_ADDRESS": "DOWNSTREAM_REMOTE_ADDRESS"}


is_stopped, passes = TestContract().is_stopped, TestContract().passes


def test_only_what_the_decision_needs_reaches_redirect(make_front: MakeFront, stand_in: Callable[..., StandIn]) -> None:
    redirect = stand_in()
    make_front(redirect.port).search(LISTED, headers={"Accept-Language": "es", "X-Own": "a", "X-Forwarded-Host": "b"})
    assert redirect.seen[-1].target == f"/v1/forward/search?{LISTED.decode()}"
    assert redirect.seen[-1].headers == {
        "host": "search.example",
        "authorization": "Bearer demo",
        "accept-language": "es",
        "x-forwarded-host": "search.example",
        "content-length": "0",
        "x-envoy-internal": "true",
        "x-envoy-expected-rq-timeout-ms": "80",
    }


@pytest.mark.parametrize("on_error", ["open", "closed"])
def test_a_failure_writes_the_minute_and_nothing_else(
    make_front: MakeFront, stand_in: Callable[..., StandIn], on_error: str
) -> None:
    front = make_front(stand_in(status=500).port, on_error=on_error)
    front.search(LISTED)
    log = front.directory / "redirect-failures.log"
    eventually(lambda: re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d not decided\n", log.read_text()))


def test_a_decided_search_writes_no_line(make_front: MakeFront) -> None:
    front = make_front()
    eventually(lambda: is_stopped(front.search(LISTED)))
    time.sleep(0.3)
    before = front.announced()
    front.search(LISTED)
    front.search(UNLISTED)
    time.sleep(0.3)
    assert front.announced() == before


def test_with_the_access_log_that_envoy_has_by_default_it_would_have_written_them(make_front: MakeFront) -> None:
    text = SHIPPED_YAML.partition("log_format:\n")[2].partition("                # end")[0]
    loud = make_front(changes={f"                      log_format:\n{text}": "", FILTER: ""})
    loud.search(f"q={CANARY}".encode(), headers={"User-Agent": PERSON}, source=PERSON)
    eventually(lambda: CANARY in loud.announced() and PERSON in loud.announced())


def test_the_readme_names_what_is_shipped() -> None:
    for setting in re.findall(r"^\| [^|]*\| `([^`]+)`", README, re.MULTILINE):
        assert setting in SHIPPED_YAML, setting
    for begins in ("redirect:", "end of redirect"):
        assert f"# {begins}" in README
    assert SHIPPED_YAML.count("# redirect:") == SHIPPED_YAML.count("# end of redirect")
