"""Owns who a reader is taken for when steps are counted, and nothing else. Must never hand an address on but to be
forgotten, nor believe one that no proxy of ours vouches for."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING, Final, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    from starlette.types import Scope

    Address = ipaddress.IPv4Address | ipaddress.IPv6Address
    Network = ipaddress.IPv4Network | ipaddress.IPv6Network

LONGEST: Final = 512
"""Bytes of X-Forwarded-For that are looked at, from its end."""
_NETWORKS: Final = (
    "127.0.0.0/8 10.0.0.0/8 172.16.0.0/12 192.168.0.0/16 169.254.0.0/16 100.64.0.0/10 ::1 fc00::/7 fe80::/10"
)
SHARED: Final = tuple(map(ipaddress.ip_network, _NETWORKS.split()))
"""Where a balancer stands rather than a person: one such address may be everybody."""


class Counted(Protocol):
    """Notes a step of a reader, and says whether it still counts."""

    def count(self, reader: str, step: str) -> bool: ...


class Readers:
    """`proxies` are networks whose X-Forwarded-For is believed."""

    def __init__(self, proxies: Sequence[Network], clicks: Counted) -> None:
        self._proxies = proxies
        self._clicks = clicks

    def count(self, request: Scope, step: str) -> bool:
        """Whether this step of whoever sent the request still counts; always where nobody knows who that is. Only its
        `client` and `headers` are looked at."""
        reader = self._reader(request)
        return not reader or self._clicks.count(reader, step)

    def _reader(self, request: Scope) -> str:
        peer = _address((request.get("client") or ("",))[0])
        if peer is None or _lies_in(peer, self._proxies):
            peer = self._forwarded(request)
        if peer is None or _lies_in(peer, SHARED):
            return ""
        # One line of IPv6 has a whole network of addresses.
        return str(peer) if peer.version == 4 else str(ipaddress.ip_network((peer, 64), strict=False))

    def _forwarded(self, request: Scope) -> Address | None:
        """The last address that is not a proxy's: what stands before it, anybody may have written."""
        values = [value for name, value in request["headers"] if name == b"x-forwarded-for"]
        for text in reversed(b",".join(values)[-LONGEST:].decode("latin-1").split(",")):
            address = _address(text)
            if address is None or not _lies_in(address, self._proxies):
                return address
        return None


def _lies_in(address: Address, networks: Sequence[Network]) -> bool:
    return any(address in network for network in networks)


def _address(text: str) -> Address | None:
    """Also with a port, and in brackets, as some proxies write it."""
    plain = text.strip()
    if plain.startswith("["):
        plain = plain[1:].partition("]")[0]
    elif plain.count(":") == 1:
        plain = plain.partition(":")[0]
    try:
        address = ipaddress.ip_address(plain)
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address
