"""Owns experiments as platforms and people meet them: arms by bucket, the default for everyone else, an end for what
does harm."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from conftest import LISTED, LISTED_URL, PLAIN, Service, eventually
from redirect.adapters.embedded import EmbeddedStore
from redirect.adapters.store import Store
from redirect.domain.counts import EXPERIMENTS, Cell, Sums

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

HARM_FIRST, LAW_FIRST = "harm a real child", "Stop here"


def written(directory: Path, assign: str = "bucket", primary: str = "stopped") -> Path:
    """An experiment of the demo's platform that runs today, whatever the hour."""
    today = datetime.now(UTC).date()
    path = directory / "experiments.toml"
    path.write_text(f"""
[harm-first]
question = "Do more people stop?"
message = "V1"
arms = {{ A = 50, B = 50 }}
assign = "{assign}"
platforms = ["demo"]
surfaces = ["web"]
start = {today - timedelta(days=7)}
end = {today + timedelta(days=7)}
primary = "{primary}"
smallest = 2.0
guardrails = ["wrong_match", "crisis_opened"]
""")
    return path


@pytest.fixture(scope="module")
def running(make_service: Callable[..., Service], tmp_path_factory: pytest.TempPathFactory) -> Service:
    """A service that compares two messages."""
    path = written(tmp_path_factory.mktemp("experiments"))
    return make_service("--demo", REDIRECT_EXPERIMENTS=str(path), REDIRECT_WORKERS="2")


def in_arm(service: Service, arm: str, **fields: Any) -> dict[str, Any]:
    """The answer to somebody in this arm."""
    for bucket in range(100):
        answer = service.check(LISTED, attempt=0, bucket=bucket, **fields)
        if answer["variant"] == arm:
            return {"bucket": bucket, **answer}
    pytest.fail("no bucket leads to this arm")


def counted(service: Service) -> dict[tuple[str, str, str], int]:
    rows = service.counts("experiments")
    assert {(row["platform"], row["experiment"]) for row in rows} <= {("demo", "harm-first")}
    return {(row["arm"], row["attempt"], row["step"]): row["count"] for row in rows}


def test_each_arm_says_what_it_is_for_and_keeps_it_on_repeats(running: Service) -> None:
    for arm, text in (("A", LAW_FIRST), ("B", HARM_FIRST)):
        answer = in_arm(running, arm)
        assert answer["experiment"] == "harm-first"
        assert text in answer["title"]
        assert text in running.page(answer["page"]).words
        repeat = running.check(LISTED, attempt=1, bucket=answer["bucket"])
        assert (repeat["message"], repeat["variant"], repeat["experiment"]) == ("V2", arm, "harm-first")
        assert "Pause" in running.page(repeat["page"]).words


def test_everyone_else_sees_the_default_message_and_is_in_no_experiment(running: Service) -> None:
    others = (
        {"attempt": 0},
        {"bucket": 5},
        {"attempt": 0, "bucket": 5, "surface": "image"},
        {"attempt": 1},
    )
    for fields in others:
        answer = running.check(LISTED, **fields)
        assert answer["variant"] == "A"
        assert "experiment" not in answer
    by_url = running.check(url=LISTED_URL, attempt=0, bucket=5)
    assert (by_url["message"], "experiment" in by_url) == ("V3", False)


def test_what_happens_in_an_experiment_is_counted_by_arm(make_service: Callable[..., Service], tmp_path: Path) -> None:
    service = make_service("--demo", REDIRECT_EXPERIMENTS=str(written(tmp_path)))
    answer = in_arm(service, "B", country="GB")
    for _ in range(12):
        page = service.page(answer["page"])
        crisis = next(link for link in page.all("section") if link.get("class") == "crisis")
        assert crisis
        service.page(service.check(LISTED, attempt=1, bucket=answer["bucket"])["page"])
        service.page(page.doors["work-or-mistake"])
    outside = service.check(LISTED, attempt=0)["page"]
    for _ in range(12):
        service.page(outside)
    assert counted(service) == {
        ("B", "0", "shown"): 10,
        ("B", "1", "shown"): 10,
        ("B", "0", "door_work_or_mistake"): 10,
    }
    shown = [row for row in service.counts("funnel") if row["step"] == "shown" and row["attempt"] == "0"]
    assert {row["variant"] for row in shown} == {"A", "B"}


