"""Owns reading `messages/resources/*.toml`. Must never let a record in that a page could not stand behind."""

from __future__ import annotations

import tomllib
from datetime import date
from typing import TYPE_CHECKING, Annotated, Any, Literal

import msgspec
from msgspec import Meta

from redirect.domain.errors import ContentError
from redirect.domain.services import WORLD, Directory, Service

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_WORLD_FILE = "world"

_Text = Annotated[str, Meta(min_length=1, max_length=300, pattern=r"\A[^\x00-\x1f\x7f]+\Z")]
_Address = Annotated[str, Meta(max_length=500, pattern=r"\Ahttps://[a-z0-9-]+(\.[a-z0-9-]+)+(/[!-~]*)?\Z")]
_Source = Annotated[str, Meta(max_length=1000, pattern=r"\Ahttps?://\S+\Z")]
_Country = Annotated[str, Meta(pattern=r"\A([A-Z]{2}|\*)\Z")]
_Language = Annotated[str, Meta(pattern=r"\A[a-z]{2,3}(-[A-Za-z0-9]{2,8})*\Z")]
_Phone = Annotated[str, Meta(pattern=r"\A(\+[1-9][0-9]{4,14}|[*#]?[0-9]{2,12})\Z")]
_Day = Annotated[str, Meta(pattern=r"\A([0-9]{4}-[0-9]{2}-[0-9]{2})?\Z")]
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


class _Record(msgspec.Struct, forbid_unknown_fields=True):
    """A table `[[service]]` as reviewers write it; fields as in `Service`."""

    id: Annotated[str, Meta(max_length=80, pattern=r"\A[a-z0-9][a-z0-9-]*\Z")]
    name: _Text
    operator: Annotated[str, Meta(max_length=300)]
    audience: tuple[_Audience, ...]
    kind: Annotated[tuple[_Kind, ...], Meta(min_length=1)]
    countries: tuple[_Country, ...]
    languages: tuple[_Language, ...]
    confidence: Literal["official-page", "secondary"]
    sources: Annotated[tuple[_Source, ...], Meta(min_length=1)]
    native_name: _Text | None = None
    url: _Address | None = None
    phone: _Phone | None = None
    phone_display: _Text | None = None
    hours: _Text | None = None
    free: bool | None = None
    anonymous: bool | None = None
    confidential: bool | None = None
    minimum_age: Annotated[int, Meta(ge=0, le=120)] | None = None
    works_from_abroad: bool | None = None
    verified_on: _Day = ""
    verified_by: str = ""
    agreed_on: _Day = ""
    source_date: _SourceDate = ""
    network: _Text | None = None
    region: _Text | None = None
    made_for_young_people: bool = False
    hold: bool = False


def load_directory(folder: Path) -> Directory:
    """All services under `folder`. Raises ContentError, naming file and field, at the first thing wrong."""
    paths = sorted(folder.glob("*.toml"))
    if not paths:
        raise ContentError(f"{folder.name}: no *.toml file with services")
    homes: dict[str, Path] = {}
    services = []
    for path in paths:
        for service in _services(path):
            if service.id in homes:
                raise ContentError(f"{path.name}: id {service.id} stands in {homes[service.id].name}, too")
            homes[service.id] = path
            services.append(service)
    return Directory(services)


def _services(path: Path) -> Iterator[Service]:
    content = _read(path)
    tables = content.get("service")
    if content.keys() != {"service"} or not isinstance(tables, list):
        raise ContentError(f"{path.name}: [[service]] tables are all that may stand here")
    for number, table in enumerate(tables, 1):
        record = _record(path, number, table)
        _check(path, record)
        yield Service(**msgspec.structs.asdict(record))


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        raise ContentError(f"{path.name}: {error.strerror}") from None
    except ValueError as error:  # not TOML, not UTF-8, or a number too long to read
        raise ContentError(f"{path.name}: {error}") from None
    except RecursionError:
        raise ContentError(f"{path.name}: nested too deeply") from None


def _record(path: Path, number: int, table: object) -> _Record:
    try:
        return msgspec.convert(table, _Record)
    except (msgspec.ValidationError, RecursionError) as error:
        name = table.get("id") if isinstance(table, dict) else None
        raise ContentError(f"{path.name}: service {number} ({name}): {error}") from None


def _check(path: Path, record: _Record) -> None:
    """What no single field can show."""
    home = next(iter(record.countries), WORLD)
    if path.stem != (_WORLD_FILE if home == WORLD else home):
        raise ContentError(f"{path.name}: {record.id}, countries: stands in the file of its first country")
    if record.phone_display and not record.phone:
        raise ContentError(f"{path.name}: {record.id}, phone_display: there is no phone to dial")
    if record.verified_on and not record.verified_by:
        raise ContentError(f"{path.name}: {record.id}, verified_by: says who set verified_on")
    for field in ("verified_on", "agreed_on"):
        _check_day(path, record, field)


def _check_day(path: Path, record: _Record, field: str) -> None:
    day = getattr(record, field)
    try:
        date.fromisoformat(day or "2000-01-01")
    except ValueError:
        raise ContentError(f"{path.name}: {record.id}, {field}: {day} is not a day") from None
