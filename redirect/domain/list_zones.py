"""Owns how response policy zones (RPZ) are read: which names a zone lists. Must never follow `$INCLUDE`, nor let
one bad record spoil another: a zone library stops at the first."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

from redirect.domain.list_records import Found, Unread, UnreadableError, ensure_text, host_name, numbered
from redirect.domain.lists import Kind

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_TOKEN: Final = re.compile(r'"(?:[^"\\]|\\.)*"|;.*|[()]|[^\s();"]+|".*')
_QUOTED: Final = re.compile(r'"(?:[^"\\]|\\.)*"')
_TTL: Final = re.compile(r"[0-9]+(?:[smhdw][0-9]+)*[smhdw]?", re.IGNORECASE)
_CLASSES: Final = frozenset({"in", "ch", "hs"})
_LOCAL_DATA: Final = frozenset({"a", "aaaa", "txt", "mx", "dname", "srv", "https", "svcb"})
_OTHER_TRIGGERS: Final = frozenset({"rpz-ip", "rpz-client-ip", "rpz-nsip", "rpz-nsdname"})
_LONGEST_RECORD: Final = 40
"""Lines over which one record in parentheses may go on; one left open ends nothing but itself."""
_UNNAMED: Final = "@"
"""Stands for the apex of a zone whose file does not name it."""


class _Statement(NamedTuple):
    line: int
    indented: bool
    tokens: list[str]


def read_zone(text: str) -> Iterator[Found | Unread]:
    """The names that a zone blocks or rewrites, each once; `*.name` and `name` are one entry with subdomains.

    Exceptions (`rpz-passthru.`) and triggers by address or name server are reported, not kept.
    """
    zone, seen = _Zone(), set[str]()
    for statement in _statements(text):
        if isinstance(statement, Unread):
            yield statement
            continue
        try:
            name = zone.take(statement)
        except UnreadableError as error:
            yield Unread(statement.line, str(error))
            continue
        if name and name.lower() not in seen:
            seen.add(name.lower())
            yield Found(statement.line, Kind.HOST, name)


class _Zone:
    """What the lines so far have said: the zone's own name, the origin of relative names, the last owner."""

    def __init__(self) -> None:
        self._apex = self._origin = _UNNAMED
        self._owner, self._started = "", False

    def take(self, statement: _Statement) -> str:
        """The name that this statement lists; empty where it lists none. Raises UnreadableError."""
        tokens = statement.tokens
        if tokens[0].startswith("$"):
            self._direct(tokens)
            return ""
        if not statement.indented:
            self._owner = self._absolute(tokens[0])
            tokens = tokens[1:]
        elif not self._owner:
            raise UnreadableError("the record has no owner name")
        return self._record(*_type_and_data(tokens))

    def _direct(self, tokens: Sequence[str]) -> None:
        word = tokens[0].lower()
        if word == "$ttl":
            return
        if word != "$origin":
            raise UnreadableError("only $ORIGIN and $TTL are followed")
        if len(tokens) < 2:
            raise UnreadableError("$ORIGIN names nothing")
        self._origin = self._absolute(tokens[1])
        if self._apex == _UNNAMED and not self._owner:
            self._apex = self._origin

    def _absolute(self, name: str) -> str:
        """Without the last dot; what hangs under the unnamed apex ends in `.@`."""
        if name == "@":
            return self._origin
        if name.endswith("."):
            return name[:-1]
        return f"{name}.{self._origin}" if self._origin else name

    def _record(self, kind: str, data: Sequence[str]) -> str:
        if kind == "soa" and not self._started:
            self._apex, self._started = self._owner, True
        if self._owner.lower() == self._apex.lower():
            return ""
        trigger = self._trigger()
        if kind == "cname":
            self._ensure_block(data)
        elif kind not in _LOCAL_DATA:
            raise UnreadableError("a record of this type lists nothing")
        return host_name(trigger)

    def _trigger(self) -> str:
        tail = f".{self._apex}".lower() if self._apex else ""
        if not self._owner.lower().endswith(tail):
            raise UnreadableError("the name lies outside the zone")
        trigger = self._owner[: len(self._owner) - len(tail)]
        if trigger.rpartition(".")[2].lower() in _OTHER_TRIGGERS:
            raise UnreadableError("only triggers by name are read, not by address or name server")
        return trigger.removeprefix("*.")

    def _ensure_block(self, data: Sequence[str]) -> None:
        if not data:
            raise UnreadableError("the record leads nowhere")
        target = data[0].lower()
        # A CNAME to the name itself is how the first drafts of RPZ wrote an exception.
        if target == "rpz-passthru." or target == self._trigger().lower() + ".":
            raise UnreadableError("an exception (rpz-passthru) is not kept")
        if target == "rpz-tcp-only.":
            raise UnreadableError("rpz-tcp-only blocks nothing")


def _type_and_data(tokens: Sequence[str]) -> tuple[str, Sequence[str]]:
    for place, token in enumerate(tokens[:3]):
        if not _TTL.fullmatch(token) and token.lower() not in _CLASSES:
            return token.lower(), tokens[place + 1 :]
    raise UnreadableError("the record has no type")


def _statements(text: str) -> Iterator[_Statement | Unread]:
    lines = [line for _, line in numbered(text)]
    at = 0
    while at < len(lines):
        first = at
        try:
            tokens, at = _joined(lines, at)
        except UnreadableError as error:
            at += 1
            yield Unread(at, str(error))
            continue
        if tokens:
            yield _Statement(first + 1, lines[first][:1].isspace(), tokens)


def _joined(lines: Sequence[str], at: int) -> tuple[list[str], int]:
    """The tokens of the record that begins on line `at`, and the line after it."""
    tokens: list[str] = []
    depth = 0
    for place in range(at, min(at + _LONGEST_RECORD, len(lines))):
        depth += _tokenize(lines[place], tokens)
        if depth < 0:
            raise UnreadableError("a parenthesis is closed that was not open")
        if not depth:
            return tokens, place + 1
    raise UnreadableError("a parenthesis is left open")


def _tokenize(line: str, tokens: list[str]) -> int:
    """Add the tokens of a line; returns how many more parentheses it opens than it closes."""
    ensure_text(line)
    opened = 0
    for part in _TOKEN.findall(line):
        if part.startswith('"') and not _QUOTED.fullmatch(part):
            raise UnreadableError("a quote is left open")
        opened += (part == "(") - (part == ")")
        if part not in {"(", ")"} and not part.startswith(";"):
            tokens.append(part)
    return opened
