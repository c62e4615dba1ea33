"""The page that blocked names lead to, as a browser that was sent there meets it."""

from __future__ import annotations

import re
import socket
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pytest

from conftest import LISTED_URL, PLAIN, Html, Service, eventually
from integrations.conftest import ask
from redirect.domain.errors import SettingsError
from redirect.settings import load
from redirect.start import load_content
from tests.ports import free_port

if TYPE_CHECKING:
    from collections.abc import Callable

    from integrations.conftest import Reply

PLATFORMS = Path(__file__).parents[2] / "integrations" / "dns" / "platforms.toml"
CANARY = "canaryvessik"
PERSON = "127.0.0.77"
BROWSER = {"Host": f"{CANARY}.example", "Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}


@pytest.fixture(scope="module")
def service(make_service: Callable[..., Service]) -> Service:
    return make_service("--demo", **settings())


def settings(**others: str) -> dict[str, str]:
    return {
        "REDIRECT_STOP_PORT": str(free_port()),
        "REDIRECT_STOP_PLATFORM": "networks",
        "REDIRECT_STOP_COUNTRY": "GB",
        "REDIRECT_PLATFORMS": str(PLATFORMS),
        **others,
    }


def visit(service: Service, target: bytes | str = "/", method: str = "GET", body: bytes = b"", **headers: str) -> Reply:
    port = int(service.environ["REDIRECT_STOP_PORT"])
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return ask(port, target, method, body, PERSON, {**BROWSER, **named})


def shown(service: Service) -> list[tuple[str, int]]:
    rows = service.counts("funnel")
    return [(f"{row['platform']} {row['country']} {row['message']} {row['step']}", row["count"]) for row in rows]


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE", "OPTIONS", "PATCH", "PROPFIND"])
@pytest.mark.parametrize(
    "target",
    ["/", "/v1/check", "/livez", "/metrics", "/w/abc", "/en/help", f"http://{CANARY}.example/x", b"/%FF/..//?%00"],
)
def test_whatever_is_asked_for_is_answered_with_who_blocks_why_and_help(
    service: Service, target: bytes | str, method: str
) -> None:
    reply = visit(service, target, method, b"a=b" if method in {"POST", "PUT"} else b"")
    assert reply.status == 451
    assert reply.headers["link"] == '<https://networks.example/blocking>; rel="blocked-by"'
    assert reply.headers["cache-control"] == "no-store"
    assert "strict-transport-security" not in reply.headers
    page = Html(reply.body.decode())
    assert page.contacts
    assert "Example Networks, by order of the example authority" in page.words
    assert "mailto:appeals@networks.example" in page.links


def test_a_head_is_answered_without_a_body(service: Service) -> None:
    reply = visit(service, method="HEAD")
    assert (reply.status, reply.body) == (451, b"")


def test_it_says_what_the_page_of_a_listed_address_says_in_the_country_that_is_set(service: Service) -> None:
    there = headings(service.get(service.check(url=LISTED_URL, country="GB")["page"]).text)
    assert len(there) > 4
    assert there <= headings(visit(service).body.decode())
    assert not there <= headings(service.get("/en").text)


def headings(page: str) -> set[str]:
    """What stands in the headings of a page, without tags."""
    return {re.sub(r"<[^>]*>|\s+", "", found[0]) for found in re.finditer(r"(?s)<(h[123])[ >].*?</\1>", page)}


@pytest.mark.parametrize(("wanted", "language"), [("es-ES,es;q=0.9", "es"), ("ar", "ar"), ("xx", "en"), ("", "en")])
def test_it_is_in_the_language_of_the_reader(service: Service, wanted: str, language: str) -> None:
    assert visit(service, Accept_Language=wanted).headers["content-language"] == language


def test_a_language_chosen_on_the_page_wins_and_the_blocked_address_has_no_say(service: Service) -> None:
    assert visit(service, "/a/b?lang=es").headers["content-language"] == "es"
    for query in ("lang=es&x=1", "x=1&lang=es", "lang=" + "x" * 40_000, "lang=%65s"):
        assert visit(service, f"/?{query}").headers["content-language"] == "en"


def test_every_way_on_leads_to_the_pages_and_works(service: Service) -> None:
    page = Html(visit(service, "/deep/path").body.decode())
    assert page.doors
    for link in page.links:
        assert re.match(rf"{service.url}/w/|https?://|tel:|sms:|mailto:|\?lang=", link), link
    for door in page.doors.values():
        assert door.startswith(f"{service.url}/w/")
        service.page(door)
    leave = next(link for link in page.links if link.endswith("/leave"))
    assert service.get(leave).status_code == 303
    go = next(link for link in page.links if "/go/" in link)
    assert service.get(go).status_code == 303


def test_pages_count_as_those_opened_by_their_address_and_nothing_else_counts(
    make_service: Callable[..., Service],
) -> None:
    service = make_service("--demo", **settings())
    for _ in range(20):
        assert visit(service, f"/{CANARY}").status == 451
    for _ in range(20):
        visit(service, "/logo.png", Accept="image/avif,image/webp,*/*;q=0.8")
        visit(service, "/api", Accept="*/*")
        visit(service, method="HEAD")
        visit(service, method="POST")
        visit(service, Sec_Purpose="prefetch")
        visit(service, Sec_Fetch_Dest="iframe")
    eventually(lambda: shown(service))
    assert shown(service) == [("networks GB V3 shown", 20)]
    assert not service.counts("checks")


def test_nothing_of_a_request_is_said_or_written(make_service: Callable[..., Service]) -> None:
    service = make_service("--demo", **settings())
    headers = {"Referer": f"http://{CANARY}/", "User-Agent": CANARY, "Cookie": CANARY, "X-Forwarded-Host": CANARY}
    for method in ("GET", "POST", "HEAD"):
        for target in (f"/{CANARY}?q={CANARY}", f"/?lang={CANARY}", f"/{CANARY * 3000}"):
            reply = visit(service, target, method, CANARY.encode(), **headers)
            assert CANARY not in str(reply.headers) + reply.body.decode()
    assert b"400 Bad Request" in raw(service, f"{CANARY} / nonsense\r\n\r\n".encode())
    service.stop()
    for file in (file for file in service.data_dir.parent.rglob("*") if file.is_file()):
        content = file.read_bytes()
        assert CANARY.encode() not in content, file.name
        assert PERSON.encode() not in content, file.name


def raw(service: Service, data: bytes) -> bytes:
    with socket.create_connection(("127.0.0.1", int(service.environ["REDIRECT_STOP_PORT"])), timeout=10) as connection:
        connection.sendall(data)
        return connection.recv(4096)


def test_the_key_of_a_platform_opens_nothing_there(service: Service) -> None:
    reply = visit(service, "/v1/check", "POST", b'{"query": "weather"}', Authorization="Bearer demo")
    assert reply.status == 451
    assert reply.headers["content-type"] == "text/html; charset=utf-8"


@pytest.mark.parametrize(
    "data", [b"\x16\x03\x01\x02\0\1\0\1\xfc\3\3 hello over TLS\r\n\r\n", b"GET /\xff HTTP/1.1\r\n\r\n"]
)
def test_bytes_that_are_no_request_are_answered_with_help(service: Service, data: bytes) -> None:
    assert b"text/html" in raw(service, data)


def test_it_compresses_and_keeps_connections(service: Service) -> None:
    with httpx.Client(verify=PLAIN, base_url=f"http://127.0.0.1:{service.environ['REDIRECT_STOP_PORT']}") as client:
        for _ in range(2):
            response = client.get("/", headers={"Accept-Encoding": "gzip"})
            assert response.headers["content-encoding"] == "gzip"
            assert "Example Networks" in response.text


def test_it_ends_with_the_service(make_service: Callable[..., Service]) -> None:
    service = make_service("--demo", **settings(REDIRECT_WORKERS="2"))
    assert visit(service).status == 451
    assert service.stop() == 0
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", int(service.environ["REDIRECT_STOP_PORT"]))) != 0


@pytest.mark.parametrize(
    ("changed", "named"),
    [
        ({"REDIRECT_STOP_PLATFORM": ""}, "REDIRECT_STOP_PLATFORM: needed"),
        ({"REDIRECT_STOP_PLATFORM": "acme"}, "REDIRECT_STOP_PLATFORM: there is no such table"),
        ({"REDIRECT_STOP_COUNTRY": "Britain"}, "REDIRECT_STOP_COUNTRY: two letters"),
        ({"REDIRECT_STOP_PORT": "http"}, "REDIRECT_STOP_PORT: a whole number"),
        ({"REDIRECT_STOP_HOST": "0.0.0.0"}, "REDIRECT_STOP_HOST: with --demo"),  # noqa: S104
        ({"REDIRECT_DEMO": "0"}, "REDIRECT_PUBLIC_URL: needed"),
    ],
)
def test_a_stop_page_that_could_not_be_whole_stops_the_start(changed: dict[str, str], named: str) -> None:
    with pytest.raises(SettingsError, match=named):
        load_content(load(settings(**{"REDIRECT_DEMO": "1", **changed})))


def test_a_platform_that_only_warns_cannot_stand_for_it(make_service: Callable[..., Service], tmp_path: Path) -> None:
    file = tmp_path / "platforms.toml"
    file.write_text(PLATFORMS.read_text().replace("status = 451", "status = 200"))
    service = make_service(start=False, **settings(REDIRECT_PLATFORMS=str(file)))
    assert "needs status = 451" in service.run("serve", "--demo", fails=True).stderr
