"""Owns how commands change records in `messages/resources/*.toml`. Must never change a byte that it was not asked to,
nor write a file that could not be loaded."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, Final

import tomli

from redirect.adapters.directory import Record, parse_directory, read_file
from redirect.adapters.files import rewrite
from redirect.domain.errors import ContentError, SettingsError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    Value = str | bool | int | list[str] | None
    """Of a field; None takes the field away, since absent means unknown."""
    Changes = Mapping[str, Mapping[str, Value]]
    """New values by id and field."""

FIELDS: Final = Record.__struct_fields__
LONG_LIST: Final = 90


def read_texts(folder: Path) -> dict[str, str]:
    """The text of every file, by name. Raises ContentError."""
    return {path.name: read_file(path) for path in sorted(folder.glob("*.toml"))}


def read_records(folder: Path) -> dict[str, dict[str, Any]]:
    """Every record as it is written, by id. Raises ContentError where any could not be loaded."""
    texts = read_texts(folder)
    parse_directory(texts)
    return {table["id"]: table for text in texts.values() for table in tomli.loads(text)["service"]}


def change(folder: Path, changes: Changes) -> None:
    """Write these values, and nothing where any of them may not stand: then ContentError names it.

    Comments, order and layout stay; a field that was not there comes where the others have it.
    """
    before = read_texts(folder)
    after = {name: _edited(text, changes) for name, text in before.items()}
    parse_directory(after)
    changed = [name for name, text in after.items() if text != before[name]]
    for name in changed:
        _ensure_only(before[name], after[name], changes, name)
    for name in changed:
        rewrite(folder / name, after[name].encode())


def _edited(text: str, changes: Changes) -> str:
    tables = tomli.loads(text).get("service", [])
    asked = [(table, changes[table["id"]]) for table in tables if table.get("id") in changes]
    if not asked:
        return text
    document = kit().parse(text)
    for table in document["service"]:
        for field, value in changes.get(table["id"], {}).items():
            if value is None:
                table.pop(field, None)
            elif field in table:
                table[field] = _item(value)
    text = kit().dumps(document)
    for table, values in asked:
        for field, value in values.items():
            if value is not None and field not in table:
                text = _with_line(text, table["id"], field, f"{field} = {_written(value)}\n")
    return text


def _with_line(text: str, id_: str, field: str, line: str) -> str:
    """The text with a line more: in the record of this id, before the first field that comes after it."""
    head, mark, tail = text.rpartition(f'id = "{id_}"') if text.count(f'id = "{id_}"') == 1 else ("", "", "")
    if not mark:
        raise ContentError(f'{id_}: its line `id = "{id_}"` cannot be found; change the file by hand')
    found = re.search(r"^\[\[service\]\]", tail, re.MULTILINE)
    end = found.start() if found else len(tail)
    place = _place(tail[:end], field)
    upper = tail[:place] if tail[:place].endswith("\n") else f"{tail[:place]}\n"
    return f"{head}{mark}{upper}{line}{tail[place:]}"


def _place(record: str, field: str) -> int:
    """Where a field belongs: before the first that comes after it, else below the last, above what stands there of the
    record that follows."""
    later = "|".join(FIELDS[FIELDS.index(field) + 1 :]) or "$."
    found = re.search(rf"^(?:{later})\s*=", record, re.MULTILINE)
    if found is None:
        found = re.search(r"^(?:[ \t]*(?:#[^\n]*)?(?:\n|\Z))*\Z", record, re.MULTILINE)
    return found.start() if found else len(record)


def _ensure_only(before: str, after: str, changes: Changes, name: str) -> None:
    """What no layout may lead to: another value changed, or one that was asked for not."""
    expected = tomli.loads(before)
    for table in expected["service"]:
        for field, value in changes.get(table["id"], {}).items():
            table.pop(field, None)
            if value is not None:
                table[field] = value
    if tomli.loads(after) != expected:
        raise ContentError(f"{name}: cannot be changed by a command as it is laid out; change it by hand")


def _written(value: Value) -> str:
    """A value on as many lines as files have it."""
    short = _as_toml(value)
    if not isinstance(value, list) or len(short) < LONG_LIST:
        return short
    return "[\n" + "".join(f"  {_as_toml(part)},\n" for part in value) + "]"


def _as_toml(value: Value) -> str:
    """JSON writes text, numbers, booleans and lists of text as TOML does, but for one character."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def _item(value: Value) -> Any:
    return kit().parse(f"value = {_written(value)}\n")["value"]


def kit() -> Any:
    """What changes files and leaves their layout alone. Raises SettingsError without the extra."""
    try:
        import tomlkit  # noqa: PLC0415 (part of an extra)
    except ImportError:
        raise SettingsError("changing records needs the extra `check` (messages/README.md)") from None
    return tomlkit
