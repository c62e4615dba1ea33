"""Owns the texts that resolvers read: listed hosts with all below them, as a response policy zone or in the words of a
program. Must never let anything into one that is no plain name, address or number."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import TYPE_CHECKING, Final, NamedTuple

from redirect.domain.errors import ListError, SettingsError
from redirect.domain.zone_hosts import LONGEST_NAME, Names, host_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

HIGHEST_SERIAL: Final = (1 << 32) - 1
LONGEST_TTL: Final = 86_400
LONGEST_ORIGIN: Final = 100
HEAD_LIMIT: Final = 4096
"""Characters of a file in which its head stands."""

_ORIGIN: Final = re.compile(r"(?:[a-z0-9_-]{1,63}\.)*(?![0-9]+\Z)[a-z0-9_-]{1,63}")
_OURS: Final = re.compile(r"[;#] redirect export (\w+): ([0-9]{1,10}) hosts\n")
_SOA: Final = re.compile(r"\sSOA\s+\S+\s+\S+\s+(?:\(\s*(?:;.*\s+)?)?([0-9]{1,10})\b", re.IGNORECASE)
_NOWHERE: Final = (IPv4Address(0), IPv6Address(0))


class Format(StrEnum):
    """Which programs read it: `rpz` is a zone for BIND, Unbound, Knot Resolver and PowerDNS Recursor."""

    RPZ = "rpz"
    HOSTS = "hosts"
    UNBOUND = "unbound"
    DNSMASQ = "dnsmasq"


@dataclass(frozen=True, slots=True)
class Stop:
    """Where listed names lead: addresses, else a name, else nowhere (NXDOMAIN)."""

    name: str = ""
    addresses: tuple[IPv4Address | IPv6Address, ...] = ()


class Policy(StrEnum):
    """Listed names do not exist, or lead to the page that says why."""

    NXDOMAIN = "nxdomain"
    REDIRECT = "redirect"


class Head(NamedTuple):
    """What a file says of itself. `format` is empty and `hosts` 0 in a zone that is not ours, `serial` 0 in what is no
    zone."""

    format: str
    hosts: int
    serial: int


@dataclass(frozen=True, slots=True)
class Zone:
    """One file: how it is written, what it says, and, for `rpz`, the name, TTL and serial of the zone."""

    format: Format
    names: Names = Names(())
    stop: Stop = Stop()
    origin: str = "rpz.invalid"
    ttl: int = 300
    serial: int = 1

    @property
    def longest(self) -> int:
        """How long a name may be with `*.` in front of it: in a zone its own name stands behind."""
        return LONGEST_NAME - (len(self.origin) + 1 if self.format is Format.RPZ else 0)

    def lines(self) -> Iterator[str]:
        """The whole text, line by line, each with its end; the same for the same names in whatever order."""
        sign = ";" if self.format is Format.RPZ else "#"
        yield f"{sign} redirect export {self.format}: {len(self.names.blocked)} hosts\n"
        yield f"{sign} A list in plain: keep it from logs, backups and everybody who need not read it.\n"
        yield from _WRITERS[self.format](self)


def stop_of(format_: Format, policy: Policy | None, name: str, addresses: Iterable[str]) -> Stop:
    """Where listed names lead, from options; without a policy, to the stop page where there is one.

    Raises SettingsError for options that contradict each other, or that this format has no words for.
    """
    found = tuple(dict.fromkeys(map(_address, addresses)))
    given = bool(name or found)
    if policy is not None and given is not (policy is Policy.REDIRECT):
        raise SettingsError("--policy: redirect needs --stop-name or --stop-address; nxdomain takes neither")
    if name and not found and format_ in {Format.HOSTS, Format.DNSMASQ}:
        raise SettingsError(f"--stop-name: a file for {format_} can lead to addresses alone; give --stop-address")
    try:
        return Stop(host_of(name) if name else "", found)
    except ListError:
        raise SettingsError("--stop-name: a name such as stop.example is needed") from None


def _address(text: str) -> IPv4Address | IPv6Address:
    try:
        address = ip_address(text.strip())
    except ValueError:
        address = None
    if address is None or (address.version == 6 and address.scope_id):
        raise SettingsError("--stop-address: an address such as 192.0.2.1 or 2001:db8::1 is needed")
    return address


def origin_of(text: str) -> str:
    """The name of a zone. Raises SettingsError for what is none."""
    name = text.strip().removesuffix(".").lower()
    if len(name) > LONGEST_ORIGIN or not _ORIGIN.fullmatch(name):
        raise SettingsError("--origin: a name such as rpz.invalid is needed")
    return name


def serial_after(previous: int, now: int) -> int:
    """A serial that is higher than the one before, and rises with time. Raises ListError where there is none left."""
    if previous >= HIGHEST_SERIAL:
        raise ListError("its serial is the highest there is; begin with a new file, and transfer the zone anew")
    return max(now, previous + 1)


def head_of(text: str) -> Head | None:
    """What the beginning of a file says; None where neither we nor anyone else wrote a zone there."""
    ours, soa = _OURS.match(text), _SOA.search(text)
    if not ours and not soa:
        return None
    return Head(ours[1] if ours else "", int(ours[2]) if ours else 0, int(soa[1]) if soa else 0)


def _rpz(zone: Zone) -> Iterator[str]:
    timers = f"{zone.serial} 3600 600 2419200 {zone.ttl}"
    yield f"$ORIGIN {zone.origin}.\n$TTL {zone.ttl}\n@ SOA localhost. hostmaster.localhost. {timers}\n@ NS localhost.\n"
    for name in zone.names.spared:
        yield f"{name} CNAME rpz-passthru.\n*.{name} CNAME rpz-passthru.\n"
    data = _records(zone.stop) or ("CNAME .",)
    for name in zone.names.blocked:
        for record in data:
            yield f"{name} {record}\n*.{name} {record}\n"


def _unbound(zone: Zone) -> Iterator[str]:
    yield "server:\n"
    for name in zone.names.spared:
        yield f'local-zone: "{name}." always_transparent\n'
    data = _records(zone.stop)
    for name in zone.names.blocked:
        yield f'local-zone: "{name}." {"redirect" if data else "always_nxdomain"}\n'
        for record in data:
            yield f'local-data: "{name}. {zone.ttl} {record}"\n'


def _dnsmasq(zone: Zone) -> Iterator[str]:
    for name in zone.names.spared:
        yield f"server=/{name}/#\n"
    for name in zone.names.blocked:
        yield f"local=/{name}/\n"
        for address in zone.stop.addresses:
            yield f"address=/{name}/{address}\n"


def _hosts(zone: Zone) -> Iterator[str]:
    """A hosts file knows no names below a name; the one that people type most is written as well."""
    spared = frozenset(zone.names.spared)
    for name in zone.names.blocked:
        www = f"www.{name}"
        names = name if www in spared or len(www) > LONGEST_NAME else f"{name} {www}"
        for address in zone.stop.addresses or _NOWHERE:
            yield f"{address} {names}\n"


def _records(stop: Stop) -> tuple[str, ...]:
    """Addresses first: a name cannot have both, and not every resolver follows a CNAME of a zone."""
    if stop.addresses:
        return tuple(f"{'A' if address.version == 4 else 'AAAA'} {address}" for address in stop.addresses)
    return (f"CNAME {stop.name}.",) if stop.name else ()


_WRITERS: Final[dict[Format, Callable[[Zone], Iterator[str]]]] = {
    Format.RPZ: _rpz,
    Format.HOSTS: _hosts,
    Format.UNBOUND: _unbound,
    Format.DNSMASQ: _dnsmasq,
}
