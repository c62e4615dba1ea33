"""Owns one look at a page: everything that a browser can tell of it, from a single load at 320 by 640 pixels. Must
never judge; the tests do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from axe_playwright_python.base import AXE_SCRIPT

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

CONTRAST = "color-contrast"
FOCUSED = "() => document.activeElement.outerHTML"
FACTS = r"""async () => ({
    lang: document.documentElement.lang,
    dir: document.documentElement.dir,
    isTooWide: document.documentElement.scrollWidth > document.documentElement.clientWidth,
    stored: localStorage.length + sessionStorage.length + document.cookie.length + (await indexedDB.databases()).length,
    fonts: document.fonts.size,
    small: [...document.querySelectorAll('a, button, summary')]
        .filter(link => link.checkVisibility() && (!link.closest('p, dd') || link.closest('.leave, .act, .phone')))
        .filter(link => {
            const box = link.getBoundingClientRect();
            return box.width > 1 && Math.min(box.width, box.height) < 24;
        }).map(link => link.outerHTML),
    // Words of the headline that stand on two lines; in these languages nothing in the text parts words.
    parted: /^(ja|th|zh)/.test(document.documentElement.lang) ? [] : [...document.querySelectorAll('h1, h1 *')]
        .flatMap(element => [...element.childNodes]).filter(node => node.nodeType === Node.TEXT_NODE)
        .flatMap(node => [...node.data.matchAll(/[^\s\p{Pd}]+/gu)].filter(({0: word, index}) => {
            const range = document.createRange();
            range.setStart(node, index);
            range.setEnd(node, index + word.length);
            return new Set([...range.getClientRects()].filter(box => box.width).map(box => Math.round(box.y))).size > 1;
        })).map(([word]) => word),
})"""
# The tab key goes through links in the order of the page, since nothing has a tabindex. To give the focus to each takes
# a tenth of the time of pressing the key, and after one press the browser shows it in the same way.
UNSEEN = """() => [...document.querySelectorAll('a, button, summary, video')].filter(link => link.checkVisibility())
    .filter(link => {
        link.focus();
        const box = link.getBoundingClientRect(), { outlineStyle, outlineWidth } = getComputedStyle(link);
        const top = document.elementFromPoint(box.x + Math.min(box.width, 300) / 2, box.y + box.height / 2);
        return link !== document.activeElement || outlineStyle === 'none' || parseFloat(outlineWidth) < 2
            || !(top && (link.contains(top) || top.contains(link)));
    }).map(link => link.outerHTML)"""
# Contrast takes longer than all else that axe does, so of long lists it is measured in the first few.
MORE_OF_THE_SAME = [
    ".places li:nth-child(n+4)",
    ".languages li:nth-child(n+4)",
    "tbody tr:nth-child(n+4):not(:has(.few))",
]
VIOLATIONS = """async ([within, options]) => {
    const {violations} = await axe.run(within ?? document, {resultTypes: ['violations'], ...options});
    return violations.map(({id, nodes}) => `${id}: ${nodes.map(node => node.html).join(', ')}`);
}"""


@dataclass(frozen=True, kw_only=True)
class Look:
    """What one page showed. `facts` are those of FACTS; `complaints` what the console said, and addresses that were
    asked for beside the page's own; `focused` the first two stops of the tab key; `unseen` what shows no focus, or
    hides; `violations` and `by_night` what axe found, and found of contrast in the dark."""

    facts: dict[str, Any]
    complaints: list[str]
    focused: tuple[str, str]
    unseen: list[str]
    violations: list[str]
    by_night: list[str]


class Looking:
    """A window in which pages run as they were sent, with their policy."""

    def __init__(self, browser: Browser) -> None:
        self.context = browser.new_context(viewport={"width": 320, "height": 640})
        self._page = self.context.new_page()
        self._heard: list[str] = []
        self._page.on("console", lambda message: self._heard.append(message.text))
        self._page.on("pageerror", lambda error: self._heard.append(str(error)))
        self._page.on("request", lambda request: self._heard.append(request.url))

    def at(self, address: str, *, axe: bool, colours: bool) -> Look:
        """`axe`: whether it looks, too; `colours`: whether it measures contrast, which takes longer than all else."""
        self._heard.clear()
        self._page.emulate_media(color_scheme="light")
        self._page.goto(address)
        return Look(
            facts=self._page.evaluate(FACTS),
            focused=(self._next_focused(), self._next_focused()),
            unseen=self._page.evaluate(UNSEEN),
            complaints=[heard for heard in self._heard if heard != address and not heard.startswith("data:")],
            violations=violations(self._page, colours=colours) if axe else [],
            by_night=violations_by_night(self._page) if axe and colours else [],
        )

    def _next_focused(self) -> str:
        self._page.keyboard.press("Tab")
        found: str = self._page.evaluate(FOCUSED)
        return found


def violations(page: Page, *, colours: bool = True) -> list[str]:
    """What axe finds on a page that lets scripts in, once for all; `colours`: whether it measures contrast, too."""
    page.evaluate(AXE_SCRIPT)
    found: list[str] = page.evaluate(VIOLATIONS, [None, {"rules": {CONTRAST: {"enabled": False}}}])
    return found + (contrast(page) if colours else [])


def violations_by_night(page: Page) -> list[str]:
    """What axe then finds of contrast in the dark."""
    page.emulate_media(color_scheme="dark")
    return contrast(page)


def contrast(page: Page) -> list[str]:
    """What axe finds of contrast, once it is on the page."""
    found: list[str] = page.evaluate(VIOLATIONS, [{"exclude": MORE_OF_THE_SAME}, {"runOnly": [CONTRAST]}])
    return found
