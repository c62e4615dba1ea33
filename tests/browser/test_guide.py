"""The guided conversation in a real browser: with the keyboard alone, without script, in any size, and on paper."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from conftest import LISTED

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, BrowserContext, Page

    from conftest import Service

FOCUSED = "() => document.activeElement?.innerText"
TOO_WIDE = "() => document.documentElement.scrollWidth > document.documentElement.clientWidth"
WAY = ("Find the help that fits you", "What I look at worries me", "Talk with someone", "Not paying")


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    made = browser.new_context(java_script_enabled=False)
    yield made
    made.close()


def first_page(demo: Service, language: str = "en", country: str = "GB") -> str:
    address: str = demo.check(LISTED, country=country, languages=language)["page"]
    return address


def walked(context: BrowserContext, demo: Service, *way: str) -> Page:
    page = context.new_page()
    page.goto(first_page(demo))
    for label in way:
        page.get_by_role("link", name=label, exact=True).click()
    return page


def tab_to(page: Page, label: str) -> None:
    """Press the tab key until a link or button with this label has the focus."""
    for _ in range(40):
        page.keyboard.press("Tab")
        if page.evaluate(FOCUSED) == label:
            return
    pytest.fail(f"the keyboard does not reach {label}")


def test_the_keyboard_alone_leads_to_the_service(context: BrowserContext, demo: Service) -> None:
    page = walked(context, demo)
    for label in WAY:
        tab_to(page, label)
        with page.expect_navigation():
            page.keyboard.press("Enter")
    assert page.locator("h1").inner_text() == "This may be a good place to begin"
    assert page.locator("#first").inner_text() == "Stop It Now helpline (UK)"


def test_the_way_to_help_leads_straight_to_the_buttons(context: BrowserContext, demo: Service) -> None:
    page = walked(context, demo, WAY[0])
    tab_to(page, "Go to help")
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate(FOCUSED) == WAY[1]


def test_neither_the_history_nor_the_tab_tells_an_answer(context: BrowserContext, demo: Service) -> None:
    page = walked(context, demo, *WAY)
    titles = set()
    for _ in WAY:
        titles.add(page.title())
        assert not any(answer in page.url for answer in ("look", "talk", "free", "guide"))
        page.go_back()
    assert titles == {"Information and help"}


@pytest.mark.parametrize(("width", "factor", "text"), [(640, 1, 200), (320, 4, 100)])
def test_a_page_at_four_times_and_text_at_twice_its_size_fit(
    browser: Browser, demo: Service, width: int, factor: int, text: int
) -> None:
    # Zoom leaves a quarter of the width; a reader's own large type makes the root grow, not the window.
    enlarged = browser.new_context(viewport={"width": width, "height": 256}, device_scale_factor=factor)
    for way in (WAY[:1], WAY):
        page = walked(enlarged, demo, *way)
        page.locator("html").evaluate(f"root => root.style.setProperty('font-size', '{text}%')")
        assert not page.evaluate(TOO_WIDE)
        page.close()
    enlarged.close()


def test_forced_colours_keep_buttons_recognisable(browser: Browser, demo: Service) -> None:
    forced = browser.new_context(forced_colors="active")
    page = walked(forced, demo, WAY[0])
    width = page.locator(".choices a").first.evaluate("link => getComputedStyle(link).borderTopWidth")
    forced.close()
    assert float(width.removesuffix("px")) >= 2


def test_paper_has_the_number_the_address_and_the_code_and_nothing_to_tap(
    context: BrowserContext, demo: Service
) -> None:
    page = walked(context, demo, *WAY)
    folded, paper = page.locator("img").all()
    assert not folded.is_visible()
    assert not paper.is_visible()
    page.emulate_media(media="print")
    assert paper.is_visible()
    shown = page.locator("body").inner_text()
    for said in ("0808 1000 900", "www.stopitnow.org.uk/helpline", "116 123", "scan this code"):
        assert said in shown
    for gone in (".steps", ".exit", ".languages"):
        assert not page.locator(gone).first.is_visible()


def test_the_languages_unfold_without_a_script(context: BrowserContext, demo: Service) -> None:
    page = walked(context, demo)
    others = page.locator(".languages details a")
    assert others.count() > 40
    assert not others.first.is_visible()
    page.locator(".languages summary").click()
    assert others.first.is_visible()
    page.get_by_role("link", name="Deutsch").click()
    assert page.locator("html").get_attribute("lang") == "de"


@pytest.mark.parametrize(
    ("country", "language", "near"),
    [
        ("GB", "en", ["en"]),
        ("BE", "fr", ["fr", "nl", "de", "en"]),
        ("EG", "ar", ["ar", "en"]),
        ("GB", "th", ["th", "en"]),
    ],
)
def test_the_languages_of_the_country_and_english_stand_in_the_open(
    context: BrowserContext, demo: Service, country: str, language: str, near: list[str]
) -> None:
    page = context.new_page()
    page.goto(first_page(demo, language, country))
    shown = page.locator(".languages > ul a").all()
    assert shown[0].get_attribute("aria-current") == "true"
    assert [link.get_attribute("lang") for link in shown] == near
    for link in page.locator(".languages li a").all():
        assert link.get_attribute("lang") == link.get_attribute("hreflang")
        assert link.get_attribute("dir") == "auto"
