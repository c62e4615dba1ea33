"""Looking after the services, as a reviewer types it: with a terminal and without, while the service runs and not."""

from __future__ import annotations

import csv
import io
import json
import os
import pty
import re
import signal
import subprocess
import threading
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from conftest import LISTED, PROGRAM, Service, eventually
from redirect.adapters.directory import load_directory

if TYPE_CHECKING:
    from collections.abc import Callable

RESOURCES = Path(__file__).parents[1] / "messages" / "resources"
LINE = "stop-it-now-uk"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Three files are enough, and quicker than all."""
    folder = tmp_path / "resources"
    folder.mkdir()
    for name in ("world", "GB", "AE"):
        (folder / f"{name}.toml").write_bytes((RESOURCES / f"{name}.toml").read_bytes())
    return folder


def run(
    *arguments: str, given: str = "", fails: int = 0, environ: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        [*PROGRAM, "resources", *arguments],
        input=given,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        env=os.environ | (environ or {}),
    )
    assert done.returncode == fails, done.stdout + done.stderr
    return done


def verified(folder: Path) -> dict[str, tuple[str, str, str]]:
    return {s.id: (s.verified_on, s.verified_by, s.agreed_on) for s in load_directory(folder) if s.verified_on}


# Verifying


def test_whoever_goes_through_a_country_is_asked_of_each_record_and_each_is_written_at_once(folder: Path) -> None:
    typed = "AB, helpline\ny\ny\ny\ny\nquit\n"
    told = run("verify", "AE", "--resources", str(folder), "--on", "2026-11-20", given=typed)
    assert "Does the address open" in told.stdout
    assert "1 of 2 verified and written: 800hope-ae" in told.stdout
    assert verified(folder) == {"800hope-ae": ("2026-11-20", "AB, helpline", "")}
    again = run("verify", "AE", "--resources", str(folder), "--by", "CD", given="quit\n")
    assert "800hope-ae" not in again.stdout
    assert "emergency-ae (1 of 1)" in again.stdout


def test_what_is_wrong_is_not_verified_and_its_file_is_named(folder: Path) -> None:
    told = run("verify", "800hope-ae", "--by", "AB", "--resources", str(folder), given="y\nn\ny\ny\n").stdout
    assert re.search(r"AE\.toml \(phone\)", told)
    assert verified(folder) == {}


def test_a_record_can_be_left_for_another_time(folder: Path) -> None:
    told = run("verify", "AE", "--by", "AB", "--resources", str(folder), given="skip\ny\ny\ny\n").stdout
    assert "1 of 2 verified and written: emergency-ae" in told


def test_an_emergency_number_is_looked_up_and_never_tried(folder: Path) -> None:
    told = run("verify", "emergency-ae", "--by", "AB", "--resources", str(folder), given="quit\n").stdout
    assert "Do not call it" in told
    assert "Does somebody answer" not in told


def test_without_a_terminal_one_service_is_verified_by_options(folder: Path) -> None:
    options = ("--yes", "--by", "AB", "--on", "2026-11-20", "--agreed", "2026-11-01", "--resources", str(folder))
    run("verify", LINE, *options)
    assert verified(folder) == {LINE: ("2026-11-20", "AB", "2026-11-01")}
    assert "by its id" in run("verify", "GB", *options, fails=2).stderr
    assert "no service has this id" in run("verify", "minku", *options, fails=2).stderr
    future = (*options[:3], "--on", "2099-01-01", "--resources", str(folder))
    assert "a day to come" in run("verify", LINE, *future, fails=2).stderr
    assert "say who" in run("verify", LINE, "--yes", "--by", " ", "--resources", str(folder), fails=2).stderr


def test_ctrl_c_in_a_terminal_loses_nothing(folder: Path) -> None:
    leader, follower = pty.openpty()
    command = [*PROGRAM, "resources", "verify", "AE", "--by", "AB", "--resources", str(folder)]
    process = subprocess.Popen(command, stdin=follower, stdout=follower, stderr=follower, start_new_session=True)
    shown = bytearray()
    reader = threading.Thread(target=_read, args=(leader, shown), daemon=True)
    reader.start()
    for asked in range(1, 5):
        eventually(partial(_has_asked, shown, asked), 20, "it never asked")
        os.write(leader, b"y\n")
    eventually(lambda: b"emergency-ae (2" in shown, 20)
    process.send_signal(signal.SIGINT)
    assert process.wait(20) in {0, 1, 130}
    os.close(follower)
    eventually(lambda: b"1 of 2 verified" in shown)
    assert {*verified(folder)} == {"800hope-ae"}


def _has_asked(shown: bytearray, times: int) -> bool:
    return shown.count(b"quit]") >= times


def _read(leader: int, shown: bytearray) -> None:
    try:
        while data := os.read(leader, 4096):
            shown.extend(data)
    except OSError:
        return


# Tables for reviewers


def test_a_table_goes_out_and_its_changes_come_back(folder: Path, tmp_path: Path) -> None:
    table = tmp_path / "services.csv"
    assert "records in" in run("export", "--out", str(table), "--resources", str(folder)).stdout
    rows = list(csv.DictReader(io.StringIO(table.read_text("utf-8-sig"))))
    assert {row["phone"] for row in rows if row["id"] == LINE} == {"'+448081000900"}
    for row in rows:
        if row["id"] == LINE:
            row.update(name="Zorblax", verified_on="'2026-11-20", verified_by="AB")
        if row["id"] == "'800hope-ae":
            row["free"] = "no"
    with table.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(rows[0]), delimiter=";")
        writer.writeheader()
        writer.writerows(rows)
    told = run("import", str(table), "--resources", str(folder))
    assert "Zorblax" in told.stdout
    assert "800hope-ae" in told.stderr
    assert LINE not in told.stderr
    known = {service.id: service for service in load_directory(folder)}
    assert (known[LINE].name, known["800hope-ae"].free) == ("Zorblax", False)
    assert "nothing that the files do not" in run("import", str(table), "--resources", str(folder)).stdout


def test_a_table_at_fault_changes_nothing(folder: Path, tmp_path: Path) -> None:
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    (tmp_path / "t.csv").write_text(f"id,free,url\n{LINE},no,\n800hope-ae,perhaps,\n")
    assert "line 3: free" in run("import", str(tmp_path / "t.csv"), "--resources", str(folder), fails=2).stderr
    (tmp_path / "t.csv").write_text(f"id,free,verified_on\n{LINE},no,tomorrow\n")
    assert "verified_on" in run("import", str(tmp_path / "t.csv"), "--resources", str(folder), fails=2).stderr
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


# Checking


@pytest.fixture
def proxied(folder: Path) -> dict[str, str]:
    """A way out that leads nowhere: a proxy that refuses, so that no test asks anybody outside."""
    return {"https_proxy": "http://127.0.0.1:1", "HTTPS_PROXY": "http://127.0.0.1:1", "no_proxy": "", "NO_PROXY": ""}


def test_a_report_names_what_is_dead_and_the_exit_code_tells(folder: Path, proxied: dict[str, str]) -> None:
    done = run("check", "800hope-ae", "--format", "json", "--resources", str(folder), fails=1, environ=proxied)
    rows = {row["field"]: row for row in json.loads(done.stdout)["rows"]}
    assert (rows["url"]["state"], rows["url"]["what"]) == ("dead", "the connection failed or broke off")
    assert rows["phone"]["state"] in {"fine", "look"}
    assert "1 dead" in done.stderr
    table = run("check", "800hope-ae", "--format", "csv", "--resources", str(folder), fails=1, environ=proxied).stdout
    assert next(csv.DictReader(io.StringIO(table)))["state"] == "dead"


def test_numbers_alone_are_no_reason_to_fail(folder: Path, proxied: dict[str, str]) -> None:
    assert "1 fine" in run("check", "emergency-ae", "--all", "--resources", str(folder), environ=proxied).stderr


# Pausing


@pytest.fixture(params=[True, False], ids=["running", "not running"])
def service(request: pytest.FixtureRequest, make_service: Callable[..., Service]) -> Service:
    return make_service(start=request.param)


def test_a_pause_is_made_shown_and_ended(service: Service) -> None:
    assert "No service is paused" in service.run("resources", "paused").stdout
    assert "until you resume it" in service.run("resources", "pause", LINE).stdout
    assert "until 2099-12-31" in service.run("resources", "pause", LINE, "--until", "2099-12-31").stdout
    rows = json.loads(service.run("resources", "paused", "--format", "json").stdout)["rows"]
    assert rows == [{"service": LINE, "until": "2099-12-31", "where": "the store"}]
    assert "no longer paused" in service.run("resources", "resume", LINE).stdout
    assert "is not paused" in service.run("resources", "resume", LINE, fails=True).stderr
    assert "No service is paused" in service.run("resources", "paused").stdout


def test_what_may_not_be_paused_is_refused_with_a_reason(make_service: Callable[..., Service]) -> None:
    service = make_service(start=False)
    for arguments, why in (
        (("find-a-helpline",), "ends the chains"),
        (("minku",), "no service has this id"),
        (("GB",), "by its id"),
        ((LINE, "--until", "2020-01-01"), "no day to come"),
        ((LINE, "--until", "tomorrow"), "no day to come"),
    ):
        assert why in service.run("resources", "pause", *arguments, fails=True).stderr


def test_every_worker_stops_sending_people_to_a_paused_service_within_five_seconds(
    make_service: Callable[..., Service],
) -> None:
    service = make_service("--demo", "--workers", "2")
    page = service.check(LISTED, country="GB")["page"]

    def everywhere() -> list[bool]:
        """Over new connections, so that both workers answer."""
        told = [LINE in {r["id"] for r in service.check(LISTED, country="GB")["resources"]} for _ in range(4)]
        shown = ["tel:+448081000900" in service.get(path).text for path in (page, "/en/help/GB") for _ in range(4)]
        data = [f'"{LINE}"' in service.get("/v1/resources?country=GB").text for _ in range(4)]
        return told + shown + data

    assert all(everywhere())
    service.run("resources", "pause", LINE)
    began = time.monotonic()
    eventually(lambda: not any(everywhere()), 5, "somebody is still sent to a paused service")
    assert time.monotonic() - began < 5
    service.run("resources", "resume", LINE)
    eventually(lambda: all(everywhere()), 5, "nobody is sent there again")
