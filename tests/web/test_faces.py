"""Owns the other faces of a page, as a program or a terminal gets them: the same help, word for word."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin

import httpx
import pytest

from conftest import LISTED, LISTED_URL, PLAIN, WEB, Html, Service, eventually
from redirect.domain.plain import COLUMNS, width
from redirect.web import phrases
from redirect.web.render import TEMPLATES
from tests.videos import fill

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

TEXT, JSON = {"Accept": "text/plain"}, {"Accept": "application/json"}
LIKELY = "quellfen drovic"
READERS = (("GB", "en"), ("DE", "de"), ("EG", "ar"), ("TH", "th"), ("TW", "zh-Hant"), ("FJ", "en"))
SUBJECTS: tuple[dict[str, Any], ...] = (
    {"query": LISTED},
    {"query": LISTED, "attempt": 1},
    {"query": LIKELY},
    {"url": LISTED_URL},
)
SAME_HEADERS = (
    "cache-control",
    "content-language",
    "content-security-policy",
    "cross-origin-opener-policy",
    "cross-origin-resource-policy",
    "permissions-policy",
    "referrer-policy",
    "vary",
    "x-content-type-options",
    "x-frame-options",
    "x-robots-tag",
)
OPERATOR = (
    '[demo]\nblocked_by = "Quellfen"\nappeal = "mailto:a@quellfen.example"\n'
    'blocked_by_address = "https://quellfen.example/blocking"\nprivacy_notice = "https://quellfen.example/privacy"\n'
)
NO_TEXT = frozenset(
    ("href", "page", "id", "lang", "dir", "language", "message", "layout", "element", "door", "phone", "url", "post")
)
ADDRESS = re.compile(r"https?://\S+|POST ")
ISOLATES = re.compile("[\u2066\u2069]")


@dataclass(frozen=True)
class Faced:
    """One address, as everyone gets it."""

    html: httpx.Response
    text: httpx.Response
    json: httpx.Response


@pytest.fixture(scope="module")
def service(make_service: Callable[..., Service], tmp_path_factory: pytest.TempPathFactory) -> Service:
    """One that has a page of every kind, an officer's video included, and says who blocks."""
    platforms = tmp_path_factory.mktemp("platforms") / "platforms.toml"
    platforms.write_text(OPERATOR)
    videos = fill(tmp_path_factory.mktemp("videos"))
    return make_service("--demo", REDIRECT_VIDEOS=str(videos), REDIRECT_PLATFORMS=str(platforms))


@pytest.fixture(scope="module")
def pages(service: Service) -> list[Faced]:
    """Pages of every kind: warnings for several readers, all doors, the whole guided conversation, the directory."""
    with httpx.Client(verify=PLAIN, base_url=service.url) as program:
        first = [
            service.check(**subject, country=country, languages=language)["page"]
            for country, language in READERS
            for subject in SUBJECTS
        ]
        found = [*_crawled(program, first[0]), *first[1:]]
        thanks = program.post(f"{service.page(first[8]).doors['work-or-mistake']}/wrong").headers["location"]
        found += [thanks, *service.page(first[8]).doors.values(), "/w", "/w/x", "/ar/x"]
        found += ["/en/help", "/en/help/GB", "/ar/help/EG"]
        return [Faced(*(program.get(address, headers=asked) for asked in ({}, TEXT, JSON))) for address in found]


def _crawled(program: httpx.Client, start: str) -> Iterator[str]:
    """Everything that pages lead to, from one address on."""
    waiting, seen = [start], {start}
    while waiting:
        page = waiting.pop()
        yield page
        for link in Html(program.get(page).text).links:
            address = urljoin(start, link)
            if link.startswith("/w/") and link.count("/") == 2 and address not in seen:
                seen.add(address)
                waiting.append(address)


def squeezed(text: str) -> str:
    return " ".join(ISOLATES.sub("", text).split())


def texts(face: object) -> Iterator[str]:
    """Every text of a face that a person reads."""
    if isinstance(face, str):
        yield squeezed(face)
    elif isinstance(face, list):
        for each in face:
            yield from texts(each)
    elif isinstance(face, dict):
        for name, each in face.items():
            if name not in NO_TEXT and name != "languages":
                yield from texts(each)


