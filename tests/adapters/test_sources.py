"""Owns the tests of where lists come from: files, standard input, and a real HTTP server on loopback, also with TLS."""

from __future__ import annotations

import datetime as dt
import gzip
import io
import os
import re
import socket
import ssl
import subprocess
import sys
import threading
import zipfile
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import msgspec
import openpyxl
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from hypothesis import given
from hypothesis import strategies as st

from redirect import settings as settings_
from redirect.__main__ import main
from redirect.adapters import bundles, sheets, source_file
from redirect.adapters.fetch import ATTEMPTS, Fetcher, Mark
from redirect.adapters.reach import Reach, RefusedError, pinned
from redirect.adapters.source_file import Source
from redirect.adapters.source_marks import SourceMarks
from redirect.adapters.sources import gather
from redirect.domain.errors import ListError, SettingsError
from redirect.domain.list_formats import Shape
from redirect.domain.list_records import Labels
from redirect.domain.lists import Confidence, Kind
from redirect.tools.lists import Built, BundleOptions, build_list

if TYPE_CHECKING:
    import ipaddress
    from collections.abc import Iterator

DOCUMENT = Path(__file__).parents[2] / "docs" / "lists.md"
LIST = b"https://zorblax.example/room/42\nquellfen.example\n"
CANARY = "zorblax"
CREDENTIAL = "drovic-7f3a"
LABELS = Labels("csam", Confidence.HIGH, kind=Kind.TERM)


# A list owner's server


@dataclass
class Owner:
    """A server that gives out one list, and does what a test tells it."""

    port: int = 0
    scheme: str = "http"
    body: bytes = LIST
    headers: dict[str, str] = field(default_factory=dict)
    answers: list[tuple[int, dict[str, str]]] = field(default_factory=list)
    asked: list[dict[str, str]] = field(default_factory=list)
    chunked: bool = False
    broken_after: int | None = None

    @property
    def url(self) -> str:
        return f"{self.scheme}://localhost:{self.port}/lists/all.txt"


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def __init__(self, owner: Owner, *arguments: Any) -> None:
        self.owner = owner
        super().__init__(*arguments)

    def do_GET(self) -> None:
        owner = self.owner
        owner.asked.append({"path": self.path, **{name.lower(): text for name, text in self.headers.items()}})
        if owner.answers:
            status, headers = owner.answers.pop(0)
            return self.answer(status, headers, b"zorblax: what a server says of an error")
        if "ETag" in owner.headers and self.headers.get("If-None-Match") == owner.headers["ETag"]:
            return self.answer(304, owner.headers, b"")
        return self.answer(200, owner.headers, owner.body)

    def answer(self, status: int, headers: dict[str, str], body: bytes) -> None:
        self.send_response(status)
        for name, text in headers.items():
            self.send_header(name, text)
        if self.owner.chunked:
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            self.wfile.write(b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body))
            return
        if status != 304:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body[: self.owner.broken_after])
        self.close_connection = self.owner.broken_after is not None

    def log_message(self, *_: Any) -> None:
        """Nothing on the terminal of whoever runs the tests."""


@contextmanager
def serving(owner: Owner, context: ssl.SSLContext | None = None) -> Iterator[Owner]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, owner))
    server.handle_error = lambda *_: None  # type: ignore[method-assign]
    if context:
        owner.scheme = "https"
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    owner.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield owner
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture
def owner(monkeypatch: pytest.MonkeyPatch) -> Iterator[Owner]:
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    with serving(Owner()) as owner:
        yield owner


def fetcher(reach: Reach | None = None, **options: Any) -> Fetcher:
    return Fetcher("partner", reach or Reach(), **{"sleep": lambda _: None, **options})


def refused(reason: str) -> Any:
    return pytest.raises(ListError, match=f"^partner: .*{reason}")


def test_a_list_is_fetched_with_what_its_server_calls_the_version(owner: Owner) -> None:
    owner.headers = {"ETag": '"7"', "Last-Modified": "Sun, 22 Nov 2026 01:00:00 GMT"}
    seen: list[tuple[int, int | None]] = []
    fetched = fetcher(receiving=lambda done, total: seen.append((done, total))).fetch(owner.url)
    assert fetched is not None
    assert (fetched.body, fetched.mark) == (LIST, Mark('"7"', "Sun, 22 Nov 2026 01:00:00 GMT"))
    assert seen[-1] == (len(LIST), len(LIST))
    assert LIST.decode() not in repr(fetched)


