"""Tests of what is no request yet, over a plain socket."""

from __future__ import annotations

import re
import socket
import threading
import time
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

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
    assert answer == b"", "cut off for its length, without a word; for its time it would have been told 408"
    assert demo.check("zorblax minku")["action"] == "block"


def test_a_large_batch_in_one_piece_is_no_head(demo: Service) -> None:
    body = b'{"subjects":[' + b",".join([b'{"query":"%s"}' % (b"weather " * 400)] * 1000) + b"]}"
    head = b"POST /v1/check/batch HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer demo\r\nConnection: close\r\n"
    answer = said(demo, head + b"Content-Length: %d\r\n\r\n" % len(body) + body)
    assert answer.startswith(b"HTTP/1.1 200 OK")


CHECKS = {
    "listed": b'{"query":"zorblax minku"}',
    "harmless": b'{"query":"chocolate cake"}',
    "of both kinds": b'{"query":"chocolate","url":"http://blocked.example/"}',
    "no JSON": b"{",
    "with a broken byte": b'{"query":"zorblax minku \xff"}',
    "too long": b'{"query":"' + b"a" * 5000 + b'"}',
    "larger than may be": b'{"query":"' + b"a" * (1 << 17) + b'"}',
    "nothing": b"",
}
KEY = b"Authorization: Bearer demo\r\n"
LAST = b"GET /livez HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"


def asked(body: bytes, *headers: bytes, path: bytes = b"/v1/check", key: bytes = KEY) -> bytes:
    head = b"POST %b HTTP/1.1\r\nHost: a\r\n" % path + key + b"".join(header + b"\r\n" for header in headers)
    return head + b"Content-Length: %d\r\n\r\n" % len(body) + body


def without_dates(answer: bytes) -> bytes:
    return re.sub(rb"(?m)^date:.*\r\n", b"", answer)


@pytest.mark.parametrize("body", CHECKS.values(), ids=CHECKS)
@pytest.mark.parametrize("key", [KEY, b"", b"Authorization: Bearer other\r\n"], ids=["key", "none", "other"])
def test_a_check_is_answered_alike_with_and_without_a_task_of_its_own(demo: Service, body: bytes, key: bytes) -> None:
    at_once, ordinary = (said(demo, asked(body, path=path, key=key), LAST) for path in (b"/v1/check", b"/v1/check?"))
    assert without_dates(at_once) == without_dates(ordinary)
    assert at_once.endswith(b"\r\n\r\nok\n"), "the connection serves what comes next"


@pytest.mark.parametrize("method", [b"GET", b"HEAD", b"POST", b"OPTIONS"])
@pytest.mark.parametrize(
    "header",
    [
        b"Accept-Language: ar",
        b"Accept: text/plain",
        b"Accept: application/json",
        b"Accept-Encoding: gzip",
        b"Sec-Purpose: prefetch",
        b"Content-Length: 0",
    ],
)
def test_a_page_is_answered_alike_with_and_without_a_task_of_its_own(
    demo: Service, method: bytes, header: bytes
) -> None:
    path = urlsplit(demo.check("zorblax minku")["page"]).path.encode()
    for address in (path, path[:-3] + b"AAA", b"/w/x"):
        request = b"%b %b%b HTTP/1.1\r\nHost: a\r\n%b\r\n\r\n"
        at_once, ordinary = (said(demo, request % (method, address, mark, header), LAST) for mark in (b"", b"?"))
        assert without_dates(at_once) == without_dates(ordinary)
        assert at_once.endswith(b"\r\n\r\nok\n"), "the connection serves what comes next"


@pytest.mark.parametrize(
    "request_",
    [
        asked(CHECKS["listed"], b"Expect: 100-continue", b"Connection: close"),
        asked(CHECKS["listed"], b"Connection: close"),
        asked(CHECKS["listed"]).replace(b"HTTP/1.1", b"HTTP/1.0"),
        b"POST /v1/check HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n"
        + KEY
        + b"\r\n19\r\n"
        + CHECKS["listed"]
        + b"\r\n0\r\n\r\n",
    ],
    ids=["expect", "close", "1.0", "chunked"],
)
def test_an_unusual_check_is_answered_too(demo: Service, request_: bytes) -> None:
    assert b'"action":"block"' in said(demo, request_)


def test_checks_sent_without_waiting_are_answered_in_order(demo: Service) -> None:
    texts = ["listed", "harmless", "no JSON", "listed", "harmless"] * 40
    sent = b"".join(
        asked(CHECKS[text], path=b"/v1/check?" if n % 3 == 0 else b"/v1/check") for n, text in enumerate(texts)
    )
    answer = said(demo, sent, LAST)
    found = re.findall(rb'"action":"(\w+)"|redirect:problem:([\w-]+)', answer)
    expected = {"listed": b"block", "harmless": b"allow", "no JSON": b"malformed-json"}
    assert [a or b for a, b in found] == [expected[text] for text in texts]


def test_a_check_that_comes_in_pieces_is_answered_once_it_is_whole(demo: Service) -> None:
    whole = asked(CHECKS["listed"])
    with socket.create_connection(("127.0.0.1", demo.port), timeout=10) as connection:
        for at in range(0, len(whole), 7):
            connection.sendall(whole[at : at + 7])
            time.sleep(0.001)
        assert b'"action":"block"' in connection.recv(65536)


def test_a_check_half_sent_when_the_service_stops_is_still_answered(make_service: Callable[..., Service]) -> None:
    service, whole = make_service("--demo"), asked(CHECKS["listed"])
    with socket.create_connection(("127.0.0.1", service.port), timeout=10) as connection:
        connection.sendall(whole[:-5])
        time.sleep(0.2)
        stopping = threading.Thread(target=service.stop)
        stopping.start()
        time.sleep(0.2)
        connection.sendall(whole[-5:])
        answer = b"".join(iter(lambda: connection.recv(65536), b""))
        stopping.join()
    assert b'"action":"block"' in answer
