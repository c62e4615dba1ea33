"""Tests of what is no request yet, over a plain socket."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from conftest import Service


def said(service: Service, *parts: bytes) -> bytes:
    """What comes back for raw bytes, until the connection is closed."""
    with socket.create_connection(("127.0.0.1", service.port), timeout=10) as connection:
        answer = b""
        try:
            for part in parts:
                connection.sendall(part)
            while piece := connection.recv(65536):
                answer += piece
        except ConnectionError:
            pass
        return answer


@pytest.mark.parametrize(
    "garbage",
    [
        b"GET /w/\xc3\xa4 HTTP/1.1\r\nHost: a\r\n\r\n",
        b"GET /w?lang=\xc3\xa4 HTTP/1.1\r\nHost: a\r\n\r\n",
        b"\x16\x03\x01\r\n\r\n",
    ],
)
def test_what_is_no_http_gets_a_page_with_help_and_no_echo(demo: Service, garbage: bytes) -> None:
    answer = said(demo, garbage)
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert b"findahelpline.com" in answer
    assert b"\xc3\xa4" not in answer.partition(b"\r\n\r\n")[0]


def test_a_head_without_end_is_cut_off(demo: Service) -> None:
    line = b"X-A: " + b"a" * 65_000 + b"\r\n"
    answer = said(demo, b"POST /v1/check HTTP/1.1\r\nHost: a\r\n", *[line] * 100)
    assert b"200 OK" not in answer
    assert demo.check("zorblax minku")["action"] == "block"


def test_a_large_batch_in_one_piece_is_no_head(demo: Service) -> None:
    body = b'{"subjects":[' + b",".join([b'{"query":"%s"}' % (b"weather " * 400)] * 1000) + b"]}"
    head = b"POST /v1/check/batch HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer demo\r\nConnection: close\r\n"
    answer = said(demo, head + b"Content-Length: %d\r\n\r\n" % len(body) + body)
    assert answer.startswith(b"HTTP/1.1 200 OK")
