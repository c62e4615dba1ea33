"""Addresses and heads that try to lead elsewhere, over a plain socket, as no client would write them."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

import pytest

from conftest import LISTED

if TYPE_CHECKING:
    from conftest import Service

HELP = b"findahelpline.com"
ELSEWHERE = b"evil.example"


def said(service: Service, head: str, body: bytes = b"") -> bytes:
    with socket.create_connection(("127.0.0.1", service.port), timeout=10) as line:
        line.sendall(head.encode("latin-1") + body)
        return b"".join(iter(lambda: line.recv(65536), b""))


def asked(target: str, *headers: str, method: str = "GET") -> str:
    return "\r\n".join([f"{method} {target} HTTP/1.1", "Host: a", *headers, "Connection: close", "", ""])


@pytest.mark.parametrize(
    "target",
    [
        "//w/x", "///w", "//en/help", "/W/x", "/W", "/w//x", "/w/./x", "/%77/x", "/%57/x", "/./w/x", "/x/../w/y",
        "/EN/help", "/wx", "/help", "/index.html", "/\\w", "/;w/x", "/%2fw", "http://a/W/x", "/.", "/..", "/%00",
    ],
)  # fmt: skip
def test_a_mistyped_address_still_finds_help(demo: Service, target: str) -> None:
    answer = said(demo, asked(target, "Accept: text/html,application/xhtml+xml"))
    assert answer.split()[1] in {b"200", b"404"}
    assert HELP in answer


def test_a_program_at_a_wrong_address_is_told_so(demo: Service) -> None:
    for target, accept in (("/nowhere", "*/*"), ("/v1/nowhere", "text/html"), ("/metrics/x", "text/html")):
        answer = said(demo, asked(target, f"Accept: {accept}"))
        assert answer.startswith(b"HTTP/1.1 404 ")
        assert b"urn:redirect:problem:not-found" in answer


@pytest.mark.parametrize(
    "target",
    [
        "//evil.example", "//evil.example/%2e%2e", "/\\evil.example", "/%09/evil.example", "/w//evil.example",
        "/w/x/leave?to=http://evil.example", "/w/x/go/http:%2f%2fevil.example", "/w/x/go/..%2f..%2f%2fevil.example",
        "/?next=//evil.example", "http://evil.example/w/x", "/w/x%0d%0aLocation:%20http://evil.example",
        "/en/help/%0d%0aSet-Cookie:evil.example", "/w/x?lang=%0d%0aLocation:evil.example",
    ],
)  # fmt: skip
@pytest.mark.parametrize(
    "headers",
    [(), ("X-Forwarded-Host: evil.example", "X-Original-URL: //evil.example", "X-Forwarded-Prefix: //evil.example")],
    ids=["plain", "with headers"],
)
def test_nothing_leads_to_a_place_that_an_address_names(demo: Service, target: str, headers: tuple[str, ...]) -> None:
    answer = said(demo, asked(target, "Accept: text/html", *headers).replace("Host: a", "Host: evil.example"))
    assert answer.split()[1] in {b"200", b"404"}
    assert ELSEWHERE not in answer


def test_a_real_step_leads_where_it_should_whatever_its_request_names(demo: Service) -> None:
    page = demo.check(LISTED)["page"].removeprefix(demo.url)
    plain = said(demo, asked(f"{page}/leave"))
    other = said(demo, asked(f"{page}/leave?next=//evil.example", "X-Forwarded-Host: evil.example"))
    where = [line for line in plain.split(b"\r\n") if line.lower().startswith(b"location:")]
    assert where
    assert where[0] in other
    assert ELSEWHERE not in other


@pytest.mark.parametrize(
    "target",
    ["/w/../v1/counts", "/w/..%2fv1/counts", "/w/%2e%2e/metrics", "/w/..;/metrics", "/en/../metrics",
     "/w/x/../../metrics",
     "/w/....//metrics", "/w\\..\\metrics", "/media/../../etc/hostname", "/w/media/..%2f..%2f..%2fetc%2fhostname"],
)  # fmt: skip
def test_a_page_s_address_is_no_way_to_anything_else(demo: Service, target: str) -> None:
    answer = said(demo, asked(target, "Accept: text/html"))
    assert HELP in answer
    assert b"redirect_checks" not in answer


@pytest.mark.parametrize(
    "method", ["TRACE", "TRACK", "CONNECT", "PROPFIND", "PURGE", "SEARCH", "OPTIONS", "DELETE", "PUT"]
)
def test_no_method_repeats_or_changes_anything(demo: Service, method: str) -> None:
    target = "a.example:443" if method == "CONNECT" else "/v1/check"
    answer = said(demo, asked(target, "X-Secret: Vorlinqet7Basmo", "Authorization: Bearer demo", method=method))
    assert b"Vorlinqet7Basmo" not in answer
    assert answer.split()[1] in {b"400", b"404", b"405"}


@pytest.mark.parametrize(
    "header",
    ["X-HTTP-Method-Override: POST", "Transfer-Encoding: identity",
     "Upgrade: h2c\r\nConnection: Upgrade, HTTP2-Settings",
     "Upgrade: websocket\r\nConnection: Upgrade", "Range: bytes=0-0,0-0,0-0", "Expect: 200-ok", "TE: trailers",
     "Content-Length: 0\r\nContent-Length: 0", "Host: b", "X: " + "a" * 60_000],
)  # fmt: skip
def test_unusual_headers_change_no_page(demo: Service, header: str) -> None:
    answer = said(demo, asked("/w/x", header))
    assert answer.split()[1] in {b"200", b"400"}
    assert HELP in answer
