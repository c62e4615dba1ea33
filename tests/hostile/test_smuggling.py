"""Requests that two servers might cut differently, through a real nginx; and https in front of the pages."""

from __future__ import annotations

import datetime as dt
import signal
import socket
import ssl
import subprocess
from typing import TYPE_CHECKING

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from conftest import Service, eventually, needed
from tests.ports import free_port, listens

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

CONF = """
daemon off; pid {here}/pid; error_log stderr crit;
events {{}}
http {{
  access_log off;
  client_body_temp_path {here}/body; proxy_temp_path {here}/proxy; fastcgi_temp_path {here}/f; uwsgi_temp_path {here}/u;
  scgi_temp_path {here}/s;
  upstream redirect {{ server 127.0.0.1:{service}; keepalive 4; }}
  server {{
    listen 127.0.0.1:{plain};
    listen 127.0.0.1:{tls} ssl;
    ssl_certificate {here}/certificate.pem; ssl_certificate_key {here}/key.pem;
    location / {{ proxy_pass http://redirect; proxy_http_version 1.1; proxy_set_header Connection ""; }}
    location /metrics {{ return 404; }}
  }}
}}
"""
HIDDEN = "GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n"
"""What nginx keeps to itself: seen from outside, it has been smuggled in."""
LENGTH = f"Content-Length: {len(HIDDEN)}"
CHUNKED = "Transfer-Encoding: chunked"
PROBES = {
    "both": (LENGTH, CHUNKED),
    "both, the other way": (CHUNKED, LENGTH),
    "two lengths": ("Content-Length: 0", LENGTH),
    "lengths in one": (f"Content-Length: 0, {len(HIDDEN)}",),
    "a sign": (f"Content-Length: +{len(HIDDEN)}",),
    "a blank before the colon": (f"Content-Length : {len(HIDDEN)}",),
    "chunked with a blank before": ("Transfer-Encoding : chunked",),
    "chunked in a folded line": ("Transfer-Encoding:\r\n chunked",),
    "chunked with a tab": ("Transfer-Encoding:\tchunked", LENGTH),
    "chunked after a control": ("Transfer-Encoding: \x0bchunked", LENGTH),
    "chunked twice": (CHUNKED, CHUNKED),
    "chunked and unknown": ("Transfer-Encoding: xchunked", LENGTH),
    "chunked, then none": ("Transfer-Encoding: chunked, identity", LENGTH),
    "a header ended by a bare line feed": (f"X: y\n{LENGTH}",),
    "a header ended by a bare return": (f"X: y\r{LENGTH}",),
}


@pytest.fixture(scope="module")
def ports(make_service: Callable[..., Service], tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[int, int]]:
    """Of an nginx in front of a service, plain and with a certificate."""
    here = tmp_path_factory.mktemp("nginx")
    here.chmod(0o711)
    service = make_service("--demo", REDIRECT_PUBLIC_URL="https://search.example")
    certify(here)
    plain, tls = free_port(), free_port()  # once the service listens, so that neither is its own
    (here / "nginx.conf").write_text(CONF.format(here=here, service=service.port, plain=plain, tls=tls))
    command = [needed("nginx"), "-p", str(here), "-e", "stderr", "-c", str(here / "nginx.conf")]
    nginx = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    try:
        eventually(lambda: nginx.poll() is not None or listens(tls), why="nginx did not start")
        assert nginx.poll() is None, "nginx did not start"
        yield plain, tls
    finally:
        nginx.send_signal(signal.SIGTERM)
        nginx.wait(10)


def certify(here: Path) -> None:
    """A certificate for this machine alone, for an hour."""
    key, now = ec.generate_private_key(ec.SECP256R1()), dt.datetime.now(dt.UTC)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    built = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    built = built.serial_number(7).not_valid_before(now).not_valid_after(now + dt.timedelta(hours=1))
    (here / "certificate.pem").write_bytes(built.sign(key, hashes.SHA256()).public_bytes(Encoding.PEM))
    (here / "key.pem").write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))


def said(line: socket.socket, sent: bytes) -> bytes:
    """All that comes back, until the end or half a second of silence."""
    line.settimeout(0.5)
    heard = b""
    try:
        line.sendall(sent)
        while part := line.recv(65536):
            heard += part
    except (TimeoutError, ConnectionError):
        pass
    return heard


@pytest.mark.parametrize("name", sorted(PROBES))
@pytest.mark.parametrize("path", ["/w/x", "/v1/check"])
def test_no_request_hides_in_another_one(ports: tuple[int, int], name: str, path: str) -> None:
    """Also not for whoever comes next on a connection that nginx keeps to us."""
    head = "\r\n".join([f"POST {path} HTTP/1.1", "Host: a", *PROBES[name], "", ""])
    for body in (HIDDEN, f"0\r\n\r\n{HIDDEN}", f"{len(HIDDEN):x}\r\n{HIDDEN}\r\n0\r\n\r\n"):
        with socket.create_connection(("127.0.0.1", ports[0]), timeout=5) as line:
            assert b"redirect_checks" not in said(line, (head + body).encode("latin-1"))
        with socket.create_connection(("127.0.0.1", ports[0]), timeout=5) as line:
            after = said(line, b"GET /livez HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
            assert after.endswith(b"ok\n")
            assert after.count(b"HTTP/1.1 ") == 1


@pytest.mark.parametrize("path", ["/w/x", "/en/help", "/v1/openapi.json", "/v1/nothing", "/livez"])
def test_behind_https_every_answer_tells_the_browser_to_stay_there(ports: tuple[int, int], path: str) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with (
        socket.create_connection(("127.0.0.1", ports[1]), timeout=5) as line,
        context.wrap_socket(line) as secure,
    ):
        heard = said(secure, f"GET {path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n".encode())
    assert heard.lower().count(b"strict-transport-security: max-age=31536000\r\n") == 1
