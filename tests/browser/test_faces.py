"""Owns what is promised of a card on somebody else's page, and of the sheets that reviewers begin with, in a real
browser."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from conftest import LISTED, Service
from redirect.adapters.content import shipped
from redirect.tools.preview import preview
from redirect.web.faces import CARD_STYLE
from redirect.web.render import source_expression
from tests.browser.looks import violations, violations_by_night
from tests.browser.test_pages import too_wide

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, Page

HOST = """<!doctype html><html lang="en"><head><title>Results</title><meta name="color-scheme" content="light dark">
<meta name="viewport" content="width=device-width, initial-scale=1">{style}</head>
<body><main><h1>Results</h1>{card}<h2>The first result</h2></main></body></html>"""
STYLE = """<style>body { background: #fff; color: #222; } a { color: #0b544e; }
@media (prefers-color-scheme: dark) { body { background: #121918; color: #e9e4da; } a { color: #8fd6c8; } }</style>"""
ORIGIN = "http://results.test/"
LANGUAGES = ("en", "ar", "th", "zh-Hant", "am")


@pytest.fixture(scope="module")
def cards(demo: Service) -> dict[str, str]:
    return {tag: demo.check(LISTED, country="GB", languages=tag, face="card")["card"] for tag in LANGUAGES}


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 320, "height": 640}, bypass_csp=True)
    yield context.new_page()
    context.close()


@pytest.mark.parametrize("tag", LANGUAGES)
def test_axe_finds_nothing_in_a_card_among_results(page: Page, cards: dict[str, str], tag: str) -> None:
    page.set_content(HOST.format(card=cards[tag], style=STYLE))
    assert violations(page) == []
    assert violations_by_night(page) == []
    assert not too_wide(page)
    box = page.locator(".redirect-act").bounding_box()
    assert box is not None
    assert box["height"] >= 24


def test_a_host_with_a_policy_needs_to_allow_nothing_but_the_style_of_the_card(
    browser: Browser, cards: dict[str, str]
) -> None:
    context, complaints = browser.new_context(), []
    page = context.new_page()
    page.on("console", lambda message: complaints.append(message.text))
    policy = f"default-src 'none'; style-src {source_expression(CARD_STYLE)}"
    headers = {"Content-Type": "text/html; charset=utf-8", "Content-Security-Policy": policy}
    body = HOST.format(card=cards["en"], style="")
    page.route("**/*", lambda route: route.fulfill(status=200, headers=headers, body=body))
    page.goto(ORIGIN)
    assert page.locator(".redirect-card").evaluate("node => getComputedStyle(node).borderTopStyle") == "solid"
    context.close()
    assert [text for text in complaints if "style" in text] == []


def test_axe_finds_nothing_on_the_sheets_of_a_preview(page: Page, tmp_path: Path, locales_dir: Path) -> None:
    def silent(_about: str, _done: int, _total: int | None) -> None: ...

    preview(shipped("messages"), locales_dir, tmp_path / "out", languages=["ar"], force=False, progress=silent)
    page.route(re.compile(r"/ar/(?!index)"), lambda route: route.abort())  # the pages have tests of their own
    for sheet in ("index.html", "ar/index.html"):
        page.goto((tmp_path / "out" / sheet).as_uri())
        assert violations(page) == []
        assert not too_wide(page), sheet
