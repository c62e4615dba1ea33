"""Owns how list files are read where lists are built. Must never show an entry, nor leave a copy of one behind."""

from __future__ import annotations

from typing import TYPE_CHECKING

from redirect.domain.errors import ListError
from redirect.domain.lists import Confidence, Entry, Kind, parse_csv, parse_plain

if TYPE_CHECKING:
    from pathlib import Path


def read(path: Path, *, category: str, confidence: Confidence) -> tuple[list[Entry], list[ListError]]:
    """Entries of one file, and what could not be read in it. CSV by its name; anything else holds plain URLs or
    domains, one a line, which get `category` and `confidence`. Raises ListError where the file cannot be read.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise ListError(f"cannot be read: {error.strerror}", list_name=path.name) from None
    except UnicodeDecodeError:
        raise ListError("is not UTF-8 text", list_name=path.name) from None
    if path.suffix.lower() == ".csv":
        return parse_csv(text, path.name)
    kind = Kind.URL if any("/" in line for line in text.splitlines() if not line.startswith("#")) else Kind.HOST
    return parse_plain(text, path.name, kind=kind, category=category, confidence=confidence, source=path.stem)
