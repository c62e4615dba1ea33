"""Owns the shapes in which lists are given out: which one a text has, and how each becomes entries.

Must never repeat what stands on a line; a line that cannot be read is left out by number, and the rest go on.
"""

from __future__ import annotations

import ipaddress
import re
from enum import StrEnum
from itertools import islice
from typing import TYPE_CHECKING, Final

from redirect.domain.errors import ListError
from redirect.domain.list_records import (
    Found,
    Labels,
    Parsed,
    Unread,
    UnreadableError,
    collect,
    ensure_text,
    host_name,
    numbered,
)
from redirect.domain.list_tables import has_header, parse_table
from redirect.domain.list_zones import read_zone
from redirect.domain.lists import Kind

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping


class Shape(StrEnum):
    """How a list is written down. `docs/lists.md` says it for the owner of one."""

    CSV = "csv"
    XLSX = "xlsx"
    URLS = "urls"
    DOMAINS = "domains"
    HOSTS = "hosts"
    ADBLOCK = "adblock"
    RPZ = "rpz"
    TERMS = "terms"


_FIRST: Final = 5
_SAMPLE: Final = 400
_ENDINGS: Final = {".csv": Shape.CSV, ".tsv": Shape.CSV, ".xlsx": Shape.XLSX, ".rpz": Shape.RPZ, ".zone": Shape.RPZ}
_OPENINGS: Final = (
    (Shape.ADBLOCK, re.compile(r"\[(?:Adblock|uBlock|AdGuard)", re.IGNORECASE)),
    (Shape.RPZ, re.compile(r"\$(?:ORIGIN|TTL)\s|\S+\s(?:.*\s)?SOA\s", re.IGNORECASE)),
)
_ADBLOCK_RULE: Final = re.compile(r"(?:@@)?\|\|\S")
_ZONE_RECORD: Final = re.compile(r"\S+\s+(?:[0-9]+\s+)?(?:IN\s+)?(?:CNAME|A|AAAA)\s+\S", re.IGNORECASE)
_COMMENT: Final = re.compile(r"(?:^|\s)#.*")
_THIS_MACHINE: Final = re.compile(
    r"localhost(?:\.localdomain)?|local|broadcasthost|ip6-[a-z]+|0\.0\.0\.0", re.IGNORECASE
)
_SINKS: Final = frozenset({"0.0.0.0", "127.0.0.1", "::", "::1"})  # noqa: S104 (read, not listened on)
# What an option says of the kind of request does not matter to a listed host. Any other one may limit the rule to
# some pages or clients, or turn it round.
_HARMLESS_OPTION: Final = re.compile(
    r"\s*(?:all|important|match-case|(?:third|first)-party|[13]p|doc(?:ument)?|(?:sub)?document|frame|popup|image|media"
    r"|script|stylesheet|css|font|object|ping|websocket|xmlhttprequest|xhr|other)\s*",
    re.IGNORECASE,
)


def detect(text: str, name: str = "", columns: Mapping[str, str] | None = None) -> Shape:
    """The shape, from the ending of `name` and from the text. Raises ListError where neither tells it.

    One odd line never changes it. Terms are never guessed: a list of words looks like a damaged list of anything.
    """
    ending = _ENDINGS.get(name[name.rfind(".") :].lower()) if "." in name else None
    if ending is not None:
        return ending
    if has_header(text, columns or {}):
        return Shape.CSV
    sample = list(islice(_meaningful(text), _SAMPLE))
    for shape, opening in _OPENINGS:
        if any(opening.match(line) for line in sample[:_FIRST]):
            return shape
    for shape, fits in _SIGNS:
        if 2 * sum(bool(fits(line)) for line in sample) > len(sample):
            return shape
    raise ListError("its shape is not clear; name it with --format", list_name=name)


def parse(text: str, name: str, shape: Shape, labels: Labels, columns: Mapping[str, str] | None = None) -> Parsed:
    """Entries and what was left out. Raises ListError where nothing can be read at all: a table without header."""
    if shape is Shape.XLSX:
        raise ListError("a spreadsheet is no text", list_name=name)
    if shape is Shape.CSV:
        return parse_table(text, name, labels, columns or {})
    if shape is Shape.RPZ:
        return collect(read_zone(text), name, labels)
    return collect(_each_line(text, _READERS[shape]), name, labels)


