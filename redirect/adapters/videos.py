"""Owns the operator's folder of officers' videos: one `<CC>.toml` a country, with the files that it names. Must never
give out a file that no table names, nor show a police force that has not agreed."""

from __future__ import annotations

import base64
import gzip
import hashlib
import re
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Annotated, Final

import msgspec
import tomli
from babel import Locale as Cldr
from babel import UnknownLocaleError
from msgspec import Meta

from redirect.domain.errors import SettingsError
from redirect.domain.video import Media, Transcript, Video

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

CLIPS: Final = {".webm": "video/webm", ".mp4": "video/mp4"}
CAPTIONS: Final = {".vtt": "text/vtt"}
POSTERS: Final = {".jpg": "image/jpeg", ".png": "image/png", ".webp": "image/webp"}
LARGEST_INSIDE: Final = 8_000
"""Bytes that a poster and a transcript may have together once packed: they stand inside the page, which loads nothing
else until the video is started."""

_COUNTRY: Final = re.compile("[A-Z]{2}")
_BEGINS: Final = {
    ".webm": re.compile(rb"\x1aE\xdf\xa3"),
    ".mp4": re.compile(rb"....ftyp", re.DOTALL),
    ".vtt": re.compile(rb"(\xef\xbb\xbf)?WEBVTT\s"),
    ".jpg": re.compile(rb"\xff\xd8\xff"),
    ".png": re.compile(rb"\x89PNG"),
    ".webp": re.compile(rb"RIFF....WEBP", re.DOTALL),
}

_Name = Annotated[str, Meta(pattern=r"\A[A-Za-z0-9][A-Za-z0-9._-]*\Z", max_length=100)]
_Text = Annotated[str, Meta(min_length=1, max_length=5000, pattern=r"\S")]


class _Said(msgspec.Struct, forbid_unknown_fields=True):
    """A table `[[said]]`: what is said, in one language; the spoken one first."""

    lang: Annotated[str, Meta(pattern=r"\A[a-z]{2,3}(-[A-Za-z0-9]{2,8})*\Z")]
    captions: _Name
    transcript: Annotated[tuple[_Text, ...], Meta(min_length=1)]


class _Record(msgspec.Struct, forbid_unknown_fields=True):
    """A `<CC>.toml`. `agreed_on`: when the force agreed to be named and shown."""

    force: Annotated[str, Meta(min_length=1, max_length=200, pattern=r"\A[^\x00-\x1f\x7f]+\Z")]
    agreed_on: date
    clips: Annotated[tuple[_Name, ...], Meta(min_length=1)]
    poster: _Name
    said: Annotated[tuple[_Said, ...], Meta(min_length=1)]


@dataclass(frozen=True)
class Videos:
    """Videos by country, and the files that pages may ask for with their media types, by the names that stand there."""

    by_country: Mapping[str, Video]
    files: Mapping[str, tuple[Path, str]]


def load_videos(folder: Path | None) -> Videos:
    """All of a folder. Raises SettingsError, naming file and field, at the first thing wrong."""
    files: dict[str, tuple[Path, str]] = {}
    if folder is None:
        return Videos({}, files)
    if not folder.is_dir():
        raise SettingsError(f"REDIRECT_VIDEOS: {folder} is no folder")
    return Videos({table.stem: _Table(table).video(files) for table in sorted(folder.glob("*.toml"))}, files)


class _Table:
    """One country's file, which knows its name, so that every complaint can say it."""

    def __init__(self, path: Path) -> None:
        self._path = path
        if not _COUNTRY.fullmatch(path.stem):
            raise self._error("is named after no country, such as GB.toml")
        self._record = self._read()

    def video(self, files: dict[str, tuple[Path, str]]) -> Video:
        """The video; what pages may ask for is added to `files`."""
        record = self._record
        spoken = record.said[0].lang
        poster = self._poster(record.poster)
        return Video(
            force=record.force,
            poster=poster,
            clips=tuple(self._media("clips", name, CLIPS, spoken, files) for name in record.clips),
            captions=tuple(self._media("captions", said.captions, CAPTIONS, said.lang, files) for said in record.said),
            transcripts=tuple(self._transcript(said, poster) for said in record.said),
        )

    def _error(self, complaint: str) -> SettingsError:
        return SettingsError(f"REDIRECT_VIDEOS: {self._path.name}: {complaint}")

    def _read(self) -> _Record:
        try:
            return msgspec.convert(tomli.loads(self._path.read_text("utf-8")), _Record)
        except OSError as error:
            raise self._error(str(error.strerror)) from None
        except (ValueError, RecursionError) as error:  # not TOML, not UTF-8, nested too deeply, or a wrong field
            raise self._error(str(error)) from None

    def _media(
        self, field: str, name: str, types: Mapping[str, str], lang: str, files: dict[str, tuple[Path, str]]
    ) -> Media:
        """A file under a name made of its content, which says neither the country nor the force."""
        path = self._file(field, name, types)
        with path.open("rb") as content:
            shown = hashlib.file_digest(content, "sha256").hexdigest()[:32] + path.suffix
        files[shown] = (path, types[path.suffix])
        return Media(shown, types[path.suffix], lang)

    def _poster(self, name: str) -> str:
        path = self._file("poster", name, POSTERS)
        if path.stat().st_size > LARGEST_INSIDE:
            raise self._error(f"poster: {name} is over {LARGEST_INSIDE} bytes, and stands inside the page")
        return f"data:{POSTERS[path.suffix]};base64,{base64.b64encode(path.read_bytes()).decode()}"

    def _file(self, field: str, name: str, types: Mapping[str, str]) -> Path:
        path = self._path.parent / name
        try:
            with path.open("rb") as content:
                is_one = path.suffix in types and _BEGINS[path.suffix].match(content.read(16))
        except OSError:
            is_one = None
        if not is_one:
            raise self._error(f"{field}: {name} is no file of {', '.join(types)}")
        return path

    def _transcript(self, said: _Said, poster: str) -> Transcript:
        packed = len(gzip.compress("\n".join((poster, *said.transcript)).encode()))
        if packed > LARGEST_INSIDE:
            complaint = f"poster and transcript ({said.lang}) come to {packed} bytes packed; {LARGEST_INSIDE} at most"
            raise self._error(f"{complaint}, since they stand inside the page")
        try:
            direction = str(Cldr.parse(said.lang, sep="-").text_direction)
        except (ValueError, UnknownLocaleError):
            raise self._error(f"lang: {said.lang} is no language that is known") from None
        return Transcript(said.lang, direction, said.transcript)
