"""An officer's video in a real browser: nothing is asked for until a person starts it; then it plays, with captions."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

import pytest

from conftest import LISTED
from tests.browser.looks import violations
from tests.videos import fill

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from playwright.sync_api import Browser, Page

    from conftest import Service

RECORD = """async () => {
    const canvas = Object.assign(document.createElement('canvas'), {width: 160, height: 90});
    const drawn = canvas.getContext('2d'), parts = [];
    const recorder = new MediaRecorder(canvas.captureStream(10), {mimeType: 'video/webm'});
    recorder.ondataavailable = part => parts.push(part.data);
    const over = new Promise(done => recorder.onstop = done);
    recorder.start();
    for (let frame = 0; frame < 10; frame++) {
        drawn.fillStyle = `hsl(${frame * 36} 50% 50%)`;
        drawn.fillRect(0, 0, 160, 90);
        await new Promise(done => setTimeout(done, 100));
    }
    recorder.stop();
    await over;
    const bytes = new Uint8Array(await new Blob(parts).arrayBuffer());
    return btoa(String.fromCharCode(...bytes));
}"""
STATE = """() => {
    const video = document.querySelector('video');
    return {played: video.currentTime, ready: video.readyState, error: video.error && video.error.message};
}"""
TOO_WIDE = "() => document.documentElement.scrollWidth > document.documentElement.clientWidth"


@pytest.fixture(scope="module")
def service(
    browser: Browser, make_service: Callable[..., Service], tmp_path_factory: pytest.TempPathFactory
) -> Service:
    """One with a clip that this very browser has recorded: a second of changing colour."""
    page = browser.new_page()
    recorded = base64.b64decode(page.evaluate(RECORD))
    page.close()
    return make_service("--demo", REDIRECT_VIDEOS=str(fill(tmp_path_factory.mktemp("videos"), recorded)))


@pytest.fixture
def shown(browser: Browser, service: Service) -> Iterator[tuple[Page, list[str]]]:
    """The page of the video, reached by its link, and everything that was asked for since."""
    context = browser.new_context()
    page, asked = context.new_page(), []
    page.goto(service.check(LISTED, country="GB", languages="en")["page"])
    page.on("request", lambda request: asked.append(request.url))
    page.get_by_role("link", name="Video: a police officer explains").click()
    page.wait_for_load_state("networkidle")
    yield page, [url for url in asked if not url.startswith("data:")]
    context.close()


def test_nothing_is_asked_for_before_a_person_starts_the_video(shown: tuple[Page, list[str]]) -> None:
    page, asked = shown
    assert asked == [page.url]
    assert page.evaluate(STATE) == {"played": 0, "ready": 0, "error": None}
    poster = page.locator("video").evaluate("video => getComputedStyle(video).display !== 'none' && video.poster")
    assert poster.startswith("data:image/png;base64,")


def test_a_person_starts_it_and_it_plays(shown: tuple[Page, list[str]]) -> None:
    page, _ = shown
    asked: list[tuple[str, int]] = []
    page.on("response", lambda response: asked.append((response.url.rpartition(".")[2], response.status)))
    page.locator("video").focus()
    page.keyboard.press("Space")
    page.wait_for_function("() => document.querySelector('video').currentTime > 0.3", timeout=15_000)
    assert page.evaluate(STATE)["error"] is None
    assert asked
    assert set(asked) == {("webm", 206)}


def test_captions_come_once_they_are_switched_on(shown: tuple[Page, list[str]]) -> None:
    page, _ = shown
    page.evaluate("() => { document.querySelector('video').textTracks[0].mode = 'showing'; }")
    page.wait_for_function("() => document.querySelector('video').textTracks[0].cues?.length === 1", timeout=15_000)
    assert page.evaluate("() => document.querySelector('video').textTracks[0].cues[0].text") == "Quellfen en."


def test_axe_finds_nothing_and_nothing_scrolls_sideways(browser: Browser, shown: tuple[Page, list[str]]) -> None:
    page, _ = shown
    context = browser.new_context(bypass_csp=True, viewport={"width": 320, "height": 640})
    narrow = context.new_page()
    narrow.goto(page.url)
    found = violations(narrow)
    too_wide = narrow.evaluate(TOO_WIDE)
    context.close()
    assert found == []
    assert not too_wide
