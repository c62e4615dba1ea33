"""Signatures as RFC 9421 has them: its own example, and whatever else may stand in the two headers."""

from __future__ import annotations

import base64
import hashlib
import hmac
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from redirect.client.signing import signed
from redirect.domain import signatures
from redirect.domain.errors import BadRequest
from redirect.domain.signatures import HEADER_LIMIT, WINDOW

SHARED = base64.b64decode("uzvJfB4u3N0Jy4T7NZ75MDVcr8zSTInedJtkgcu46YW4XByzNJjxBdtjUkdJPBtbmHhIDi6pcl8jsasjlTMtDQ==")
VALUES = {"date": "Tue, 20 Apr 2021 02:07:55 GMT", "@authority": "example.com", "content-type": "application/json"}
INPUT = 'sig-b25=("date" "@authority" "content-type");created=1618884473;keyid="test-shared-secret"'
VALUE = "sig-b25=:pxcQw6G3AjtMBQjwo8XzkZf/bws5LelbaMk5rGIGtE8=:"
ZEROS = "A" * 43 + "="
ANY = f"sig=:{ZEROS}:"


def test_the_example_of_rfc_9421_b_2_5() -> None:
    read = signatures.read(INPUT, VALUE)
    assert read.key_id == "test-shared-secret"
    assert hmac.digest(SHARED, read.text(VALUES), "sha256") == read.value


def test_the_example_of_rfc_9530() -> None:
    header = "sha-512=:AAAA:, sha-256=:RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg=:"
    assert signatures.digest_in(header) == hashlib.sha256(b'{"hello": "world"}\n').digest()


def test_what_the_client_signs_is_read() -> None:
    headers = signed("rds_secret", "POST", "/v1/check", b"{}", 1000)
    read = signatures.read(headers["Signature-Input"], headers["Signature"])
    digest = headers["Content-Digest"]
    text = read.text({"@method": "POST", "@path": "/v1/check", "content-digest": digest})
    assert hmac.digest(b"rds_secret", text, "sha256") == read.value
    assert signatures.digest_in(digest) == hashlib.sha256(b"{}").digest()
    assert "rds_secret" not in str(headers)


@pytest.mark.parametrize(
    "given_input",
    [
        "",
        'sig=("@method")',
        'sig=();created=1;keyid="a"',
        'sig=("@method");created=1',
        'sig=("@method");keyid="a"',
        'sig=("@method");created=1;keyid=""',
        'sig=("@method");created="1";keyid="a"',
        'sig=("@method");created=-1;keyid="a"',
        'sig=("@method");created=1.0;keyid="a"',
        'sig=("@method");created=1;created=2;keyid="a"',
        'sig=("@method");created=1;keyid="a";keyid="b"',
        'sig=("@method" "@method");created=1;keyid="a"',
        'sig=("@method";req);created=1;keyid="a"',
        'sig=("@Method");created=1;keyid="a"',
        'sig=("@method"  "@path");created=1;keyid="a"',
        'sig=( "@method" );created=1;keyid="a"',
        'sig=("@method"); created=1;keyid="a"',
        'sig=("@method");created=1;keyid="a\\"b"',
        'sig=("@method");created=1;keyid="a";alg="ed25519"',
        'sig=("@method");created=1;keyid="a";alg="hmac-sha256" ',
        'other=("@method");created=1;keyid="a"',
        'sig=("@method");created=1;keyid="a", sig2=("@path");created=1;keyid="a"',
        'sig=("@method");created=1;keyid="a";nonce="' + "x" * HEADER_LIMIT + '"',
        'sig=("@method");created=1;keyid="a";tag="\n"',
    ],
)
def test_what_is_no_signature_that_we_take_is_refused(given_input: str) -> None:
    with pytest.raises(BadRequest, match="signature-unreadable"):
        signatures.read(given_input, ANY)


@pytest.mark.parametrize("value", ["", "sig=::", "sig=:AAAA:", "sig=abc", ANY[:-1], ANY + "," + ANY, ANY.upper()])
def test_a_value_that_is_no_sha_256_is_refused(value: str) -> None:
    with pytest.raises(BadRequest, match="signature-unreadable"):
        signatures.read('sig=("@method");created=1;keyid="a"', value)


@pytest.mark.parametrize(
    "header",
    [
        "",
        "sha-512=:AAAA:",
        "sha-256=AAAA",
        "sha-256=:AAAA:",
        f"xsha-256=:{ZEROS}:",
        f"sha-256=:{ZEROS}:, sha-256=:{ZEROS}:",
    ],
)
def test_a_digest_that_is_not_there_once_is_refused(header: str) -> None:
    with pytest.raises(BadRequest, match="digest-wrong"):
        signatures.digest_in(header)


@pytest.mark.parametrize(("now", "fine"), [(-WINDOW - 1, False), (-WINDOW, True), (WINDOW, True), (WINDOW + 1, False)])
def test_a_signature_is_good_for_a_minute(now: int, fine: bool) -> None:
    read = signatures.read('sig=("@method");created=5000;keyid="a"', ANY)
    if fine:
        read.ensure_timely(5000 + now)
        return
    with pytest.raises(BadRequest, match="signature-late"):
        read.ensure_timely(5000 + now)


def test_one_that_says_itself_when_it_ends_ends_then() -> None:
    read = signatures.read('sig=("@method");created=5000;expires=5010;keyid="a"', ANY)
    read.ensure_timely(5010)
    with pytest.raises(BadRequest, match="signature-late"):
        read.ensure_timely(5011)


def test_one_that_covers_too_little_or_what_is_not_there_is_refused() -> None:
    read = signatures.read('sig=("@method" "x-more");created=5000;keyid="a"', ANY)
    for wrong in (lambda: read.ensure_covers(["@path"]), lambda: read.text({"@method": "GET"})):
        with pytest.raises(BadRequest, match="signature-incomplete"):
            wrong()


@given(st.text(max_size=200) | st.text('sig=()";@created1keyid ', max_size=200), st.text(max_size=80))
def test_anything_else_is_refused_or_read_and_no_more(given_input: str, value: str) -> None:
    for one, other in ((given_input, ANY), (INPUT, value), (INPUT + given_input, VALUE + value)):
        try:
            signatures.read(one, other)
            signatures.digest_in(value)
        except BadRequest as error:
            assert error.problem in {"signature-unreadable", "digest-wrong"}  # noqa: PT017 (raising is no question)


def test_long_headers_take_no_time() -> None:
    begun = time.perf_counter()
    for attack in (
        'sig=("a" ' + '"a" ' * 10**5,
        "sig=(" + ";a" * 10**5,
        'sig=("a")' + ";a" * 10**5,
        "sha-256=" * 10**5,
    ):
        with pytest.raises(BadRequest):
            signatures.read(attack, attack)
        with pytest.raises(BadRequest):
            signatures.digest_in(attack)
    assert time.perf_counter() - begun < 1
