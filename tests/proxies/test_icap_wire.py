"""The bytes of ICAP, and whatever else might come over a socket."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from redirect.proxies.icap_wire import (
    HTTP_HEAD_LIMIT,
    PREVIEW_LIMIT,
    Asked,
    Malformed,
    chunk,
    read_chunk_line,
    read_http,
    read_icap,
)

FIRST = b"REQMOD icap://127.0.0.1:1344/reqmod ICAP/1.0\r\n"
pieces = st.sampled_from([
    b"REQMOD", b"OPTIONS", b"RESPMOD", b" ", b"icap://", b"a.example", b"/reqmod", b" ICAP/1.0", b"\r\n", b"\r\n\r\n",
    b"Encapsulated: ", b"req-hdr=0, ", b"null-body=", b"req-body=", b"17", b"99999999999", b"-1", b"Preview: ",
    b"Allow: 204", b"ieof", b"0; ", b"\n", b":", b"\xff", b"\x00",
])  # fmt: skip
anything = st.one_of(st.binary(max_size=200), st.lists(pieces, max_size=20).map(b"".join))


@given(anything)
def test_no_bytes_are_more_than_malformed(data: bytes) -> None:
    for read in (read_icap, read_chunk_line):
        with suppress(Malformed):
            read(data)
    with suppress(Malformed):
        read_icap(FIRST + data)
    http = read_http(data)
    assert http.question(data).address is not None
    assert http.has_form in {True, False}


@given(
    st.integers(1, HTTP_HEAD_LIMIT), st.booleans(), st.one_of(st.none(), st.integers(0, PREVIEW_LIMIT)), st.booleans()
)
def test_what_a_proxy_writes_is_what_is_read(length: int, has_body: bool, preview: int | None, takes: bool) -> None:
    fields = [b"Host: 127.0.0.1", b"Encapsulated: req-hdr=0, %s-body=%d" % (b"req" if has_body else b"null", length)]
    fields += [] if preview is None else [b"Preview: %d" % preview]
    fields += [b"Allow: 206, 204"] * takes
    asked = read_icap(FIRST + b"\r\n".join(fields) + b"\r\n\r\n")
    assert asked == Asked("REQMOD", length, has_body, preview, takes)


@pytest.mark.parametrize(("head", "status"), [
    (b"RESPMOD icap://a.example/reqmod ICAP/1.0\r\nEncapsulated: res-hdr=0, null-body=9\r\n\r\n", 405),
    (b"REQMOD icap://a.example/other ICAP/1.0\r\nEncapsulated: req-hdr=0, null-body=9\r\n\r\n", 404),
    (b"REQMOD icap://a.example/reqmod ICAP/1.0\r\n\r\n", 400),
    (b"REQMOD icap://a.example/reqmod ICAP/1.0\r\nEncapsulated: req-body=0\r\n\r\n", 400),
    (b"REQMOD icap://a.example/reqmod ICAP/1.0\r\nEncapsulated: req-hdr=0, null-body=0\r\n\r\n", 400),
    (b"REQMOD icap://a.example/reqmod ICAP/1.0\r\nEncapsulated: req-hdr=0, null-body=999999\r\n\r\n", 400),
    (b"REQMOD icap://a.example/reqmod ICAP/1.0\r\nPreview: x\r\nEncapsulated: req-hdr=0, req-body=9\r\n\r\n", 400),
    (b"REQMOD icap://a.example/reqmod ICAP/1.0\r\nPreview: 99999\r\nEncapsulated: req-hdr=0, req-body=9\r\n\r\n", 400),
    (b"OPTIONS icap://a.example/reqmod ICAP/1.0\r\nEncapsulated: opt-body=0\r\n\r\n", 400),
    (b"GET / HTTP/1.1\r\nHost: a.example\r\n\r\n", 400),
])  # fmt: skip
def test_what_cannot_be_answered_is_told_so(head: bytes, status: int) -> None:
    with pytest.raises(Malformed) as refused:
        read_icap(head)
    assert refused.value.status == status


@given(st.binary(min_size=1, max_size=300))
def test_a_chunk_says_how_long_it_is(data: bytes) -> None:
    line, _, rest = chunk(data).partition(b"\r\n")
    assert read_chunk_line(line + b"\r\n") == (len(data), False)
    assert rest == data + b"\r\n"


@pytest.mark.parametrize("line", [b"0; ieof\r\n", b"0;ieof\n", b"000 ; IEOF \r\n"])
def test_the_end_of_a_preview_that_was_everything_is_known(line: bytes) -> None:
    assert read_chunk_line(line) == (0, True)


@pytest.mark.parametrize("line", [b"-1\r\n", b"0x4\r\n", b"4", b"\r\n", b" 4\r\n", b"4 4\r\n", b"1" * 16 + b"\r\n"])
def test_a_size_that_is_none_is_refused(line: bytes) -> None:
    with pytest.raises(Malformed):
        read_chunk_line(line)


@pytest.mark.parametrize(("kind", "is_form"), [
    (b"application/x-www-form-urlencoded", True),
    (b"Application/X-WWW-Form-URLencoded ; charset=utf-8", True),
    (b"multipart/form-data; boundary=x", False),
    (b"image/png", False),
    (None, True),
])  # fmt: skip
def test_a_form_is_known_by_its_type_and_where_none_is_given(kind: bytes | None, is_form: bool) -> None:
    field = b"" if kind is None else b"content-type:  " + kind + b"\r\n"
    assert read_http(b"POST / HTTP/1.1\r\nHost: a.example\r\n" + field + b"\r\n").has_form is is_form


def test_the_address_is_whole_in_either_form() -> None:
    for first in (b"GET /a?q=b HTTP/1.1", b"GET http://a.example/a?q=b HTTP/1.0", b"GET http://a.example/a?q=b"):
        question = read_http(first + b"\r\nHOST: a.example\r\nAccept-Language:es\r\n\r\n").question(b"")
        assert (question.address, question.languages) == (b"http://a.example/a?q=b", "es")
    question = read_http(b"GET /a?q=zorblax minku HTTP/1.1\nHost: a.example\n\n").question(b"")
    assert question.address == b"http://a.example/a?q=zorblax minku"