def test_a_list_that_has_not_changed_is_not_sent_again(owner: Owner) -> None:
    owner.headers = {"ETag": '"7"'}
    assert fetcher().fetch(owner.url, Mark('"7"', "Sun, 22 Nov 2026 01:00:00 GMT")) is None
    assert owner.asked[0]["if-modified-since"] == "Sun, 22 Nov 2026 01:00:00 GMT"
    assert fetcher().fetch(owner.url, Mark('"6"')) is not None


def test_a_304_that_was_not_asked_for_is_refused(owner: Owner) -> None:
    owner.answers = [(304, {})]
    with refused("answered 304"):
        fetcher().fetch(owner.url)


@pytest.mark.parametrize("chunked", [False, True])
def test_a_packed_list_is_unpacked_within_the_limit(owner: Owner, chunked: bool) -> None:
    owner.headers, owner.body, owner.chunked = {"Content-Encoding": "gzip"}, gzip.compress(LIST * 1000), chunked
    fetched = fetcher().fetch(owner.url)
    assert fetched is not None
    assert fetched.body == LIST * 1000
    owner.body = gzip.compress(bytes(3_000_000))
    with refused("larger than 2 MB"):
        fetcher(Reach(max_megabytes=2)).fetch(owner.url)


def test_a_list_over_the_limit_is_refused_by_what_its_server_says_of_it(owner: Owner) -> None:
    owner.body = bytes(1_000_001)
    seen: list[int] = []
    with refused("larger than 1 MB; see `max_megabytes`"):
        fetcher(Reach(max_megabytes=1), receiving=lambda done, _: seen.append(done)).fetch(owner.url)
    assert not seen


def test_an_encoding_that_was_not_asked_for_is_refused(owner: Owner) -> None:
    owner.headers = {"Content-Encoding": "br"}
    with refused("encoding"):
        fetcher().fetch(owner.url)


# When it does not answer


@pytest.mark.parametrize("status", [500, 502, 503, 504, 429])
def test_a_server_in_trouble_is_asked_again_later_and_later(owner: Owner, status: int) -> None:
    owner.answers = [(status, {})] * (ATTEMPTS - 1)
    pauses: list[float] = []
    assert fetcher(sleep=pauses.append).fetch(owner.url) is not None
    assert len(pauses) == ATTEMPTS - 1
    assert pauses == sorted(pauses)
    assert 0.7 < pauses[0] < 1.3


def test_a_server_that_stays_in_trouble_is_given_up(owner: Owner) -> None:
    owner.answers = [(503, {"Retry-After": "7"})] * ATTEMPTS
    pauses: list[float] = []
    with refused("answered 503"):
        fetcher(sleep=pauses.append).fetch(owner.url)
    assert min(pauses) >= 7 / 2
    assert len(owner.asked) == ATTEMPTS


def test_no_pause_is_begun_that_ends_after_the_time_limit(owner: Owner) -> None:
    owner.answers = [(503, {"Retry-After": "50"})]
    with refused("answered 503"):
        fetcher(Reach(seconds=20)).fetch(owner.url)
    assert len(owner.asked) == 1


def test_a_list_that_breaks_off_is_no_list(owner: Owner) -> None:
    owner.broken_after = 20
    with refused("the connection failed or broke off"):
        fetcher().fetch(owner.url)
    assert len(owner.asked) == ATTEMPTS


def test_a_server_that_falls_silent_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("redirect.adapters.fetch._READ", 0.1)
    with socket.create_server(("127.0.0.1", 0)) as silent, refused("did not answer in time"):
        fetcher().fetch(f"http://127.0.0.1:{silent.getsockname()[1]}/")


def test_nobody_listening_is_said_plainly() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with refused("the connection failed"):
        fetcher().fetch(f"http://127.0.0.1:{port}/")


@pytest.mark.parametrize(
    ("status", "reason"), [(401, "another credential"), (403, "another credential"), (404, "404"), (206, "206")]
)
def test_an_answer_that_will_not_change_is_not_asked_for_again(owner: Owner, status: int, reason: str) -> None:
    owner.answers = [(status, {})]
    with refused(reason) as caught:
        fetcher().fetch(owner.url)
    assert len(owner.asked) == 1
    assert CANARY not in str(caught.value)


# Where it may lead


def test_a_redirect_within_the_same_place_is_followed(owner: Owner) -> None:
    owner.answers = [(302, {"Location": "/elsewhere"}), (307, {"Location": owner.url + "?b"})]
    assert fetcher().fetch(owner.url) is not None
    assert [asked["path"] for asked in owner.asked] == ["/lists/all.txt", "/elsewhere", "/lists/all.txt?b"]


