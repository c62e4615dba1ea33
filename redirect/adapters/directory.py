"""Owns reading `messages/resources/*.toml`. Must never let a record in that a page could not stand behind."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

import msgspec
import tomli
from babel.core import get_global
from msgspec import Meta

from redirect.domain.errors import ContentError
from redirect.domain.hours import ALWAYS, read_hours
from redirect.domain.periods import is_day
from redirect.domain.services import FURTHER_NOTICE, WORLD, Directory, Service

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

_WORLD_FILE = "world"

_Text = Annotated[str, Meta(min_length=1, max_length=300, pattern=r"\A[^\x00-\x1f\x7f]+\Z")]
_Address = Annotated[str, Meta(max_length=500, pattern=r"\Ahttps://[a-z0-9-]+(\.[a-z0-9-]+)+(/[!-~]*)?\Z")]
_Source = Annotated[str, Meta(max_length=1000, pattern=r"\Ahttps?://\S+\Z")]
_Country = Annotated[str, Meta(pattern=r"\A([A-Z]{2}|\*)\Z")]
_Language = Annotated[str, Meta(pattern=r"\A[a-z]{2,3}(-[A-Za-z0-9]{2,8})*\Z")]
_Phone = Annotated[str, Meta(pattern=r"\A(\+[1-9][0-9]{4,14}|[*#]?[0-9]{2,12})\Z")]
_Day = Annotated[str, Meta(pattern=r"\A([0-9]{4}-[0-9]{2}-[0-9]{2})?\Z")]
_Pause = Annotated[str, Meta(pattern=rf"\A([0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}|{FURTHER_NOTICE})?\Z")]
_SourceDate = Annotated[str, Meta(pattern=r"\A([0-9]{4}(-[0-9]{2}){0,2})?\Z")]
_Audience = Literal["self", "other", "family", "professional", "youth", "adult", "all"]
_Kind = Literal[
    "helpline",
    "chat",
    "email",
    "therapy",
    "online_self_help",
    "directory",
    "report_hotline",
    "takedown",
    "victim_support",
    "parent_guide",
    "child_helpline",
    "crisis_line",
    "emergency_number",
]


class Record(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """A table `[[service]]` as reviewers write it, in the order in which its fields are written; fields as in
    `Service`."""

    id: Annotated[str, Meta(max_length=80, pattern=r"\A[a-z0-9][a-z0-9-]*\Z")]
    name: _Text
    native_name: _Text | None = None
    operator: Annotated[str, Meta(max_length=300)]
    network: _Text | None = None
    audience: tuple[_Audience, ...]
    kind: Annotated[tuple[_Kind, ...], Meta(min_length=1)]
    countries: tuple[_Country, ...]
    region: _Text | None = None
    languages: tuple[_Language, ...]
    url: _Address | None = None
    phone: _Phone | None = None
    phone_display: _Text | None = None
    channels: tuple[Literal["phone", "text", "chat", "email"], ...] = ()
    hours: _Text | None = None
    time_zone: _Text | None = None
    free: bool | None = None
    anonymous: bool | None = None
    confidential: bool | None = None
    passes_on: tuple[Literal["child_at_risk", "crime"], ...] = ()
    minimum_age: Annotated[int, Meta(ge=0, le=120)] | None = None
    works_from_abroad: bool | None = None
    made_for_young_people: bool = False
    hold: bool = False
    confidence: Literal["official-page", "secondary"]
    sources: Annotated[tuple[_Source, ...], Meta(min_length=1)]
    source_date: _SourceDate = ""
    verified_on: _Day = ""
    verified_by: str = ""
    agreed_on: _Day = ""
    paused_until: _Pause = ""


def load_directory(folder: Path) -> Directory:
    """All services under `folder`. Raises ContentError, naming file and field, at the first thing wrong."""
    files = {path.name: read_file(path) for path in sorted(folder.glob("*.toml"))}
    if not files:
        raise ContentError(f"{folder.name}: no *.toml file with services")
    return parse_directory(files)


def read_file(path: Path) -> str:
    """The text of one file. Raises ContentError."""
    try:
        return path.read_text("utf-8")
    except OSError as error:
        raise ContentError(f"{path.name}: {error.strerror}") from None
    except ValueError as error:  # not UTF-8
        raise ContentError(f"{path.name}: {error}") from None


def parse_directory(files: Mapping[str, str]) -> Directory:
    """As `load_directory`, from texts by the names of their files."""
    homes: dict[str, str] = {}
    services = []
    for name, text in files.items():
        for service in _services(name, text):
            if service.id in homes:
                raise ContentError(f"{name}: id {service.id} stands in {homes[service.id]}, too")
            homes[service.id] = name
            services.append(service)
    return Directory(services)


def _services(name: str, text: str) -> Iterator[Service]:
    content = _parse(name, text)
    tables = content.get("service")
    if content.keys() != {"service"} or not isinstance(tables, list):
        raise ContentError(f"{name}: [[service]] tables are all that may stand here")
    for number, table in enumerate(tables, 1):
        record = _record(name, number, table)
        for field, wrong in _wrong(name, record):
            raise ContentError(f"{name}: {record.id}, {field}: {wrong}")
        yield Service(**msgspec.structs.asdict(record))


def _parse(name: str, text: str) -> dict[str, Any]:
    try:
        return tomli.loads(text)
    except ValueError as error:  # not TOML, or a number too long to read
        raise ContentError(f"{name}: {error}") from None
    except RecursionError:
        raise ContentError(f"{name}: nested too deeply") from None


def _record(name: str, number: int, table: object) -> Record:
    try:
        return msgspec.convert(table, Record)
    except (msgspec.ValidationError, RecursionError) as error:
        id_ = table.get("id") if isinstance(table, dict) else None
        raise ContentError(f"{name}: service {number} ({id_}): {error}") from None


def _wrong(name: str, record: Record) -> Iterator[tuple[str, str]]:
    """What no single field can show, as field and reason."""
    home = next(iter(record.countries), WORLD)
    if name != f"{_WORLD_FILE if home == WORLD else home}.toml":
        yield "countries", "stands in the file of its first country"
    if record.phone_display and not record.phone:
        yield "phone_display", "there is no phone to dial"
    if record.verified_on and not record.verified_by:
        yield "verified_by", "says who set verified_on"
    for field in ("verified_on", "agreed_on", "paused_until"):
        day = getattr(record, field)
        if day not in {"", FURTHER_NOTICE} and not is_day(day):
            yield field, f"{day} is not a day"
    yield from _wrong_hours(record)


def _wrong_hours(record: Record) -> Iterator[tuple[str, str]]:
    if record.hours is not None:
        try:
            read_hours(record.hours)
        except ValueError as error:
            yield "hours", str(error)
    if record.hours not in {None, ALWAYS} and not record.time_zone:
        yield "time_zone", "says by which clock the hours are, such as Europe/Oslo"
    if record.time_zone is not None and record.time_zone not in get_global("zone_territories"):
        yield "time_zone", "is no time zone of the IANA data base, such as Europe/Oslo"
