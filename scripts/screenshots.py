"""Owns the pictures in docs/screenshots: pages as a real browser shows them, from a service of its own with the sample
list, and from the demo's search page behind nginx. Must never show a real list, nor ask anything of a network.

    python -m scripts.screenshots
"""

from __future__ import annotations

import argparse
import base64
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import httpx
from playwright.sync_api import sync_playwright

from integrations.demo.__main__ import free_port

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from playwright.sync_api import Browser

ROOT = Path(__file__).parents[1]
OUT = ROOT / "docs" / "screenshots"
ARGUMENTS = ("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking")
WIDE, NARROW, LOW = (1280, 860), (320, 640), (1280, 560)
START_LIMIT = 60
WEBP = """async png => {
    const image = new Image();
    image.src = 'data:image/png;base64,' + png;
    await image.decode();
    const canvas = Object.assign(document.createElement('canvas'), {width: image.width, height: image.height});
    canvas.getContext('2d').drawImage(image, 0, 0);
    return canvas.toDataURL('image/webp', 0.85).split(',')[1];
}"""
SEARCH: dict[str, Any] = {"query": "zorblax minku"}
ADDRESS: dict[str, Any] = {"url": "http://blocked.example/room/42"}
GENERATED: dict[str, Any] = {"query": "quellfen drovic"}


@dataclass(frozen=True)
class Shot:
    """A picture: the page that a check leads to, `path` of the service instead, or the first link of that page in the
    element `to`."""

    name: str
    language: str
    asked: dict[str, Any]
    size: tuple[int, int] = WIDE
    path: str = ""
    to: str = ""
    dark: bool = False


SHOTS = (
    Shot("warning", "en", {**SEARCH, "country": "GB"}),
    Shot("warning-320", "en", {**SEARCH, "country": "GB"}, NARROW),
    Shot("repeat-dark", "en", {**SEARCH, "country": "GB", "attempt": 1}, dark=True),
    Shot("arabic", "ar", {**SEARCH, "country": "MA"}),
    Shot("generated-traditional-chinese", "zh-Hant", {**GENERATED, "country": "TW"}),
    Shot("blocked-german", "de", {**ADDRESS, "country": "DE"}),
    Shot("under-18", "en", {**SEARCH, "country": "GB"}, to='[data-door="under-18"]'),
    Shot("conversation", "en", {**SEARCH, "country": "GB"}, to=".invite a"),
    Shot("directory-320-thai", "th", {}, NARROW, path="/th/help/TH"),
    Shot("directory", "en", {}, path="/en/help/GB"),
)


class Search(NamedTuple):
    """A picture of what follows when somebody types a text into the demo's search page, and what must be seen on it."""

    name: str
    text: str
    seen: str
    size: tuple[int, int]


SEARCHES = (
    Search("search-results", "weather", ".results", LOW),
    Search("search-card", "morquil besh tarn", "aside", WIDE),
    Search("search-stopped", "zorblax minku", "[data-door]", WIDE),
)


def main() -> None:
    argparse.ArgumentParser(prog="python -m scripts.screenshots", description=__doc__).parse_args()
    OUT.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=ARGUMENTS)
        with service() as base:
            for shot in SHOTS:
                keep(browser, shot.name, taken(browser, base, shot))
            (OUT / "text.txt").write_text(as_text(base), "utf-8")
        with demo() as base:
            for search in SEARCHES:
                keep(browser, search.name, searched(browser, base, search))
        browser.close()


def keep(browser: Browser, name: str, picture: bytes) -> None:
    (OUT / f"{name}.webp").write_bytes(smaller(browser, picture))
    print(f"{name}.webp")


def searched(browser: Browser, base: str, search: Search) -> bytes:
    width, height = search.size
    context = browser.new_context(
        viewport={"width": width, "height": height}, locale="en-GB", java_script_enabled=False
    )
    page = context.new_page()
    for _ in range(START_LIMIT):  # a search that could not be decided in time has results
        page.goto(f"{base}/")
        page.locator("input[name=q]").fill(search.text)
        page.locator("input[name=q]").press("Enter")
        page.wait_for_url(lambda address: address != f"{base}/")
        if page.locator(search.seen).count():
            picture = page.screenshot()
            context.close()
            return picture
        time.sleep(1)
    raise SystemExit(f"{search.name} does not show {search.seen}")


def taken(browser: Browser, base: str, shot: Shot) -> bytes:
    width, height = shot.size
    context = browser.new_context(
        viewport={"width": width, "height": height},
        color_scheme="dark" if shot.dark else "light",
        java_script_enabled=False,
    )
    page = context.new_page()
    page.goto(f"{base}{shot.path}" if shot.path else address(base, shot.language, shot.asked))
    if shot.to:
        page.goto(f"{base}{page.locator(shot.to).first.get_attribute('href')}")
    picture = page.screenshot()
    context.close()
    return picture


def smaller(browser: Browser, picture: bytes) -> bytes:
    """A PNG as WebP, which the browser can write where no library is at hand."""
    page = browser.new_page()
    written: str = page.evaluate(WEBP, base64.b64encode(picture).decode())
    page.close()
    return base64.b64decode(written)


def address(base: str, language: str, asked: dict[str, Any]) -> str:
    """The page that a platform would send the person to."""
    answer = httpx.post(
        f"{base}/v1/check", json={**asked, "languages": language}, headers={"Authorization": "Bearer demo"}
    )
    found: str = answer.raise_for_status().json()["page"]
    return found


def as_text(base: str) -> str:
    """The page as a terminal shows it, with the tokens of this run cut short."""
    page = address(base, "en", {**SEARCH, "country": "GB"})
    text = httpx.get(page, headers={"Accept": "text/plain"}).text.replace(base, "https://search.example")
    return re.sub(r"/w/[\w-]{12,}", "/w/…", text)


@contextmanager
def service() -> Iterator[str]:
    """The address of a service with the sample list that runs for as long as this lasts."""
    port = free_port()
    with tempfile.TemporaryDirectory() as folder:
        environ = {"REDIRECT_DATA_DIR": folder, "REDIRECT_PORT": str(port), "REDIRECT_WORKERS": "1"}
        with running(("-m", "redirect", "serve", "--demo"), environ, f"http://127.0.0.1:{port}", "/readyz") as base:
            yield base


@contextmanager
def demo() -> Iterator[str]:
    """The same of `make demo`."""
    port = free_port()
    with running(("-m", "integrations.demo"), {"PORT": str(port)}, f"http://127.0.0.1:{port}", "/") as base:
        yield base


@contextmanager
def running(arguments: Sequence[str], more: Mapping[str, str], base: str, ready: str) -> Iterator[str]:
    ours = {name: value for name, value in os.environ.items() if not name.startswith("REDIRECT_")}
    process = subprocess.Popen([sys.executable, *arguments], env={**ours, **more}, stdout=subprocess.DEVNULL, cwd=ROOT)
    try:
        _await(base + ready)
        yield base
    finally:
        process.terminate()
        process.wait(30)


def _await(ready: str) -> None:
    until = time.monotonic() + START_LIMIT
    while time.monotonic() < until:
        try:
            if httpx.get(ready).status_code == httpx.codes.OK:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.2)
    raise SystemExit("the service did not start")


if __name__ == "__main__":
    main()
