"""Owns who a reader is taken for when steps are counted, and nothing else. Must never hand an address on but to be
forgotten, nor believe one that no proxy of ours vouches for."""

from __future__ import annotations

import socket
from ipaddress import ip_network
from typing import TYPE_CHECKING, Final, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from ipaddress import IPv4Network, IPv6Network

    from starlette.types import Scope

LONGEST: Final = 512
"""Bytes of X-Forwarded-For that are looked at, from its end."""
_NETWORKS: Final = (
    "127.0.0.0/8 10.0.0.0/8 172.16.0.0/12 192.168.0.0/16 169.254.0.0/16 100.64.0.0/10 ::1 fc00::/7 fe80::/10"
)
MAPPED: Final = b"\0" * 10 + b"\xff\xff"
"""Before an IPv4 address that is written as one of IPv6."""
LINE: Final = 8
"""Bytes of an IPv6 address that one line has: behind them lies a whole network of addresses."""


class _Network(NamedTuple):
    """As bytes of an address, and the bits behind its prefix: compared for every page, in a microsecond."""

    size: int
    shift: int
    prefix: int


def _networks(networks: Iterable[IPv4Network | IPv6Network]) -> tuple[_Network, ...]:
    shifts = ((network, network.max_prefixlen - network.prefixlen) for network in networks)
    return tuple(
        _Network(network.max_prefixlen // 8, shift, int(network.network_address) >> shift) for network, shift in shifts
    )


SHARED: Final = _networks(map(ip_network, _NETWORKS.split()))
"""Where a balancer stands rather than a person: one such address may be everybody."""


class Counted(Protocol):
    """Notes a step of a reader, and says whether it still counts."""

    def count(self, reader: bytes, step: str) -> bool: ...


class Readers:
    """`proxies` are networks whose X-Forwarded-For is believed."""

    def __init__(self, proxies: Sequence[IPv4Network | IPv6Network], clicks: Counted) -> None:
        self._proxies = _networks(proxies)
        self._clicks = clicks

    def count(self, request: Scope, step: str) -> bool:
        """Whether this step of whoever sent the request still counts; always where nobody knows who that is. Only its
        `client` and `headers` are looked at."""
        reader = self._reader(request)
        return not reader or self._clicks.count(reader, step)

    def _reader(self, request: Scope) -> bytes:
        peer = _address((request.get("client") or ("",))[0])
        if peer is None or _lies_in(peer, self._proxies):
            peer = self._forwarded(request)
        if peer is None or _lies_in(peer, SHARED):
            return b""
        return peer[:LINE]

    def _forwarded(self, request: Scope) -> bytes | None:
        """The last address that is not a proxy's: what stands before it, anybody may have written."""
        values = [value for name, value in request["headers"] if name == b"x-forwarded-for"]
        if not values:
            return None
        for text in reversed(b",".join(values)[-LONGEST:].decode("latin-1").split(",")):
            address = _address(text)
            if address is None or not _lies_in(address, self._proxies):
                return address
        return None


def _lies_in(address: bytes, networks: Sequence[_Network]) -> bool:
    number = int.from_bytes(address)
    for size, shift, prefix in networks:  # noqa: SIM110 (a generator takes as long again)
        if len(address) == size and number >> shift == prefix:
            return True
    return False


def _address(text: str) -> bytes | None:
    """Its bytes; also of one with a port, and in brackets, as some proxies write it."""
    plain = text.strip()
    if plain.startswith("["):
        plain = plain[1:].partition("]")[0]
    elif plain.count(":") == 1:
        plain = plain.partition(":")[0]
    try:
        if ":" not in plain:
            return socket.inet_pton(socket.AF_INET, plain)
        packed = socket.inet_pton(socket.AF_INET6, plain)
    except (OSError, ValueError):  # a zero byte, or a surrogate, is no OSError
        return None
    return packed.removeprefix(MAPPED) if len(packed.removeprefix(MAPPED)) == 4 else packed