def test_a_redirect_to_another_host_needs_leave_and_gets_no_credential(
    owner: Owner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PARTNER_TOKEN", CREDENTIAL)
    with serving(Owner()) as other:
        there = {"Location": f"http://127.0.0.1:{other.port}/"}
        owner.answers = [(302, there)]
        with refused("redirects to another host"):
            fetcher().fetch(owner.url)
        owner.answers = [(302, there)]
        assert fetcher(Reach(allow_hosts=("127.0.0.1",), auth="bearer=PARTNER_TOKEN")).fetch(owner.url) is not None
    assert owner.asked[-1]["authorization"] == f"Bearer {CREDENTIAL}"
    assert "authorization" not in other.asked[0]


@pytest.mark.parametrize("location", ["http://192.0.2.1/", "file:///etc/passwd", "//other.invalid/", "https://["])
def test_a_redirect_elsewhere_is_refused(owner: Owner, location: str) -> None:
    owner.answers = [(301, {"Location": location})]
    with refused("redirects"):
        fetcher().fetch(owner.url)


def test_a_circle_ends(owner: Owner) -> None:
    owner.answers = [(302, {"Location": "/"})] * 10
    with refused("redirects more than 5 times"):
        fetcher().fetch(owner.url)
    assert len(owner.asked) == 6


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("http://lists.invalid/a", "https"),
        ("ftp://lists.invalid/a", "only https"),
        ("https:///a", "only https"),
        (f"https://me:{CREDENTIAL}@lists.invalid/", "use `auth`"),
        ("https://[", "cannot be resolved"),
        ("https://\x00.invalid/", "no address"),
        ("https://10.0.0.7/", "private network"),
        ("https://169.254.169.254/latest", "private network"),
        ("https://2130706433/", "private network"),
        ("https://[fd00::7]/", "private network"),
        ("https://[::ffff:10.0.0.7]/", "private network"),
        ("https://[64:ff9b::10.0.0.7]/", "private network"),
        ("https://[2002:a00:7::1]/", "private network"),
        ("https://0.0.0.0/", "private network"),
        ("https://224.0.0.1/", "private network"),
    ],
)
def test_an_address_that_no_source_should_have_is_refused(url: str, reason: str) -> None:
    with refused(reason) as caught:
        fetcher().fetch(url)
    assert CREDENTIAL not in str(caught.value)


def test_a_name_that_leads_inside_is_refused_even_beside_a_public_address() -> None:
    with refused("private network"):
        fetcher(resolve=lambda *_: ["192.88.99.7", "10.0.0.7"]).fetch("https://lists.invalid/")


def test_what_was_checked_is_what_is_connected_to(owner: Owner) -> None:
    """The name resolves once; a second answer, which might lead elsewhere, is never asked for."""
    asked: list[str] = []

    def resolve(host: str, _: int) -> list[str]:
        asked.append(host)
        return ["127.0.0.2", "127.0.0.1"]

    url = owner.url.replace("localhost", "lists.invalid")
    reach = Reach(allow_private=True, allow_http=True)
    assert fetcher(reach, resolve=resolve).fetch(url) is not None
    assert asked == ["lists.invalid"]
    assert owner.asked[0]["host"] == f"lists.invalid:{owner.port}"


@pytest.mark.parametrize("address", ["1.1.1.1", "2606:4700::1111"])
def test_public_addresses_may_be_asked(address: str) -> None:
    assert pinned(httpx.URL("https://lists.invalid/"), Reach(), lambda *_: [address]) == [address]


