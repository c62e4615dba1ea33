"""From facts to the files that reviewers edit, and back again without losing what a person has checked."""

from __future__ import annotations

import json
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
FACTS, RESOURCES = ROOT / "facts", ROOT / "messages" / "resources"
FILES = ("help_services", "report_services", "crisis_lines")

Record = dict[str, Any]


def convert(facts: Path, out: Path) -> subprocess.CompletedProcess[str]:
    script = str(ROOT / "scripts" / "convert_facts.py")
    command = [sys.executable, script, "--facts", str(facts), "--out", str(out)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def services(folder: Path) -> dict[str, Record]:
    files = (tomllib.loads(path.read_text("utf-8"))["service"] for path in sorted(folder.glob("*.toml")))
    return {service["id"]: service for file in files for service in file}


def fact(id_: str = "zorblax", **fields: object) -> Record:
    blank = dict.fromkeys(("native_name", "operator", "phone", "phone_display", "hours", "free", "anonymous"))
    return {
        **blank,
        "id": id_,
        "name": "Zorblax",
        "audience": ["self"],
        "kind": ["helpline"],
        "countries": ["AA"],
        "languages": ["en"],
        "url": f"https://{id_}.example/",
        "source_urls": ["https://minku.example/"],
        "source_date": None,
        "confidence": "official-page",
        "notes": "An editor's word.",
        **fields,
    }


def facts_of(folder: Path, decisions: str, *records: Record, second: tuple[Record, ...] = ()) -> Path:
    folder.mkdir(exist_ok=True)
    for name, content in zip(FILES, (records, second, ()), strict=True):
        (folder / f"{name}.jsonl").write_text("".join(json.dumps(record) + "\n" for record in content))
    (folder / "editorial.toml").write_text(decisions)
    return folder


def read_all_facts() -> list[Record]:
    lines = (line for name in FILES for line in (FACTS / f"{name}.jsonl").read_text("utf-8").splitlines())
    return [json.loads(line) for line in lines]


def test_what_is_shipped_is_what_the_facts_give(tmp_path: Path) -> None:
    for path in RESOURCES.glob("*.toml"):
        (tmp_path / path.name).write_bytes(path.read_bytes())
    done = convert(FACTS, tmp_path)
    assert done.returncode == 0, done.stderr
    assert {path.name for path in tmp_path.iterdir()} == {path.name for path in RESOURCES.glob("*.toml")}
    before, after = services(RESOURCES), services(tmp_path)
    assert before.keys() == after.keys()
    for id_, service in before.items():
        assert service == after[id_], f"{id_}: set verified_on, or run scripts/convert_facts.py"
    assert "no decision" not in done.stdout


def test_every_contact_that_is_shipped_stands_in_the_facts() -> None:
    facts = read_all_facts()
    addresses = {record["url"] for record in facts}
    numbers = {record["phone"] for record in facts}
    for service in services(RESOURCES).values():
        if not service["verified_on"]:
            assert service.get("url") in addresses | {None}
            assert service.get("phone") in numbers | {None}


def test_nothing_weak_is_shipped() -> None:
    strong = {record["id"] for record in read_all_facts() if record["confidence"] != "weak"}
    shipped = services(RESOURCES)
    added_by_a_reviewer = {id_ for id_, service in shipped.items() if service["verified_on"]}
    assert shipped.keys() - added_by_a_reviewer == strong - added_by_a_reviewer


def test_of_one_id_in_two_files_the_higher_confidence_wins() -> None:
    assert services(RESOURCES)["find-a-helpline"]["confidence"] == "official-page"


def test_works_from_abroad_is_said_of_no_one_yet() -> None:
    assert not any("works_from_abroad" in service for service in services(RESOURCES).values())


def test_no_note_of_an_editor_is_copied(tmp_path: Path) -> None:
    convert(facts_of(tmp_path / "facts", "", fact()), tmp_path / "out")
    assert "An editor's word" not in (tmp_path / "out" / "AA.toml").read_text("utf-8")


def test_an_address_that_nobody_judged_is_not_linked_and_is_named(tmp_path: Path) -> None:
    done = convert(facts_of(tmp_path / "facts", "", fact()), tmp_path / "out")
    assert "url" not in services(tmp_path / "out")["zorblax"]
    assert "zorblax: no decision" in done.stdout


def test_an_entrance_is_linked(tmp_path: Path) -> None:
    decision = 'zorblax = { entrance = true, minimum_age = 18, reason = "home page" }'
    convert(facts_of(tmp_path / "facts", decision, fact()), tmp_path / "out")
    service = services(tmp_path / "out")["zorblax"]
    assert (service["url"], service["minimum_age"]) == ("https://zorblax.example/", 18)


@pytest.mark.parametrize(
    "decision",
    [
        "zorblax = { entrance = true }",
        'zorblax = { entrance = true, minku = 1, reason = "home page" }',
        'quellfen = { entrance = true, reason = "home page" }',
        'zorblax = { url = "https://drovic.example/", reason = "from memory" }',
        'zorblax = { hours = "Mo 09:00-17:00", reason = "without a clock" }',
    ],
)
def test_a_decision_that_cannot_be_followed_stops_the_conversion(tmp_path: Path, decision: str) -> None:
    done = convert(facts_of(tmp_path / "facts", decision, fact()), tmp_path / "out")
    assert done.returncode
    assert "editorial.toml" in done.stderr
    assert not (tmp_path / "out").exists()


def test_a_service_of_several_countries_stands_once_and_of_every_country_in_world(tmp_path: Path) -> None:
    near, everywhere = fact("near", countries=["BB", "AA"]), fact("everywhere", countries=["*"])
    unknown = fact("unknown", countries=None)
    convert(facts_of(tmp_path / "facts", "", near, everywhere, unknown), tmp_path / "out")
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"BB.toml", "world.toml"}
    assert services(tmp_path / "out")["unknown"]["countries"] == []


