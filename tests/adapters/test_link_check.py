"""Whether the addresses of services still lead where they should, asked of a real HTTPS server on loopback."""

from __future__ import annotations

import asyncio
import datetime as dt
import ssl
import sys
import threading
import time
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from redirect.adapters import reach, record_facts
from redirect.adapters.link_check import NAME, Found, LinkChecker, State
from redirect.adapters.reach import Reach, RefusedError
from redirect.domain.errors import SettingsError
from tests.ports import free_port

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

HOSTS = ("zorblax.example", "www.zorblax.example", "quellfen.example", "drovic.test")
OK = (200, {"Content-Type": "text/html"}, b"<title>Zorblax</title>somebody answers here")


@dataclass
class Site:
    """A server that stands for all of HOSTS: what it answers to a path, and what it was asked, in order."""

    port: int = 0
    answers: dict[str, tuple[int, dict[str, str], bytes]] = field(default_factory=dict)
    for_head: dict[str, int] = field(default_factory=dict)
    robots: bytes = b""
    wait: float = 0.0
    asked: list[tuple[str, str, str]] = field(default_factory=list)
    agents: set[str] = field(default_factory=set)
    busy: Counter[str] = field(default_factory=Counter)
    most_at_once: int = 0
    most_of_one: int = 0

    def url(self, path: str = "/", host: str = HOSTS[0], scheme: str = "https") -> str:
        return f"{scheme}://{host}:{self.port}{path}"


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def __init__(self, site: Site, *arguments: Any) -> None:
        self.site = site
        super().__init__(*arguments)

    def do_HEAD(self) -> None:
        self.answer()

    def do_GET(self) -> None:
        self.answer()

    def answer(self) -> None:
        site, host = self.site, self.headers["Host"].partition(":")[0]
        site.asked.append((self.command, host, self.path))
        site.agents.add(self.headers["User-Agent"])
        site.busy[host] += 1
        site.most_at_once = max(site.most_at_once, site.busy.total())
        site.most_of_one = max(site.most_of_one, site.busy[host])
        time.sleep(site.wait)
        site.busy[host] -= 1
        status, headers, body = site.answers.get(self.path, OK)
        if self.path == "/robots.txt":
            status, headers, body = (200, {}, site.robots) if site.robots else (404, {}, b"")
        if self.command == "HEAD":
            status = site.for_head.get(self.path, status)
        self.send_response(status)
        for name, text in headers.items():
            self.send_header(name, text)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Nothing on the terminal of whoever runs the tests."""


@contextmanager
def serving(site: Site, context: ssl.SSLContext | None, host: str = "127.0.0.1") -> Iterator[Site]:
    server = ThreadingHTTPServer((host, 0), partial(Handler, site))
    server.handle_error = lambda *_: None  # type: ignore[method-assign]
    if context:
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    site.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield site
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture(scope="module")
def issue(tmp_path_factory: pytest.TempPathFactory) -> Callable[[int], tuple[ssl.SSLContext, Path]]:
    """A server's side of TLS, good for so many days, and the file to trust it by."""
    directory = tmp_path_factory.mktemp("tls")

    def issued(days: int) -> tuple[ssl.SSLContext, Path]:
        key = ec.generate_private_key(ec.SECP256R1())
        subject, now = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "zorblax")]), dt.datetime.now(dt.UTC)
        certificate = (
            x509.CertificateBuilder(subject, subject, key.public_key(), x509.random_serial_number())
            .not_valid_before(now - dt.timedelta(days=400))
            .not_valid_after(now + dt.timedelta(days=days, hours=1))
            .add_extension(x509.SubjectAlternativeName([x509.DNSName(name) for name in HOSTS]), critical=False)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .sign(key, hashes.SHA256())
        )
        pem, pkcs8, plain = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        file = directory / f"{days}.pem"
        file.write_bytes(certificate.public_bytes(pem) + key.private_bytes(pem, pkcs8, plain))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(file)
        return context, file

    return issued