@given(st.ip_addresses())
def test_no_address_is_taken_that_is_not_global(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> None:
    try:
        taken = pinned(httpx.URL("https://lists.invalid/"), Reach(), lambda *_: [str(address)])
    except RefusedError:
        return
    assert taken == [str(address)]
    assert address.is_global
    assert not address.is_multicast


# By whose leave


@pytest.mark.parametrize(
    ("auth", "held", "header", "expected"),
    [
        ("bearer=PARTNER", CREDENTIAL, "authorization", f"Bearer {CREDENTIAL}"),
        ("basic=PARTNER", "me:pass", "authorization", "Basic bWU6cGFzcw=="),
        ("X-Api-Key=PARTNER", CREDENTIAL, "x-api-key", CREDENTIAL),
    ],
)
def test_a_credential_comes_from_a_named_variable(
    owner: Owner, monkeypatch: pytest.MonkeyPatch, auth: str, held: str, header: str, expected: str
) -> None:
    monkeypatch.setenv("PARTNER", held + "\n")
    assert fetcher(Reach(auth=auth)).fetch(owner.url) is not None
    assert owner.asked[0][header] == expected


@pytest.mark.parametrize(
    ("auth", "held"), [("bearer=PARTNER", ""), ("bearer=PARTNER", "a\nb"), (CREDENTIAL, "x"), ("bearer", "x")]
)
def test_a_credential_that_is_missing_or_misplaced_is_named_by_its_variable_only(
    monkeypatch: pytest.MonkeyPatch, auth: str, held: str
) -> None:
    monkeypatch.setenv("PARTNER", held)
    with pytest.raises(SettingsError, match=r"PARTNER:|auth:") as caught:
        fetcher(Reach(auth=auth))
    assert CREDENTIAL not in str(caught.value)


def test_a_proxy_is_asked_for_the_host_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(Owner(body=LIST)) as proxy:
        reach = Reach(proxy=f"http://127.0.0.1:{proxy.port}", allow_http=True)
        assert fetcher(reach, resolve=lambda *_: []).fetch("http://lists.invalid/a") is not None
        monkeypatch.setenv("http_proxy", f"127.0.0.1:{proxy.port}")
        assert fetcher(Reach(allow_http=True), resolve=lambda *_: []).fetch("http://lists.invalid/b") is not None
    assert [asked["host"] for asked in proxy.asked] == ["lists.invalid", "lists.invalid"]


@pytest.mark.parametrize("host", ["10.0.0.7", "10.7", "0x0a000007", "[fd00::7]"])
def test_a_proxy_is_no_way_inside(host: str) -> None:
    with refused("private network"):
        fetcher(Reach(proxy="http://proxy.invalid:1")).fetch(f"https://{host}/")


def test_a_proxy_that_is_none_is_a_setting_at_fault() -> None:
    with pytest.raises(SettingsError, match="proxy") as caught:
        fetcher(Reach(proxy=f"gopher://me:{CREDENTIAL}@proxy.invalid")).fetch("https://lists.invalid/")
    assert CREDENTIAL not in str(caught.value)


# Over TLS


@dataclass(frozen=True)
class Pair:
    """A certificate and its key, in files."""

    certificate: Path
    key: Path


@pytest.fixture(scope="module")
def issue(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Pair]:
    """Certificates for names, each its own authority."""
    directory = tmp_path_factory.mktemp("tls")

    def issued(name: str) -> Pair:
        key, subject = (
            ec.generate_private_key(ec.SECP256R1()),
            x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]),
        )
        now = dt.datetime.now(dt.UTC)
        certificate = (
            x509.CertificateBuilder(subject, subject, key.public_key(), x509.random_serial_number())
            .not_valid_before(now - dt.timedelta(hours=1))
            .not_valid_after(now + dt.timedelta(hours=1))
            .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .sign(key, hashes.SHA256())
        )
        pem, pkcs8, plain = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        pair = Pair(directory / f"{name}.pem", directory / f"{name}.key")
        pair.certificate.write_bytes(certificate.public_bytes(pem))
        pair.key.write_bytes(key.private_bytes(pem, pkcs8, plain))
        return pair

    return issued


def server_side(pair: Pair, client: Pair | None = None) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pair.certificate, pair.key)
    if client:
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(client.certificate)
    return context


def test_the_certificate_is_checked_for_the_name_though_an_address_is_connected_to(
    issue: Callable[[str], Pair], monkeypatch: pytest.MonkeyPatch
) -> None:
    pair = issue("lists.invalid")
    with serving(Owner(), server_side(pair)) as owner:
        url, reach = f"https://lists.invalid:{owner.port}/a", Reach(allow_private=True)
        with refused("certificate cannot be trusted"):
            fetcher(reach, resolve=lambda *_: ["127.0.0.1"]).fetch(url)
        monkeypatch.setenv("SSL_CERT_FILE", str(pair.certificate))
        assert fetcher(reach, resolve=lambda *_: ["127.0.0.1"]).fetch(url) is not None
        with refused("certificate cannot be trusted"):
            fetcher(reach, resolve=lambda *_: ["127.0.0.1"]).fetch(url.replace("lists", "other"))
        owner.answers = [(302, {"Location": url.replace("https", "http")})]
        with refused("redirects"):
            fetcher(Reach(allow_private=True, allow_hosts=("lists.invalid",)), resolve=lambda *_: ["127.0.0.1"]).fetch(
                url
            )
    assert len(owner.asked) == 2