def test_what_a_person_has_checked_stays_as_they_left_it(tmp_path: Path) -> None:
    facts, out = facts_of(tmp_path / "facts", "", fact(), fact("quellfen")), tmp_path / "out"
    convert(facts, out)
    text = (out / "AA.toml").read_text("utf-8")
    first, second, third = text.partition('id = "zorblax"')
    third = third.replace('name = "Zorblax"', 'name = "Zorblax Minku"\nphone = "112"')
    third = third.replace('verified_on = ""', "verified_on = 2026-11-01")
    third = third.replace('verified_by = ""', 'verified_by = "Minku"')
    first = first.replace('agreed_on = ""', 'agreed_on = "2026-11-02"').replace("Zorblax", "Changed")
    (out / "AA.toml").write_text(first + second + third, "utf-8")
    convert(facts, out)
    checked, other = services(out)["zorblax"], services(out)["quellfen"]
    assert (checked["name"], checked["phone"], checked["verified_by"]) == ("Zorblax Minku", "112", "Minku")
    assert checked["verified_on"] == "2026-11-01"
    assert (other["name"], other["agreed_on"]) == ("Zorblax", "2026-11-02")


def test_a_checked_service_that_no_fact_knows_is_kept_and_an_unchecked_one_goes(tmp_path: Path) -> None:
    out = tmp_path / "out"
    facts = facts_of(tmp_path / "facts", "", fact(), fact("quellfen", countries=["BB"]))
    convert(facts, out)
    checked = (out / "AA.toml").read_text("utf-8").replace('verified_on = ""', 'verified_on = "2026-11-01"')
    (out / "AA.toml").write_text(checked, "utf-8")
    convert(facts_of(tmp_path / "facts", ""), out)
    assert [path.name for path in out.iterdir()] == ["AA.toml"]
    assert services(out).keys() == {"zorblax"}


def test_hours_are_said_as_somebody_put_them_and_never_as_a_program_might(tmp_path: Path) -> None:
    facts = [
        fact(name, hours=hours) for name, hours in (("a", "24/7"), ("b", "Mon 9-17"), ("c", "Mon 9-17"), ("d", "24/7"))
    ]
    decisions = 'c = { hours = "Mo 09:00-17:00", time_zone = "Europe/Oslo", reason = "put into the syntax" }\n'
    done = convert(
        facts_of(tmp_path / "facts", decisions + 'd = { hours = "", reason = "old" }', *facts), tmp_path / "out"
    )
    made = services(tmp_path / "out")
    assert [made[name].get("hours") for name in "abcd"] == ["24/7", None, "Mo 09:00-17:00", None]
    assert made["c"]["time_zone"] == "Europe/Oslo"
    assert "b: no decision in editorial.toml on its hours" in done.stdout
    assert "a: no decision in editorial.toml on its hours" not in done.stdout


def test_limits_and_channels_are_copied_as_they_were_decided(tmp_path: Path) -> None:
    decision = 'zorblax = { passes_on = ["crime"], reason = "its own page says so" }'
    convert(facts_of(tmp_path / "facts", decision, fact(channels=["phone", "chat"])), tmp_path / "out")
    service = services(tmp_path / "out")["zorblax"]
    assert (service["passes_on"], service["channels"], service["paused_until"]) == (["crime"], ["phone", "chat"], "")


def test_a_pause_that_a_reviewer_wrote_stays(tmp_path: Path) -> None:
    facts, out = facts_of(tmp_path / "facts", "", fact()), tmp_path / "out"
    convert(facts, out)
    text = (out / "AA.toml").read_text("utf-8")
    (out / "AA.toml").write_text(text.replace('paused_until = ""', 'paused_until = "2027-01-01"'), "utf-8")
    convert(facts, out)
    assert services(out)["zorblax"]["paused_until"] == "2027-01-01"


def test_converting_twice_changes_no_byte(tmp_path: Path) -> None:
    facts, out = facts_of(tmp_path / "facts", "", fact(name='Zorb "lax" \\ \u0627\u0644')), tmp_path / "out"
    convert(facts, out)
    before = (out / "AA.toml").read_bytes()
    convert(facts, out)
    assert (out / "AA.toml").read_bytes() == before
    assert services(out)["zorblax"]["name"] == 'Zorb "lax" \\ \u0627\u0644'


def test_the_higher_confidence_wins_whichever_file_comes_first(tmp_path: Path) -> None:
    strong, weak = fact(name="Strong"), fact(name="Other", confidence="secondary")
    for records, second in (((strong,), (weak,)), ((weak,), (strong,))):
        convert(facts_of(tmp_path / "facts", "", *records, second=second), tmp_path / "out")
        assert services(tmp_path / "out")["zorblax"]["name"] == "Strong"
