"""Owns promise 2: whatever breaks and whatever the address says, the person gets a page with help."""

from __future__ import annotations

import json
import os
import signal
import socket
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conftest import LISTED, LISTED_URL, PLAIN, WEB, Html, Service, eventually
from redirect.adapters import keyring
from redirect.adapters.tokens import TOKEN_CHARACTERS, TokenBox
from redirect.domain.content import Statement

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.promises.conftest import Worker

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND", "REPORT", "SEARCH")
REST = (
    "",
    "/",
    "/x",
    "/x/leave",
    "/x/go/y",
    "/x/wrong",
    "/x/y/z",
    "/..",
    "/../../etc/passwd",
    "/.env",
    "//",
    "/%2e%2e/x",
)
ODD = (
    "/%00",
    "/%0a/b",
    "/a/b%0ac",
    "/%zz",
    "/%ff%fe",
    "/%",
    "/a%2fb",
    "/%e2%80%ae",
    "/;?&",
    "/?lang",
    "/x?lang=%ff",
    "/~",
)
LANGUAGES = ("en", "es", "ar", "de", "pt-BR", "zh-Hant-TW", "AR", "yue", "sr-Latn")
LANG = ("", "xx", "en-US-u-ca-gregory", "%00", "../../etc", "ar" * 400, "<b>", "zz-ZZ", "es,ar", "*", "%ed%a0%80")
TOKEN = "A" * TOKEN_CHARACTERS


def ensure_help(response: httpx.Response) -> None:
    """A page with at least one way to reach a service."""
    assert response.status_code == 200, f"{response.status_code} for {response.request.method} {response.url}"
    assert response.headers["content-type"] == "text/html; charset=utf-8"
    if response.request.method != "HEAD":
        assert Html(response.text).contacts