def test_a_client_certificate_is_shown_to_a_server_that_asks_for_one(
    issue: Callable[[str], Pair], monkeypatch: pytest.MonkeyPatch
) -> None:
    pair, client = issue("localhost"), issue("client.invalid")
    monkeypatch.setenv("SSL_CERT_FILE", str(pair.certificate))
    with serving(Owner(), server_side(pair, client)) as owner:
        with refused("the connection failed"):
            fetcher().fetch(owner.url)
        reach = Reach(client_certificate=str(client.certificate), client_key=str(client.key))
        assert fetcher(reach).fetch(owner.url) is not None


def test_a_client_certificate_that_cannot_be_read_is_a_setting_at_fault(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="client_certificate"):
        fetcher(Reach(client_certificate=str(tmp_path / "none.pem")))


# Spreadsheets


def sheet(*tables: list[list[Any]]) -> bytes:
    book = openpyxl.Workbook()
    book.remove(book.active)
    for rows in tables:
        page = book.create_sheet()
        for row in rows:
            page.append(row)
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def test_a_spreadsheet_is_read_by_its_header_and_mapping() -> None:
    data = sheet(
        [
            ["Invented terms", None, None],
            ["Id", "Keyword", "Until"],
            [1, "zorblax minku", dt.datetime(2027, 1, 31, tzinfo=None)],  # noqa: DTZ001 (cells have no time zone)
            [2, None, None],
            [None, None, None],
            [4, "=A1&A2", None],
            [5, 2026, None],
            ["=A1", "quellfen drovic", None],
        ]
    )
    (parsed,) = sheets.parse_sheet(data, "list.xlsx", LABELS, {"value": "keyword", "expires": "until"})
    assert [(entry.value, entry.expires) for entry in parsed.entries] == [
        ("zorblax minku", "2027-01-31"),
        ("2026", ""),
        ("quellfen drovic", ""),
    ]
    assert parsed.lines == [3, 7, 8]
    assert [(error.line, error.reason) for error in parsed.unread] == [
        (4, "the value is empty"),
        (6, "a cell holds a formula; paste it as a value"),
    ]


def test_every_sheet_is_read_and_one_that_cannot_be_is_said() -> None:
    data = sheet([["kind", "value"], ["term", "zorblax"]], [["read me first"]], [["value"], ["quellfen"]], [])
    first, third = sheets.parse_sheet(data, "list.xlsx", LABELS, {})
    assert [first.entries[0].value, third.entries[0].value] == ["zorblax", "quellfen"]
    assert third.name == "list.xlsx, sheet 3"
    (left_out,) = first.unread
    assert str(left_out).startswith("list.xlsx, sheet 2: none of the first 20 rows is a header")


@pytest.mark.timeout(20)
def test_cells_far_apart_cost_no_memory() -> None:
    book = openpyxl.Workbook()
    for place, text in {"A1": "kind", "B1": "value", "A2": "term", "B2": "zorblax", "XFD1048576": "x"}.items():
        book.active[place] = text
    file = io.BytesIO()
    book.save(file)
    (parsed,) = sheets.parse_sheet(file.getvalue(), "list.xlsx", LABELS, {})
    assert [entry.value for entry in parsed.entries] == ["zorblax"]


def packed(**parts: bytes) -> bytes:
    """A workbook with one part replaced."""
    file = io.BytesIO()
    plain = io.BytesIO(sheet([["kind", "value"], ["term", "zorblax"]]))
    with zipfile.ZipFile(plain) as old, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as new:
        for part in old.infolist():
            short = part.filename.rpartition("/")[2].removesuffix(".xml")
            new.writestr(part.filename, parts.get(short, old.read(part)))
    return file.getvalue()


ENTITIES = b'<!DOCTYPE x [<!ENTITY a "zorblax"><!ENTITY b "&a;&a;&a;">]>'
HEADER = b"<row r='1'><c t='str'><v>kind</v></c><c t='str'><v>value</v></c></row>"
SHEET = b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>%s</sheetData></worksheet>'


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (packed(sheet1=bytes(50_000_000)), "unpacks to more"),
        (packed(sheet1=ENTITIES + SHEET % b"<row><c t='str'><v>&b;</v></c></row>"), "damaged"),
        (packed(sheet1=b"<worksheet"), "damaged"),
        (packed(sheet1=SHEET % (HEADER + b"<row r='99999999'><c t='str'><v>x</v></c></row>")), "over 1048576 rows"),
        (packed(workbook=b"<a/>"), "damaged|empty"),
        (packed()[:-30], "damaged"),
        (sheets.OLE + bytes(100), "password"),
        (b"PK\x03\x04", "damaged"),
        (sheet([]), "empty"),
    ],
)
@pytest.mark.timeout(20)
def test_a_spreadsheet_made_to_harm_is_refused(data: bytes, reason: str) -> None:
    with pytest.raises(ListError, match=reason) as caught:
        sheets.parse_sheet(data, "list.xlsx", LABELS, {})
    assert CANARY not in str(caught.value)


