"""Owns what is said of each list before it is read: in arguments, or in a TOML file that names several. Must never
take a credential as an argument, nor show an address, which may be one."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

import httpx
import msgspec
import tomli

from redirect.adapters.reach import Reach
from redirect.domain.errors import ListError, SettingsError
from redirect.domain.list_formats import Shape  # noqa: TC001 (msgspec reads the annotations)
from redirect.domain.list_records import Labels
from redirect.domain.lists import COLUMNS, Confidence, Kind

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

STANDARD_INPUT: Final = "-"


class Source(Reach, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One list: where it is (a path, an https address, or `-` for standard input), how it is written, and what is
    true of all its entries. `docs/lists.md` explains every field."""

    at: str
    name: str = ""
    format: Shape | None = None
    columns: dict[str, str] = msgspec.field(default_factory=dict)
    kind: Kind | None = None
    category: str = ""
    confidence: Confidence | None = None
    language: str = ""
    source: str = ""

    def __repr__(self) -> str:
        return f"Source(name={self.name!r})"

    @property
    def is_remote(self) -> bool:
        """Whether it is fetched."""
        return "://" in self.at

    @property
    def labels(self) -> Labels:
        """What its entries are called where they do not say it themselves."""
        confidence = self.confidence or Confidence.HIGH
        source = self.source or (self.name if self.is_remote else Path(self.name).stem)
        return Labels(self.category, confidence, self.language, source, self.kind)

    @property
    def file_name(self) -> str:
        """The last part of where it is: its ending may tell the shape."""
        return Path(self.at.partition("?")[0].partition("#")[0] if self.is_remote else self.at).name


class _File(msgspec.Struct, forbid_unknown_fields=True):
    source: list[Source]


def named(given: Iterable[str], asked: Source) -> list[Source]:
    """The sources that arguments name: a `.toml` file holds several, anything else is one, to be read as `asked`.

    Raises ListError for a sources file that cannot be read, SettingsError for an address that may be a secret.
    """
    sources: list[Source] = []
    for text in given:
        if text.lower().endswith(".toml") and "://" not in text:
            sources += _in_file(Path(text))
        else:
            sources.append(msgspec.structs.replace(asked, at=_fit_for_arguments(text)))
    if asked.auth and len({_called(source.at) for source in sources if source.is_remote}) > 1:
        raise SettingsError("auth: one credential would go to several hosts; name them in a sources file")
    return sources


def complete(wanted: Iterable[Path | Source], category: str, confidence: Confidence) -> list[Source]:
    """Every source with a name of its own, and with a category and confidence for what says neither."""
    seen: dict[str, int] = {}
    sources: list[Source] = []
    for one in wanted:
        source = one if isinstance(one, Source) else Source(at=str(one))
        name = source.name or _called(source.at)
        seen[name] = count = seen.get(name, 0) + 1
        sources.append(
            msgspec.structs.replace(
                source,
                name=name if count == 1 else f"{name} ({count})",
                category=source.category or category,
                confidence=source.confidence or confidence,
            )
        )
    return sources


def _in_file(path: Path) -> list[Source]:
    try:
        listed = msgspec.convert(tomli.loads(path.read_text(encoding="utf-8")), _File).source
    except OSError as error:
        raise ListError(f"cannot be read: {error.strerror}", list_name=path.name) from None
    except (tomli.TOMLDecodeError, UnicodeDecodeError):
        raise ListError("is no TOML", list_name=path.name) from None
    except msgspec.ValidationError as error:
        # The place alone: what a value was may be a credential in the wrong field.
        _, _, where = str(error).rpartition(" - at ")
        reason = f"{where.strip('`$.') or 'a field'} is missing, unknown or of the wrong type"
        raise ListError(reason, list_name=path.name) from None
    return [_beside(source, path.parent) for source in listed]


def _beside(source: Source, directory: Path) -> Source:
    """Paths in a sources file are meant from where the file lies."""
    paths = {"client_certificate": source.client_certificate, "client_key": source.client_key}
    if not source.is_remote and source.at != STANDARD_INPUT:
        paths["at"] = source.at
    moved = {option: str(directory / path) for option, path in paths.items() if path}
    return msgspec.structs.replace(source, **moved, columns=columns(source.columns.items()))


def columns(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Our columns by name, and what a file calls them. Raises SettingsError for one that we do not have."""
    mapping: Mapping[str, str] = {ours.strip().lower(): theirs.strip() for ours, theirs in pairs}
    if not set(mapping) <= set(COLUMNS) or not all(mapping.values()):
        raise SettingsError(f"column: NAME_OF_OURS=NAME_OF_THEIRS is needed; ours are {', '.join(COLUMNS)}")
    return dict(mapping)


def column_pairs(texts: Iterable[str]) -> dict[str, str]:
    """The same from arguments such as `value=Keyword`."""
    return columns((ours, theirs) for ours, _, theirs in (text.partition("=") for text in texts))


def _fit_for_arguments(text: str) -> str:
    """Arguments are seen by everyone on a machine, and some addresses are a credential by themselves."""
    if "://" in text and ("?" in text or "@" in text):
        raise SettingsError(
            "an address with a login or a query may be a secret, and arguments are seen by everyone on a machine;"
            " put it into a sources file: see docs/lists.md"
        )
    return text


def _called(text: str) -> str:
    """A file by its name, an address by its host alone: a path can be a secret."""
    if text == STANDARD_INPUT:
        return "standard input"
    if "://" not in text:
        return Path(text).name
    try:
        return httpx.URL(text).host or "source"
    except (httpx.InvalidURL, UnicodeError):
        return "source"
