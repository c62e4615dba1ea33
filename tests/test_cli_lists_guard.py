"""`redirect lists check`, `publish` and `dry-run`, as an operator types them."""

from __future__ import annotations

import json
import re
import subprocess
from typing import TYPE_CHECKING, Any

import pytest

from conftest import LISTED, PROGRAM
from redirect.tools.live import SAMPLE

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from conftest import Service

HEADER = "kind,value,category,confidence,language,source,expires,note"
BAD = (
    "term,zorblax minku,csam,high,,,,",
    "term,ZORBLAX   minku,csam,high,,,,",
    "term,quellfen zorblax minku,csam,medium,,,,",
    "term,weather,csam,high,,,,",
    "term,2026,csam,high,,,,",
    "term,the rapist,csam,high,,,,",
    "host,github.io,csam,high,,,,",
    "host,google.com,csam,high,,,,",
    "term,!!,csam,high,,,,",
    "term,drovic",
    "term,kitchen,csam,high,,,,",
)
SECRETS = ("zorblax", "quellfen", "weather", "2026", "rapist", "github", "google", "drovic", "kitchen")


@pytest.fixture(scope="module")
def operator(make_service: Callable[..., Service]) -> Service:
    """A data directory of its own, with keys, and no service running."""
    return make_service(start=False)


@pytest.fixture(scope="module")
def bad(operator: Service) -> Path:
    path = operator.data_dir.parent / "bad.csv"
    path.write_text("\n".join((HEADER, *BAD)) + "\n")
    return path


@pytest.fixture(scope="module")
def sample(operator: Service) -> Path:
    """A bundle of the sample list."""
    directory = operator.data_dir.parent / "sample"
    operator.run("lists", "build", str(SAMPLE), "--out", str(directory))
    return directory


@pytest.fixture(scope="module")
def report(operator: Service, bad: Path, sample: Path) -> dict[str, Any]:
    done = operator.run("lists", "check", str(bad), "--against", str(sample), "--format", "json", fails=True)
    assert done.returncode == 1
    read: dict[str, Any] = json.loads(done.stdout)
    return read


def asked(service: Service, *arguments: str, given: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    """The command line with something on standard input."""
    return subprocess.run(
        [*PROGRAM, *arguments], env=service.environ, input=given, capture_output=True, check=True, timeout=60
    )


def lines(report: dict[str, Any], rule: str) -> list[int]:
    return [found["line"] for found in report["findings"] if found["rule"] == rule]


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ("unreadable", [11]),
        ("refused", [10]),
        ("suffix", [8]),
        ("common-domain", [9]),
        ("numbers", [6]),
        ("everyday", [5]),
        ("canary", [5, 6, 7, 8, 9]),
        ("collision", [12]),
        ("duplicate", [3]),
        ("subsumed", [4]),
    ],
)
def test_a_check_names_what_is_wrong_by_its_line(report: dict[str, Any], rule: str, expected: list[int]) -> None:
    assert lines(report, rule) == expected


def test_a_check_names_entries_by_the_id_that_matches(report: dict[str, Any], operator: Service) -> None:
    assert report["serious"] is True
    assert report["entries"] == len(BAD) - 1
    found = {each["id"] for each in report["findings"] if each["rule"] == "canary"}
    assert found == set(report["benign"]["entries"])
    assert all(re.fullmatch("[0-9a-f]{16}", entry_id) for entry_id in found)


def test_a_check_counts_what_was_added_and_removed(report: dict[str, Any]) -> None:
    change = report["change"]
    assert change["before"] == 7
    assert [added["line"] for added in change["added"]] == [4, 5, 6, 7, 8, 9, 12]
    assert change["removed"]


def test_a_check_never_shows_an_entry(operator: Service, bad: Path, report: dict[str, Any]) -> None:
    done = operator.run("lists", "check", str(bad), fails=True)
    said = (done.stdout + done.stderr + json.dumps(report)).lower()
    assert "bad.csv:5" in said
    assert not [secret for secret in SECRETS if re.search(rf"\b{secret}\b", said)]


