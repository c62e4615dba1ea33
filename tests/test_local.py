"""Tests of matching in the platform's own process, with a real service to send sums to."""

from __future__ import annotations

import itertools
import resource
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest

from conftest import eventually
from redirect import LocalChecker
from redirect.adapters.keyring import generate
from redirect.adapters.spool import CAPACITY
from redirect.domain.errors import SettingsError
from redirect.settings import load
from redirect.tools.lists import BundleOptions, build_list

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from conftest import Service

HEADER = "kind,value,category,confidence,language,source,expires,note"
KEYS = generate()
HOUR = 3600


@pytest.fixture(scope="module")
def service(make_service: Callable[..., Service]) -> Service:
    """A service that builds lists with keys of a local recipient, and takes its sums."""
    return make_service("--demo", **KEYS)


@pytest.fixture
def build(service: Service, tmp_path: Path) -> Callable[..., str]:
    """Build a list of terms for local use; where it lies."""

    def build(*terms: str, local: bool = True) -> str:
        source = tmp_path / "own.csv"
        source.write_text("\n".join([HEADER, *(f"term,{term},csam,high,,own,,invented" for term in terms)]))
        flags = ["--local"] if local else []
        service.run("lists", "build", str(source), "--out", str(tmp_path / "live"), *flags)
        return str(tmp_path / "live")

    return build


@pytest.fixture
def open_checker(tmp_path: Path) -> Iterator[Callable[..., LocalChecker]]:
    """Make checkers, all over one cache; closed at the end."""
    made: list[LocalChecker] = []

    def make(place: str, **settings: Any) -> LocalChecker:
        keys = {"list_key": KEYS["REDIRECT_LIST_KEY"], "trust": KEYS["REDIRECT_LIST_TRUST"]}
        made.append(LocalChecker(place, **{"cache": tmp_path / "cache", **keys, **settings}))
        return made[-1]

    yield make
    for checker in made:
        checker.close()


def test_it_decides_as_the_service_does(build: Callable[..., str], open_checker: Callable[..., LocalChecker]) -> None:
    checker = open_checker(build("gronfel dasp"))
    assert checker.check("chocolate cake").action == "allow"
    answer = checker.check("G.R.O.N.F.E.L dasp", attempt=1)
    assert (answer.action, answer.category, answer.message) == ("block", "csam", "V2")
    assert checker.check(url="http://other.example/").action == "allow"


async def test_it_can_be_made_inside_a_running_event_loop(
    build: Callable[..., str], open_checker: Callable[..., LocalChecker]
) -> None:
    assert open_checker(build("gronfel dasp")).check("gronfel dasp").action == "block"


def test_a_list_that_may_not_leave_the_service_is_refused(
    build: Callable[..., str], open_checker: Callable[..., LocalChecker]
) -> None:
    checker = open_checker(build("gronfel dasp", local=False))
    answer = checker.check("gronfel dasp")
    assert (answer.action, answer.degraded, answer.degraded_reason) == ("allow", True, "no_list")
    assert "does not say local" in checker.refused


def test_a_recipient_s_key_opens_its_own_list_and_nobody_else_s(
    open_checker: Callable[..., LocalChecker], tmp_path: Path
) -> None:
    (tmp_path / "own.csv").write_text(f"{HEADER}\nterm,gronfel dasp,csam,high,,own,,invented\n")
    recipients = [{**KEYS, "REDIRECT_LIST_KEY": generate()["REDIRECT_LIST_KEY"]} for _ in range(2)]
    for number, keys in enumerate(recipients):
        settings = load({**keys, "REDIRECT_DATA_DIR": str(tmp_path / "var")})
        build_list(settings, [tmp_path / "own.csv"], tmp_path / f"for-{number}", options=BundleOptions(local=True))
    for place, mine in itertools.product(range(2), repeat=2):
        cache, key = tmp_path / f"{place}{mine}", recipients[mine]["REDIRECT_LIST_KEY"]
        checker = open_checker(str(tmp_path / f"for-{place}"), list_key=key, cache=cache)
        assert checker.check("gronfel dasp").action == ("block" if place == mine else "allow")


def test_without_a_list_it_does_as_it_is_told(tmp_path: Path, open_checker: Callable[..., LocalChecker]) -> None:
    assert open_checker(str(tmp_path / "nothing"), on_error="closed").check("chocolate cake").action == "block"


def test_a_new_list_is_taken_over_in_the_background(
    build: Callable[..., str], open_checker: Callable[..., LocalChecker]
) -> None:
    checker = open_checker(build("gronfel dasp"))
    before = checker.list_version
    build("gronfel dasp", "tolvi prask")
    eventually(lambda: checker.check("tolvi prask").action == "block", 8)
    assert checker.list_version > before


