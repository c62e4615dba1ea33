"""Keys as platforms meet them: until when, how often, and what changes when one takes another's place."""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from conftest import LISTED, WEB, Service, eventually
from redirect.adapters.access import AccessKeys, digest
from redirect.adapters.rates import Rates
from redirect.adapters.seals import SealBox
from redirect.domain.access import Access, Limit, Scope

if TYPE_CHECKING:
    from pathlib import Path

    import httpx

HOUR = 3600
RETRY = re.compile("[1-9][0-9]*")


def made(service: Service, *options: str, scope: str = "check") -> tuple[str, str]:
    """A key and its id, once the service knows it."""
    done = service.run("keys", "create", "--platform", "acme", "--scope", scope, *options)
    key = done.stdout.strip()
    return key, known(service, key, done.stderr)


def known(service: Service, key: str, told: str) -> str:
    eventually(lambda: ask(service, key).status_code != 401)
    return told.split()[1]


def ask(service: Service, key: str, path: str = "/v1/check", body: Any = None) -> httpx.Response:
    return WEB.post(service.url + path, json=body or {"query": LISTED}, headers={"Authorization": f"Bearer {key}"})


def batch(size: int) -> dict[str, list[dict[str, str]]]:
    return {"subjects": [{"query": "weather"}] * size}


def test_a_check_key_has_no_limit_unless_one_is_set(demo: Service) -> None:
    told = ask(demo, "demo").headers
    assert not {"ratelimit", "ratelimit-policy", "retry-after"} & told.keys()
    assert demo.ask("/v1/explain", json={"query": LISTED}).headers["ratelimit-policy"] == '"lists";q=600;w=60'


def test_a_limit_is_told_with_every_answer_and_held(demo: Service) -> None:
    key, _ = made(demo, "--limit", "5/3000")
    answers = [ask(demo, key) for _ in range(6)]
    assert [answer.status_code for answer in answers][-1] == 429
    left = [int(answer.headers["ratelimit"].split("r=")[1].split(";")[0]) for answer in answers]
    assert left == sorted(left, reverse=True)
    assert left[-1] == 0
    refused = answers[-1]
    assert refused.headers["ratelimit-policy"] == '"check";q=5;w=3000'
    assert RETRY.fullmatch(refused.headers["retry-after"])
    assert refused.json()["type"] == "urn:redirect:problem:too-many-requests"
    assert demo.check(LISTED)["action"] == "block", "another key's limit is its own"


def test_every_subject_of_a_batch_counts(demo: Service) -> None:
    key, _ = made(demo, "--limit", "50/3000")
    assert ask(demo, key, "/v1/check/batch", batch(100)).status_code == 200
    assert ask(demo, key, "/v1/check/batch", batch(1)).status_code == 429
    assert ask(demo, key).status_code == 429


def test_a_rotated_key_and_its_successor_are_good_together(demo: Service) -> None:
    old, key_id = made(demo, "--limit", "100000/1")
    done = demo.run("keys", "rotate", key_id, "--overlap", "1h")
    new = done.stdout.strip()
    known(demo, new, done.stderr)
    assert new != old
    assert ask(demo, old).status_code == ask(demo, new).status_code == 200
    listed = demo.run("keys", "list").stdout
    assert key_id in listed
    assert "100000/1" in listed


def test_a_revoked_key_ends_within_seconds(demo: Service) -> None:
    key, key_id = made(demo)
    demo.run("keys", "revoke", key_id)
    eventually(lambda: ask(demo, key).status_code == 401, 5)


def test_sums_sent_again_under_the_key_that_took_over_are_added_once(demo: Service) -> None:
    old, key_id = made(demo, scope="tally")
    done = demo.run("keys", "rotate", key_id)
    new = done.stdout.strip()
    known(demo, new, done.stderr)
    labels = ["web", "allow", "enforce", "unknown", "no"]
    sums = {
        "spool": "00000000000000aa",
        "sequence": 7,
        "cells": [{"period": int(time.time()) // HOUR - 2, "labels": labels, "count": 40}],
    }
    for key in (old, new, old):
        assert ask(demo, key, "/v1/tallies", sums).status_code == 200
    rows = [row["count"] for row in demo.counts() if row["platform"] == "acme" and row["attempt"] == "unknown"]
    assert 40 in rows
    assert 80 not in rows


@pytest.mark.parametrize(
    "options",
    [
        ("--expires", "2020-01-01"),
        ("--expires", "soon"),
        ("--limit", "many"),
        ("--limit", "0/10"),
    ],
)
def test_what_cannot_be_is_refused_in_one_sentence(demo: Service, options: tuple[str, ...]) -> None:
    said = demo.run("keys", "create", "--platform", "acme", "--scope", "check", *options, fails=True).stderr
    assert "Traceback" not in said


def test_a_key_with_an_end_is_rotated_with_another_end_on_any_day_that_there_is(demo: Service) -> None:
    _, key_id = made(demo, "--expires", "90d")
    assert "--expires" in demo.run("keys", "rotate", key_id, fails=True).stderr
    demo.run("keys", "rotate", key_id, "--expires", "9999-12-31")
    assert "9999-12-31 23:59Z" in demo.run("keys", "list").stdout


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


def keys(path: Path, clock: Clock) -> AccessKeys:
    return AccessKeys(path / "access.json", {}, clock, Rates(), SealBox([b"k" * 32]))


def test_a_key_ends_by_the_clock_also_while_the_store_is_away_and_after_a_restart(tmp_path: Path) -> None:
    clock = Clock()
    record = msgspec.json.encode(Access(id="a", platform="acme", scopes=(Scope.CHECK,), ends=2000))
    first = keys(tmp_path, clock)
    first.refresh({digest("one"): record})
    assert first.find(b"one")
    clock.now = 2000.0
    first.tick()
    assert first.find(b"one") is None
    assert keys(tmp_path, clock).find(b"one") is None
    clock.now = 1500.0
    assert keys(tmp_path, clock).find(b"one"), "a clock that was wrong for a moment ends no key for ever"


def test_a_key_with_the_same_beginning_of_its_digest_is_another_one(tmp_path: Path) -> None:
    known_keys = keys(tmp_path, Clock())
    access = msgspec.json.encode(Access(id="a", platform="acme", scopes=(Scope.CHECK,)))
    near = digest("one")[:-1] + ("0" if digest("one")[-1] != "0" else "1")
    known_keys.refresh({near: access})
    assert known_keys.find(b"one") is None


def test_records_of_an_older_version_are_read(tmp_path: Path) -> None:
    known_keys = keys(tmp_path, Clock())
    known_keys.refresh({digest("one"): b'{"id":"a","platform":"acme","scopes":["check"]}'})
    access = known_keys.find(b"one")
    assert access == Access(id="a", platform="acme", scopes=(Scope.CHECK,))
    assert access is not None
    assert access.limit_of(Scope.CHECK) is None
    assert access.limit_of(Scope.REPORT) == Limit(600, 60)


def test_a_record_that_is_no_digest_takes_nobody_elses_key_away(tmp_path: Path) -> None:
    known_keys = keys(tmp_path, Clock())
    access = msgspec.json.encode(Access(id="a", platform="acme", scopes=(Scope.CHECK,)))
    known_keys.refresh({"no digest": access, digest("one"): access})
    assert known_keys.find(b"one")