@given(st.integers(0, 5000), st.binary(min_size=1, max_size=20))
def test_a_damaged_spreadsheet_raises_nothing_but_a_list_error(at: int, noise: bytes) -> None:
    data = bytearray(WORKBOOK)
    data[at : at + len(noise)] = noise
    try:
        sheets.parse_sheet(bytes(data), "list.xlsx", LABELS, {})
    except ListError as error:
        caught = str(error)
        assert CANARY not in caught


WORKBOOK = sheet([["kind", "value"], ["term", "zorblax"]])


# What arguments and a sources file say


def test_a_sources_file_names_several_lists_with_all_that_each_needs(tmp_path: Path) -> None:
    file = tmp_path / "sources.toml"
    file.write_text(
        """
[[source]]
at = "https://lists.example/all?key=drovic-7f3a"
format = "csv"
columns = { value = "Keyword" }
kind = "term"
confidence = "low"
auth = "bearer=PARTNER"
client_certificate = "me.pem"

[[source]]
at = "own.txt"
category = "csam-ai"
"""
    )
    remote, own = source_file.complete(
        source_file.named([str(file)], Source(at="")), category="csam", confidence=Confidence.HIGH
    )
    assert (remote.name, remote.format, remote.columns) == ("lists.example", Shape.CSV, {"value": "Keyword"})
    assert remote.labels == Labels("csam", Confidence.LOW, source="lists.example", kind=Kind.TERM)
    assert remote.client_certificate == str(tmp_path / "me.pem")
    assert (own.at, own.name) == (str(tmp_path / "own.txt"), "own.txt")
    assert own.labels == Labels("csam-ai", Confidence.HIGH, source="own")
    assert CREDENTIAL not in repr([remote, own])


def test_the_example_in_the_documents_names_every_field_and_can_be_read(tmp_path: Path) -> None:
    (example,) = re.findall(r"```toml\n(.*?)```", DOCUMENT.read_text(), re.DOTALL)
    (tmp_path / "sources.toml").write_text(example)
    named = source_file.named([str(tmp_path / "sources.toml")], Source(at=""))
    assert [source.at for source in named] == ["https://lists.example/v2/terms.xlsx", "https://lists.invalid/rpz.zone"]
    assert set(re.findall(r"^(\w+) = ", example, re.MULTILINE)) == set(Source.__struct_fields__)
    assert set(re.findall(r"^\| `(\w+)` \|", DOCUMENT.read_text(), re.MULTILINE)) == set(Shape)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("[[source]]\n", r"source\[0\] is missing"),
        ('[[source]]\nat = "a"\nformat = "drovic-7f3a"', r"source\[0\].format is"),
        ('[[source]]\nat = "a"\ndrovic-7f3a = 1', r"source\[0\] is"),
        ("at = 1", "is missing"),
        ("=", "no TOML"),
        ("\udcff", "no TOML"),
    ],
)
def test_a_sources_file_at_fault_is_named_by_place_and_never_by_value(tmp_path: Path, text: str, reason: str) -> None:
    file = tmp_path / "sources.toml"
    file.write_text(text, errors="surrogateescape")
    with pytest.raises(ListError, match=f"^sources.toml: .*{reason}") as caught:
        source_file.named([str(file)], Source(at=""))
    assert CREDENTIAL not in str(caught.value)


@pytest.mark.parametrize(
    "address", [f"https://me:{CREDENTIAL}@lists.example/", f"https://lists.example/?key={CREDENTIAL}"]
)
def test_an_address_that_may_be_a_secret_is_no_argument(address: str) -> None:
    with pytest.raises(SettingsError, match="sources file") as caught:
        source_file.named([address], Source(at=""))
    assert CREDENTIAL not in str(caught.value)


def test_one_credential_does_not_go_to_several_hosts() -> None:
    with pytest.raises(SettingsError, match="several hosts"):
        source_file.named(["https://a.example/", "https://b.example/"], Source(at="", auth="bearer=PARTNER"))


@pytest.mark.parametrize("pair", ["Keyword", "valu=Keyword", "value="])
def test_a_column_that_we_do_not_have_is_refused(pair: str) -> None:
    with pytest.raises(SettingsError, match="ours are kind, value"):
        source_file.column_pairs([pair])


