"""Owns what is promised of every page: well-formed, in one language, harmless, true, small and self-contained."""

from __future__ import annotations

import base64
import gzip
import hashlib
import re
from dataclasses import replace
from html.parser import HTMLParser
from typing import TYPE_CHECKING

import pytest
from msgspec import structs

from redirect.domain.content import Door, Platform
from redirect.domain.services import Crisis
from redirect.domain.views import LanguageBar, Link
from redirect.web.render import Renderer

if TYPE_CHECKING:
    from tests.conftest import Pages

MESSAGES = ("V1", "V2", "V3", "V4", "V5", "V6", "V7", "V8")
LANGUAGES = ("en", "es", "ar")
FIRST_FLIGHT = 14_000
VOID = {"meta", "link", "br", "hr", "input", "img", "source", "track"}
OUTWARD = re.compile(r"^(https?:|mailto:)")

every_page = pytest.mark.parametrize(("message", "tag"), [(message, tag) for message in MESSAGES for tag in LANGUAGES])


class Page(HTMLParser):
    """Reads a page and complains about what is left open or closed twice."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.text: list[str] = []
        self.feed(html)
        self.close()
        assert self.open == [], f"left open: {self.open}"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert len(attrs) == len(dict(attrs)), f"<{tag}> says something twice"
        self.tags.append((tag, {name: value or "" for name, value in attrs}))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if data.strip() and "style" not in self.open:
            self.text.append(data.strip())

    def all(self, tag: str) -> list[dict[str, str]]:
        return [attributes for name, attributes in self.tags if name == tag]

    @property
    def links(self) -> list[str]:
        return [link["href"] for link in self.all("a")]

    @property
    def words(self) -> str:
        return " ".join(self.text)


@every_page
def test_a_page_is_well_formed_and_says_its_language_and_direction(pages: Pages, message: str, tag: str) -> None:
    page = Page(pages.html(message, tag))
    assert page.all("html") == [{"lang": tag, "dir": "rtl" if tag == "ar" else "ltr"}]
    assert len(page.all("h1")) == len(page.all("main")) == len(page.all("title")) == 1
    ids = [attributes["id"] for _, attributes in page.tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    named = {part for _, attributes in page.tags for part in attributes.get("aria-labelledby", "").split()}
    assert named <= set(ids)


@every_page
def test_a_page_loads_runs_and_remembers_nothing(pages: Pages, message: str, tag: str) -> None:
    html = pages.html(message, tag)
    page = Page(html)
    assert not {"script", "iframe", "object", "video", "input"} & {name for name, _ in page.tags}
    assert all(image.pop("src").startswith("data:image/png;base64,") for image in page.all("img"))
    assert page.all("link") == [{"rel": "icon", "href": "data:,"}]
    for _, attributes in page.tags:
        assert not {"src", "srcset", "style", "ping", "autofocus"} & set(attributes)
        assert not any(name.startswith("on") for name in attributes)
    assert not re.search(r"@import|url\(", html)


@every_page
def test_a_page_fits_into_the_first_packets(pages: Pages, message: str, tag: str) -> None:
    assert len(gzip.compress(pages.html(message, tag).encode())) <= FIRST_FLIGHT


@every_page
def test_the_exit_is_the_first_link_and_says_that_history_stays(pages: Pages, message: str, tag: str) -> None:
    view = pages.view(message, tag)
    page = Page(pages.renderer.page(view).decode())
    say = pages.catalogues.translations[tag].gettext
    assert page.links[0] == page.links[-1] == view.exit
    assert page.words.count(say("This does not erase your history.")) == 2


@every_page
def test_no_page_mixes_languages(pages: Pages, message: str, tag: str) -> None:
    words = Page(pages.html(message, tag)).text
    say = pages.catalogues.translations[tag].gettext
    foreign = {text for text in pages.catalogues.core if say(text) != text} - {", "}
    assert foreign.isdisjoint(words)


@every_page
def test_every_way_out_tells_the_other_side_nothing(pages: Pages, message: str, tag: str) -> None:
    page = Page(pages.html(message, tag))
    for link in page.all("a"):
        if OUTWARD.match(link["href"]) or "/go/" in link["href"]:
            assert link["rel"] == "noreferrer noopener external"
    assert {"name": "referrer", "content": "no-referrer"} in page.all("meta")


@every_page
def test_the_title_and_the_addresses_give_nothing_away(pages: Pages, message: str, tag: str) -> None:
    html = pages.html(message, tag)
    title = pages.catalogues.translations[tag].gettext("Information and help")
    assert f"<title>{title}</title>" in html
    assert not any(door.value in link for door in Door for link in Page(html).links)


@every_page
def test_every_page_carries_the_lines_that_keep_people_safe(pages: Pages, message: str, tag: str) -> None:
    words, say = Page(pages.html(message, tag)).words, pages.catalogues.translations[tag].gettext
    for line in (
        "This page appears for some searches and addresses. It does not know who you are or what you meant.",
        "This page keeps no name, no address and no search. The site you came from has its own rules.",
        "This page never asks for money, a name or a number. Whoever demands them in its name is a fraud.",
        "This text is a draft. Nobody has reviewed it yet.",
        "If it feels too much",
        "Not yet checked by us",
    ):
        assert say(line) in words


@pytest.mark.parametrize("message", ["V1", "V2", "V3", "V4"])
def test_the_first_page_has_the_four_doors(pages: Pages, message: str) -> None:
    doors = [link["data-door"] for link in Page(pages.html(message)).all("a") if "data-door" in link]
    assert doors == [door.value for door in Door if door is not Door.MAIN]


@pytest.mark.parametrize("message", ["V5", "V6", "V7", "V8"])
def test_a_door_leads_back(pages: Pages, message: str) -> None:
    view = pages.view(message)
    page = Page(pages.renderer.page(view).decode())
    assert view.back in page.links
    assert not any("data-door" in link for link in page.all("a"))


def test_a_reviewed_language_and_message_carry_no_draft_line(pages: Pages) -> None:
    view = pages.view("V1")
    reviewed = replace(
        view, locale=structs.replace(view.locale, reviewed=True), message=replace(view.message, review="reviewed")
    )
    assert "draft" not in Page(pages.renderer.page(reviewed).decode()).words


def test_the_button_promises_only_what_the_first_service_does(pages: Pages) -> None:
    anonymous, unknown = pages.help("stop-it-now-uk"), pages.help("stop-it-now-uk", anonymous=None)
    assert "Get anonymous help" in Page(pages.html("V1", help=(anonymous,))).text
    assert "Get anonymous help" not in Page(pages.html("V1", help=(unknown,))).text
    assert "Talk to someone" in Page(pages.html("V2", help=(pages.help("stop-it-now-uk"),))).text
    assert "Talk to someone" not in Page(pages.html("V2", help=(pages.help("troubled-desire"),))).text


def test_what_is_unknown_of_a_service_is_not_said(pages: Pages) -> None:
    silent = pages.help("stop-it-now-uk", anonymous=None, free=None, hours=None, languages=(), url=None)
    words = Page(pages.html("V6", help=(silent,), report=None, crisis=Crisis(None, None, silent.card))).words
    for claim in ("No name needed", "Free", "Not free", "Open day and night", "Opening hours:", "Languages:"):
        assert claim not in words


def test_what_is_known_of_a_service_is_said(pages: Pages) -> None:
    known = pages.help(
        "stop-it-now-uk",
        free=False,
        minimum_age=18,
        hours="Mo-Fr 09:00-17:00",
        time_zone="Europe/London",
        verified_on="2026-11-01",
    )
    words = Page(pages.html("V1", help=(known,))).words
    for fact in (
        "Not free",
        "From this age: 18",
        "Opening hours: Mon\u2009–\u2009Fri",
        "Time zone: London",
        "Checked by us: 2026",
    ):
        assert fact in words
    assert "Open day and night" in Page(pages.html("V1", help=(pages.help("samaritans-gb"),))).words


def test_a_service_with_only_a_number_is_called_not_linked(pages: Pages) -> None:
    by_phone = replace(pages.help("stop-it-now-uk", url=None), href="")
    page = Page(pages.html("V1", help=(by_phone,)))
    assert page.links.count("tel:+448081000900") == 2
    assert "0808 1000 900" in page.text
    assert not any("/go/" in link for link in page.links)


def test_a_service_is_named_in_its_own_language(pages: Pages) -> None:
    spanish = pages.help("stop-it-now-uk", native_name="Línea de ejemplo", languages=("es",))
    assert '<span lang="es" dir="auto">Línea de ejemplo</span>' in pages.html("V1", "ar", help=(spanish,))
    assert '<span dir="auto">Línea 102</span>' in pages.html("V5", "es")
    assert '<span lang="en" dir="auto">Find A Helpline</span>' in pages.html("V1", "ar")


def test_the_crisis_slot_falls_back_from_a_line_to_a_number_to_words(pages: Pages) -> None:
    assert "tel:116123" in Page(pages.html("V1", country="GB")).links
    argentina = Page(pages.html("V1", country="AR"))
    assert "tel:911" in argentina.links
    nowhere = Page(pages.html("V1", country="MA"))
    assert "call the emergency number where you are." in nowhere.words
    for page in (argentina, nowhere):
        assert "https://findahelpline.com" in page.links


def test_a_blocked_page_says_who_blocks_and_how_to_appeal(pages: Pages) -> None:
    page = Page(pages.html("V3"))
    assert "Example Networks" in page.words
    assert {"https://networks.example/blocking", "mailto:appeals@networks.example"} <= set(page.links)
    legal_order = replace(pages.view("V1").platform, status=451)
    assert "Example Networks" in Page(pages.html("V1", platform=legal_order)).words
    assert "Example Networks" not in Page(pages.html("V1")).words


def test_the_report_line_stands_only_where_it_is_given(pages: Pages) -> None:
    assert "Internet Watch Foundation report form" in Page(pages.html("V3")).words
    assert "To report something" not in Page(pages.html("V1")).text


def test_one_tap_says_that_the_match_was_wrong(pages: Pages) -> None:
    view = pages.view("V8")
    page = Page(pages.renderer.page(view).decode())
    assert page.all("form") == [{"method": "post", "action": view.wrong}]
    assert not page.all("input")
    thanked = Page(pages.html("V8", wrong="", thanked=True))
    assert not thanked.all("form")
    assert "Thank you. This was counted as one wrong match. Nothing else was kept." in thanked.words
    assert "Find a hotline" in Page(pages.html("V8", wrong="")).text


@pytest.mark.parametrize(
    "hostile", ['"><script>alert(1)</script>', "</style><b>", "javascript:alert(1)", "data:text/html,x"]
)
def test_texts_of_others_are_never_markup_and_never_a_strange_link(pages: Pages, hostile: str) -> None:
    platform = Platform(
        hostile,
        shown_name=hostile,
        blocked_by=hostile,
        blocked_by_address=hostile,
        appeal=hostile,
        privacy_notice=hostile,
        status=451,
    )
    service = pages.help("stop-it-now-uk", name=hostile, hours=hostile, url=hostile, phone_display=hostile)
    languages = LanguageBar((Link("?lang=en", hostile, lang="en"), Link("?lang=es", hostile, lang="es")))
    html = pages.html("V3", platform=platform, help=(service,), report=service, languages=languages)
    page = Page(html)
    assert "script" not in {name for name, _ in page.tags}
    assert html.count("</style>") == 1
    assert not any(link.startswith(("javascript:", "data:")) for link in page.links)


def test_the_style_sheet_is_the_one_its_hash_names(pages: Pages) -> None:
    for html in (pages.html("V1"), pages.html("V2", "ar"), pages.renderer.fallback().decode()):
        style = html.partition("<style>")[2].partition("</style>")[0]
        digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
        assert pages.renderer.csp_style_hash == f"'sha256-{digest}'"


def test_no_style_sets_a_side_that_reading_direction_should_choose(pages: Pages) -> None:
    style = pages.html("V1").partition("<style>")[2].partition("</style>")[0]
    assert not re.search(r"\b(left|right|margin-left|padding-right|float)\b", style)


def test_the_fallback_page_helps_in_every_language_with_nothing_but_constants(pages: Pages) -> None:
    html = pages.renderer.fallback().decode()
    page = Page(html)
    assert page.all("html") == [{"lang": "en", "dir": "ltr"}]
    assert page.links[0] == "https://www.wikipedia.org/"
    assert "https://findahelpline.com" in page.links
    others = {locale.tag for locale in pages.catalogues.locales} - {"en"}
    assert {section["lang"] for section in page.all("section") if "lang" in section} == others
    assert len(gzip.compress(html.encode())) <= FIRST_FLIGHT


def test_the_fallback_page_survives_hostile_records(pages: Pages) -> None:
    card = pages.card("stop-it-now-uk", name='"><script>', url="javascript:alert(1)", phone_display="<b>")
    renderer = Renderer(pages.catalogues.locales, pages.catalogues.translations, [card])
    page = Page(renderer.fallback().decode())
    assert "script" not in {name for name, _ in page.tags}
    assert page.links == ["https://www.wikipedia.org/", "tel:+448081000900"]
