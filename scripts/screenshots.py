"""Owns the pictures in docs/screenshots: pages as a real browser shows them, from a service of its own with the sample
list. Must never show a real list, nor ask anything of a network.

    python -m scripts.screenshots
"""

from __future__ import annotations

import base64
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
from playwright.sync_api import sync_playwright

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser

ROOT = Path(__file__).parents[1]
OUT = ROOT / "docs" / "screenshots"
ARGUMENTS = ("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking")
WIDE, NARROW = (1280, 860), (320, 640)
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


def main() -> None:
    OUT.mkdir(parents=True, exist_ok=True)
    with service() as base, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=ARGUMENTS)
        for shot in SHOTS:
            (OUT / f"{shot.name}.webp").write_bytes(smaller(browser, taken(browser, base, shot)))
            print(f"{shot.name}.webp")
        browser.close()
        (OUT / "text.txt").write_text(as_text(base), "utf-8")


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
    """The address of a demo that runs for as long as this lasts."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    base = f"http://127.0.0.1:{port}"
    with tempfile.TemporaryDirectory() as folder:
        ours = {name: value for name, value in os.environ.items() if not name.startswith("REDIRECT_")}
        environ = {**ours, "REDIRECT_DATA_DIR": folder, "REDIRECT_PORT": str(port), "REDIRECT_WORKERS": "1"}
        process = subprocess.Popen(
            [sys.executable, "-m", "redirect", "serve", "--demo"], env=environ, stdout=subprocess.DEVNULL, cwd=ROOT
        )
        try:
            _await(base)
            yield base
        finally:
            process.terminate()
            process.wait(30)


def _await(base: str) -> None:
    until = time.monotonic() + START_LIMIT
    while time.monotonic() < until:
        try:
            if httpx.get(f"{base}/readyz").status_code == httpx.codes.OK:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.2)
    raise SystemExit("the service did not start")


if __name__ == "__main__":
    main()
