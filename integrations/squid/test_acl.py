"""Owns what redirect promises as Squid's external_acl, on the real Squid and the real service."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from conftest import eventually
from integrations.contract import LISTED, PERSON, SearchAdapter
from integrations.squid.squids import Squids

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from conftest import Service
    from integrations.conftest import StandIn
    from integrations.squid.squids import Squid


@pytest.fixture(scope="module")
def make_front(service: Service, platform: StandIn) -> Iterator[Callable[..., Squid]]:
    squids = Squids("acl", service.port, platform.port)
    yield squids.make
    squids.stop()


class TestContract(SearchAdapter):
    asks = "forward"
    sees_bodies = False
    takes_40_kilobytes = False
    statuses = (303, 303)


def test_a_rule_of_squid_can_say_who_is_asked_about(make_front: Callable[..., Squid]) -> None:
    contract = TestContract()
    squid = make_front(
        changes={"http_access deny redirect_stop": "acl kiosk src 127.0.0.77\nhttp_access deny kiosk redirect_stop"}
    )
    eventually(lambda: contract.is_stopped(squid.search(LISTED, source=PERSON)))
    assert contract.passes(squid.search(LISTED))
