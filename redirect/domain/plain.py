"""Owns a page as plain text, for terminals and whoever else reads nothing else. Must never cut a word, a number or an
address in two."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from redirect.domain.faces import Contact, Crisis, Face, Line, Part, Way

COLUMNS: Final = 72
INDENT: Final = "  "
BULLET: Final = "* "
_LEFT_TO_RIGHT: Final = "\N{LEFT-TO-RIGHT ISOLATE}%s\N{POP DIRECTIONAL ISOLATE}"
_LEFT_OUT: Final = dict.fromkeys({*range(0x20), *range(0x7F, 0xA0), *range(0x202A, 0x202F)} - {0x0A})
"""What a terminal obeys rather than shows, and what turns the rest of a line round."""
_WITHOUT_WIDTH: Final = frozenset({"Mn", "Me", "Cf", "Cc"})

Block = list[str]


def plain(face: Face) -> str:
    """The whole page, in the order in which it is read there, at most COLUMNS wide where its script has spaces.

    Numbers and addresses are spelled out. An address has a line of its own, so that it can be copied; a number keeps
    its order among letters that run from right to left.
    """
    whole = "\n\n".join("\n".join(block) for block in _blocks(face) if block) + "\n"
    return whole.translate(_LEFT_OUT)


def wrapped(text: str, indent: str = "") -> Block:
    """Lines of at most COLUMNS, broken at spaces alone: what has none stays whole."""
    lines: Block = []
    line: list[str] = []
    used = len(indent)
    for word in text.split(" "):
        wide = width(word)
        if line and used + wide > COLUMNS:
            lines.append(indent + " ".join(line))
            line, used = [], len(indent)
        line.append(word)
        used += wide + 1
    return [*lines, indent + " ".join(line)]


def width(text: str) -> int:
    """The columns that a terminal gives to a text: two for a wide character, none for a mark upon another."""
    if text.isascii():
        return len(text)
    return sum(_columns(character) for character in text)


def _columns(character: str) -> int:
    if unicodedata.category(character) in _WITHOUT_WIDTH:
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def _blocks(face: Face) -> Iterator[Block]:
    yield [*_way(face.exit), *wrapped(face.history)]
    yield wrapped(face.draft) if face.draft else []
    yield _ways(face.back)
    yield wrapped(face.step) if face.step else []
    yield _underlined(face.title, "=")
    yield [row for line in face.blocked for row in _line(line)]
    for said in face.paragraphs:
        yield wrapped(said.text)
    yield _ways(face.choices)
    yield from _parts(face)
    notice = face.notes.notice
    yield wrapped(face.notes.appears) if face.notes.appears else []
    yield [*wrapped(face.notes.keeps), *(_line(notice) if notice else [])]
    yield wrapped(face.notes.fraud)


def _parts(face: Face) -> Iterator[Block]:
    """What matters most to this reader comes first, as on the page."""
    yield from _part(face.transcript, face)
    for section in face.sections:
        yield from _part(section, face)
    yield _line(face.entry) if face.entry else []
    yield from _part(face.act, face)
    yield _ways(face.onward)
    doors, crisis = list(_part(face.doors, face)), list(_crisis(face.crisis, face))
    help_, also = list(_part(face.help, face)), [wrapped(text) for text in face.also]
    orders = {"first": (doors, crisis, help_, also), "repeat": (crisis, help_, also, doors)}
    for blocks in orders.get(face.layout, (also, help_, crisis, doors)):
        yield from blocks
    yield from _part(face.report, face)
    yield from _part(face.law, face)


def _part(part: Part | None, face: Face) -> Iterator[Block]:
    if part is None:
        return
    yield _underlined(part.title, "-")
    for text in part.texts:
        yield wrapped(text)
    for contact in part.contacts:
        yield _contact(contact, face)
    yield _ways(part.ways)
    yield wrapped(part.note) if part.note else []


def _crisis(crisis: Crisis, face: Face) -> Iterator[Block]:
    yield _underlined(crisis.title, "-")
    yield wrapped(crisis.text)
    yield _contact(crisis.contact, face) if crisis.contact else []
    yield [*wrapped(crisis.elsewhere), *_contact(crisis.directory, face)]


def _contact(contact: Contact, face: Face) -> Block:
    rows = wrapped(contact.name) if contact.name else []
    if contact.phone:
        number = contact.phone_display or contact.phone
        rows.append(f"{INDENT}{contact.call} {_LEFT_TO_RIGHT % number if face.dir == 'rtl' else number}")
    if contact.url:
        rows.append(INDENT + contact.url)
    return [*rows, *wrapped(" · ".join(contact.facts), INDENT)] if contact.facts else rows


def _line(line: Line) -> Block:
    text = wrapped(line.text, INDENT) if line.text else []
    return [*wrapped(line.label), *text, *([INDENT + line.href] if line.href else [])]


def _ways(ways: Iterable[Way]) -> Block:
    return [row for way in ways for row in _way(way, BULLET)]


def _way(way: Way, bullet: str = "") -> Block:
    first, *rest = wrapped(way.label, INDENT if bullet else "")
    return [bullet + first.strip(), *rest, f"{INDENT}{'POST ' if way.post else ''}{way.href}"]


def _underlined(text: str, line: str) -> Block:
    rows = wrapped(text)
    return [*rows, line * max(map(width, rows))]
