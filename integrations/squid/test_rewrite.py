"""Owns what redirect promises as Squid's url_rewrite_program, on the real Squid and the real service."""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING

import pytest

from conftest import eventually
from integrations.contract import LISTED, UNLISTED, SearchAdapter
from integrations.squid.squids import Squids

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from conftest import Service
    from integrations.conftest import StandIn
    from integrations.squid.squids import Squid


@pytest.fixture(scope="module")
def make_front(service: Service, platform: StandIn) -> Iterator[Callable[..., Squid]]:
    squids = Squids("rewrite", service.port, platform.port)
    yield squids.make
    squids.stop()


class TestContract(SearchAdapter):
    asks = "forward"
    sees_bodies = False
    takes_40_kilobytes = False


def test_a_helper_that_hangs_is_waited_for_a_second_and_one_that_is_gone_is_replaced(
    make_front: Callable[..., Squid],
) -> None:
    squid, contract = make_front(), TestContract()
    eventually(lambda: contract.stops(squid))
    (helper,) = squid.helpers()
    os.kill(helper, signal.SIGSTOP)
    assert contract.passes(squid.search(LISTED))
    assert squid.search(LISTED).seconds < 4
    os.kill(helper, signal.SIGKILL)
    eventually(lambda: contract.stops(squid))
    assert contract.passes(squid.search(UNLISTED))


def test_where_closed_is_set_a_helper_that_does_not_answer_lets_nothing_pass(
    make_front: Callable[..., Squid],
) -> None:
    squid, contract = make_front(on_error="closed"), TestContract()
    eventually(lambda: contract.stops(squid))
    assert contract.passes(squid.search(UNLISTED))
    (helper,) = squid.helpers()
    os.kill(helper, signal.SIGSTOP)
    assert contract.is_refused(squid.search(UNLISTED))
    os.kill(helper, signal.SIGKILL)  # a stopped one would not hear that Squid ends
