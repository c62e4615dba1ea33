"""Owns the reading of the word lists that texts are checked against. Must never be read where pages are served."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import msgspec
import tomli
from msgspec import Meta

from redirect.domain.errors import ContentError

if TYPE_CHECKING:
    from collections.abc import Mapping

DATA = Path(__file__).parents[1] / "data"
Words = tuple[Annotated[str, Meta(min_length=2)], ...]


def load_words(name: str) -> dict[str, Words]:
    """A list of `redirect/data/`, such as `harmful_words`, by language tag. Raises ContentError."""
    path = DATA / f"{name}.toml"
    try:
        return msgspec.convert(tomli.loads(path.read_text("utf-8")), dict[str, Words])
    except (OSError, ValueError, msgspec.ValidationError) as error:
        raise ContentError(f"{path}: {error}") from None


def words_for(lists: Mapping[str, Words], tag: str) -> Words:
    """The list of a language, or of the language without its region; empty where there is none."""
    return lists.get(tag) or lists.get(tag.partition("-")[0], ())