def test_a_good_list_passes_and_the_code_is_0(operator: Service) -> None:
    done = operator.run("lists", "check", str(SAMPLE))
    assert "7 entries; 0 serious findings" in done.stdout
    assert "0 of" in done.stdout


def test_a_check_goes_without_word_frequencies(operator: Service, bad: Path, tmp_path: Path) -> None:
    (tmp_path / "wordfreq.py").write_text("raise ImportError\n")
    environ = {**operator.environ, "PYTHONPATH": str(tmp_path)}
    done = subprocess.run(
        [*PROGRAM, "lists", "check", str(bad)], env=environ, capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 1
    assert "not compared; needs redirect[check]" in done.stdout


def test_publish_refuses_a_list_that_matches_anything_benign_and_says_what_to_do(
    operator: Service, sample: Path, report: dict[str, Any], bad: Path
) -> None:
    operator.run("lists", "publish", str(sample))
    directory = operator.data_dir.parent / "bad"
    operator.run("lists", "build", str(bad), "--out", str(directory), fails=True)
    done = operator.run("lists", "publish", str(directory), "--accept-change", fails=True)
    assert done.returncode == 2
    named = set(re.findall("[0-9a-f]{16}", done.stderr))
    assert named == {each["id"] for each in report["findings"] if each["rule"] == "canary"}
    assert "redirect lists check" in done.stderr
    against = operator.run("lists", "check", str(SAMPLE), "--against", "live", "--format", "json")
    assert json.loads(against.stdout)["change"] == {"before": 7, "added": [], "removed": []}


def test_a_dry_run_gives_numbers_by_category_and_nothing_else(operator: Service, sample: Path, tmp_path: Path) -> None:
    queries = tmp_path / "queries.txt"
    queries.write_bytes(f"{LISTED}\nhello\n\nhttp://blocked.example/room/42\nquellfen drovic\n\xff\n".encode("latin-1"))
    done = operator.run("lists", "dry-run", str(queries), "--list", str(sample), "--format", "csv")
    assert done.stdout.splitlines() == [
        "category,action,queries,percent",
        "csam,block,2,40.0",
        "csam-ai,warn,1,20.0",
        "none,allow,2,40.0",
    ]
    assert "drovic" not in done.stdout + done.stderr


def test_a_dry_run_reads_standard_input_and_keeps_to_the_policy_of_the_surface(operator: Service, sample: Path) -> None:
    done = asked(
        operator,
        *("lists", "dry-run", "-", "--list", str(sample), "--surface", "dns", "--format", "json"),
        given=b"quellfen drovic\nquellfen drovic\n",
    )
    assert json.loads(done.stdout) == {
        "rows": [{"category": "csam-ai", "action": "allow", "queries": 2, "percent": 100.0}]
    }


def test_a_dry_run_of_nothing_says_so(operator: Service, sample: Path) -> None:
    assert b"no query" in asked(operator, "lists", "dry-run", "-", "--list", str(sample)).stdout


def test_a_dry_run_keeps_nothing(operator: Service, sample: Path) -> None:
    asked(operator, "lists", "dry-run", "-", "--list", str(sample), given=b"vantrop unheard-of-canary\n")
    kept = [path for path in operator.data_dir.rglob("*") if path.is_file()]
    assert not [path for path in kept if b"unheard-of-canary" in path.read_bytes()]


def test_one_letter_off_matches_only_in_a_bundle_built_to_forgive_it(operator: Service, sample: Path) -> None:
    forgiving = operator.data_dir.parent / "forgiving"
    operator.run("lists", "build", str(SAMPLE), "--edits", "--out", str(forgiving))
    typed = b"zorblxa minku\nzorblax mniku\nzorblax minku\nchocolate cake\n"
    blocked = {}
    for bundle in (sample, forgiving):
        rates = json.loads(
            asked(operator, "lists", "dry-run", "-", "--list", str(bundle), "--format", "json", given=typed).stdout
        )
        blocked[bundle] = sum(rate["queries"] for rate in rates["rows"] if rate["action"] == "block")
    assert blocked == {sample: 1, forgiving: 2}
