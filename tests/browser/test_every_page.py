"""Owns what is promised of every page in every language, in a real browser, on pages that the service itself sent.
Each is loaded once, and every test reads what was seen."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.browser.languages import EVERY_LANGUAGE, RIGHT_TO_LEFT, languages
from tests.browser.looks import Look, Looking
from tests.browser.ways import Ways
from tests.pseudo import copy_with_pseudo_locales

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from playwright.sync_api import Browser

    from conftest import Service

# `make test` is in haste: one style sheet colours all languages, so contrast is measured in one, and axe sees one page
# of each markup in the others. `make test-pages` leaves nothing out.
WHOLE = "en"
LIKE_ANOTHER = {"V4", "someone-else", "happened-to-me", "thanks", "leave", "doors", "unreadable"}


@pytest.fixture(scope="module")
def service(make_service: Callable[..., Service]) -> Iterator[Service]:
    with tempfile.TemporaryDirectory() as folder:
        copied = copy_with_pseudo_locales(Path(folder) / "copy")
        yield make_service("--demo", PYTHONPATH=str(copied))


@pytest.fixture(scope="module", params=languages())
def tag(request: pytest.FixtureRequest) -> str:
    found: str = request.param
    return found


@pytest.fixture(scope="module")
def looks(browser: Browser, service: Service, tag: str) -> dict[str, Look]:
    """Every kind of page in one language."""
    whole, window = EVERY_LANGUAGE or tag == WHOLE, Looking(browser)
    seen = {
        kind: window.at(address, axe=whole or kind not in LIKE_ANOTHER, colours=whole)
        for kind, address in Ways(service, tag).addresses.items()
    }
    assert window.context.cookies() == []
    window.context.close()
    return seen


def test_every_kind_of_page_is_looked_at(looks: dict[str, Look]) -> None:
    warnings, doors = {"V1", "V2", "V3", "V4"}, {"under-18", "someone-else", "happened-to-me", "work-or-mistake"}
    others = {"thanks", "question", "end", "leave", "doors", "directory", "country", "unreadable"}
    assert set(looks) == warnings | doors | others


def test_pages_say_their_language_and_direction(looks: dict[str, Look], tag: str) -> None:
    said = {kind: (seen.facts["lang"], seen.facts["dir"]) for kind, seen in looks.items()}
    assert said == dict.fromkeys(looks, (tag, "rtl" if tag in RIGHT_TO_LEFT else "ltr"))


def test_pages_fit_320_pixels_and_are_easy_to_tap(looks: dict[str, Look]) -> None:
    assert [kind for kind, seen in looks.items() if seen.facts["isTooWide"]] == []
    assert {kind: seen.facts["small"] for kind, seen in looks.items() if seen.facts["small"]} == {}
    assert {kind: seen.facts["parted"] for kind, seen in looks.items() if seen.facts["parted"]} == {}


def test_pages_ask_for_nothing_store_nothing_and_complain_of_nothing(looks: dict[str, Look]) -> None:
    assert {kind: seen.complaints for kind, seen in looks.items() if seen.complaints} == {}
    assert [kind for kind, seen in looks.items() if seen.facts["stored"] or seen.facts["fonts"]] == []


def test_the_keyboard_meets_the_exit_first_then_the_way_to_help_and_is_always_seen(looks: dict[str, Look]) -> None:
    for kind, seen in looks.items():
        assert 'class="exit"' in seen.focused[0], kind
        assert 'href="#help"' in seen.focused[1], kind
    assert {kind: seen.unseen for kind, seen in looks.items() if seen.unseen} == {}


def test_axe_finds_nothing_by_day_or_night(looks: dict[str, Look]) -> None:
    assert {kind: seen.violations for kind, seen in looks.items() if seen.violations} == {}
    assert {kind: seen.by_night for kind, seen in looks.items() if seen.by_night} == {}
