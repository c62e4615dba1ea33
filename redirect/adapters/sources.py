"""Owns where lists come from when they are built: files, standard input, HTTPS. Must never show an entry, nor leave
a copy of one behind: what is read lives in memory until it is built."""

from __future__ import annotations

import sys
from bisect import bisect_right
from dataclasses import dataclass, field
from itertools import accumulate
from pathlib import Path
from typing import TYPE_CHECKING, Final

from redirect.adapters.fetch import Fetched, Fetcher, Mark
from redirect.adapters.sheets import OLE, ZIP, parse_sheet
from redirect.adapters.source_file import STANDARD_INPUT, Source
from redirect.domain.errors import ListError
from redirect.domain.list_formats import Shape, detect, parse

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from redirect.adapters.source_marks import SourceMarks
    from redirect.domain.list_records import Parsed
    from redirect.domain.lists import Confidence, Entry

    Receiving = Callable[[str, int, int | None], None]

_UTF16: Final = (b"\xff\xfe", b"\xfe\xff")


@dataclass(frozen=True)
class Gathered:
    """What was read, list by list. `unchanged`: nothing was, since every source is as it was."""

    parsed: Sequence[Parsed] = field(repr=False)
    unchanged: bool = False

    @property
    def entries(self) -> list[Entry]:
        """All of them, in order."""
        return [entry for parsed in self.parsed for entry in parsed.entries]

    @property
    def unread(self) -> list[ListError]:
        """What was left out."""
        return [error for parsed in self.parsed for error in parsed.unread]

    def error_at(self, index: int, reason: str) -> ListError:
        """Why an entry, counted over all lists, cannot be used, by the list and line it stands on."""
        starts = list(accumulate((len(parsed.entries) for parsed in self.parsed), initial=0))
        place = bisect_right(starts, index) - 1
        parsed = self.parsed[place]
        return ListError(reason, list_name=parsed.name, line=parsed.lines[index - starts[place]])


def read(path: Path, *, category: str, confidence: Confidence) -> tuple[list[Entry], list[ListError]]:
    """Entries of one file, whose shape is found out, and what could not be read in it. Raises ListError."""
    asked = Source(at=str(path), name=path.name, source=path.stem, category=category, confidence=confidence)
    gathered = Gathered(_parse(asked, _from_disk(asked)))
    return gathered.entries, gathered.unread


def gather(sources: Sequence[Source], marks: SourceMarks, receiving: Receiving | None = None) -> Gathered:
    """What all sources hold, or that each is as it was when `marks` were kept. Raises ListError.

    No copy of a list is kept, so where one has changed, all are fetched.
    """
    first = [_newer(source, marks.of(place), receiving) for place, source in enumerate(sources)]
    remote = any(source.is_remote for source in sources)
    if remote and all(marks.is_same(place, fetched) for place, fetched in enumerate(first)):
        return Gathered((), unchanged=True)
    parsed: list[Parsed] = []
    for place, (source, fetched) in enumerate(zip(sources, first, strict=True)):
        whole = fetched or _newer(source, None, receiving)
        if whole is None:
            raise ListError("its server says that nothing has changed, but was not asked", list_name=source.name)
        if remote:
            marks.note(place, whole)
        parsed += _parse(source, whole.body)
    return Gathered(parsed)


def _newer(source: Source, mark: Mark | None, receiving: Receiving | None) -> Fetched | None:
    """What a source holds, None where its server says that it is as it was."""
    if source.at == STANDARD_INPUT:
        return Fetched(_from_standard_input(source), Mark())
    if not source.is_remote:
        return Fetched(_from_disk(source), Mark())

    def received(done: int, total: int | None) -> None:
        if receiving:
            receiving(source.name, done, total)

    return Fetcher(source.name, source, receiving=received).fetch(source.at, mark)


def _from_disk(source: Source) -> bytes:
    try:
        with Path(source.at).open("rb") as file:
            return _within(source, file.read(_limit(source) + 1))
    except OSError as error:
        raise ListError(f"cannot be read: {error.strerror}", list_name=source.name) from None


def _from_standard_input(source: Source) -> bytes:
    return _within(source, sys.stdin.buffer.read(_limit(source) + 1))


def _limit(source: Source) -> int:
    return source.max_megabytes * 1_000_000


def _within(source: Source, data: bytes) -> bytes:
    if len(data) > _limit(source):
        reason = f"it is larger than {source.max_megabytes} MB; see `max_megabytes`"
        raise ListError(reason, list_name=source.name)
    return data


def _parse(source: Source, data: bytes) -> list[Parsed]:
    """Raises ListError also where there is not one entry: a list gone missing must not pass for a short one."""
    parsed = _parse_bytes(source, data)
    if not any(one.entries for one in parsed):
        first = next((error for one in parsed for error in one.unread), None)
        reason = f"not one entry can be read; line {first.line}: {first.reason}" if first else "it is empty"
        raise ListError(reason, list_name=source.name)
    return parsed


def _parse_bytes(source: Source, data: bytes) -> list[Parsed]:
    if source.format is Shape.XLSX or (source.format is None and data.startswith((ZIP, OLE))):
        return parse_sheet(data, source.name, source.labels, source.columns)
    text = _text(data, source.name)
    if not text.strip():
        return []
    shape = source.format or detect(text, source.file_name, source.columns)
    return [parse(text, source.name, shape, source.labels, source.columns)]


def _text(data: bytes, name: str) -> str:
    """A byte that is no UTF-8 spoils its own line only: it stands there as a lone surrogate."""
    if data.startswith(_UTF16):
        text = data.decode("utf-16", errors="replace")
    elif b"\0" in data:
        raise ListError("is not UTF-8 text", list_name=name)
    else:
        text = data.decode("utf-8-sig", errors="surrogateescape")
    if text[:1000].lstrip().lower().startswith(("<!doctype", "<html")):
        raise ListError("is a web page and not a list; perhaps a login is asked for", list_name=name)
    return text
