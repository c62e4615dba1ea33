"""Owns the file that a backup of counts is: how it is written, and what is taken for one. Must never let a damaged file
pass for a whole one, nor hold a key of anybody.

Lines of JSON under gzip: a header, a line for each thing that the store holds, and an end with the number of these
lines and the SHA-256 of all before it. `docs/operations.md` describes it for others who read it.
"""

from __future__ import annotations

import gzip
import hashlib
import zlib
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Literal

import msgspec
from msgspec import Meta

from redirect.adapters.files import replacing
from redirect.domain.errors import BackupError
from redirect.domain.periods import Span

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

FORMAT: Literal[1] = 1
LINE_LIMIT = 1 << 27
_Count = Annotated[int, Meta(ge=0, le=1 << 53)]


class _Line(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="holds", kw_only=True):
    """Any line; `holds` says which."""


class Header(_Line, frozen=True, kw_only=True, tag="backup"):
    """The first line. `id` is of this backup alone, so that it is never added twice."""

    format: Literal[1] = FORMAT
    id: Annotated[str, Meta(pattern="^[0-9a-f]{16}$")]
    made: str
    version: str


class Counted(_Line, frozen=True, kw_only=True, tag="counts"):
    """One period of one table: exact counts by joined labels, and what is noted of the batches that they came in."""

    table: str
    period: _Count
    cells: dict[str, _Count]
    applied: dict[str, _Count]


class Released(_Line, frozen=True, kw_only=True, tag="released"):
    """What was published of one day, week or month, by platform and joined labels."""

    table: str
    span: Span
    number: _Count
    minimum: _Count
    shown: dict[str, dict[str, _Count]]


class Kept(_Line, frozen=True, kw_only=True, tag="kept"):
    """What people gave: figures and notes of a platform, pauses of services, stops of experiments; as it is stored."""

    what: Literal["figures", "notes", "paused", "stopped"]
    about: Annotated[str, Meta(pattern=r"^(\*|[a-z0-9][a-z0-9-]{0,31})$")]
    fields: dict[str, str]


class End(_Line, frozen=True, kw_only=True, tag="end"):
    """The last line."""

    lines: int
    sha256: str


Record = Counted | Released | Kept
_LINES: msgspec.json.Decoder[Header | Record | End] = msgspec.json.Decoder(Header | Record | End)


@contextmanager
def writing(path: Path, header: Header) -> Iterator[Callable[[Record], None]]:
    """Takes records one by one; at the end the file is whole, for its owner alone. Where anything fails, none is."""
    digest, lines = hashlib.sha256(), 0
    with replacing(path, 0o600) as file, gzip.GzipFile("", "wb", fileobj=file, mtime=0) as packed:

        def add(line: Header | Record) -> None:
            nonlocal lines
            text = msgspec.json.encode(line) + b"\n"
            digest.update(text)
            packed.write(text)
            lines += 1

        add(header)
        yield add
        packed.write(msgspec.json.encode(End(lines=lines, sha256=digest.hexdigest())) + b"\n")


def read(path: Path) -> tuple[Header, int, Iterator[Record]]:
    """The header, how many records there are, and these, of a file that was found whole before anything of it is given.
    Raises BackupError."""
    lines = _lines(path)
    first = next(lines)
    total = sum(1 for _ in lines)
    if not isinstance(first, Header):
        raise BackupError(f"{path}: this is no backup of counts")
    return first, total, (line for line in _lines(path) if isinstance(line, Record))


def _lines(path: Path) -> Iterator[Header | Record]:
    digest, ended = hashlib.sha256(), False
    for count, text in enumerate(_texts(path)):
        line = _line(path, text)
        if ended or (isinstance(line, End) and (line.lines, line.sha256) != (count, digest.hexdigest())):
            break
        if isinstance(line, End):
            ended = True  # what is read after it is the end of the compression
        else:
            digest.update(text)
            yield line
    else:
        if ended:
            return
    raise BackupError(f"{path}: the file is damaged or was cut short; nothing was restored")


def _texts(path: Path) -> Iterator[bytes]:
    try:
        with gzip.open(path) as packed:
            while text := packed.readline(LINE_LIMIT):
                yield text
    except (EOFError, zlib.error, gzip.BadGzipFile):
        raise BackupError(f"{path}: the file is damaged, or no backup of counts; nothing was restored") from None
    except OSError as error:
        raise BackupError(f"{path}: {error.strerror}") from None


def _line(path: Path, text: bytes) -> Header | Record | End:
    try:
        line: Header | Record | End = _LINES.decode(text)
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise BackupError(
            f"{path}: a line cannot be read: damaged, no backup of counts, or made by a newer version"
        ) from None
    return line
