"""Promise 4: counts are honest. What is published cannot be taken apart, by no choice of questions and at no time.

That none is lost or doubled: `test_3_platform_never_waits.py` (over HTTP), `tests/adapters/test_exactly_once.py`,
`tests/soak/`. That no small cell follows from all that is published, whoever clicks: `tests/domain/test_disclosure.py`.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import re
import time
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from conftest import LISTED, PLAIN, WEB, Service
from redirect import data_dir
from redirect.adapters.clicks import ALL, EACH
from redirect.adapters.embedded import EmbeddedStore
from redirect.adapters.store import Store
from redirect.adapters.tokens import TokenBox
from redirect.domain.content import Statement
from redirect.domain.counts import FUNNEL, Cell, Sums
from redirect.domain.periods import Span, iso, newest_closed, unit_of
from redirect.journeys.report import release_closed

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.promises.conftest import Parts, Worker

CLOSED = newest_closed(time.time())
WEEK = next(unit for unit in (unit_of(Span.WEEK, CLOSED - back) for back in (0, 7)) if unit.days[-1] <= CLOSED)
"""The newest that has closed."""
SMALL = (12, 3, 4, 33, 0, 5, 2)
LABELS = ("demo", "AR", "es", "csam", "V1", "A", "0", "shown")


async def _put(service: Service, number: int, counts: dict[int, int]) -> None:
    async with Store(EmbeddedStore(service.data_dir).url) as store:
        cells = tuple((Cell("funnel", FUNNEL.period(day * 86400.0), LABELS), count) for day, count in counts.items())
        await store.apply(Sums("test", number, cells))
        await release_closed(store, time.time, asyncio.to_thread)


def put(service: Service, number: int, counts: dict[int, int]) -> None:
    """Count on these days, as workers do, then release what has closed."""
    asyncio.run(_put(service, number, counts))


def answer(service: Service, first: str = "", last: str = "") -> dict[str, Any]:
    parameters = {"table": "funnel", **({"from": first} if first else {}), **({"to": last} if last else {})}
    response = WEB.get(f"{service.url}/v1/counts", params=parameters, headers={"Authorization": "Bearer demo"})
    assert response.status_code == 200, response.text
    body: dict[str, Any] = response.json()
    return body


def rows(body: dict[str, Any]) -> set[tuple[Any, ...]]:
    return {tuple(row.values()) for row in body["rows"]}


@pytest.fixture
def service(make_service: Callable[..., Service]) -> Service:
    """With a week behind it, most days of which are too small to be shown."""
    service = make_service("--demo")
    put(service, 1, dict(zip(WEEK.days, SMALL, strict=True)))
    return service


def test_overlapping_ranges_and_parts_of_them_show_nothing_that_the_whole_does_not(service: Service) -> None:
    """So the difference of two answers is rows, and rows alone."""
    whole = answer(service)
    assert [row["count"] for row in whole["rows"]] == [10, 15, 35]
    days = [iso(day) for day in range(WEEK.days[0] - 1, WEEK.days[-1] + 2)]
    for first, last in itertools.combinations_with_replacement(days, 2):
        part = answer(service, first, last)
        assert rows(part) <= rows(whole)
        assert all(first <= row["from"] and row["to"] <= last for row in part["rows"])
        assert part["total"] == sum(row["count"] for row in part["rows"])


def test_what_was_answered_once_is_answered_so_ever_after(service: Service) -> None:
    """A spool that was replayed a month later is counted, for the operator; nobody sees the difference."""
    before = answer(service)
    put(service, 2, {**dict.fromkeys(WEEK.days, 1), CLOSED: 1000})
    assert answer(service) == before
    exact = {row["day"]: row["count"] for row in service.counts("funnel")}
    assert exact[iso(CLOSED)] >= 1000


def test_nothing_of_today_is_answered_however_often_it_is_asked_for(service: Service) -> None:
    today = iso(int(time.time()) // 86400)
    before = answer(service, last=today)
    page = service.check(LISTED)["page"]
    with httpx.Client(verify=PLAIN) as person:
        for _ in range(12):
            person.get(page)
            assert answer(service, last=today) == before


def test_a_look_at_metrics_every_moment_shows_nobodys_moment(service: Service) -> None:
    page = service.check(LISTED, country="AR")["page"]

    def seen() -> dict[str, float]:
        families = text_string_to_metric_families(service.get("/metrics").text)
        return {sample.name: sample.value for family in families for sample in family.samples}

    before = seen()
    with httpx.Client(verify=PLAIN) as person:
        for _ in range(15):
            person.get(page)
            person.get(f"{page}/leave")
            after = seen()
            changed = {name for name in after if after[name] != before[name]}
            assert changed <= {"redirect_list_age_seconds", "redirect_pages_total"}, changed
            assert after["redirect_pages_total"] % 10 == 0


PERSON = "203.0.113.7"


def door_of(worker: Worker, language: str) -> str:
    """The page on which one says that this was work or a mistake, in a language."""
    answer = json.loads(worker.call("POST", "/v1/check", json.dumps({"query": LISTED}).encode())[2])
    page = urlsplit(answer["page"]).path
    body = worker.call("GET", f"{page}?lang={language}")[2].decode()
    door = re.search(r'<a href="([^"]+)" data-door="work-or-mistake"', body)
    assert door
    return door[1]


def test_one_reader_can_say_a_few_times_that_it_was_a_mistake_however_many_pages_they_open(worker: Worker) -> None:
    for language in ("en", "de", "fr", "es", "ar", "th"):
        door = door_of(worker, language)
        for _ in range(EACH):
            assert worker.call("POST", f"{door}/wrong", x_forwarded_for=PERSON)[0] == 303
    assert worker.counted()["wrong_match"] == EACH


def test_addresses_that_lead_nowhere_use_up_nobodys_counts(worker: Worker) -> None:
    for number in range(ALL + 1):
        assert worker.call("GET", f"/w/{number}", x_forwarded_for=PERSON)[0] == 200
    worker.call("GET", door_of(worker, "de"), x_forwarded_for=PERSON)
    assert worker.counted()["door_work_or_mistake"] == 1


def test_a_page_counts_on_its_day_and_the_next_and_never_later(worker: Worker, parts: Parts) -> None:
    """A link that is sent on counts for nobody. A day early is another node's clock."""
    box, today = TokenBox(data_dir.load_keys(parts.settings).tokens), int(time.time()) // 86400
    counts = {}
    for back in (-2, -1, 0, 1, 2, 30):
        before = worker.counted().get("shown", 0)
        page = box.seal(Statement("demo", "csam", "V1", "A", "AR", "0", "es", today - back))
        assert worker.call("GET", f"/w/{page}")[0] == 200
        counts[back] = worker.counted().get("shown", 0) - before
    assert counts == {-2: 0, -1: 1, 0: 1, 1: 1, 2: 0, 30: 0}
