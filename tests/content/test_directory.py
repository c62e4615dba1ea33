"""The files that reviewers edit: what the loader takes, and what it says of a mistake."""

from __future__ import annotations

import tomllib
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from redirect.adapters.directory import load_directory
from redirect.domain.errors import ContentError

if TYPE_CHECKING:
    from redirect.domain.services import Directory

RESOURCES = Path(__file__).parents[2] / "messages" / "resources"
PILLARS = ("child-helpline-international-members", "find-a-helpline", "icmec-reporting-directory")
RECORD = """\
[[service]]
id = "zorblax"
name = "Zorblax"
operator = ""
audience = ["self"]
kind = ["helpline"]
countries = ["AA"]
languages = ["en"]
url = "https://zorblax.example/"
phone = "+99900100"
confidence = "official-page"
sources = ["https://minku.example/"]
verified_on = ""
"""


def pillar(id_: str) -> str:
    return (
        RECORD.replace('"zorblax"', f'"{id_}"')
        .replace('["AA"]', '["*"]')
        .replace("zorblax.example", f"{id_}.example")
        .replace("https://minku", f"https://{id_}")
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "world.toml").write_text("\n".join(map(pillar, PILLARS)), "utf-8")
    return tmp_path


def load(folder: Path, text: str, name: str = "AA.toml") -> Directory:
    (folder / name).write_text(text, "utf-8")
    return load_directory(folder)


def test_what_is_shipped_can_be_read() -> None:
    assert sum(1 for _ in load_directory(RESOURCES)) > 400


def test_every_shipped_record_is_loaded_as_it_is_written() -> None:
    directory = load_directory(RESOURCES)
    for path in RESOURCES.glob("*.toml"):
        for written in tomllib.loads(path.read_text("utf-8"))["service"]:
            service = directory.by_id(written["id"])
            for field, value in written.items():
                assert getattr(service, field) == (tuple(value) if isinstance(value, list) else value)


def test_hours_need_a_clock_but_day_and_night_does_not(folder: Path) -> None:
    always = load(folder, RECORD + 'hours = "24/7"\n').by_id("zorblax")
    assert always
    assert (always.hours, always.time_zone) == ("24/7", None)
    open_ = load(folder, RECORD + 'hours = "Su-Th 16:00-24:00"\ntime_zone = "Asia/Jerusalem"\n').by_id("zorblax")
    assert open_
    assert open_.time_zone == "Asia/Jerusalem"


@pytest.mark.parametrize("until", ["2020-01-01", "2099-12-31", "further-notice"])
def test_a_pause_in_a_file_holds_from_the_start_until_the_day_is_known(folder: Path, until: str) -> None:
    directory = load(folder, RECORD + f'paused_until = "{until}"\n')
    assert directory.cards("AA") == ()
    assert bool(directory.on(date(2026, 11, 22), {}).cards("AA")) is (until < "2026")


def test_what_is_absent_stays_unknown(folder: Path) -> None:
    service = load(folder, RECORD).by_id("zorblax")
    assert service
    assert service.anonymous is None
    assert service.works_from_abroad is None
    assert service.minimum_age is None


