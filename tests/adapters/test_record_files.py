"""Commands that change what reviewers wrote: only what was asked, or nothing."""

from __future__ import annotations

import re
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from redirect.adapters.directory import Record, load_directory
from redirect.adapters.record_files import FIELDS, change, read_records
from redirect.adapters.record_sheet import ANSWERS, LISTS, NUMBERS, cell, guarded, read_sheet, unguarded, write_sheet
from redirect.domain.errors import ContentError, SettingsError
from scripts.convert_facts import ORDER

RESOURCES = Path(__file__).parents[2] / "messages" / "resources"
LAID_OUT = """\
# Services for AA, by hand.

[[service]] # the first
id = "zorblax"
name = "Zorblax"   # as they write it
operator = ""
audience = [
  "self", # asked by phone
  "family",
]
kind = ["helpline"]
countries = ["AA"]
languages = ["en"]
url = 'https://zorblax.example/'
confidence = "official-page"
sources = ["https://minku.example/"]
verified_on = ""
verified_by = ""

# Quellfen has moved twice.
[[service]]
id = "quellfen"
name = "Quellfen"
operator = ""
audience = ["all"]
kind = ["crisis_line"]
countries = ["AA"]
languages = []
phone = "112"
confidence = "official-page"
sources = ["https://minku.example/"]
# end
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "world.toml").write_text((RESOURCES / "world.toml").read_text("utf-8"), "utf-8")
    (tmp_path / "AA.toml").write_text(LAID_OUT, "utf-8")
    return tmp_path


def text(folder: Path) -> str:
    return (folder / "AA.toml").read_text("utf-8")


def test_a_value_changes_and_its_surroundings_do_not(folder: Path) -> None:
    change(folder, {"zorblax": {"name": 'Zorb "lax" Ää', "verified_on": "2026-11-22", "verified_by": "AB"}})
    expected = LAID_OUT.replace('name = "Zorblax" ', 'name = "Zorb \\"lax\\" Ää" ').replace(
        'verified_on = ""\nverified_by = ""', 'verified_on = "2026-11-22"\nverified_by = "AB"'
    )
    assert text(folder) == expected


def test_a_new_field_stands_where_the_others_have_it(folder: Path) -> None:
    late = {"paused_until": "2027-01-01", "agreed_on": "2026-11-01"}
    early: dict[str, Any] = {"phone": "0800123", "free": True, "minimum_age": 18, "passes_on": ["crime"]}
    checked = {"verified_on": "2026-01-01", "verified_by": "AB"}
    change(folder, {"zorblax": {**late, **early}, "quellfen": checked})
    lines = text(folder).splitlines()
    assert lines[lines.index("url = 'https://zorblax.example/'") :][:6] == [
        "url = 'https://zorblax.example/'",
        'phone = "0800123"',
        "free = true",
        'passes_on = ["crime"]',
        "minimum_age = 18",
        'confidence = "official-page"',
    ]
    assert lines[lines.index('verified_by = ""') :][:5] == [
        'verified_by = ""',
        'agreed_on = "2026-11-01"',
        'paused_until = "2027-01-01"',
        "",
        "# Quellfen has moved twice.",
    ]
    assert 'verified_by = "AB"' in lines[lines.index('id = "quellfen"') :]
    assert [line for line in LAID_OUT.splitlines() if line not in lines] == []


def test_a_file_that_ends_without_a_new_line_is_written_on(folder: Path) -> None:
    (folder / "AA.toml").write_text(LAID_OUT.removesuffix("\n# end\n"), "utf-8")
    change(folder, {"quellfen": {"verified_on": "2026-01-01", "verified_by": "AB"}})
    assert text(folder).endswith('"]\nverified_on = "2026-01-01"\nverified_by = "AB"\n')


def test_a_field_goes_and_nothing_with_it(folder: Path) -> None:
    change(folder, {"zorblax": {"url": None, "phone": "112"}})
    assert "url" not in text(folder)
    assert text(folder).count("# asked by phone") == 1


def test_a_long_list_is_written_over_several_lines(folder: Path) -> None:
    sources = [f"https://minku.example/{'x' * 40}/{number}" for number in range(3)]
    change(folder, {"quellfen": {"sources": sources}})
    assert f'sources = [\n  "{sources[0]}",\n  "{sources[1]}",\n  "{sources[2]}",\n]\n# end' in text(folder)


def test_other_files_are_not_touched(folder: Path) -> None:
    before = (folder / "world.toml").stat().st_mtime_ns
    change(folder, {"zorblax": {"free": True}})
    assert (folder / "world.toml").stat().st_mtime_ns == before
    assert len([*folder.iterdir()]) == 2


def test_who_may_read_a_file_still_may(folder: Path) -> None:
    (folder / "AA.toml").chmod(0o664)
    change(folder, {"zorblax": {"free": True}})
    assert (folder / "AA.toml").stat().st_mode & 0o777 == 0o664


@pytest.mark.parametrize(
    ("id_", "field", "value"),
    [
        ("zorblax", "verified_on", "yesterday"),
        ("zorblax", "verified_on", "2026-11-22"),
        ("zorblax", "url", "http://zorblax.example/"),
        ("zorblax", "audience", ["everyone"]),
        ("zorblax", "countries", ["BB"]),
        ("zorblax", "id", "quellfen"),
        ("zorblax", "hours", "mornings"),
        ("zorblax", "hours", "Mo 09:00-10:00"),
        ("find-a-helpline", "url", None),
        ("find-a-helpline", "hold", True),
    ],
)
def test_what_may_not_stand_is_refused_and_nothing_is_written(folder: Path, id_: str, field: str, value: Any) -> None:
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    with pytest.raises(ContentError):
        change(folder, {"quellfen": {"free": True}, id_: {field: value}})
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


def test_a_layout_that_no_command_can_follow_is_left_alone(folder: Path) -> None:
    odd = LAID_OUT.replace('id = "quellfen"', 'id="quellfen"')
    (folder / "AA.toml").write_text(odd, "utf-8")
    with pytest.raises(ContentError, match="by hand"):
        change(folder, {"quellfen": {"free": True}})
    change(folder, {"quellfen": {"phone": "911"}})
    assert text(folder) == odd.replace('phone = "112"', 'phone = "911"')


def test_every_shipped_record_can_be_changed_and_changed_back(tmp_path: Path) -> None:
    for path in RESOURCES.glob("*.toml"):
        (tmp_path / path.name).write_bytes(path.read_bytes())
    ids = [service.id for service in load_directory(tmp_path)]
    change(tmp_path, {id_: {"verified_on": "2026-11-22", "verified_by": "AB"} for id_ in ids})
    assert all(service.verified_by == "AB" for service in load_directory(tmp_path))
    change(tmp_path, {id_: {"verified_on": "", "verified_by": ""} for id_ in ids})
    for path in RESOURCES.glob("*.toml"):
        assert (tmp_path / path.name).read_bytes() == path.read_bytes()


def test_without_the_extra_it_is_said_what_to_install(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "tomlkit", None)
    with pytest.raises(SettingsError, match="extra `check`"):
        change(folder, {"zorblax": {"free": True}})


def test_commands_and_the_converter_agree_on_the_fields_and_their_order() -> None:
    assert FIELDS == ORDER


# As a table


def rows(folder: Path) -> list[list[str]]:
    return [line.split(",") for line in write_sheet(read_records(folder)).decode("utf-8-sig").splitlines()]


def test_a_table_that_nobody_changed_changes_nothing() -> None:
    records = read_records(RESOURCES)
    assert len(records) > 400
    assert read_sheet(write_sheet(records), records) == {}


def test_each_kind_of_field_is_known_to_the_table() -> None:
    def typed(text: str) -> set[str]:
        return {name for name, value in Record.__annotations__.items() if value.startswith(text)}

    lists = {name for name, value in Record.__annotations__.items() if "tuple[" in value}
    assert lists == {*LISTS}
    assert typed("bool") == {*ANSWERS}
    assert typed("Annotated[int") == {*NUMBERS}


def test_no_cell_is_one_that_a_spreadsheet_program_would_run_or_rewrite() -> None:
    for row in rows(RESOURCES)[1:]:
        for written in row:
            assert not re.match(r"[=+\-@\t\r0-9]", written), written


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_a_table_is_read_as_programs_write_it(folder: Path, delimiter: str, encoding: str) -> None:
    lines = ["id,name,free,audience,phone,minimum_age", "zorblax,Zorblax Ä,yes,self | other,+49123456,16", ",,,,,"]
    data = "\r\n".join(lines).replace(",", delimiter).encode(encoding)
    assert read_sheet(data, read_records(folder)) == {
        "zorblax": {
            "name": "Zorblax Ä",
            "free": True,
            "audience": ["self", "other"],
            "phone": "+49123456",
            "minimum_age": 16,
        }
    }


def test_an_empty_cell_is_unknown_and_a_field_that_files_always_have_stays_empty(folder: Path) -> None:
    data = b"id,url,languages,verified_on\nzorblax,,,\nquellfen,,,\n"
    assert read_sheet(data, read_records(folder)) == {"zorblax": {"url": None, "languages": []}}


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "column `id`"),
        (b"name\nZorblax\n", "column `id`"),
        (b"id,id\nzorblax,zorblax\n", "each column once"),
        (b"id,nmae\nzorblax,x\n", "nmae"),
        (b"id,name\nminku,x\n", "line 2: there is no record 'minku'"),
        (b"id,name\nzorblax,x\nzorblax,y\n", "line 3: zorblax stands twice"),
        (b"id,name\nzorblax\n", "line 2"),
        (b"id,free\nzorblax,perhaps\n", "line 2: free"),
        (b"id,minimum_age\nzorblax,16.0\n", "line 2: minimum_age"),
        (b'id,name\nzorblax,"x\n', "line 2"),
        (b"id,name\nzorblax,\xff\n", "UTF-8"),
    ],
)
def test_a_table_at_fault_is_named_by_line_and_nothing_is_taken(folder: Path, data: bytes, why: str) -> None:
    with pytest.raises(ContentError, match=re.escape(why)):
        read_sheet(data, read_records(folder))


def test_every_line_at_fault_is_named_at_once(folder: Path) -> None:
    data = "id,free\n" + "".join(f"minku-{number},yes\n" for number in range(30))
    with pytest.raises(ContentError, match=r"line 2: .*line 21: .*and 10 more lines"):
        read_sheet(data.encode(), read_records(folder))


@given(st.text())
def test_any_text_comes_back_from_its_cell(written: str) -> None:
    assert unguarded(guarded(written)) == written


CELLS = st.text(st.characters(blacklist_categories=["Cs"]), max_size=30)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40)
@given(st.lists(st.tuples(st.sampled_from(FIELDS), CELLS), max_size=4), st.binary(max_size=40))
def test_any_table_is_taken_whole_or_refused(folder: Path, cells: list[tuple[str, str]], noise: bytes) -> None:
    before = text(folder)
    header = ",".join(["id", *(field for field, _ in cells)])
    row = ",".join(["zorblax", *('"' + written.replace('"', '""') + '"' for _, written in cells)])
    for data in (f"{header}\n{row}\n".encode(), noise):
        records = read_records(folder)
        try:
            changes = read_sheet(data, records)
            change(folder, changes)
        except ContentError:
            assert text(folder) == before
        else:
            now = read_records(folder)
            for id_, values in changes.items():
                assert all(cell(now[id_].get(field)) == cell(value) for field, value in values.items())
        (folder / "AA.toml").write_text(before, "utf-8")


def test_what_changes_write_is_always_toml(folder: Path) -> None:
    change(folder, {"zorblax": {"name": "a'b\"c\\d\u2028é", "operator": "#=[]"}})
    (first, _) = tomllib.loads(text(folder))["service"]
    assert (first["name"], first["operator"]) == ("a'b\"c\\d\u2028é", "#=[]")