def _meaningful(text: str) -> Iterator[str]:
    return (line for _, line in numbered(text) if line.strip() and not line.startswith(("#", "!", ";")))


def _each_line(text: str, read: Callable[[str], Iterator[tuple[Kind, str]]]) -> Iterator[Found | Unread]:
    for number, line in numbered(text):
        try:
            ensure_text(line)
            for kind, value in read(line):
                yield Found(number, kind, value)
        except UnreadableError as error:
            yield Unread(number, str(error))


def _bare(line: str) -> str:
    """The value on a line, without a comment: `#` in an address is one only after a space."""
    value = _COMMENT.sub("", line, count=1).strip() if "#" in line else line.strip()
    if len(value.split(maxsplit=1)) > 1:
        raise UnreadableError("there is a space in it")
    return value


def _url(line: str) -> Iterator[tuple[Kind, str]]:
    """A bare name among URLs stands for the whole host."""
    if value := _bare(line):
        is_url = "/" in value or ":" in value
        yield (Kind.URL, value) if is_url else (Kind.HOST, host_name(value))


def _domain(line: str) -> Iterator[tuple[Kind, str]]:
    if value := _bare(line):
        if "/" in value:
            raise UnreadableError("this is a URL, not a domain")
        yield Kind.HOST, host_name(value)


def _term(line: str) -> Iterator[tuple[Kind, str]]:
    value = line.strip()
    if value and value != "#" and not value.startswith("# "):
        yield Kind.TERM, value


def _hosts(line: str) -> Iterator[tuple[Kind, str]]:
    address, *names = line.partition("#")[0].split() or [""]
    if not address:
        return
    if not _is_address(address):
        raise UnreadableError("the line does not begin with an IP address")
    failed = None if names else UnreadableError("the line names no host")
    for name in names:
        try:
            if not _THIS_MACHINE.fullmatch(name):
                yield Kind.HOST, host_name(name)
        except UnreadableError as error:
            failed = error
    if failed:
        raise failed


def _is_plain(line: str) -> bool:
    try:
        value = _bare(line)
    except UnreadableError:
        return False
    return "://" in value or "." in value.strip("./*")


def _begins_with_address(line: str) -> bool:
    address, *names = line.split(maxsplit=2)[:2]
    return bool(names) and _is_address(address)


def _is_address(text: str) -> bool:
    if text in _SINKS:
        return True
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def _adblock(line: str) -> Iterator[tuple[Kind, str]]:
    rule = line.strip()
    if rule.startswith("!#"):
        raise UnreadableError("directives are not followed")
    if not rule or rule.startswith("!") or (rule.startswith("[") and rule.endswith("]")):
        return
    if rule == "#" or rule.startswith("# "):
        return
    if rule.startswith("@@"):
        raise UnreadableError("an exception (@@) is not kept")
    pattern, _, options = rule.partition("$")
    if not pattern.startswith("||") or not pattern.endswith(("^", "^|")):
        raise UnreadableError("only rules of the form ||domain^ are read")
    if options and not all(map(_HARMLESS_OPTION.fullmatch, options.split(","))):
        raise UnreadableError("an option limits or changes the rule")
    yield Kind.HOST, host_name(pattern[2:].removesuffix("|").removesuffix("^"))


_READERS: Final[dict[Shape, Callable[[str], Iterator[tuple[Kind, str]]]]] = {
    Shape.URLS: _url,
    Shape.DOMAINS: _domain,
    Shape.HOSTS: _hosts,
    Shape.ADBLOCK: _adblock,
    Shape.TERMS: _term,
}
_SIGNS: Final[tuple[tuple[Shape, Callable[[str], object]], ...]] = (
    (Shape.ADBLOCK, _ADBLOCK_RULE.match),
    (Shape.HOSTS, _begins_with_address),
    (Shape.RPZ, _ZONE_RECORD.match),
    (Shape.URLS, _is_plain),
)