def speak(port: int, target: bytes, method: bytes = b"GET") -> bytes:
    """An answer to a request that no client would send."""
    with socket.create_connection(("127.0.0.1", port), timeout=5) as line:
        line.sendall(method + b" " + target + b" HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        heard = b""
        while part := line.recv(65536):
            heard += part
    return heard


@pytest.mark.parametrize("method", METHODS)
def test_every_method_finds_help(demo: Service, method: str) -> None:
    with httpx.Client(verify=PLAIN, base_url=demo.url) as person:
        for path in ("/w", "/w/", "/w/x", "/w/x/leave", "/w/x/go/y", "/w/x/wrong", "/en", "/ar/help/EG", "/PT-br/x"):
            ensure_help(person.request(method, path))


@pytest.mark.parametrize("rest", [*REST, *ODD])
def test_every_path_finds_help(demo: Service, rest: str) -> None:
    for root in ("w", *LANGUAGES):
        heard = speak(demo.port, f"/{root}{rest}".encode())
        assert heard.startswith(b"HTTP/1.1 200 "), heard[:200]
        assert Html(heard.partition(b"\r\n\r\n")[2].decode()).contacts


@pytest.mark.parametrize("length", [500, 5_000, 60_000])
def test_long_paths_find_help(demo: Service, length: int) -> None:
    for path in (f"/w/{'x' * length}", f"/en/{'x/' * (length // 2)}", f"/w/x?lang={'x' * length}"):
        assert speak(demo.port, path.encode()).startswith(b"HTTP/1.1 200 ")


@settings(max_examples=150)
@given(rest=st.text(max_size=60), lang=st.text(max_size=20))
def test_any_text_as_an_address_finds_help(demo: Service, rest: str, lang: str) -> None:
    path = "/w/" + "".join(f"%{byte:02X}" for byte in rest.encode(errors="surrogatepass"))
    ensure_help(WEB.get(demo.url + path, params={"lang": lang.encode(errors="replace").decode()}))


@pytest.mark.parametrize("lang", LANG)
def test_a_language_that_nobody_speaks_finds_help(demo: Service, lang: str) -> None:
    page = demo.check(LISTED)["page"]
    for path in (page, f"{demo.url}/en/help", f"{demo.url}/w/x"):
        ensure_help(demo.get(f"{path}?lang={lang}"))
        ensure_help(demo.get(path, headers={"Accept-Language": lang.replace("%", "").encode().decode("latin-1")}))


def test_addresses_that_are_not_ours_find_help(demo: Service) -> None:
    page = demo.check(LISTED)["page"]
    token = page.rpartition("/")[2]
    other = TokenBox([bytes(32)]).seal(Statement("demo", "csam", "V1", "A", "AR", "0", "es", 20000))
    for text in (token[:-1], token[1:], token + "A", token.swapcase(), token[::-1], other, TOKEN, f"{token}%00"):
        for step in ("", "/leave", "/go/AAAAAAAAAAAA"):
            ensure_help(demo.get(f"/w/{text}{step}"))
        ensure_help(WEB.post(f"{demo.url}/w/{text}/wrong"))


def test_an_old_address_goes_on_helping(demo: Service) -> None:
    key = (demo.data_dir / "keys" / "token.key").read_text()
    box = TokenBox([keyring.decode("token", key)])
    for day in (0, 10000, 20000, 99999):
        old = box.seal(Statement("demo", "csam", "V1", "A", "AR", "0", "es", day))
        assert demo.page(f"/w/{old}").all("html")[0]["lang"] == "es"
        assert demo.get(f"/w/{old}/leave").status_code == 303


def test_an_address_with_a_message_that_is_gone_finds_help(demo: Service) -> None:
    key = (demo.data_dir / "keys" / "token.key").read_text()
    box = TokenBox([keyring.decode("token", key)])
    gone = (
        Statement("demo", "csam", "V99", "A", "AR", "0", "es", 20000),
        Statement("demo", "csam", "V1", "Z", "AR", "0", "es", 20000),
        Statement("demo", "zorblax", "V1", "A", "QQ", "7", "tlh", 20000),
        Statement("demo", "csam", "V1", "A", "AR", "0", "es", 20000, "no-such-door"),
        Statement("demo", "csam", "V1", "A", "AR", "0", "es", 20000, "main"),
        Statement("demo", "csam", "V1", "A", "AR", "0", "es", 20000, "g.zorblax"),
        Statement("demo", "csam", "V1", "A", "AR", "0", "es", 20000, "g.look.talk.free.now"),
        Statement("demo", "csam", "V1", "A", "AR", "0", "es", 20000, "video"),
        Statement("nobody", "", "", "", "", "", "", 0),
    )
    for statement in gone:
        ensure_help(demo.get(f"/w/{box.seal(statement)}"))


def test_only_valid_steps_lead_away(demo: Service) -> None:
    page = demo.check(LISTED)["page"]
    assert demo.get(f"{page}/leave").status_code == 303
    ensure_help(demo.get(f"{page}/go/AAAAAAAAAAAA"))
    ensure_help(WEB.post(f"{page}/wrong"))
    ensure_help(WEB.post(f"{page}/leave"))
    ensure_help(WEB.delete(f"{page}/wrong"))
    door = demo.url + demo.page(page).doors["work-or-mistake"]
    thanked = WEB.post(f"{door}/wrong")
    assert thanked.status_code == 303
    assert "counted as one wrong match" in demo.page(urljoin(door, thanked.headers["location"])).words


def test_a_service_of_one_page_opens_from_that_page_alone(demo: Service) -> None:
    first, second = (demo.check(LISTED, country=country)["page"] for country in ("GB", "AR"))
    code = next(link for link in demo.page(first).links if "/go/" in link).rpartition("/")[2]
    assert demo.get(f"{first}/go/{code}").status_code == 303
    ensure_help(demo.get(f"{second}/go/{code}"))


def is_followed(link: str) -> bool:
    return "?lang=" not in link or link.endswith("?lang=ar")


def walk(service: Service, *starts: str) -> Iterator[tuple[str, httpx.Response]]:
    """Every page that can be reached from some, and every step away from one, in the language of each and in one more:
    all of them lead to the same pages again."""
    waiting, seen = list(starts), set(starts)
    with httpx.Client(verify=PLAIN) as person:
        while waiting:
            at = waiting.pop()
            response = person.get(at)
            yield at, response
            if response.status_code == 303:
                continue
            read = Html(response.text)
            forms = [person.post(urljoin(at, form["action"])) for form in read.all("form")]
            onward = [urljoin(at, link) for link in read.links] + [
                urljoin(at, form.headers["location"]) for form in forms
            ]
            new = {link for link in onward if link.startswith(service.url) and is_followed(link)} - seen
            seen |= new
            waiting += new


@pytest.mark.parametrize(
    "asked",
    [
        {"query": LISTED},
        {"query": LISTED, "country": "GB", "attempt": 1},
        {"url": LISTED_URL, "country": "AR", "languages": "es"},
    ],
)
def test_every_link_of_every_page_leads_to_help_or_to_a_service(demo: Service, asked: dict[str, Any]) -> None:
    visited = 0
    for at, response in walk(demo, demo.check(**asked)["page"]):
        visited += 1
        if response.status_code == 303:
            assert response.headers["location"].startswith("https://"), at
            assert not response.headers["location"].startswith(demo.url), at
        else:
            ensure_help(response)
    assert visited > 200


def test_help_goes_on_while_the_store_is_dead(make_service: Callable[..., Service]) -> None:
    service = make_service("--demo")
    page = service.check(LISTED, country="AR", languages="es")["page"]
    os.kill(service.store_pid(), signal.SIGSTOP)
    try:
        eventually(lambda: service.get("/readyz").json()["store"] == "unreachable")
        assert service.get("/readyz").status_code == 200
        assert service.page(page).all("html")[0]["lang"] == "es"
        assert service.get(f"{page}/leave").status_code == 303
        ensure_help(service.get("/w/nonsense"))
    finally:
        os.kill(service.store_pid(), signal.SIGCONT)


BREAKABLE = (
    "redirect.journeys.show.Show.open",
    "redirect.journeys.show.Show.view",
    "redirect.journeys.situations.chain",
    "redirect.journeys.situations.crisis",
    "redirect.journeys.situations.fitting",
    "redirect.journeys.situations.Situations.has_page",
    "redirect.journeys.views.Views._said",
    "redirect.journeys.views.Views._guided",
    "redirect.journeys.views.Views._shown",
    "redirect.journeys.listing.Listing.country",
    "redirect.journeys.listing.Listing.view",
    "redirect.journeys.listing.listing",
    "redirect.journeys.listing.crisis",
    "redirect.domain.law.Laws.stated",
    "redirect.domain.services.Directory.cards",
    "redirect.domain.video.Video.transcript",
    "redirect.adapters.languages.ServedLanguages.choose",
    "redirect.adapters.tokens.TokenBox.open",
    "redirect.adapters.tokens.TokenBox.seal",
    "redirect.adapters.tokens.TokenBox.code",
    "redirect.adapters.spool.Spool.add",
    "redirect.web.device.Devices.kind",
    "redirect.web.device._Agent",
    "redirect.web.accept._weighed",
    "redirect.web.hours.read_hours",
    "redirect.web.qr.picture",
    "redirect.web.render.Renderer.page",
    "redirect.web.render.Renderer.directory",
    "redirect.web.render.main_action",
    "redirect.web.render.who_blocks",
    "redirect.web.render.told",
    "redirect.web.faces.Faces.written",
    "redirect.web.faces.Faces.listed",
    "redirect.web.faces.plain",
    "redirect.web.scribe.Scribe.face",
    "redirect.web.scribe.Scribe.listed",
    "redirect.web.pages.asked",
    "redirect.web.pages.page_headers",
    "redirect.web.pages._looked_at",
    "redirect.web.pages.Pages._reader",
    "redirect.web.resources.page_headers",
    "redirect.web.resources.text_header",
)
FACES = {
    "*/*": "text/html; charset=utf-8",
    "text/plain": "text/plain; charset=utf-8",
    "application/json": "application/json",
}


def addresses(worker: Worker) -> tuple[str, ...]:
    """One of every kind of page, and of every step away from one, for a country with a video and a law."""
    body = json.dumps({"query": LISTED, "country": "GB"}).encode()
    page = json.loads(worker.call("POST", "/v1/check", body)[2])["page"].removeprefix("http://127.0.0.1:8080")
    html = worker.call("GET", page)[2].decode()
    door = Html(html).doors["work-or-mistake"]
    question, video, *_ = Html(html.partition('class="invite"')[2]).links
    end = question
    while answers := Html(
        worker.call("GET", end)[2].decode().partition('class="choices"')[2].partition("</nav>")[0]
    ).links:
        end = answers[0]
    steps = (f"{page}/leave", f"{page}/go/AAAAAAAAAAAA", f"{door}/wrong")
    return page, door, question, end, video, *steps, "/w/x", "/en", "/es/help", "/de/help/DE"


@pytest.mark.parametrize("part", BREAKABLE)
def test_a_broken_part_leaves_help(worker: Worker, monkeypatch: pytest.MonkeyPatch, part: str) -> None:
    ways, asked_for = addresses(worker), []

    def broken(*_: object, **__: object) -> None:
        asked_for.append(part)
        raise RecursionError

    monkeypatch.setattr(part, broken)
    for path in ways:
        for accept, kind in FACES.items():
            # Another language and another browser, so that nothing kept from before the break can answer.
            method = "POST" if path.endswith("/wrong") else "GET"
            status, headers, said = worker.call(method, path, accept_language="ar", accept=accept, user_agent=part)
            assert status in {200, 303}, path
            # Where what was asked for cannot be told any more, HTML is what everyone can read.
            assert status == 303 or headers["content-type"] in {kind, FACES["*/*"]}, path
            assert status == 303 or b"https://findahelpline.com" in said or Html(said.decode()).contacts, path
    assert asked_for, "nothing asks for this part, so nothing was broken"


@pytest.mark.parametrize("status", [403, 451])
def test_a_block_keeps_its_status_and_its_help(
    make_service: Callable[..., Service], tmp_path: Path, status: int
) -> None:
    platforms = tmp_path / "platforms.toml"
    platforms.write_text(
        f'[demo]\nshown_name = "Zorblax"\nstatus = {status}\n'
        'blocked_by = "Quellfen"\nappeal = "mailto:a@quellfen.example"\n'
        'blocked_by_address = "https://quellfen.example/blocking"\nexit = "https://drovic.example/"\n'
    )
    service = make_service("--demo", REDIRECT_PLATFORMS=str(platforms))
    page = service.check(LISTED)["page"]
    answer = service.get(page)
    assert answer.status_code == status
    blocked_by = '<https://quellfen.example/blocking>; rel="blocked-by"'
    assert answer.headers.get("link") == (blocked_by if status == 451 else None)
    read = Html(answer.text)
    assert read.contacts
    assert "mailto:a@quellfen.example" in read.links
    assert "Quellfen" in read.words
    for door in read.doors.values():
        ensure_help(service.get(door))
    assert service.get(f"{page}/leave").headers["location"] == "https://drovic.example/"
