"""Owns looking after the services: checking, verifying and pausing them, and the table for reviewers. Must never change
what a record says but as somebody asked."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any, Final

from redirect.adapters import record_facts, record_files, record_sheet
from redirect.adapters.content import shipped
from redirect.adapters.directory import load_directory
from redirect.domain.errors import ContentError, SettingsError
from redirect.domain.services import FURTHER_NOTICE, PILLARS, WORLD, is_stale
from redirect.tools.stores import open_store

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from redirect.adapters.link_check import Found, LinkChecker, Progress, State
    from redirect.adapters.record_files import Value
    from redirect.domain.services import Service
    from redirect.settings import Settings

FINDING_COLUMNS: Final = (
    *("state", "service", "country", "field", "value"),
    *("what", "status", "leads_to", "certificate_days"),
)


@dataclass(frozen=True)
class Checked:
    """A row for each thing that was looked at; `left_out` says what was not, and what it needs."""

    rows: tuple[dict[str, Any], ...]
    left_out: str

    def count(self, state: State) -> int:
        """How many are so."""
        return sum(row["state"] == state for row in self.rows)


def resources(folder: Path | None = None) -> Path:
    """Where the records are: another folder, or those that came with this version."""
    return folder or shipped("messages") / "resources"


def chosen(folder: Path, what: str) -> list[Service]:
    """The services of a country (`DE`; `*` or `world`: those for everywhere), one by its id, or all. Raises
    SettingsError where there are none, ContentError where a file is at fault."""
    services = sorted(load_directory(folder), key=_place)
    country = WORLD if what.lower() in {"world", WORLD} else what.upper()
    found = [s for s in services if not what or what == s.id or country in s.countries]
    if not found:
        raise SettingsError(f"{what}: no service has this id, and none names this country")
    return found


def ensure_can_change() -> None:
    """Raise SettingsError where what changes records is not installed, before anyone is asked anything."""
    record_files.kit()


def to_verify(services: Iterable[Service], today: date) -> list[Service]:
    """Those that nobody has checked, or not for so long that it no longer counts."""
    return [service for service in services if not service.verified_on or is_stale(service, today)]


def today() -> date:
    """The day, as pages reckon it."""
    return datetime.now(UTC).date()


async def check(services: Sequence[Service], checker: LinkChecker, progress: Progress, *, sources: bool) -> Checked:
    """Ask every address, and look at how numbers and hours are written."""
    links = [link for service in services for link in _links(service, sources=sources)]
    found = await checker.check((address for _, _, address in links), progress)
    rows = [_row(service, field, address, found[address]) for service, field, address in links]
    left_out = ""
    try:
        rows += [row for service in services for row in _written(service)]
    except SettingsError as error:
        left_out = str(error)
    return Checked(tuple(rows), left_out)


def verify(folder: Path, service: Service, by: str, on: date, agreed: str = "") -> None:
    """Write down who has checked a record, and when. Raises ContentError, and writes nothing, where it may not be."""
    if not by.strip() or not by.isprintable():
        raise ContentError("verified_by: say who checked it, by initials or by your work")
    if on > today():
        raise ContentError("verified_on: is a day to come")
    fields: dict[str, Value] = {"verified_on": on.isoformat(), "verified_by": by.strip()}
    if agreed:
        fields["agreed_on"] = agreed
    record_files.change(folder, {service.id: fields})


async def pause(settings: Settings, service: Service, until: str) -> None:
    """Send nobody to a service until a day, on every node, within seconds. Raises SettingsError where it may not be."""
    if service.id in PILLARS:
        raise SettingsError(f"{service.id} ends the chains of services, so that nobody is left without; it stays")
    if until != FURTHER_NOTICE and not _is_to_come(until):
        raise SettingsError(f"--until: {until!r} is no day to come; write it like 2026-12-31, or leave it out")
    async with open_store(settings) as store:
        await store.write_pause(service.id, until.encode())


async def resume(settings: Settings, service: Service) -> None:
    """End a pause. Raises SettingsError where there is none, or where the file itself says so."""
    async with open_store(settings) as store:
        ended = await store.delete_pause(service.id)
    if service.paused_until:
        raise SettingsError(f"{service.id} is paused in its file; take `paused_until` away there")
    if not ended:
        raise SettingsError(f"{service.id} is not paused; `redirect resources paused` shows which are")


async def paused(settings: Settings, folder: Path) -> list[dict[str, str]]:
    """Every pause, of the store and of the files, whether its day has come or not."""
    in_files = [(s.id, s.paused_until, "its file") for s in chosen(folder, "") if s.paused_until]
    async with open_store(settings) as store:
        pauses = await store.pauses() or {}
    in_store = [(name, until.decode("ascii", "replace"), "the store") for name, until in sorted(pauses.items())]
    return [{"service": name, "until": until, "where": where} for name, until, where in in_files + in_store]


def export(folder: Path, to: Path) -> int:
    """Write all records as a table; how many there are."""
    records = record_files.read_records(folder)
    to.write_bytes(record_sheet.write_sheet(records))
    return len(records)


def take_in(folder: Path, table: Path) -> list[dict[str, str]]:
    """Change what a table says otherwise; a row for each field that changed. Raises ContentError, and changes nothing,
    where any line cannot be taken."""
    records = record_files.read_records(folder)
    changes = record_sheet.read_sheet(table.read_bytes(), records)
    record_files.change(folder, changes)
    cell = record_sheet.cell
    return [
        {"service": id_, "field": field, "was": cell(records[id_].get(field)), "is": cell(value)}
        for id_, values in changes.items()
        for field, value in values.items()
    ]


def unverified(rows: Iterable[dict[str, str]], folder: Path) -> list[str]:
    """Of the records in these rows, those that the facts would overwrite, since nobody has verified them."""
    changed = {row["service"] for row in rows}
    return [service.id for service in chosen(folder, "") if service.id in changed and not service.verified_on]


def _place(service: Service) -> tuple[str, str]:
    return next(iter(service.countries), WORLD), service.id


def _links(service: Service, *, sources: bool) -> Iterator[tuple[Service, str, str]]:
    if service.url:
        yield service, "url", service.url
    if sources:
        yield from ((service, "sources", source) for source in service.sources)


def _written(service: Service) -> Iterator[dict[str, Any]]:
    if service.phone:
        yield _row(service, "phone", service.phone, record_facts.number(service.phone, service.countries))
    if service.hours:
        yield _row(service, "hours", service.hours, record_facts.hours(service.hours))


def _row(service: Service, field: str, value: str, found: Found) -> dict[str, Any]:
    return {
        "state": found.state.value,
        "service": service.id,
        "country": next(iter(service.countries), WORLD),
        "field": field,
        "value": value,
        "what": found.what,
        "status": found.status or "",
        "leads_to": found.leads_to,
        "certificate_days": "" if found.certificate_days is None else found.certificate_days,
    }


def _is_to_come(text: str) -> bool:
    try:
        return date.fromisoformat(text) > today()
    except ValueError:
        return False