def ways(face: object) -> set[str]:
    """Every address and number of a face."""
    if isinstance(face, dict):
        own = {value for name, value in face.items() if name in {"href", "url", "phone"} and value}
        return own.union(*map(ways, face.values()))
    return set().union(*map(ways, face)) if isinstance(face, list) else set()


class Texts(Html):
    """The visible texts of a page, one by one."""

    def __init__(self, text: str) -> None:
        self.each: list[str] = []
        super().__init__(text)

    def handle_data(self, data: str) -> None:
        super().handle_data(data)
        if not self._hidden and any(map(str.isalnum, data)):
            self.each.append(squeezed(data))


def furniture(page: str) -> set[str]:
    """What only a page has: its title, ways within it, names of languages, pictures."""
    parts = r'<nav class="languages".*?</nav>|<title>.*?</title>|<summary>.*?</summary>'
    without = re.sub(parts, "", page, flags=re.DOTALL)
    return {*Texts(page).each} - {*Texts(without).each}


def test_json_says_nothing_that_the_page_does_not(pages: list[Faced]) -> None:
    for page in pages:
        said = squeezed(Html(page.html.text).words)
        for text in texts(page.json.json()):
            assert text in said, (page.html.url, text)


def test_text_says_all_that_the_page_does(pages: list[Faced]) -> None:
    for page in pages:
        text = squeezed(page.text.text)
        for said in {*Texts(page.html.text).each} - furniture(page.html.text):
            assert said in text, (page.html.url, said)


def test_text_and_json_lead_to_the_same_places(pages: list[Faced]) -> None:
    for page in pages:
        for way in ways(page.json.json()):
            assert way.startswith(("https://", "http://", "mailto:", "+")) or way.isdigit(), way
            assert way in page.text.text or not way.startswith("http"), (page.html.url, way)


def test_every_kind_of_page_is_looked_at(pages: list[Faced]) -> None:
    faces = [page.json.json() for page in pages]
    kinds = ("choices", "doors", "transcript", "law", "report", "sections", "blocked", "step", "back", "onward", "also")
    assert {name for name in kinds if any(name in face for face in faces)} == {*kinds}
    assert {face["layout"] for face in faces} == {"first", "repeat", "door"}


def test_every_face_has_a_usable_contact_and_no_relative_address(service: Service, pages: list[Faced]) -> None:
    for page in pages:
        face = page.json.json()
        directory = face["crisis"]["directory"]
        assert directory.get("url") or directory.get("phone")
        assert face["exit"]["href"].startswith("http")
        assert face["page"].startswith(f"{service.url}/")


def test_a_face_is_sent_as_the_page_is(pages: list[Faced]) -> None:
    for page in pages:
        kinds = {page.text: "text/plain; charset=utf-8", page.json: "application/json"}
        for face, kind in kinds.items():
            assert face.status_code == page.html.status_code
            assert face.headers["content-type"] == kind
            assert "set-cookie" not in face.headers
            for name in SAME_HEADERS:
                assert face.headers.get(name) == page.html.headers.get(name), name


def test_every_phrase_stands_in_a_template_for_translators_to_find() -> None:
    templates = " ".join(path.read_text() for path in TEMPLATES.glob("*.html"))
    named = (value for name, value in vars(phrases).items() if name.isupper() and isinstance(value, str))
    for phrase in (*named, *phrases.SECTIONS.values()):
        assert f'_("{phrase}")' in templates, phrase


def test_caches_are_told_that_pages_have_faces(demo: Service) -> None:
    answer = demo.get("/w/x", headers=TEXT)
    assert [name.strip() for name in answer.headers["vary"].split(",")] == [
        "Accept",
        "Accept-Language",
        "Accept-Encoding",
    ]
    assert answer.headers["cache-control"] == "no-store"


def test_programs_that_take_anything_get_html(demo: Service) -> None:
    page = demo.check(LISTED)["page"]
    for accept in ("*/*", "text/html", "application/json, text/plain, */*", "image/png", "nonsense"):
        assert demo.get(page, headers={"Accept": accept}).headers["content-type"] == "text/html; charset=utf-8"


def test_text_fits_a_terminal(pages: list[Faced]) -> None:
    for page in pages:
        for line in page.text.text.splitlines():
            assert width(line) <= COLUMNS or " " not in line.strip(" *") or ADDRESS.match(line.strip()), line


