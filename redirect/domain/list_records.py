"""Owns what every shape of a list is read into: entries, the lines they stand on, and the lines left out.

Must never carry what stands on a line that is left out, only its number and a reason in fixed words.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, NamedTuple

from redirect.domain.errors import ListError
from redirect.domain.lists import LONGEST_LABEL, LONGEST_VALUE, Confidence, Entry, Kind
from redirect.domain.urls import BadUrl, canonicalize

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_LONGEST_NAME: Final = 253
_PLAIN_NAME: Final = re.compile(r"(?:[A-Za-z0-9_-]{1,63}\.)+(?![0-9]+\Z)[A-Za-z0-9_-]{1,63}\Z")
_NO_PART_OF_A_NAME: Final = re.compile(r"[\s/\\?#@:*|^,;\"'<>()%]|\.\.")
_SURROGATE: Final = re.compile("[\ud800-\udfff]")


class UnreadableError(ValueError):
    """A record cannot be read; the message says why in fixed words."""


class Found(NamedTuple):
    """An entry's kind and value, and the line it stands on."""

    line: int
    kind: Kind
    value: str

    def __repr__(self) -> str:
        return f"Found(line={self.line})"


class Unread(NamedTuple):
    """A line that is left out, and why."""

    line: int
    reason: str


@dataclass(frozen=True, slots=True)
class Labels:
    """What is true of every entry of a file that does not say it itself. `kind` is for tables alone."""

    category: str
    confidence: Confidence
    language: str = ""
    source: str = ""
    kind: Kind | None = None


@dataclass(slots=True)
class Parsed:
    """Entries of a file or sheet, the line of each, and one error for each line that is left out."""

    name: str
    entries: list[Entry] = field(default_factory=list, repr=False)
    lines: list[int] = field(default_factory=list, repr=False)
    unread: list[ListError] = field(default_factory=list)


def collect(items: Iterable[Found | Unread], name: str, labels: Labels) -> Parsed:
    """The entries of a file whose lines carry nothing but values. Raises ListError where `labels` are unusable."""
    _ensure_labels(labels, name)
    parsed, confidence = Parsed(name), Confidence(labels.confidence)
    for item in items:
        if isinstance(item, Unread):
            parsed.unread.append(ListError(item.reason, list_name=name, line=item.line))
        elif len(item.value) > LONGEST_VALUE:
            reason = f"the value is longer than {LONGEST_VALUE} characters"
            parsed.unread.append(ListError(reason, list_name=name, line=item.line))
        else:
            parsed.entries.append(
                Entry(item.kind, item.value, labels.category, confidence, labels.language, labels.source)
            )
            parsed.lines.append(item.line)
    return parsed


def _ensure_labels(labels: Labels, name: str) -> None:
    for about, text in (("category", labels.category), ("language", labels.language), ("source", labels.source)):
        if len(text) > LONGEST_LABEL or not text.isprintable() or (about == "category" and not text):
            reason = f"{about} is empty, longer than {LONGEST_LABEL} characters or not printable"
            raise ListError(reason, list_name=name)


def numbered(text: str) -> Iterator[tuple[int, str]]:
    """Lines as an editor counts them, so that a reported number is found again."""
    for number, line in enumerate(text.removeprefix("\ufeff").split("\n"), 1):
        yield number, line.removesuffix("\r")


def is_utf8(text: str) -> bool:
    """Whether every byte was UTF-8; those that were not stand in the text as lone surrogates."""
    return text.isascii() or not _SURROGATE.search(text)


def ensure_text(line: str) -> None:
    """Raise UnreadableError where bytes of the line were no UTF-8."""
    if not is_utf8(line):
        raise UnreadableError("the line is not UTF-8")


def host_name(text: str) -> str:
    """A host as an entry holds it, from `name`, `name.`, `.name` or `*.name`. Raises UnreadableError."""
    name = text.removeprefix("*").removeprefix(".").removesuffix(".")
    if len(name) <= _LONGEST_NAME and _PLAIN_NAME.match(name):
        return name
    return _unusual_name(name)


def _unusual_name(name: str) -> str:
    """An address, or a name with letters beyond ASCII."""
    if not name or not name.isprintable() or _NO_PART_OF_A_NAME.search(name):
        raise UnreadableError("this is no host name")
    try:
        host = canonicalize(f"http://{name}").host
    except BadUrl:
        raise UnreadableError("this is no host name") from None
    if "." not in host:
        raise UnreadableError("a name without a dot would match too much")
    # Reading a URL is forgiving: it takes `a..b` for `a.b` and `1.2` for an address. A list must mean what it says.
    is_address = host == name and host.replace(".", "").isdecimal()
    if len(host) > _LONGEST_NAME or not (is_address or _PLAIN_NAME.match(host)):
        raise UnreadableError("this is no host name")
    return name