def test_two_lists_of_one_host_are_told_apart() -> None:
    both = source_file.named(["https://a.example/1", "https://a.example/2"], Source(at=""))
    assert [source.name for source in source_file.complete(both, "csam", Confidence.HIGH)] == [
        "a.example",
        "a.example (2)",
    ]


# Read together


def marks(tmp_path: Path, recipe: bytes = b"") -> SourceMarks:
    return SourceMarks(tmp_path / "var", b"k" * 32, tmp_path / "out", recipe)


def sources(*at: str | Path) -> list[Source]:
    return source_file.complete([Source(at=str(one)) for one in at], "csam", Confidence.HIGH)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"<!DOCTYPE html><html>zorblax", "is a web page and not a list"),
        (b"zorblax\x00", "is not UTF-8 text"),
        (b"zorblax minku\n", "its shape is not clear"),
        (b"\n \n", "it is empty"),
        (b"0.0.0.0 zorblax\n0.0.0.0 minku\n", "not one entry can be read; line 1: a name without a dot"),
        (b"a" * 1_000_001, "larger than 1 MB"),
    ],
)
def test_a_file_that_is_no_list_is_refused_by_name(tmp_path: Path, data: bytes, reason: str) -> None:
    (tmp_path / "list.txt").write_bytes(data)
    (source,) = sources(tmp_path / "list.txt")
    with pytest.raises(ListError, match=f"^list.txt: .*{reason}") as caught:
        gather([msgspec.structs.replace(source, max_megabytes=1)], marks(tmp_path))
    assert CANARY not in str(caught.value)


def test_a_byte_that_is_no_utf8_spoils_its_own_line_only(tmp_path: Path) -> None:
    (tmp_path / "list.txt").write_bytes(b"a.example\n\xe9.example\nb.example\n")
    gathered = gather(sources(tmp_path / "list.txt"), marks(tmp_path))
    assert [entry.value for entry in gathered.entries] == ["a.example", "b.example"]
    assert [str(error) for error in gathered.unread] == ["list.txt, line 2: the line is not UTF-8"]
    assert str(gathered.error_at(1, "why")) == "list.txt, line 3: why"


def test_a_file_from_a_spreadsheet_program_is_read_as_utf16(tmp_path: Path) -> None:
    (tmp_path / "list.csv").write_text("kind\tvalue\r\nterm\tzorblax minku\r\n", encoding="utf-16")
    assert gather(sources(tmp_path / "list.csv"), marks(tmp_path)).entries[0].value == "zorblax minku"


def test_a_spreadsheet_is_known_by_its_content(tmp_path: Path, owner: Owner) -> None:
    owner.body = WORKBOOK
    assert gather(sources(owner.url), marks(tmp_path)).entries[0].value == "zorblax"


def test_nothing_is_fetched_twice_while_no_list_changes_and_all_are_where_one_does(
    tmp_path: Path, owner: Owner
) -> None:
    owner.headers = {"ETag": '"1"'}
    with serving(Owner(body=b"drovic.example\n")) as other:
        wanted = sources(owner.url, other.url)

        def build(recipe: bytes = b"") -> tuple[bool, list[str]]:
            kept = marks(tmp_path, recipe)
            kept.recall(7)
            gathered = gather(wanted, kept)
            if not gathered.unchanged:
                kept.keep(7)
            return gathered.unchanged, [entry.value for entry in gathered.entries]

        everything = ["https://zorblax.example/room/42", "quellfen.example", "drovic.example"]
        assert build() == (False, everything)
        assert build() == (True, [])
        other.body += b"minku.example\n"
        assert build() == (False, [*everything, "minku.example"])
        assert [("if-none-match" in asked) for asked in owner.asked] == [False, True, True, False]
        assert build(b"read another way")[0] is False


def test_marks_of_another_bundle_or_in_a_broken_file_are_not_used(tmp_path: Path, owner: Owner) -> None:
    wanted, first = sources(owner.url), marks(tmp_path)
    gather(wanted, first)
    first.keep(7)
    for version, spoil in ((8, b""), (7, b"{")):
        later = marks(tmp_path)
        (file,) = (tmp_path / "var").iterdir()
        file.write_bytes(spoil + file.read_bytes())
        later.recall(version)
        assert later.of(0) is None


