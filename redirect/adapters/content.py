"""Owns the reading of `messages/`: TOML in, the domain's types out. Must never guess what is left out."""

from __future__ import annotations

from dataclasses import MISSING, fields
from pathlib import Path
from typing import Any

import tomli

from redirect.adapters.guide import load_guide
from redirect.adapters.law import load_laws
from redirect.domain.content import Door, DoorText, Element, Message, Need, Paragraph, Texts
from redirect.domain.errors import ContentError

LAYOUTS = ("first", "repeat", "door")
REVIEWS = ("draft", "reviewed")
PACKAGE = Path(__file__).parents[1]


def shipped(name: str) -> Path:
    """Where `messages` or `locales` lies: inside an installed package, or beside it in a checkout."""
    inside = PACKAGE / name
    return inside if inside.is_dir() else PACKAGE.parent / name


def load_texts(directory: Path, *, drafts: bool = False) -> Texts:
    """Messages, doors, laws and the guided conversation of a `messages/` directory; ContentError names the file and the
    field. `drafts`: say what the law is where no lawyer has checked it yet."""
    messages_file, doors_file = directory / "messages.toml", directory / "doors.toml"
    messages = {
        (message_id, variant): _message(_Table(messages_file, f"{message_id}.{variant}", table))
        for message_id, variants in _read(messages_file).items()
        for variant, table in _Table(messages_file, message_id, variants).values.items()
    }
    doors = tuple(_door(_Table(doors_file, name, table), messages) for name, table in _read(doors_file).items())
    if {door.door for door in doors} != set(Door) - {Door.MAIN}:
        raise ContentError(f"{doors_file}: needs each of the four doors once")
    return Texts(messages, doors, load_laws(directory, drafts=drafts), load_guide(directory / "guide.toml"))


class _Table:
    """One TOML table that knows where it stands, so that every complaint can say so."""

    def __init__(self, file: Path, name: str, values: object) -> None:
        self.file, self.name = file, name
        if not isinstance(values, dict):
            raise self.error("is no table")
        self.values: dict[str, Any] = values

    def error(self, complaint: str) -> ContentError:
        return ContentError(f"{self.file}, [{self.name}]: {complaint}")

    def text(self, key: str) -> str:
        value = self.values.get(key)
        if not isinstance(value, str) or not value.strip():
            raise self.error(f"{key} needs a text")
        return value

    def texts(self, key: str) -> tuple[str, ...]:
        value = self.values.get(key, [])
        if not isinstance(value, list) or not all(isinstance(text, str) and text.strip() for text in value):
            raise self.error(f"{key} needs a list of texts")
        return tuple(value)

    def number(self, key: str) -> int:
        value = self.values.get(key)
        if not isinstance(value, int) or isinstance(value, bool):
            raise self.error(f"{key} needs a whole number")
        return value

    def one_of(self, key: str, choices: tuple[str, ...]) -> str:
        value = self.values.get(key)
        if value not in choices:
            raise self.error(f"{key} must be one of: {', '.join(filter(None, choices))}")
        return str(value)


def _read(file: Path) -> dict[str, Any]:
    try:
        return tomli.loads(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomli.TOMLDecodeError) as error:
        raise ContentError(f"{file}: cannot be read ({error})") from error


def _message(table: _Table) -> Message:
    _refuse_unknown(table)
    message_id, _, variant = table.name.partition(".")
    paragraphs = table.values.get("paragraphs")
    if not isinstance(paragraphs, list) or not paragraphs:
        raise table.error("paragraphs needs at least one")
    needs = Need(table.one_of("action_needs", tuple(Need))) if "action_needs" in table.values else Need.NOTHING
    return Message(
        id=message_id,
        variant=variant,
        purpose=table.text("purpose"),
        evidence=table.texts("evidence"),
        audience=table.text("audience"),
        reading_level=table.number("reading_level"),
        review=table.one_of("review", REVIEWS),
        layout=table.one_of("layout", LAYOUTS),
        headline=table.text("headline"),
        paragraphs=tuple(_paragraph(_Table(table.file, f"{table.name}.paragraphs", entry)) for entry in paragraphs),
        action=table.text("action"),
        more=table.texts("more"),
        action_needs=needs,
        action_else=table.text("action_else") if needs else "",
        headline_law=table.text("headline_law") if "headline_law" in table.values else "",
    )


def _refuse_unknown(table: _Table) -> None:
    known = {field.name: field for field in fields(Message)}
    if unknown := set(table.values) - (set(known) - {"id", "variant"}):
        raise table.error(f"does not know {', '.join(sorted(unknown))}")
    required = {name for name, field in known.items() if field.default is MISSING} - {"id", "variant"}
    if missing := required - set(table.values):
        raise table.error(f"misses {', '.join(sorted(missing))}")


def _paragraph(table: _Table) -> Paragraph:
    return Paragraph(Element(table.one_of("element", tuple(Element))), table.text("text"))


def _door(table: _Table, messages: dict[tuple[str, str], Message]) -> DoorText:
    if table.name not in set(Door) - {Door.MAIN}:
        raise table.error("is no door")
    message_id, _, variant = table.text("message").partition(".")
    if (message_id, variant) not in messages:
        raise table.error("message names none of messages.toml")
    return DoorText(Door(table.name), table.text("label"), table.text("message"))
