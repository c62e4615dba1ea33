"""Owns the command line, as an operator types it, while a service runs and while none does."""

from __future__ import annotations

import csv
import io
import json
from typing import TYPE_CHECKING

import pytest

from conftest import LISTED, Service, eventually
from redirect.settings import explain

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

HEADER = "kind,value,category,confidence,language,source,expires,note\n"
ENTRIES = HEADER + "".join(f"term,invented {word},csam,high,,own,,\n" for word in ("zorblax", "quellfen", "drovic"))


@pytest.fixture(params=[True, False], ids=["running", "not running"])
def service(request: pytest.FixtureRequest, make_service: Callable[..., Service]) -> Service:
    return make_service(start=request.param)


def test_a_list_is_built_published_and_told(service: Service, tmp_path: Path) -> None:
    (tmp_path / "list.csv").write_text(ENTRIES)
    assert "No list is live" in service.run("lists", "status", fails=True).stderr
    built = service.run("lists", "build", str(tmp_path / "list.csv"), "--out", str(tmp_path / "bundle"))
    assert "3 entries" in built.stdout
    assert "redirect lists publish" in built.stdout
    assert "3 entries" in service.run("lists", "publish", str(tmp_path / "bundle")).stdout
    status = service.run("lists", "status").stdout
    assert "3 term" in status
    assert "not newer" in service.run("lists", "publish", str(tmp_path / "bundle"), fails=True).stderr
    if service.process:
        eventually(lambda: service.get("/readyz").status_code == 200, 6)
    assert "zorblax" not in status + built.stdout + built.stderr
    for path in (*(tmp_path / "bundle").iterdir(), *service.data_dir.rglob("*")):
        assert not path.is_file() or b"zorblax" not in path.read_bytes()


def test_a_key_is_made_shown_once_listed_and_revoked(service: Service) -> None:
    made = service.run("keys", "create", "--platform", "acme", "--scope", "check", "--scope", "report")
    key = made.stdout.strip()
    assert key.startswith("rd_")
    assert key not in made.stderr
    listed = service.run("keys", "list").stdout
    assert "acme" in listed
    assert "check, report" in listed
    assert key not in listed
    (key_id,) = (word for word in made.stderr.split() if len(word) == 8 and word in listed)
    assert not any(key.encode() in path.read_bytes() for path in service.data_dir.rglob("*") if path.is_file())
    service.run("keys", "revoke", key_id)
    assert "acme" not in service.run("keys", "list").stdout
    assert "no such key" in service.run("keys", "revoke", key_id, fails=True).stderr


@pytest.fixture(scope="module")
def counted(make_service: Callable[..., Service]) -> Service:
    """A service that has counted 20 blocks and 9 warnings, and has ended."""
    service = make_service("--demo")
    for number in range(29):
        service.check(LISTED if number < 20 else "quellfen drovic")
    service.stop()
    return service


def test_counts_are_told_as_json(counted: Service) -> None:
    (row,) = counted.counts()
    assert (row["action"], row["count"]) == ("block", 20)
    assert row["hour"].endswith(":00Z")


def test_counts_are_told_as_csv(counted: Service) -> None:
    (row,) = csv.DictReader(io.StringIO(counted.run("counts", "--format", "csv").stdout))
    assert (row["platform"], row["count"]) == ("demo", "20")


def test_counts_are_told_as_a_table(counted: Service) -> None:
    shown = counted.run("counts").stdout
    assert "block" in shown
    assert "20" in shown
    assert "warn" not in shown
    assert "No cell has reached 10" in counted.run("counts", "--table", "funnel").stdout


def test_counts_of_a_period_are_told_alone(counted: Service) -> None:
    day = counted.counts()[0]["hour"][:10]
    asked = ("counts", "--format", "json", "--from", day, "--to", day)
    assert len(json.loads(counted.run(*asked).stdout)["rows"]) == 1
    before = ("counts", "--format", "json", "--to", "2020-01-01")
    assert json.loads(counted.run(*before).stdout) == {"rows": []}


@pytest.mark.parametrize("wrong", [("--table", "people"), ("--from", "yesterday"), ("--to", "2026-13-01")])
def test_a_table_or_period_that_does_not_exist_is_refused_in_one_line(counted: Service, wrong: tuple[str, str]) -> None:
    said = counted.run("counts", *wrong, fails=True).stderr
    assert "Traceback" not in said
    assert "checks, funnel, services" in " ".join(said.split())


@pytest.mark.parametrize(
    "arguments",
    [
        ("lists", "build", "nowhere.csv", "--out", "nowhere"),
        ("lists", "publish", "nowhere"),
        ("keys", "create", "--platform", "Not A Name", "--scope", "check"),
        ("keys", "create", "--platform", "acme", "--scope", "everything"),
    ],
)
def test_a_mistake_is_one_sentence_and_no_traceback(
    make_service: Callable[..., Service], arguments: tuple[str, ...]
) -> None:
    done = make_service(start=False).run(*arguments, fails=True)
    assert done.returncode == 2
    assert done.stderr
    assert "Traceback" not in done.stderr


def test_lines_that_cannot_be_read_are_named_by_number_and_never_shown(
    make_service: Callable[..., Service], tmp_path: Path
) -> None:
    (tmp_path / "list.csv").write_text(ENTRIES + "nonsense,vorlinqet basmo,csam,high,,own,,\n")
    service = make_service(start=False)
    done = service.run("lists", "build", str(tmp_path / "list.csv"), "--out", str(tmp_path / "bundle"), fails=True)
    assert "line 5" in done.stderr
    assert "vorlinqet" not in done.stdout + done.stderr


def test_generated_keys_are_what_an_own_store_needs(make_service: Callable[..., Service]) -> None:
    made = make_service(start=False).run("keys", "generate").stdout
    assert [line.partition("=")[0] for line in made.split()] == [
        "REDIRECT_LIST_KEY",
        "REDIRECT_TOKEN_KEY",
        "REDIRECT_LIST_TRUST",
        "REDIRECT_SIGNING_KEY",
    ]


def test_help_explains_every_setting(make_service: Callable[..., Service]) -> None:
    shown = make_service(start=False, COLUMNS="200", TERM="dumb").run("serve", "--help").stdout
    for name, _, _ in explain():
        assert name in shown
