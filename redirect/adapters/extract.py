"""Owns how Babel finds the translatable texts in our TOML. Must never extract what no reader sees."""

from __future__ import annotations

from typing import IO, TYPE_CHECKING, Any

import tomli

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

Found = tuple[int, None, str, list[str]]


def extract_toml(
    file: IO[bytes], _keywords: Collection[str], _comment_tags: Collection[str], **_options: Any
) -> Iterator[Found]:
    """Texts of `messages.toml` (headline, paragraphs, action, more), `doors.toml` (label), `law.toml` (sentence)
    and `guide.toml` (invite, headline, text, label, again), each with the table it stands in as a comment for
    translators. The signature is that of a Babel extraction method."""
    tree = tomli.loads(file.read().decode("utf-8"))
    if "invite" in tree:
        yield 1, None, tree["invite"], ["the way into the guided conversation"]
    for name, table in _tables(tree, ""):
        for text, what in _texts(table):
            yield 1, None, text, [f"{name}: {what}"]


def _tables(tree: Mapping[str, Any], path: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for name, table in tree.items():
        if not isinstance(table, dict):
            continue
        if not table.keys().isdisjoint(("headline", "label", "sentence")):
            yield f"{path}{name}", table
        else:
            yield from _tables(table, f"{path}{name}.")


def _texts(table: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for key in ("label", "headline", "headline_law", "sentence", "text", "again"):
        if key in table:
            yield table[key], key
    for paragraph in table.get("paragraphs", []):
        yield paragraph["text"], paragraph["element"]
    for option in table.get("options", []):
        yield option["label"], "a button"
    for key in ("action", "action_else"):
        if key in table:
            yield table[key], key
    for text in table.get("more", []):
        yield text, "below the fold"
