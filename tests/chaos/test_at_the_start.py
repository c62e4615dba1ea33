"""Owns what a service finds broken when it starts: it starts all the same, and does without."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from conftest import LISTED, eventually

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import Service

ROOT = Path(__file__).parents[2]
PARTS = ("redirect", "messages", "locales")


@pytest.fixture(scope="module")
def battered(make_service: Callable[..., Service], tmp_path_factory: pytest.TempPathFactory) -> Service:
    """One that finds a catalogue missing, and nothing but rubbish in its data directory."""
    installed = tmp_path_factory.mktemp("installed")
    for part in PARTS:
        shutil.copytree(ROOT / part, installed / part, ignore=shutil.ignore_patterns("__pycache__"))
    (installed / "locales" / "de" / "LC_MESSAGES" / "redirect.mo").unlink()
    service = make_service("--demo", start=False, PYTHONPATH=str(installed))
    _leave_rubbish(service.data_dir)
    return service.start()


def _leave_rubbish(data: Path) -> None:
    (data / "spool").mkdir(parents=True)
    for name, copy in (("access.json", b'{"\xff":{}}'), ("pauses.json", b"\x00{"), ("stopped.json", b'{"\xff":{}}')):
        (data / name).write_bytes(copy)
    for spool, held in (("0", b"\xff" * 100), ("1", b""), ("2", b"\x10")):
        (data / "spool" / f"{spool * 16}.{1:012d}.batch").write_bytes(held)
        (data / "spool" / f"{spool * 16}.lock").touch()


def test_a_missing_catalogue_costs_its_own_language_alone(battered: Service) -> None:
    ready = battered.get("/readyz").json()
    assert ready["ready"]
    assert "de" not in ready["languages"]
    assert {"en", "fr"} <= set(ready["languages"])
    page = battered.check(LISTED, languages="de")["page"]
    assert battered.page(page, headers={"Accept-Language": "de"}).all("html")[0]["lang"] == "en"
    assert battered.page(f"{page}?lang=fr").all("html")[0]["lang"] == "fr"


def test_rubbish_in_the_data_directory_stops_nothing_and_is_taken_away(battered: Service) -> None:
    assert battered.check(LISTED)["action"] == "block"
    eventually(lambda: len(list((battered.data_dir / "spool").iterdir())) == 2, why="rubbish stays")
    assert battered.stop() == 0
    assert list((battered.data_dir / "spool").iterdir()) == []
    assert "Traceback" not in battered.log.read_text()
