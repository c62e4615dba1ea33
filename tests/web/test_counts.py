"""Owns what leaves of the counts over HTTP: closed periods, sums that cannot be taken apart, of one's own platform."""

from __future__ import annotations

import asyncio
import csv
import io
import time
from typing import TYPE_CHECKING, Any

import pytest
from starlette.requests import Request

from conftest import WEB, Service, eventually
from redirect.adapters.access import demo_access
from redirect.adapters.embedded import EmbeddedStore
from redirect.adapters.keyring import generate
from redirect.adapters.store import Store
from redirect.domain.counts import CHECKS, DEVICES, FUNNEL, SERVICES, Cell, Sums, Table
from redirect.domain.errors import BadRequest
from redirect.domain.periods import Span, iso, newest_closed, unit_of
from redirect.journeys.report import release_closed
from redirect.web.counts import CountsEndpoint
from redirect.web.problems import PROBLEMS, type_of
from tests.web.test_openapi import ensure_described

if TYPE_CHECKING:
    from collections.abc import Callable

    import httpx

TODAY = int(time.time()) // 86400
CLOSED = newest_closed(time.time())
WEEK = next(unit for unit in (unit_of(Span.WEEK, CLOSED - back) for back in (0, 7)) if unit.days[-1] <= CLOSED)
"""The newest that has closed."""
FUNNEL_LABELS = ("demo", "AR", "es", "csam", "V1", "A", "0", "shown")
ELSEWHERE = ("acme", "FI", "fi", "csam", "V1", "A", "0", "shown")