@pytest.fixture(autouse=True)
def direct(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.fixture
def site(issue: Callable[[int], tuple[ssl.SSLContext, Path]], monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    context, trusted = issue(90)
    monkeypatch.setenv("SSL_CERT_FILE", str(trusted))
    with serving(Site(), context) as site:
        yield site


def near(**options: Any) -> LinkChecker:
    """Takes every host for one of this machine, which a name must otherwise never be."""
    reach = Reach(allow_private=True, allow_http=True)
    defaults = {"reach": reach, "resolve": lambda *_: ["127.0.0.1"], "pause": 0}
    return LinkChecker("contact@zorblax.example", **{**defaults, **options})


async def ask(*addresses: str, **options: Any) -> list[Found]:
    found = await near(**options).check(addresses, lambda *_: None)
    return [found[address] for address in addresses]


async def test_an_address_that_opens_is_fine_and_says_how_long_its_certificate_is_good_for(site: Site) -> None:
    assert await ask(site.url()) == [Found(State.FINE, "", 200, "", 90)]


async def test_whoever_is_asked_can_see_by_whom(site: Site) -> None:
    await ask(site.url())
    (agent,) = site.agents
    assert agent.startswith(f"{NAME}/")
    assert "contact@zorblax.example" in agent


async def test_head_comes_first_and_get_where_it_is_refused(site: Site) -> None:
    site.for_head = {"/": 405}
    (found,) = await ask(site.url())
    assert found.state is State.FINE
    assert site.asked == [("GET", HOSTS[0], "/robots.txt"), ("HEAD", HOSTS[0], "/"), ("GET", HOSTS[0], "/")]


@pytest.mark.parametrize("status", [404, 410, 500, 503])
async def test_a_page_that_is_not_there_is_dead(site: Site, status: int) -> None:
    site.answers["/"] = (status, {}, b"")
    (found,) = await ask(site.url())
    assert (found.state, found.status) == (State.DEAD, status)


@pytest.mark.parametrize("status", [401, 403, 429])
async def test_a_site_that_keeps_programs_out_is_for_a_person_to_open(site: Site, status: int) -> None:
    site.answers["/"] = (status, {}, b"")
    (found,) = await ask(site.url())
    assert (found.state, found.status) == (State.LOOK, status)


async def test_a_redirect_within_a_site_is_fine_and_to_another_s_is_not(site: Site) -> None:
    site.answers["/old"] = (301, {"Location": site.url("/new", HOSTS[1])}, b"")
    site.answers["/sold"] = (302, {"Location": site.url("/new", HOSTS[2])}, b"")
    moved, sold = await ask(site.url("/old"), site.url("/sold"))
    assert (moved.state, moved.leads_to) == (State.FINE, site.url("/new", HOSTS[1]))
    assert (sold.state, sold.leads_to) == (State.LOOK, site.url("/new", HOSTS[2]))
    assert "somebody else" in sold.what


async def test_a_circle_ends(site: Site) -> None:
    site.answers["/"] = (302, {"Location": "/"}, b"")
    (found,) = await ask(site.url())
    assert (found.state, len(site.asked)) == (State.DEAD, 7)


@pytest.mark.parametrize("body", [b"This <b>Domain is for Sale</b>!", b'<a href="https://www.sedoparking.com/x">'])
async def test_a_name_that_is_for_sale_is_dead(site: Site, body: bytes) -> None:
    site.answers["/"] = (200, {}, b"<html>" + body.replace(b"<b>", b"").replace(b"</b>", b""))
    (found,) = await ask(site.url())
    assert (found.state, found.what) == (State.DEAD, "its name is for sale, or parked")


async def test_no_more_of_a_page_is_read_than_its_beginning(site: Site) -> None:
    site.answers["/"] = (200, {}, b" " * 3_000_000 + b"buy this domain")
    assert (await ask(site.url()))[0].state is State.FINE


async def test_what_robots_txt_refuses_is_not_asked(site: Site) -> None:
    site.robots = b"User-agent: *\nDisallow: /private\n"
    kept, open_ = await ask(site.url("/private/a"), site.url("/b"))
    assert (kept.state, open_.state) == (State.LOOK, State.FINE)
    assert not [path for _, _, path in site.asked if path.startswith("/private")]
    site.robots = b"User-agent: redirect\nDisallow: /\n"
    assert (await ask(site.url("/b")))[0].state is State.LOOK


async def test_one_server_is_asked_one_thing_at_a_time_and_several_side_by_side(site: Site) -> None:
    site.wait = 0.03
    await ask(*(site.url(f"/{number}") for number in range(6)))
    assert site.most_at_once == 1
    await ask(*(site.url("/", host) for host in HOSTS))
    assert site.most_at_once > 1


async def test_where_a_redirect_leads_is_asked_as_gently(site: Site) -> None:
    site.answers["/old"] = (301, {"Location": site.url("/new", HOSTS[3])}, b"")
    site.answers["/hidden"] = (301, {"Location": site.url("/private", HOSTS[3])}, b"")
    site.robots = b"User-agent: *\nDisallow: /private\n"
    site.wait = 0.03
    (kept, *_) = await ask(site.url("/hidden"), *(site.url("/old", host) for host in HOSTS[:3]))
    assert (kept.state, kept.leads_to) == (State.LOOK, site.url("/private", HOSTS[3]))
    assert "/private" not in [path for _, _, path in site.asked]
    assert site.asked.count(("GET", HOSTS[3], "/robots.txt")) == site.most_of_one == 1


async def test_progress_goes_from_the_first_to_the_last(site: Site) -> None:
    told: list[tuple[int, int | None]] = []
    addresses = [site.url(f"/{number}") for number in range(3)]
    await near().check([*addresses, addresses[0]], lambda _, done, total: told.append((done, total)))
    assert told == [(1, 3), (2, 3), (3, 3)]


async def test_a_certificate_that_ends_soon_is_said_and_one_that_has_ended_is_dead(
    issue: Callable[[int], tuple[ssl.SSLContext, Path]], monkeypatch: pytest.MonkeyPatch
) -> None:
    for days, state, what in ((5, State.LOOK, "ends soon"), (-3, State.DEAD, "has ended")):
        context, trusted = issue(days)
        monkeypatch.setenv("SSL_CERT_FILE", str(trusted))
        with serving(Site(), context) as site:
            (found,) = await ask(site.url())
        assert found.state is state
        assert what in found.what


async def test_a_certificate_that_nobody_vouches_for_is_dead(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SSL_CERT_FILE")
    (found,) = await ask(site.url())
    assert (found.state, found.what) == (State.DEAD, "its certificate cannot be trusted")


async def test_a_way_that_leaves_https_is_said(site: Site) -> None:
    with serving(Site(), None) as plain:
        site.answers["/"] = (302, {"Location": plain.url(scheme="http")}, b"")
        (found,) = await ask(site.url())
    assert (found.state, found.what) == (State.LOOK, "it leads to an address without https")


async def test_nobody_listening_and_no_such_name_are_dead() -> None:
    def unknown(*_: object) -> list[str]:
        raise RefusedError("its host name cannot be resolved")

    (silent,) = await ask(f"https://zorblax.example:{free_port()}/")
    (nameless,) = await ask("https://zorblax.example/", resolve=unknown)
    assert (silent.state, nameless.state) == (State.DEAD, State.DEAD)
    assert nameless.what == "its host name cannot be resolved"


async def test_a_server_that_falls_silent_is_left(site: Site) -> None:
    site.wait = 1.0
    started = asyncio.get_running_loop().time()
    (found,) = await ask(site.url(), seconds=0.2)
    assert (found.state, found.what) == (State.DEAD, "no answer in time")
    assert asyncio.get_running_loop().time() - started < 3


@pytest.mark.parametrize("address", ["10.0.0.7", "169.254.169.254", "127.0.0.1", "::1", "fd00::7"])
async def test_a_name_is_no_way_inside(address: str) -> None:
    checker = LinkChecker(resolve=lambda *_: [address], pause=0)
    found = await checker.check(["https://zorblax.example/"], lambda *_: None)
    assert "private network" in found["https://zorblax.example/"].what


async def test_a_redirect_is_no_way_inside(site: Site) -> None:
    site.answers["/"] = (302, {"Location": "ftp://quellfen.example/"}, b"")
    site.answers["/b"] = (302, {"Location": "https://me:drovic@quellfen.example/"}, b"")
    for found in await ask(site.url(), site.url("/b")):
        assert found.state is State.DEAD
        assert "drovic" not in found.what


OUTSIDE = "127.0.0.2"
"""Stands for the network outside; every other address of this machine is what it is."""


@pytest.mark.parametrize(
    "inside", ["127.0.0.1", "127.1", "localhost", "LOCALHOST", "[::1]", "[::ffff:127.0.0.1]", "10.0.0.7", HOSTS[2]]
)
async def test_a_redirect_from_outside_is_no_way_inside(
    issue: Callable[[int], tuple[ssl.SSLContext, Path]], monkeypatch: pytest.MonkeyPatch, inside: str
) -> None:
    def resolve(host: str, port: int) -> list[str]:
        led = {HOSTS[0]: OUTSIDE, HOSTS[2]: "127.0.0.1"}
        return [led[host]] if host in led else reach.resolve(host, port)

    is_public, (context, trusted) = reach._is_public, issue(90)
    monkeypatch.setattr(reach, "_is_public", lambda address: str(address) == OUTSIDE or is_public(address))
    monkeypatch.setenv("SSL_CERT_FILE", str(trusted))
    with serving(Site(), context, OUTSIDE) as outside, serving(Site(), None) as within:
        for scheme in ("http", "https"):
            outside.answers[f"/{scheme}"] = (302, {"Location": f"{scheme}://{inside}:{within.port}/"}, b"")
        asked = [outside.url(f"/{scheme}") for scheme in ("http", "https")]
        found = await LinkChecker(resolve=resolve, pause=0).check(asked, lambda *_: None)
    assert [what.state for what in found.values()] == [State.DEAD, State.DEAD]
    assert all("private network" in what.what for what in found.values())
    assert ("HEAD", HOSTS[0], "/http") in outside.asked
    assert within.asked == []


@pytest.mark.parametrize(
    "address", ["", "https://", "zorblax", "https://[", "mailto:x@zorblax.example", "https://\x00/"]
)
async def test_what_is_no_address_is_dead(address: str) -> None:
    assert (await ask(address))[0].state is State.DEAD


@pytest.mark.parametrize(
    ("phone", "countries", "state"),
    [
        ("+498001110111", ("DE",), State.FINE),
        ("+4912", ("DE",), State.DEAD),
        ("116123", ("DE",), State.FINE),
        ("112", ("AA", "DE"), State.FINE),
        ("*4141", ("CL",), State.LOOK),
        ("99999999999", ("DE",), State.LOOK),
    ],
)
def test_numbers_are_held_to_their_country_s_plan(phone: str, countries: tuple[str, ...], state: State) -> None:
    assert record_facts.number(phone, countries).state is state


def test_hours_are_held_to_their_syntax() -> None:
    assert record_facts.hours("Mo-Fr 09:00-17:00; PH off").state is State.FINE
    assert record_facts.hours("mornings").state is State.DEAD


@pytest.mark.parametrize("library", ["phonenumbers", "opening_hours"])
def test_without_the_extra_it_is_said_what_to_install(library: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, library, None)
    with pytest.raises(SettingsError, match="extra `check`"):
        record_facts.number("112", ("DE",)) if library == "phonenumbers" else record_facts.hours("24/7")
