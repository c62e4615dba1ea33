"""Owns what a list source may be reached by: which addresses, by whose leave, with which credential.

Must never connect inward because a name or a redirect says so, nor show a credential.
"""

from __future__ import annotations

import base64
import ipaddress
import os
import re
import socket
import ssl
from typing import TYPE_CHECKING, Final
from urllib.request import getproxies, proxy_bypass

import httpx
import msgspec

from redirect.domain.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Callable

    Resolve = Callable[[str, int], list[str]]

_LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})
_AUTH: Final = re.compile(r"(?P<how>[A-Za-z][A-Za-z0-9-]{0,60})=(?P<variable>[A-Za-z_][A-Za-z0-9_]{0,100})")
# Addresses inside an IPv6 address lead to the same place as by themselves.
_NAT64: Final = ipaddress.ip_network("64:ff9b::/96")


class Reach(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How one source is reached. `auth` is `bearer=VARIABLE`, `basic=VARIABLE` (`login:password`) or
    `Header-Name=VARIABLE`: the name of an environment variable, never the credential itself."""

    auth: str = ""
    client_certificate: str = ""
    client_key: str = ""
    proxy: str = ""
    allow_hosts: tuple[str, ...] = ()
    allow_private: bool = False
    allow_http: bool = False
    max_megabytes: int = 256
    seconds: int = 300


class RefusedError(Exception):
    """An address may not be asked; the message says why in fixed words."""


def resolve(host: str, port: int) -> list[str]:
    """Network addresses of a host, as the system knows them."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise RefusedError("its host name cannot be resolved") from None
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


def written(host: str, _port: int) -> list[str]:
    """The network address that a host name already is, in any way of writing it; for a proxy, which resolves names
    itself and perhaps inside."""
    try:
        return [socket.inet_ntoa(socket.inet_aton(host))]
    except (OSError, UnicodeError):
        return [host] if ":" in host else []


def ensure_allowed(url: httpx.URL, reach: Reach) -> None:
    """Raise RefusedError for an address that no source may have."""
    if url.scheme not in {"https", "http"} or not url.host:
        raise RefusedError("only https addresses are asked")
    if url.userinfo:
        raise RefusedError("a login in an address is shown in too many places; use `auth`")
    if url.scheme == "http" and not (reach.allow_http or is_loopback(url)):
        raise RefusedError("http can be read and changed on its way; use https, or say `allow_http = true`")


def is_loopback(url: httpx.URL) -> bool:
    """Whether the address says itself that it means this machine; a name that only leads here does not."""
    return url.host.lower() in _LOOPBACK


def pinned(url: httpx.URL, reach: Reach, resolve_: Resolve, *, loopback: bool = True) -> list[str]:
    """The network addresses that may be connected to, checked, so that a name cannot change in between. `loopback`:
    whether an address that says itself that it means this machine may be meant.

    Raises RefusedError where any of them lies inside: one private address among public ones is an attempt.
    """
    port = url.port or (443 if url.scheme == "https" else 80)
    found = [ipaddress.ip_address(address.partition("%")[0]) for address in resolve_(url.raw_host.decode(), port)]
    may_be_inside = reach.allow_private or (loopback and is_loopback(url))
    if not may_be_inside and not all(map(_is_public, found)):
        raise RefusedError("its host lies in a private network; if that is meant, say `allow_private = true`")
    return [str(address) for address in found]


def _is_public(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour or (address.teredo or (None, None))[1]
        if address in _NAT64:
            inner = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        if inner is not None:
            return _is_public(inner)
        if address.is_site_local:
            return False
    return address.is_global and not address.is_multicast and not address.is_reserved


def proxy_for(url: httpx.URL, reach: Reach) -> str | None:
    """The proxy to go through, from the source or the environment; never for this machine itself."""
    if is_loopback(url):
        return None
    if reach.proxy:
        return reach.proxy
    found = None if proxy_bypass(url.host) else getproxies().get(url.scheme)
    return found if not found or "://" in found else f"http://{found}"


def credential(reach: Reach) -> dict[str, str]:
    """The header that proves who asks. Raises SettingsError naming the variable, never what is in it."""
    if not reach.auth:
        return {}
    found = _AUTH.fullmatch(reach.auth)
    if not found:
        raise SettingsError("auth: `bearer=VARIABLE`, `basic=VARIABLE` or `Header-Name=VARIABLE` is needed")
    how, variable = found["how"], found["variable"]
    text = os.environ.get(variable, "").strip()
    if not text or not text.isascii() or not text.isprintable():
        raise SettingsError(f"{variable}: the credential of a list source is needed here, in printable ASCII")
    if how.lower() == "bearer":
        return {"Authorization": f"Bearer {text}"}
    if how.lower() == "basic":
        return {"Authorization": f"Basic {base64.b64encode(text.encode()).decode()}"}
    return {how: text}


def tls(reach: Reach) -> ssl.SSLContext:
    """Trust as the certifi package says, or SSL_CERT_FILE and SSL_CERT_DIR. Raises SettingsError."""
    try:
        context = httpx.create_ssl_context()
    except OSError:
        raise SettingsError("SSL_CERT_FILE, SSL_CERT_DIR: no certificates can be read there") from None
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if reach.client_certificate:
        try:
            context.load_cert_chain(reach.client_certificate, reach.client_key or None, password=str)
        except (OSError, ValueError):
            raise SettingsError(
                "client_certificate, client_key: cannot be read; PEM files without a passphrase are needed"
            ) from None
    return context
