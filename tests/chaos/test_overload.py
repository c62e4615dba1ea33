"""Owns the short forms of `make overload` and `make endure`, and what callers are told who come too late."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from bench.callers import Callers, request
from bench.endure import GROWTH, WORKERS, endure
from bench.overload import KEY, check, long_texts, overload
from conftest import LISTED

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import Service


@pytest.fixture(scope="module")
def service(make_service: Callable[..., Service]) -> Service:
    return make_service("--demo")


async def test_five_times_what_a_worker_can_do_changes_little_for_those_it_answers(service: Service) -> None:
    assert service.process is not None
    able, flooded, mixed = await overload(service.port, service.process.pid, 1.5, factors=(5,), patience=1.0)
    assert flooded.checks.rate() > able.checks.rate() / 10
    assert flooded.checks.took[503]
    assert mixed.checks.rate() > able.checks.rate() / 10
    for each in (able, flooded, mixed):
        assert len(each.pages.took[200]) == each.pages.asked, "a page was not served"
    assert mixed.memory < able.memory + 100
    refused = service.get("/metrics").text.partition("\nredirect_refused_total ")[2].split()[0]
    assert float(refused) >= len(flooded.checks.took[503])


async def test_batches_without_end_leave_the_machine_to_checks(service: Service) -> None:
    body = b'{"subjects":[%b]}' % b",".join([b'{"query":"chocolate cake with strawberries"}'] * 1000)
    batches = Callers(service.port, [request("POST", "/v1/check/batch", body, Authorization=KEY)], patience=20, most=40)
    checks = Callers(service.port, [check(LISTED)], patience=5, most=20)
    many, single = await asyncio.gather(batches.ask(1.5), checks.ask(1.5, 50))
    await batches.close()
    await checks.close()
    assert set(single.took) == {200}
    assert not single.silent
    assert set(many.took) == {200, 503}, "some are decided, and those for which there is no place are told at once"
    assert single.percentile(50) < many.percentile(50)


async def test_mixed_load_is_answered_as_it_should_be_and_leaves_nothing_behind(service: Service) -> None:
    assert service.process is not None
    endured = await endure(service.port, service.process.pid, 4)
    for name, (status, heard) in endured.heard.items():  # a machine with other work may be too slow for some calls
        assert set(heard.took) <= {status, 503}, name
        assert not heard.silent, name
    assert endured.growth(endured.memory) < 3 * WORKERS * GROWTH


def test_the_long_texts_are_not_longer_than_may_be() -> None:
    assert all(len(text) < 4000 for text in long_texts())