def counted(number: int, *sums: tuple[Table, int, tuple[str, ...], int]) -> Sums:
    """A batch of counts of days."""
    cells = [(Cell(table.name, day * 86400 // table.grain, labels), count) for table, day, labels, count in sums]
    return Sums("test", number, tuple(cells))


FIRST = counted(
    1,
    *((FUNNEL, day, FUNNEL_LABELS, count) for day, count in zip(WEEK.days, (12, 3, 4, 33, 0, 5, 2), strict=True)),
    *((FUNNEL, day, ELSEWHERE, 40) for day in WEEK.days),
    (FUNNEL, TODAY, FUNNEL_LABELS, 500),
    (SERVICES, WEEK.days[0], ("demo", "find-a-helpline", "AR", "main"), 21),
    (DEVICES, WEEK.days[0], ("demo", "AR", "phone"), 30),
    (DEVICES, WEEK.days[0], ("demo", "AR", "automated"), 9),
    (CHECKS, WEEK.days[0], ("demo", "web", "block", "enforce", "0", "no"), 50),
)


def store_of(service: Service) -> Store:
    return Store(EmbeddedStore(service.data_dir).url)


async def put(service: Service, sums: Sums) -> None:
    """Count, as workers do, then release what has closed."""
    async with store_of(service) as store:
        await store.apply(sums)
        await release_closed(store, time.time, asyncio.to_thread)


@pytest.fixture(scope="module")
def reported(make_service: Callable[..., Service]) -> Service:
    """A service with a week behind it."""
    service = make_service("--demo")
    asyncio.run(put(service, FIRST))
    return service


def ask(service: Service, table: str = "funnel", key: str = "demo", **parameters: str) -> httpx.Response:
    return WEB.get(
        f"{service.url}/v1/counts",
        params={"table": table, **parameters},
        headers={"Authorization": f"Bearer {key}"} if key else {},
    )


def rows(service: Service, table: str = "funnel", **parameters: str) -> list[dict[str, Any]]:
    response = ask(service, table, **parameters)
    assert response.status_code == 200, response.text
    ensure_described(response, "/v1/counts", "get")
    found: list[dict[str, Any]] = response.json()["rows"]
    return found


def test_large_days_are_shown_and_small_ones_as_their_week(reported: Service) -> None:
    found = [(row["from"], row["to"], row["span"], row["count"]) for row in rows(reported)]
    monday, thursday = iso(WEEK.days[0]), iso(WEEK.days[3])
    assert found == [
        (monday, monday, "day", 10),
        (monday, iso(WEEK.days[6]), "week", 15),
        (thursday, thursday, "day", 35),
    ]


def test_the_total_is_that_of_what_is_shown(reported: Service) -> None:
    body = ask(reported).json()
    assert body["total"] == sum(row["count"] for row in body["rows"]) == 60
    assert (body["table"], body["platform"], body["minimum_cell"], body["rounded_to"]) == ("funnel", "demo", 10, 5)
    assert body["closed_to"] == iso(CLOSED)


def test_nothing_of_an_open_day_is_shown_to_whoever_asks_for_it(reported: Service) -> None:
    for parameters in ({"to": iso(TODAY)}, {"from": iso(TODAY), "to": iso(TODAY)}, {"from": iso(TODAY + 300)}):
        assert all(row["to"] <= iso(CLOSED) for row in rows(reported, **parameters))
    assert ask(reported, to="9999-12-31").json()["to"] == iso(CLOSED)


def test_a_key_sees_its_own_platform_alone(reported: Service) -> None:
    assert {row["platform"] for table in ("funnel", "services", "devices") for row in rows(reported, table)} == {"demo"}
    key = reported.run("keys", "create", "--platform", "acme", "--scope", "report").stdout.strip()
    eventually(lambda: ask(reported, key=key).status_code == 200)
    assert {row["platform"] for row in ask(reported, key=key).json()["rows"]} == {"acme"}


@pytest.mark.parametrize("table", ["checks", "devices", "services"])
def test_every_table_can_be_asked_for(reported: Service, table: str) -> None:
    (row,) = rows(reported, table)
    assert row["span"] == "day"
    assert row["count"] in {50, 30, 20}


def test_csv_says_the_same(reported: Service) -> None:
    for asked in (ask(reported, format="csv"), _accepting(reported, "text/csv")):
        ensure_described(asked, "/v1/counts", "get")
        assert "attachment" in asked.headers["content-disposition"]
        read = list(csv.DictReader(io.StringIO(asked.text)))
        assert read == [{name: str(value) for name, value in row.items()} for row in rows(reported)]
    assert _accepting(reported, "text/csv", "json").headers["content-type"] == "application/json"


def _accepting(service: Service, media_type: str, format_: str = "") -> httpx.Response:
    parameters = {"table": "funnel", **({"format": format_} if format_ else {})}
    headers = {"Authorization": "Bearer demo", "Accept": media_type}
    return WEB.get(f"{service.url}/v1/counts", params=parameters, headers=headers)


@pytest.mark.parametrize(
    ("parameters", "problem"),
    [
        ({"table": "zorblax"}, "no-table"),
        ({"table": ""}, "no-table"),
        ({"table": "funnel", "from": "Vorlinqet7Basmo"}, "bad-period"),
        ({"table": "funnel", "to": "2026-11-22T01:00Z"}, "bad-period"),
        ({"table": "funnel", "format": "xlsx"}, "bad-parameter"),
        ({"table": "funnel", "platform": "acme"}, "bad-parameter"),
        ({"table": "funnel", "Vorlinqet7Basmo": "1"}, "bad-parameter"),
    ],
)
def test_a_mistake_is_a_problem(demo: Service, parameters: dict[str, str], problem: str) -> None:
    response = ask(demo, **parameters)
    ensure_described(response, "/v1/counts", "get")
    assert (response.status_code, response.json()["type"]) == (PROBLEMS[problem].status, type_of(problem))
    assert "Vorlinqet7Basmo" not in response.text


def test_a_key_without_the_scope_is_refused(demo: Service) -> None:
    key = demo.run("keys", "create", "--platform", "acme", "--scope", "check").stdout.strip()
    eventually(lambda: ask(demo, key=key).json()["type"] == type_of("wrong-scope"))
    assert [ask(demo, key=wrong).status_code for wrong in ("", "wrong", key)] == [401, 401, 403]


async def test_a_store_that_is_away_is_said_to_be() -> None:
    _, access = demo_access()

    class Keys:
        def find(self, presented: bytes) -> Any:
            return access

        def spend(self, *_: object, **__: object) -> None:
            return None

    headers = [(b"authorization", b"Bearer demo")]
    request = Request({"type": "http", "headers": headers, "query_string": b"table=funnel"})
    async with Store("redis://127.0.0.1:1") as store:
        with pytest.raises(BadRequest, match="store-unreachable"):
            await CountsEndpoint(store, Keys(), time.time, 10).answer(request)


def test_a_service_releases_what_has_closed_by_itself(valkey: str, make_service: Callable[..., Service]) -> None:
    async def count() -> None:
        async with Store(valkey) as store:
            await store.apply(FIRST)

    asyncio.run(count())
    settings = {"REDIRECT_STORE_URL": valkey, "REDIRECT_MINIMUM_CELL": "30", "REDIRECT_WORKERS": "2", **generate()}
    service = make_service("--demo", **settings)
    eventually(lambda: [row["count"] for row in rows(service)] == [35], 40)
    assert ask(service).json()["minimum_cell"] == 30
