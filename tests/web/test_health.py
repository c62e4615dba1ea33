"""Owns `/livez`, `/readyz` and `/metrics`: enough to keep a service running, nothing about who used it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest
from prometheus_client.parser import text_string_to_metric_families

from conftest import LISTED, Service, eventually

if TYPE_CHECKING:
    from collections.abc import Callable

FORBIDDEN = {"action", "category", "country", "language", "message", "door", "service", "platform", "step", "path"}


def metrics(service: Service) -> dict[str, float]:
    """Every sample by its name."""
    families = text_string_to_metric_families(service.get("/metrics").text)
    return {sample.name: sample.value for family in families for sample in family.samples}


@pytest.fixture(scope="module")
def quiet(make_service: Callable[..., Service]) -> Service:
    return make_service("--demo", REDIRECT_WORKERS="2")


def test_a_running_service_is_alive_and_ready(demo: Service) -> None:
    assert demo.get("/livez").text == "ok\n"
    eventually(lambda: demo.get("/readyz").json()["store"] == "reachable")
    body = demo.get("/readyz").json()
    assert (body["ready"], body["list_state"], body["refused"]) == (True, "no", "")
    assert 0 <= body["list_age_seconds"] < 3600
    assert {"en", "es", "ar"} <= set(body["languages"])
    assert body["list_version"] == demo.check(LISTED)["list_version"]


def test_without_a_list_a_service_lives_but_is_not_ready(make_service: Callable[..., Service]) -> None:
    service = make_service()
    assert service.get("/livez").status_code == 200
    ready = service.get("/readyz")
    assert (ready.status_code, ready.json()["ready"], ready.json()["list_state"]) == (503, False, "no_list")
    assert metrics(service)["redirect_list_usable"] == 0


def test_metrics_carry_no_label_about_people(quiet: Service) -> None:
    for country in ("AR", "GB"):
        quiet.page(quiet.check(LISTED, country=country)["page"])
    families = list(text_string_to_metric_families(quiet.get("/metrics").text))
    labels = {label for family in families for sample in family.samples for label in sample.labels}
    assert not labels & FORBIDDEN
    assert all(family.documentation for family in families)


def test_checks_of_all_workers_are_one_number(quiet: Service) -> None:
    before = metrics(quiet)["redirect_checks_total"]
    for _ in range(30):
        quiet.check("chocolate cake")
    quiet.ask("/v1/check/batch", json={"subjects": [{"query": "x"}] * 12})
    assert metrics(quiet)["redirect_checks_total"] == before + 42


def test_a_look_every_moment_sees_nobody_open_a_page(quiet: Service) -> None:
    page = quiet.check(LISTED)["page"]
    shown = {metrics(quiet)["redirect_pages_total"]}
    for _ in range(12):
        quiet.page(page)
        quiet.page("/w/nonsense")
        shown.add(metrics(quiet)["redirect_pages_total"])
    assert all(pages % 10 == 0 for pages in shown)
    assert len(shown) <= 2, "the number moves with the hour alone"


def test_health_is_never_kept_by_a_cache(demo: Service) -> None:
    for path in ("/livez", "/readyz", "/metrics"):
        assert demo.get(path).headers["cache-control"] == "no-store"


def test_the_age_of_a_list_grows(demo: Service) -> None:
    before = metrics(demo)["redirect_list_age_seconds"]
    eventually(lambda: metrics(demo)["redirect_list_age_seconds"] > before, 3)
    assert time.time() > before
