"""Owns what is promised of the dashboard in a real browser: readable by all, on any width, by night and on paper."""

from __future__ import annotations

import asyncio
import io
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unicodedata import normalize

import pypdf
import pytest

from bench.simulated import Simulation
from bench.year import measure
from conftest import Service, eventually
from redirect.domain.experiments import Arm, Stop
from redirect.domain.periods import DAY_SECONDS, Span, unit_of
from redirect.web.desk import HOME, Desk
from redirect.web.experiment_pages import ExperimentPages
from redirect.web.report_page import EnglishNames
from redirect.web.report_sheets import Sheets
from tests.browser.looks import violations, violations_by_night
from tests.simulated_experiment import FIRST, found

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from playwright.sync_api import Browser, Page

    from bench.year import Outcome

LIMIT = 3.0
"""Seconds for a page, beside other tests; `make year` measures the one second that is promised, for a whole year."""


@pytest.fixture(scope="module", autouse=True)
def outcome() -> Outcome:
    """Three platforms over two months, in some countries, and a report. Made before there is a browser, whose event
    loop runs in this thread."""
    import time

    first = unit_of(Span.MONTH, int(time.time()) // DAY_SECONDS).days[0]
    simulation = Simulation(first, 64, size=0.1, countries=8)
    with tempfile.TemporaryDirectory(prefix="rd-") as directory:
        return asyncio.run(measure(Path(directory), simulation, reports=["html"]))


@pytest.fixture(scope="module")
def service(make_service: Callable[..., Service]) -> Service:
    return make_service("--demo")


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(bypass_csp=True)
    yield context.new_page()
    context.close()


def too_wide(page: Page) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"))


def test_weeks_of_three_platforms_load_at_once_and_take_little_room(outcome: Outcome) -> None:
    assert len(outcome.loaded) == 3
    assert all(each.first < LIMIT and each.again < LIMIT for each in outcome.loaded), outcome
    assert outcome.memory + outcome.files < 100e6


def pages_of(outcome: Outcome) -> list[str]:
    """The dashboard of each platform, and the experiments of the one that has any: the list, and the page of one."""
    return [*(each.page for each in outcome.loaded), *outcome.loaded[0].experiments]


def report_of(outcome: Outcome) -> str:
    """`redirect report --format html`."""
    (reported,) = outcome.reported
    return reported.file.decode()


def test_axe_finds_nothing_by_day_or_night(outcome: Outcome, page: Page) -> None:
    # All have the same parts and one style sheet, so colours are measured on one of each kind. Two platforms say which
    # warning it is: one of them is looked at.
    first, _, other = (each.page for each in outcome.loaded)
    for text in (first, other, *outcome.loaded[0].experiments, report_of(outcome)):
        page.emulate_media(color_scheme="light")
        page.set_content(text.replace("<details", "<details open"))
        assert violations(page, colours=text != other) == []
        assert text == other or violations_by_night(page) == []


ARMS = (Arm("A", 16), *(Arm(arm, 12) for arm in "BCDEFGH"))
SHOWN = {arm.variant: 125 * arm.weight for arm in ARMS}
STATES = (
    found({"A": 500, "B": 400}, shown={"B": 1800}, name="broken", question="Without a result?"),
    found({"A": 500, "B": 500}, stop=Stop("wrong_match", FIRST + 20, "B"), name="stopped", question="Stopped?"),
    found(dict.fromkeys("ABCDEFGH", 500), shown=SHOWN, arms=ARMS, name="all-arms", question="With all arms?"),
)


def states() -> list[str]:
    """The list of them, and the page of each."""
    nobody: Any = None  # is signed in, and nothing is looked up
    names = EnglishNames(nobody, {})
    pages = ExperimentPages(nobody, Desk(nobody, Sheets(HOME)), names, lambda *_: None)
    return [page.decode() for page in (pages.listed("acme", STATES), *map(pages.written, STATES))]


def test_axe_finds_nothing_on_an_experiment_in_any_state_by_night(page: Page) -> None:
    for text in states():
        page.set_content(text.replace("<details", "<details open"))
        assert violations(page, colours=False) == []
        assert violations_by_night(page) == []


def test_nothing_scrolls_sideways_at_320_pixels(outcome: Outcome, page: Page) -> None:
    page.set_viewport_size({"width": 320, "height": 720})
    for text in [*pages_of(outcome), *states(), report_of(outcome)]:
        page.set_content(text.replace("<details", "<details open"))
        assert not too_wide(page)
        wide = page.evaluate("""() => [...document.querySelectorAll('.sheet')]
            .filter(box => box.scrollWidth > box.clientWidth + 1)
            .map(box => [box.getAttribute('aria-label'), box.scrollWidth])""")
        assert wide == []


@pytest.mark.parametrize("place", [0, -1], ids=["platform", "experiment"])
def test_one_picture_of_each_chart_is_seen_at_a_time_with_legible_letters(
    outcome: Outcome, page: Page, place: int
) -> None:
    page.set_content(pages_of(outcome)[place])
    for width, seen, unseen in ((1280, "wide", "narrow"), (320, "narrow", "wide")):
        page.set_viewport_size({"width": width, "height": 720})
        assert page.locator(f".chart.{seen}:visible").count() == page.locator("figure").count() > 0
        assert page.locator(f".chart.{unseen}:visible").count() == 0
    heights = page.evaluate("""() => [...document.querySelectorAll('.chart.narrow text')]
        .map(text => text.getBoundingClientRect().height)""")
    assert min(heights) >= 11


@pytest.mark.parametrize("place", [0, -1], ids=["platform", "experiment"])
def test_paper_has_every_figure_and_no_form(outcome: Outcome, page: Page, place: int) -> None:
    page.set_content(pages_of(outcome)[place])
    page.emulate_media(media="print")
    assert page.locator("select:visible, input:visible, button:visible").count() == 0
    assert page.locator(".chart.wide:visible").count() == page.locator("figure").count()
    assert page.locator("table:visible").count() == page.locator("table").count()


def test_no_sheet_ends_with_a_title_or_goes_on_with_a_table_without_its_head(outcome: Outcome, page: Page) -> None:
    page.set_content(outcome.loaded[0].page)
    pdf = pypdf.PdfReader(io.BytesIO(page.pdf(width="210mm", height="200mm")))
    printed = [as_read(sheet.extract_text()) for sheet in pdf.pages]
    sheets = [sheet.removeprefix(f"{number} / {len(printed)} ") for number, sheet in enumerate(printed, 1)]
    assert not set(sheets) & set(printed), "each has its number"
    page.emulate_media(media="print")
    titles, heads, rows = (
        tuple(map(as_read, page.locator(of).all_inner_texts()))
        for of in ("h2, figcaption, caption", "thead tr", "tbody tr")
    )
    assert not [sheet for sheet in sheets if sheet.endswith(titles)]
    assert not [sheet for sheet in sheets if sheet.startswith(rows)]
    assert [sheet for sheet in sheets if sheet.startswith(heads)], "no table is longer than a sheet"


def as_read(text: str) -> str:
    """Words alone, without breaks and ligatures, which a browser and a sheet of paper set in their own ways."""
    return " ".join(normalize("NFKC", text).split())


def test_a_browser_signs_in_looks_and_signs_out_over_loopback(browser: Browser, service: Service) -> None:
    context, complaints = browser.new_context(), []
    page = context.new_page()
    page.on("console", lambda message: complaints.append(message.text))
    page.on("request", lambda request: complaints.append(request.url) if service.url not in request.url else None)
    page.goto(f"{service.url}/reports")
    page.fill("#key", "demo")
    page.keyboard.press("Enter")
    page.wait_for_selector("h1:has-text('demo')")
    (cookie,) = context.cookies()
    assert (cookie["name"], cookie["httpOnly"], cookie["secure"], cookie["sameSite"], cookie["path"]) == (
        "__Host-reports",
        True,
        True,
        "Strict",
        "/",
    )
    page.click("text=Note a change")
    page.fill("#day", _today())
    page.fill("#text", "A campaign began")
    page.click("text=Keep this note")
    page.wait_for_selector("text=The note is kept.")
    page.click("text=Sign out")
    page.wait_for_selector("text=You are signed out.")
    assert context.cookies() == []
    page.goto(f"{service.url}/reports")
    eventually(lambda: page.locator("h1:has-text('Sign in')").count() == 1)
    context.close()
    assert complaints == []


def _today() -> str:
    from datetime import UTC, datetime

    return datetime.now(UTC).date().isoformat()


def test_the_sign_in_page_is_as_good(browser: Browser, service: Service) -> None:
    context = browser.new_context(bypass_csp=True, viewport={"width": 320, "height": 720})
    page = context.new_page()
    page.goto(f"{service.url}/reports?told=wrong")
    assert violations(page) == []
    assert not too_wide(page)
    context.close()
