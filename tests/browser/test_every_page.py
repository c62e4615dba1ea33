"""Owns what is promised of every page in every language, in a real browser, on pages that the service itself sent."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from axe_playwright_python.sync_playwright import Axe

from tests.browser.ways import Ways
from tests.pseudo import copy_with_pseudo_locales

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from playwright.sync_api import Browser, BrowserContext, Page

    from conftest import Service

LANGUAGES = ("en", "de", "ar", "th", "zh-Hant", "am", "en-XA", "ar-XB")
RIGHT_TO_LEFT = {"ar", "ar-XB", "fa", "he", "ur"}
FOCUSED = "() => document.activeElement.outerHTML"
HIDDEN = """() => {
    const link = document.activeElement, box = link.getBoundingClientRect(), outline = getComputedStyle(link);
    const top = document.elementFromPoint(box.x + Math.min(box.width, 300) / 2, box.y + box.height / 2);
    return outline.outlineStyle === 'none' || parseFloat(outline.outlineWidth) < 2
        || !(top && (link.contains(top) || top.contains(link)));
}"""
STORED = """async () => localStorage.length + sessionStorage.length + document.cookie.length
    + (await indexedDB.databases()).length"""
TOO_WIDE = "() => document.documentElement.scrollWidth > document.documentElement.clientWidth"


def languages() -> tuple[str, ...]:
    """Those of `make test`, or all of them under `make test-pages`."""
    if "EVERY_LANGUAGE" not in os.environ:
        return LANGUAGES
    folders = (Path(__file__).parents[2] / "locales").glob("*/LC_MESSAGES/redirect.po")
    return ("en", *sorted(folder.parts[-3].replace("_", "-") for folder in folders), "en-XA", "ar-XB")


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
def ways(service: Service, tag: str) -> Ways:
    return Ways(service, tag)


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    """No script of a page ever runs here, nor may it ask for anything from elsewhere."""
    made = browser.new_context(viewport={"width": 320, "height": 640}, java_script_enabled=False)
    yield made
    made.close()


def open_page(context: BrowserContext, address: str) -> tuple[Page, list[str]]:
    page, complaints = context.new_page(), []
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("request", lambda request: complaints.append(request.url) if is_foreign(request.url, address) else None)
    page.goto(address)
    return page, complaints


def is_foreign(asked: str, address: str) -> bool:
    """Whether a page asked for more than itself; its pictures are inside it."""
    return not asked.startswith("data:") and asked != address


def test_every_kind_of_page_is_looked_at(ways: Ways) -> None:
    warnings, doors = {"V1", "V2", "V3", "V4"}, {"under-18", "someone-else", "happened-to-me", "work-or-mistake"}
    others = {"thanks", "question", "end", "leave", "doors", "directory", "country", "unreadable"}
    assert set(ways.addresses) == warnings | doors | others


def test_pages_say_their_language_and_direction_and_fit_320_pixels(
    context: BrowserContext, ways: Ways, tag: str
) -> None:
    for name, address in ways.addresses.items():
        page, complaints = open_page(context, address)
        html = page.locator("html")
        assert html.get_attribute("lang") == tag, name
        assert html.get_attribute("dir") == ("rtl" if tag in RIGHT_TO_LEFT else "ltr"), name
        assert not page.evaluate(TOO_WIDE), name
        assert page.evaluate("() => document.fonts.size") == 0, name
        assert complaints == [], name
        page.close()


def test_pages_store_nothing(context: BrowserContext, ways: Ways) -> None:
    for name, address in ways.addresses.items():
        page, _ = open_page(context, address)
        assert page.evaluate(STORED) == 0, name
        page.close()
    assert context.cookies() == []


def test_axe_finds_nothing_by_day_or_night(browser: Browser, ways: Ways) -> None:
    # The policy of the pages stays off here alone: axe is a script, and a page allows none.
    context = browser.new_context(bypass_csp=True, color_scheme="light")
    for name, address in ways.addresses.items():
        page = context.new_page()
        page.goto(address)
        found: Any = Axe().run(page)
        assert found.violations_count == 0, f"{name}: {found.generate_report()}"
        page.emulate_media(color_scheme="dark")
        found = Axe().run(page, options={"runOnly": ["color-contrast"]})
        assert found.violations_count == 0, f"{name} by night: {found.generate_report()}"
        page.close()
    context.close()


def test_the_keyboard_meets_the_exit_first_then_the_way_to_help_and_is_always_seen(
    context: BrowserContext, ways: Ways
) -> None:
    for name, address in ways.addresses.items():
        page, _ = open_page(context, address)
        page.keyboard.press("Tab")
        assert 'class="exit"' in page.evaluate(FOCUSED), name
        page.keyboard.press("Tab")
        assert 'href="#help"' in page.evaluate(FOCUSED), name
        for _ in range(30):
            page.keyboard.press("Tab")
            if page.evaluate("() => document.activeElement === document.body"):
                break
            assert not page.evaluate(HIDDEN), f"{name}: {page.evaluate(FOCUSED)}"
        page.close()
