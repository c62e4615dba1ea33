"""Owns which hosts of a list a resolver blocks, each with all below it, and which it lets through. Must never show one:
an entry that is left out is named by its place, with a reason in fixed words."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, NamedTuple

from redirect.domain.decision import Action
from redirect.domain.errors import ListError
from redirect.domain.lists import EXPIRED, UNKNOWN_CATEGORY, Kind
from redirect.domain.subject import Surface
from redirect.domain.urls import BadUrl, canonicalize

if TYPE_CHECKING:
    from collections.abc import Collection, Container, Iterable, Iterator, Mapping

    from redirect.domain.decision import Category
    from redirect.domain.lists import Entry

LONGEST_NAME: Final = 253
PASSES: Final = "messages/categories.toml lets its category and confidence pass at a resolver"
NO_HOST: Final = "it is no host; a resolver sees nothing else"
TOO_LONG: Final = "it is too long to stand there with all below it"

_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f]")
# A name that ends in `rpz-ip` and the like would be a rule of another kind: of addresses, or of who asks.
_NAME: Final = re.compile(r"(?:[a-z0-9_-]{1,63}\.)+(?!rpz-|[0-9]+\Z)[a-z0-9_-]{1,63}")


class LeftOut(NamedTuple):
    """An entry that is not written, by its place among all, and why. `serious`: it could not be read or used, while
    the others are of no use here."""

    place: int
    reason: str
    serious: bool = False


@dataclass(frozen=True, slots=True)
class Names:
    """What is written. `blocked`: each with all below it. `spared`: those below a blocked one that are let through,
    again with all below."""

    blocked: tuple[str, ...] = field(repr=False)
    spared: tuple[str, ...] = field(repr=False, default=())


class Hosts:
    """The hosts among entries, and the exceptions from them, each with the place of its first entry.

    `today` is an ISO date; `longest` how long a name may be with `*.` in front of it.
    """

    def __init__(self, categories: Mapping[str, Category], today: str, longest: int = LONGEST_NAME) -> None:
        self._categories, self._today, self._longest = categories, today, longest
        self._listed: dict[str, int] = {}
        self._spared: dict[str, int] = {}

    def take(self, entries: Iterable[Entry]) -> Iterator[LeftOut | None]:
        """File entries, telling for each why it is left out, or None. To be gone through to the end."""
        for place, entry in enumerate(entries):
            try:
                self._file(place, entry)
            except ListError as error:
                yield LeftOut(place, error.reason, serious=True)
            except _OfNoUseError as error:
                yield LeftOut(place, str(error))
            else:
                yield None

    def _file(self, place: int, entry: Entry) -> None:
        if entry.expires and entry.expires < self._today:
            raise ListError(EXPIRED)
        if entry.kind is Kind.EXCEPT:
            self._spared.setdefault(_excepted(entry.value), place)
            return
        if entry.kind is not Kind.HOST:
            raise _OfNoUseError(NO_HOST)
        category = self._categories.get(entry.category)
        if category is None:
            raise ListError(UNKNOWN_CATEGORY)
        if category.action(entry.confidence, Surface.DNS) is not Action.BLOCK:
            raise _OfNoUseError(PASSES)
        name = host_of(entry.value)
        if len(name) + 2 > self._longest:
            raise ListError(TOO_LONG)
        self._listed.setdefault(name, place)

    def names(self) -> Names:
        """What has to be written."""
        return arrange(self._listed, self._spared)

    def blocking(self, hosts: Iterable[str]) -> list[int]:
        """Places of the entries that block any of these hosts, in order."""
        found = {cover(host, self._listed, self._spared) for host in hosts} - {""}
        return sorted(self._listed[name] for name in found)


class _OfNoUseError(ValueError):
    """An entry is in order, and has no place in such a file."""


def host_of(value: str) -> str:
    """The name of a host as DNS has it, in ASCII and small letters. Raises ListError, without the value, for what is
    none: an address, a name without a dot, a URL with a path."""
    name = value.strip().removeprefix("*.")
    try:
        url = canonicalize(name)
    except BadUrl:
        raise ListError("this is no host name") from None
    # Reading a URL is forgiving: it drops line breaks as browsers do. A list must mean what it says.
    if _CONTROL.search(name):
        raise ListError("this is no host name")
    if url.path != "/" or url.query is not None:
        raise ListError("this is a URL, not a host name")
    if len(url.host) > LONGEST_NAME or not _NAME.fullmatch(url.host):
        raise ListError("this is no host name that DNS could look up")
    return url.host


def _excepted(value: str) -> str:
    """An exception is a phrase, as a rule; one that could be a host name spares that host."""
    try:
        return host_of(value)
    except ListError:
        raise _OfNoUseError(NO_HOST) from None


def cover(name: str, listed: Container[str], spared: Container[str]) -> str:
    """The listed name that blocks this one, itself or one above it; empty where none does."""
    while name and name not in spared:
        if name in listed:
            return name
        name = name.partition(".")[2]
    return ""


def arrange(listed: Collection[str], spared: Collection[str]) -> Names:
    """What has to be written so that every listed name is blocked with all below it, but for those spared.

    An exception wins over an entry of the same name, and the more specific of two names over the other. What is
    covered anyway is left out.
    """

    def covered(name: str) -> bool:
        return bool(cover(name.partition(".")[2], listed, spared))

    blocked = (name for name in listed if name not in spared and not covered(name))
    return Names(tuple(sorted(blocked)), tuple(sorted(filter(covered, spared))))