# From the command line


Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def run(
    tmp_path: Path, owner: Owner, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> Iterator[Run]:
    """`redirect lists build`, in this process, which is afterwards as it was: files of later tests are for others too,
    and a program that runs as another user must be able to read them."""

    def running(*arguments: str, given: bytes = b"") -> subprocess.CompletedProcess[str]:
        command = ["redirect", "lists", "build", "--out", "out", *arguments]
        monkeypatch.setattr(sys, "argv", command)
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(given)))
        with pytest.raises(SystemExit) as ended:
            main()
        written = capfd.readouterr()
        return subprocess.CompletedProcess(command, int(ended.value.code or 0), written.out, written.err)

    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("REDIRECT_DATA_DIR", str(tmp_path / "var"))
    monkeypatch.setattr("redirect.__main__.forbid_core_dumps", lambda: None)
    before = os.umask(0o077)
    yield running
    os.umask(before)


def test_a_build_leaves_nothing_of_a_list_or_its_address_behind(
    tmp_path: Path, owner: Owner, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    owner.headers = {"ETag": '"drovic-1"'}
    (tmp_path / "sources.toml").write_text(
        f'[[source]]\nat = "{owner.url}?key={CREDENTIAL}"\nauth = "bearer=PARTNER"\nsource = "partner"\n'
    )
    environ = {"REDIRECT_DATA_DIR": str(tmp_path / "var"), "TMPDIR": str(tmp_path / "tmp"), "PARTNER": "sturmvog-9"}
    command = [sys.executable, "-m", "redirect", "lists", "build", "sources.toml", "--out", "out"]
    (tmp_path / "tmp").mkdir()
    done = subprocess.run(command, env=environ, capture_output=True, text=True, cwd=tmp_path, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    assert "2 entries" in done.stdout
    assert owner.asked[0]["authorization"] == "Bearer sturmvog-9"
    monkeypatch.setenv("PARTNER", "sturmvog-9")
    assert "No list has changed" in run("sources.toml").stdout
    assert "No list has changed" not in run("sources.toml", "--rebuild").stdout

    written = [path for part in ("var", "tmp", "out") for path in (tmp_path / part).rglob("*") if path.is_file()]
    assert len(written) >= 4
    for path in written:
        data = path.read_bytes()
        for secret in (b"zorblax", b"quellfen", b"localhost", CREDENTIAL.encode(), b"sturmvog", b"lists/all"):
            assert secret not in data, f"{secret!r} in {path.name}"
    assert not list((tmp_path / "tmp").iterdir())


def test_lines_left_out_are_named_by_reason_and_number_and_the_exit_code_tells(
    run: Run,
) -> None:
    lines = ["good.example", "http://", *["zorblax minku"] * 12, "https://zorblax.example:x/"]
    done = run("-", "--shape", "urls", given="\n".join(lines).encode())
    assert done.returncode == 1
    assert "left out standard input, line 2: the URL has no host" in done.stderr
    assert (
        "left out standard input, lines 3, 4, 5, 6, 7, 8, 9, 10, 11, 12 and 2 more: there is a space in it"
        in done.stderr
    )
    assert "zorblax" not in done.stderr + done.stdout


def test_a_table_of_another_make_is_read_as_the_arguments_say(tmp_path: Path, run: Run) -> None:
    (tmp_path / "list.xlsx").write_bytes(sheet([["Keyword", "Type"], ["zorblax minku", "csam-ai"]]))
    wrong = run("list.xlsx")
    assert (wrong.returncode, wrong.stdout) == (2, "")
    assert "--column value=NAME" in wrong.stderr
    done = run("list.xlsx", "--column", "value=Keyword", "--column", "category=Type", "--kind", "term")
    assert done.returncode == 0, done.stderr


def test_a_list_that_cannot_be_fetched_leaves_the_bundle_as_it_is(tmp_path: Path, owner: Owner, run: Run) -> None:
    assert run(owner.url).returncode == 0
    before = bundles.read(tmp_path / "out")
    owner.body = LIST + b"more.example\n"
    owner.answers = [(403, {})]
    done = run(owner.url)
    assert done.returncode == 2
    assert (
        done.stderr.strip() == "redirect: localhost: its server answered 403; it wants another credential, see `auth`"
    )
    assert bundles.read(tmp_path / "out") == before


def test_a_bundle_that_is_growing_old_is_built_again_though_nothing_changed(
    tmp_path: Path, owner: Owner, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else its `refresh_by` would pass, and the list would be called stale while it is not."""
    owner.headers = {"ETag": '"1"'}
    settings = settings_.load({"REDIRECT_DATA_DIR": str(tmp_path / "var")})

    def build() -> Built:
        return build_list(settings, [Source(at=owner.url)], tmp_path / "out", options=BundleOptions())

    first = build()
    assert build().unchanged
    monkeypatch.setattr("redirect.tools.lists.REFRESH_AFTER", dt.timedelta(0))
    second = build()
    assert not second.unchanged
    assert second.manifest.version > first.manifest.version
