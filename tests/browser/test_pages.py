"""Owns what is promised of pages in a real browser: readable by everyone, on any width, in any mode."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from tests.browser.looks import violations, violations_by_night

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, Page

    from tests.conftest import Pages

ORIGIN = "http://pages.test"
MESSAGES = ("V1", "V2", "V3", "V4", "V5", "V6", "V7", "V8")
LANGUAGES = ("en", "es", "ar")
POLICY = (
    "default-src 'none'; style-src {style}; img-src data:; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
# What the pages of the demo do not show: who blocks and where to appeal, no crisis line, or no number at all.
other_states = pytest.mark.parametrize(
    ("message", "tag"), [("V1", "ar"), ("V2", "es"), ("V3", "ar"), ("V5", "ar"), ("V8", "es")]
)


@contextmanager
def opened(browser: Browser, pages: Pages, html: str, *, width: int = 1280, **options: Any) -> Iterator[Page]:
    """The page as served: with its policy, no script, and every request but its own refused and remembered."""
    context = browser.new_context(viewport={"width": width, "height": 720}, **options)
    page = context.new_page()
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    policy = POLICY.format(style=pages.renderer.csp_style_hash)

    def answer(route: Any) -> None:
        if route.request.url == f"{ORIGIN}/w/page":
            headers = {"Content-Type": "text/html; charset=utf-8", "Content-Security-Policy": policy}
            route.fulfill(status=200, headers=headers, body=html)
        else:
            complaints.append(f"asked for {route.request.url}")
            route.abort()

    page.route("**/*", answer)
    page.goto(f"{ORIGIN}/w/page")
    try:
        yield page
        assert complaints == []
    finally:
        context.close()


def too_wide(page: Page) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"))


@other_states
def test_axe_finds_nothing_by_day_or_night(browser: Browser, pages: Pages, message: str, tag: str) -> None:
    # The policy stays off here alone: axe is a script, and the page itself allows none.
    context = browser.new_context(bypass_csp=True, color_scheme="light")
    page = context.new_page()
    page.set_content(pages.html(message, tag))
    found = violations(page), violations_by_night(page)
    context.close()
    assert found == ([], [])


@other_states
def test_nothing_scrolls_sideways_at_320_pixels(browser: Browser, pages: Pages, message: str, tag: str) -> None:
    with opened(browser, pages, pages.html(message, tag), width=320) as page:
        assert not too_wide(page)


def test_text_at_twice_its_size_still_fits(browser: Browser, pages: Pages) -> None:
    # What a reader's own large-type setting does: the root grows, the window does not.
    for message, tag in (("V1", "en"), ("V2", "es"), ("V3", "ar")):
        html = pages.html(message, tag).replace(":root {", ":root { font-size: 200%;", 1)
        context = browser.new_context(viewport={"width": 640, "height": 720})
        page = context.new_page()
        page.set_content(html)
        assert page.evaluate("getComputedStyle(document.documentElement).fontSize") == "32px"
        assert not too_wide(page)
        context.close()


@other_states
def test_the_keyboard_meets_the_exit_first_and_then_the_way_to_help(
    browser: Browser, pages: Pages, message: str, tag: str
) -> None:
    focused = "() => document.activeElement.outerHTML"
    with opened(browser, pages, pages.html(message, tag)) as page:
        page.keyboard.press("Tab")
        assert 'class="exit"' in page.evaluate(focused)
        page.keyboard.press("Tab")
        assert 'href="#help"' in page.evaluate(focused)
        assert page.locator(":focus").bounding_box()["width"] > 24  # type: ignore[index]
        page.keyboard.press("Enter")
        page.keyboard.press("Tab")
        assert page.evaluate("() => !!document.activeElement.closest('#help')")


def test_a_right_to_left_page_starts_at_the_right(browser: Browser, pages: Pages) -> None:
    for message in MESSAGES:
        with opened(browser, pages, pages.html(message, "ar")) as page:
            for selector in ("h1", "#first", ".exit"):
                box = page.locator(selector).first.bounding_box()
                assert box is not None
                assert box["x"] + box["width"] > 1280 / 2
            number = page.locator("bdi").first
            assert number.evaluate("node => getComputedStyle(node).direction") == "ltr"


def test_headline_message_and_main_action_stand_above_the_fold(browser: Browser, pages: Pages) -> None:
    for tag in LANGUAGES:
        with opened(browser, pages, pages.html("V1", tag)) as page:
            box = page.locator(".act a").bounding_box()
            assert box is not None
            assert box["y"] + box["height"] <= 720


def test_print_spells_out_numbers_and_addresses(browser: Browser, pages: Pages) -> None:
    with opened(browser, pages, pages.html("V1")) as page:
        page.emulate_media(media="print")
        shown = page.locator("body").inner_text()
        assert "0808 1000 900" in shown
        assert "www.stopitnow.org.uk/helpline" in shown
        assert not page.locator(".doors").is_visible()
        assert not page.locator(".exit").first.is_visible()


def test_forced_colours_keep_the_main_action_recognisable(browser: Browser, pages: Pages) -> None:
    with opened(browser, pages, pages.html("V1"), forced_colors="active") as page:
        border = page.locator(".act a").evaluate("node => getComputedStyle(node).borderTopWidth")
        assert float(border.removesuffix("px")) >= 2


def test_the_fallback_page_is_as_good(browser: Browser, pages: Pages) -> None:
    html = pages.renderer.fallback().decode()
    with opened(browser, pages, html, width=320) as page:
        assert not too_wide(page)
    context = browser.new_context(bypass_csp=True)
    page = context.new_page()
    page.set_content(html)
    found = violations(page)
    context.close()
    assert found == []