def test_the_way_to_a_crisis_lines_site_is_counted_and_leads_there(
    make_service: Callable[..., Service], tmp_path: Path
) -> None:
    service = make_service("--demo", REDIRECT_EXPERIMENTS=str(written(tmp_path)))
    answer = in_arm(service, "B", country="GB")
    html = service.get(answer["page"]).text
    slot = html[html.index('<section class="crisis"') :]
    way = slot[slot.index('href="') + 6 :].partition('"')[0]
    assert "/go/" in way
    for _ in range(12):
        went = service.get(way)
        assert went.status_code == 303
        assert went.headers["location"].startswith("https://")
    assert counted(service)["B", "0", "crisis_opened"] == 10


async def _put(service: Service, arm: str, step: str, count: int) -> None:
    async with Store(EmbeddedStore(service.data_dir).url) as store:
        cell = Cell(EXPERIMENTS.name, int(time.time()) // 86400, ("demo", "harm-first", arm, "0", step))
        await store.apply(Sums(f"test-{arm}-{step}", 1, ((cell, count),)))


def put(service: Service, arm: str, step: str, count: int) -> None:
    asyncio.run(_put(service, arm, step, count))


def test_an_arm_that_does_harm_is_stopped_on_every_worker_within_seconds_and_for_good(
    make_service: Callable[..., Service], tmp_path: Path
) -> None:
    service = make_service("--demo", REDIRECT_EXPERIMENTS=str(written(tmp_path)), REDIRECT_WORKERS="2")
    before = in_arm(service, "B")
    put(service, "A", "wrong_match", 60)
    put(service, "B", "wrong_match", 62)
    time.sleep(7)
    assert service.check(LISTED, attempt=0, bucket=before["bucket"])["variant"] == "B"
    put(service, "B", "crisis_opened", 40)

    def returned() -> bool:
        with httpx.Client(verify=PLAIN) as client:
            answers = [
                client.post(
                    f"{service.url}/v1/check",
                    headers={"Authorization": "Bearer demo", "Connection": "close"},
                    json={"query": LISTED, "attempt": 0, "bucket": before["bucket"]},
                ).json()
                for _ in range(12)
            ]
        return all(answer["variant"] == "A" and "experiment" not in answer for answer in answers)

    began = time.monotonic()
    eventually(returned, 15)
    assert time.monotonic() - began < 10
    assert LAW_FIRST in service.page(before["page"]).words
    ended = "experiment harm-first has ended: arm B had more readers"
    eventually(lambda: service.log.read_text().count(ended) == 2, 10, "a worker goes on")
    shown = service.run("experiments", "list").stdout
    assert "arm B had more readers who went to the crisis line" in " ".join(shown.split())
    service.stop()
    service.start()
    assert service.check(LISTED, attempt=0, bucket=before["bucket"])["variant"] == "A"


def test_an_experiment_ends_by_hand(make_service: Callable[..., Service], tmp_path: Path) -> None:
    service = make_service("--demo", REDIRECT_EXPERIMENTS=str(written(tmp_path)))
    bucket = in_arm(service, "B")["bucket"]
    assert "no experiment" in service.run("experiments", "stop", "quellfen", "--why", "a try", fails=True).stderr
    service.run("experiments", "stop", "harm-first", "--why", "the wording is being mended")
    eventually(lambda: service.check(LISTED, attempt=0, bucket=bucket)["variant"] == "A")
    assert "was stopped before" in service.run("experiments", "stop", "harm-first", "--why", "again", fails=True).stderr
    assert "the wording is being mended" in service.run("experiments", "list", "--format", "json").stdout


def test_a_broken_randomisation_is_said(make_service: Callable[..., Service], tmp_path: Path) -> None:
    service = make_service("--demo", REDIRECT_EXPERIMENTS=str(written(tmp_path)))
    put(service, "A", "shown", 5000)
    put(service, "B", "shown", 4000)
    said = "experiment harm-first does not show its arms in their shares on demo"
    eventually(lambda: said in service.log.read_text(), 15)


def test_drawn_arms_are_both_met_without_any_bucket(make_service: Callable[..., Service], tmp_path: Path) -> None:
    path = written(tmp_path, "random", "help_opened")
    service = make_service("--demo", REDIRECT_EXPERIMENTS=str(path))
    assert {service.check(LISTED, attempt=0)["variant"] for _ in range(40)} == {"A", "B"}
    assert "experiment" not in service.check(LISTED, attempt=1, bucket=5)


def test_an_unsound_experiment_stops_the_start(make_service: Callable[..., Service], tmp_path: Path) -> None:
    path = written(tmp_path)
    path.write_text(path.read_text().replace("B = 50", "B = 40"))
    service = make_service("--demo", REDIRECT_EXPERIMENTS=str(path), start=False)
    assert "100 together" in service.run("serve", "--demo", fails=True).stderr
