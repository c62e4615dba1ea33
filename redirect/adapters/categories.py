"""Owns the reading of `messages/categories.toml`. Must never guess an action."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import tomli

from redirect.adapters.content import load_texts, shipped
from redirect.domain.decision import DEFAULT_CATEGORY, DEFAULT_VARIANT, Action, Category
from redirect.domain.errors import ContentError
from redirect.domain.lists import Confidence
from redirect.domain.subject import Surface

if TYPE_CHECKING:
    from pathlib import Path

    from redirect.domain.content import Texts


LONGEST_NAME = 24


class Table(msgspec.Struct, forbid_unknown_fields=True):
    """One category as it is written."""

    label: str
    query: str
    url: str
    repeat: str
    actions: dict[Confidence, Action]
    surfaces: dict[Surface, dict[Confidence, Action]] = {}


def load_categories(path: Path, texts: Texts) -> dict[str, Category]:
    """Categories by id. Raises ContentError naming the category and what is wrong with it."""
    try:
        tables = msgspec.convert(tomli.loads(path.read_text(encoding="utf-8")), dict[str, Table])
    except (OSError, UnicodeDecodeError, tomli.TOMLDecodeError, msgspec.ValidationError) as error:
        raise ContentError(f"{path}: {error}") from None
    if DEFAULT_CATEGORY not in tables:
        raise ContentError(f"{path}: [{DEFAULT_CATEGORY}] is missing; other categories fall back to it")
    if long := next((name for name in tables if len(name) > LONGEST_NAME), ""):
        raise ContentError(f"{path}: [{long}] has a name of more than {LONGEST_NAME} letters; it stands in addresses")
    return {name: _category(path, name, table, texts) for name, table in tables.items()}


def shipped_categories() -> dict[str, Category]:
    """The categories that come with this version."""
    messages = shipped("messages")
    return load_categories(messages / "categories.toml", load_texts(messages))


def _category(path: Path, name: str, table: Table, texts: Texts) -> Category:
    if missing := set(Confidence) - set(table.actions):
        raise ContentError(f"{path}: [{name}] actions misses {', '.join(sorted(missing))}")
    for message in (table.query, table.url, table.repeat):
        if (message, DEFAULT_VARIANT) not in texts.messages:
            raise ContentError(f"{path}: [{name}] names a message that messages.toml does not have: {message}")
    return Category(name, table.label, table.query, table.url, table.repeat, table.actions, table.surfaces)