def test_faces_are_packed_for_who_can_unpack_them(demo: Service) -> None:
    page = demo.check(LISTED)["page"]
    for asked in (TEXT, JSON):
        packed = demo.get(page, headers={**asked, "Accept-Encoding": "gzip"})
        assert packed.headers["content-encoding"] == "gzip"
        assert packed.text == demo.get(page, headers={**asked, "Accept-Encoding": "identity"}).text


def test_a_face_speaks_the_language_that_is_asked_for(demo: Service) -> None:
    page = demo.check(LISTED)["page"]
    assert demo.get(page, headers={**JSON, "Accept-Language": "ar"}).json()["dir"] == "rtl"
    chosen = demo.get(f"{page}?lang=es", headers={**JSON, "Accept-Language": "ar"}).json()
    assert chosen["language"] == "es"
    assert demo.get(chosen["page"], headers=JSON).json()["title"] == chosen["title"]
    assert demo.get(chosen["doors"]["ways"][0]["href"], headers=JSON).json()["language"] == "es"
    assert {"lang": "ar", "name": "العربية"} in chosen["languages"]


def test_a_warning_names_what_each_paragraph_is_for(demo: Service) -> None:
    face = demo.get(demo.check(LISTED, country="GB")["page"], headers=JSON).json()
    assert face["message"] == "V1.A"
    assert [said["element"] for said in face["paragraphs"]] == ["crime", "consequences", "harm", "help"]
    assert [way["door"] for way in face["doors"]["ways"]] == [
        "under-18",
        "someone-else",
        "happened-to-me",
        "work-or-mistake",
    ]
    assert face["draft"] == phrases.DRAFT
    assert face["act"]["contacts"][0]["id"] == "stop-it-now-uk"


def test_a_platform_can_pass_on_the_tap_for_a_wrong_match(demo: Service) -> None:
    door = demo.page(demo.check(LISTED)["page"]).doors["work-or-mistake"]
    (tap,) = demo.get(door, headers=JSON).json()["act"]["ways"]
    assert tap["post"]
    thanks = WEB.post(tap["href"]).headers["location"]
    face = demo.get(thanks, headers=JSON).json()
    assert face["act"]["texts"] == [phrases.THANKS]


def test_a_block_keeps_its_status_on_every_face(make_service: Callable[..., Service], tmp_path: Path) -> None:
    platforms = tmp_path / "platforms.toml"
    platforms.write_text(f"{OPERATOR}status = 451\n")
    service = make_service("--demo", REDIRECT_PLATFORMS=str(platforms))
    page = service.check(LISTED)["page"]
    text, face = (service.get(page, headers=asked) for asked in (TEXT, JSON))
    for answer in (text, face):
        assert answer.status_code == 451
        assert answer.headers["link"] == '<https://quellfen.example/blocking>; rel="blocked-by"'
    blocked = face.json()["blocked"]
    assert [(line["text"], line["href"]) for line in blocked] == [
        ("Quellfen, quellfen.example/blocking", "https://quellfen.example/blocking"),
        ("a@quellfen.example", "mailto:a@quellfen.example"),
    ]


def test_who_reads_text_is_counted_and_a_program_is_not(make_service: Callable[..., Service]) -> None:
    service = make_service("--demo")

    def shown() -> int:
        return sum(row["count"] for row in service.counts("funnel") if row["step"] == "shown")

    with httpx.Client(verify=PLAIN) as program:
        page = service.check(LISTED)["page"]
        for _ in range(12):
            program.get(page, headers=JSON)
        for _ in range(20):
            program.get(page, headers=TEXT)
    eventually(lambda: shown() == 20)


def test_the_directory_has_its_faces_too(demo: Service) -> None:
    face = demo.get("/en/help/GB", headers=JSON).json()
    assert face["title"] == "Where to find help: United Kingdom"
    assert [part["title"] for part in face["sections"]][:2] == ["Worried about yourself", "Young people"]
    assert face["page"] == f"{demo.url}/en/help/GB"
    countries = demo.get("/en/help", headers=JSON).json()["sections"][0]
    assert {"label": "Germany", "href": f"{demo.url}/en/help/DE"} in countries["ways"]