@pytest.mark.parametrize(
    ("field", "before", "after"),
    [
        ("id", '"zorblax"', '"Zorblax Minku"'),
        ("name", 'name = "Zorblax"', 'name = ""'),
        ("name", 'name = "Zorblax"', ""),
        ("audience", '["self"]', '["everyone"]'),
        ("kind", '["helpline"]', "[]"),
        ("kind", '["helpline"]', '["hotline"]'),
        ("countries", '["AA"]', '["aa"]'),
        ("countries", '["AA"]', '["BB"]'),
        ("languages", '["en"]', '["English"]'),
        ("url", "https://zorblax.example/", "http://zorblax.example/"),
        ("url", "https://zorblax.example/", "https://minku@zorblax.example/"),
        ("url", "https://zorblax.example/", "javascript:void"),
        ("url", "https://zorblax.example/", "https://zorblax.example/a b"),
        ("phone", '"+99900100"', '"0800 100"'),
        ("phone_display", 'phone = "+99900100"', 'phone_display = "900 100"'),
        ("confidence", '"official-page"', '"weak"'),
        ("sources", '["https://minku.example/"]', "[]"),
        ("sources", '["https://minku.example/"]', '["a friend"]'),
        ("verified_on", 'verified_on = ""', 'verified_on = "yesterday"'),
        ("verified_on", 'verified_on = ""', 'verified_on = "2026-02-30"\nverified_by = "Minku"'),
        ("verified_by", 'verified_on = ""', 'verified_on = "2026-02-03"'),
        ("agreed_on", 'verified_on = ""', 'agreed_on = "2026-13-01"'),
        ("minimum_age", 'verified_on = ""', 'minimum_age = "18"'),
        ("drovic", 'verified_on = ""', "drovic = true"),
        ("passes_on", 'verified_on = ""', 'passes_on = ["everything"]'),
        ("channels", 'verified_on = ""', 'channels = ["fax"]'),
        ("hours", 'verified_on = ""', 'hours = "mornings"'),
        ("hours", 'verified_on = ""', 'hours = "Mo 09:00-17:00; Mo 18:00-19:00"\ntime_zone = "Europe/Oslo"'),
        ("time_zone", 'verified_on = ""', 'hours = "Mo 09:00-17:00"'),
        ("time_zone", 'verified_on = ""', 'hours = "Mo 09:00-17:00"\ntime_zone = "Oslo"'),
        ("paused_until", 'verified_on = ""', 'paused_until = "soon"'),
        ("paused_until", 'verified_on = ""', 'paused_until = "2026-02-30"'),
    ],
)
def test_a_mistake_is_named_by_file_and_field(folder: Path, field: str, before: str, after: str) -> None:
    assert before in RECORD
    with pytest.raises(ContentError, match=rf"AA\.toml: .*{field}"):
        load(folder, RECORD.replace(before, after))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "service = 1",
        'other = "x"',
        "[[service]",
        "service = [1]",
        "\ufeff[[service]]",
        "x = " + "[" * 5000,
        "x = " + "9" * 5000,
        "service = [[]]",
        RECORD + "\n[other]\n",
    ],
)
def test_a_file_that_holds_anything_else_is_refused_by_name(folder: Path, text: str) -> None:
    with pytest.raises(ContentError, match=r"AA\.toml"):
        load(folder, text)


def test_bytes_that_are_no_text_are_refused(folder: Path) -> None:
    (folder / "AA.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ContentError, match=r"AA\.toml"):
        load_directory(folder)


def test_a_file_that_cannot_be_opened_is_refused(folder: Path) -> None:
    (folder / "AA.toml").mkdir()
    with pytest.raises(ContentError, match=r"AA\.toml"):
        load_directory(folder)


def test_a_folder_without_services_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ContentError, match=r"no \*\.toml"):
        load_directory(tmp_path / "nowhere")


def test_one_id_in_two_files_is_refused(folder: Path) -> None:
    (folder / "BB.toml").write_text(RECORD.replace('["AA"]', '["BB", "AA"]'), "utf-8")
    with pytest.raises(ContentError, match=r"BB\.toml: id zorblax stands in AA\.toml"):
        load(folder, RECORD)


def test_without_the_general_directory_nothing_starts(folder: Path) -> None:
    (folder / "world.toml").write_text("\n".join(map(pillar, PILLARS[:1])), "utf-8")
    with pytest.raises(ContentError, match="find-a-helpline"):
        load(folder, RECORD)


TOML_VALUES = st.recursive(
    st.booleans().map(lambda value: str(value).lower())
    | st.integers()
    | st.text(max_size=20).map(repr)
    | st.just("2026-01-01"),
    lambda inner: st.lists(inner, max_size=3).map(lambda items: "[" + ", ".join(map(str, items)) + "]"),
    max_leaves=4,
)
FIELDS = st.sampled_from([line.partition(" = ")[0] for line in RECORD.splitlines()[1:]] + ["hold", "minku"])


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.text(max_size=200))
def test_garbage_is_refused_and_never_breaks_anything_else(folder: Path, text: str) -> None:
    load_or_refuse(folder, text)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.binary(max_size=200))
def test_bytes_of_any_kind_are_refused_and_never_break_anything_else(folder: Path, data: bytes) -> None:
    (folder / "AA.toml").write_bytes(data)
    with pytest.raises(ContentError):
        load_directory(folder)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(changes=st.dictionaries(FIELDS, TOML_VALUES, max_size=3))
def test_any_value_in_any_field_is_taken_or_refused(folder: Path, changes: dict[str, object]) -> None:
    lines = [line for line in RECORD.splitlines() if line.partition(" = ")[0] not in changes]
    load_or_refuse(folder, "\n".join([*lines, *(f"{field} = {value}" for field, value in changes.items())]))


def load_or_refuse(folder: Path, text: str) -> None:
    (folder / "AA.toml").write_bytes(text.encode("utf-8", "surrogatepass"))
    refusal = ""
    try:
        load_directory(folder)
    except ContentError as error:
        refusal = str(error)
    assert not refusal or refusal.startswith("AA.toml: ")