def test_the_last_good_list_serves_while_the_place_is_gone(
    build: Callable[..., str], open_checker: Callable[..., LocalChecker], tmp_path: Path
) -> None:
    open_checker(build("gronfel dasp"))
    (tmp_path / "live").rename(tmp_path / "elsewhere")
    assert open_checker(str(tmp_path / "live")).check("gronfel dasp").action == "block"


def test_sums_of_many_threads_arrive_exactly_once(
    build: Callable[..., str], open_checker: Callable[..., LocalChecker], service: Service
) -> None:
    place = build("gronfel dasp")
    checker = open_checker(place, service=service.url, key="demo")
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(checker.check, ["gronfel dasp"] * 400))
    eventually(lambda: _blocked(service) == 400, 15, "the sums did not arrive")


def _blocked(service: Service) -> int:
    rows = service.counts()
    return sum(row["count"] for row in rows if row["action"] == "block" and row["attempt"] == "unknown")


@pytest.fixture
def full_disk() -> Iterator[None]:
    """No file may become as large as a spool: the same error as on a full disk, without one."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (CAPACITY - 1, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.usefixtures("full_disk")
def test_a_full_disk_costs_counts_and_no_answer(
    tmp_path: Path, open_checker: Callable[..., LocalChecker], service: Service
) -> None:
    checker = open_checker(str(tmp_path / "nothing"), on_error="closed", service=service.url, key="demo")
    assert checker.check("chocolate cake").action == "block"


def test_nothing_is_counted_where_nobody_said_where_sums_go(
    tmp_path: Path, open_checker: Callable[..., LocalChecker]
) -> None:
    assert open_checker(str(tmp_path / "nothing")).check("chocolate cake").action == "allow"
    assert not list((tmp_path / "cache").rglob("*.batch"))


def tally(service: Service, **changes: Any) -> int:
    """The status of a batch of 30 sums."""
    labels = ["web", "block", "enforce", "1", "no"]
    cell = {"period": int(time.time()) // HOUR, "labels": labels, "count": 30}
    batch = {"spool": "0123456789abcdef", "sequence": 1, "cells": [cell], **changes}
    return service.ask("/v1/tallies", json=batch).status_code


def test_a_batch_that_is_sent_again_changes_nothing(service: Service) -> None:
    assert tally(service) == tally(service) == 200
    assert [row["count"] for row in service.counts() if row["attempt"] == "1"] == [30]


@pytest.mark.parametrize(
    "wrong",
    [
        {"spool": "not hex"},
        {"sequence": 0},
        {"cells": [{"period": 1, "labels": ["web"], "count": 1}]},
        {"cells": [{"period": 1, "labels": ["web", "block", "enforce", "1", "zorblax"], "count": 1}]},
        {"cells": [{"period": 1, "labels": ["web", "block", "enforce", "1", "no"], "count": -5}]},
        {"more": 1},
    ],
)
def test_sums_that_cannot_be_are_refused(service: Service, wrong: dict[str, Any]) -> None:
    assert tally(service, **wrong) == 400


def test_sums_from_the_future_or_beyond_retention_are_left_out(service: Service) -> None:
    cells = [
        {"period": hour, "labels": ["dns", "block", "enforce", "0", "no"], "count": 50}
        for hour in (1, int(time.time()) // HOUR + 48)
    ]
    assert tally(service, spool="00000000000000aa", cells=cells) == 200
    assert not [row for row in service.counts() if row["surface"] == "dns"]


@pytest.mark.parametrize(
    "wrong",
    [{"list_key": "short"}, {"trust": "short"}, {"place": ""}, {"place": "ftp://lists.example"}, {"on_error": "shut"}],
)
def test_an_argument_that_cannot_be_used_says_so(tmp_path: Path, wrong: dict[str, str]) -> None:
    right = {"place": str(tmp_path), "list_key": KEYS["REDIRECT_LIST_KEY"], "trust": KEYS["REDIRECT_LIST_TRUST"]}
    with pytest.raises(SettingsError, match=next(iter(wrong))):
        LocalChecker(cache=tmp_path / "cache", **{**right, **wrong})


@pytest.mark.parametrize("situation", [{"surface": "moon"}, {"query": "a", "url": "b"}, {}, {"query": "a" * 5000}])
def test_what_is_no_subject_is_a_value_error_that_echoes_nothing(
    build: Callable[..., str], open_checker: Callable[..., LocalChecker], situation: dict[str, Any]
) -> None:
    checker = open_checker(build("gronfel dasp"))
    with pytest.raises(ValueError, match="no subject") as raised:
        checker.check(**situation)
    assert "moon" not in str(raised.value)
    assert "aaa" not in str(raised.value)
