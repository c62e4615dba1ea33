"""Owns the reading of `messages/guide.toml`. Must never let a conversation start that could fail to end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

import msgspec
import tomli
from msgspec import Meta

from redirect.domain.errors import ContentError
from redirect.domain.guide import Answer, End, Ending, Guide, Option, Question, places

if TYPE_CHECKING:
    from pathlib import Path

_Text = Annotated[str, Meta(min_length=1, max_length=300, pattern=r"\S")]
_MOST_OPTIONS = 6


class _Option(msgspec.Struct, forbid_unknown_fields=True):
    """An entry of `options`."""

    label: _Text
    answer: Answer
    next: str


class _Question(msgspec.Struct, forbid_unknown_fields=True):
    """A table with `options`."""

    headline: _Text
    text: _Text
    options: Annotated[tuple[_Option, ...], Meta(max_length=_MOST_OPTIONS)]


class _Ending(msgspec.Struct, forbid_unknown_fields=True):
    """A table that is named as an end is."""

    headline: _Text
    text: _Text
    again: _Text


class _Head(msgspec.Struct, forbid_unknown_fields=True):
    """What stands above the tables."""

    invite: _Text
    review: Literal["draft", "reviewed"] = "draft"


def load_guide(path: Path) -> Guide:
    """The conversation with every place in it. Raises ContentError, naming file and field, at the first thing wrong."""
    content = _read(path)
    tables = {name: content.pop(name) for name, value in list(content.items()) if isinstance(value, dict)}
    head = _converted(path, "", content, _Head)
    endings = {end: _ending(path, end, tables.pop(end)) for end in End if end in tables}
    questions = {name: _question(path, name, table) for name, table in tables.items()}
    try:
        return Guide(head.invite, places(questions, endings), head.review)
    except ContentError as error:
        raise ContentError(f"{path.name}, {error}") from None


def _question(path: Path, name: str, table: Any) -> Question:
    read: _Question = _converted(path, name, table, _Question)
    options = tuple(Option(option.label, option.answer, option.next) for option in read.options)
    return Question(read.headline, read.text, options)


def _ending(path: Path, end: End, table: Any) -> Ending:
    read: _Ending = _converted(path, end, table, _Ending)
    return Ending(end, read.headline, read.text, read.again)


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomli.loads(path.read_text("utf-8"))
    except OSError as error:
        raise ContentError(f"{path.name}: {error.strerror}") from None
    except (ValueError, RecursionError) as error:  # not TOML, not UTF-8, or nested too deeply
        raise ContentError(f"{path.name}: {error}") from None


def _converted(path: Path, name: str, table: Any, shape: Any) -> Any:
    try:
        return msgspec.convert(table, shape)
    except msgspec.ValidationError as error:
        where = f"{path.name}, [{name}]" if name else path.name
        raise ContentError(f"{where}: {error}") from None
