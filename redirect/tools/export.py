"""Owns how hosts of a list become a file for a resolver. Must never show one, nor write anything but that file."""

from __future__ import annotations

import grp
import os
import stat
import time
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from redirect.adapters import benign, source_file, sources
from redirect.adapters.categories import shipped_categories
from redirect.adapters.content import shipped
from redirect.adapters.directory import load_directory
from redirect.adapters.files import replacing
from redirect.adapters.source_marks import SourceMarks
from redirect.domain.decision import DEFAULT_CATEGORY
from redirect.domain.errors import ListError, SettingsError
from redirect.domain.lists import Confidence
from redirect.domain.manifest import CHANGE_LIMIT
from redirect.domain.zone_hosts import Hosts
from redirect.domain.zones import HEAD_LIMIT, Format, head_of, serial_after
from redirect.journeys.vet import untold

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from redirect.adapters.source_file import Source
    from redirect.adapters.sources import Gathered
    from redirect.domain.zones import Head, Zone
    from redirect.journeys.vet import Progress
    from redirect.settings import Settings

PRIVATE, SHARED = 0o600, 0o640
NAMED: Final = 10
"""Places that a refusal names."""

_EVERY: Final = 20_000


@dataclass(frozen=True)
class Exported:
    """What became of the sources. `left_out` has no place in such a file, `unread` could not be read or used;
    `serial` is 0 where the format has none. `unchanged`: the file that was there says the same, and stays."""

    hosts: int
    serial: int
    left_out: tuple[ListError, ...]
    unread: tuple[ListError, ...]
    unchanged: bool = False


def export_list(
    settings: Settings,
    wanted: Sequence[Path | Source],
    out: Path,
    zone: Zone,
    *,
    category: str = DEFAULT_CATEGORY,
    confidence: Confidence = Confidence.HIGH,
    group: str = "",
    accept_change: bool = False,
    progress: Progress = untold,
) -> Exported:
    """Read sources in plain, and write the hosts that policy blocks at a resolver to `out`, as `zone` says; its names
    and serial are found here. `group` may then read the file; without one, its owner alone.

    Raises ListError, and leaves what was there, where it may not be written: among others where an entry would block
    what is benign. SettingsError where `out` or `group` cannot be used.
    """
    owner = _group(group)
    before = _before(out, zone.format)
    # No marks are kept: what is exported is read anew each time.
    marks = SourceMarks(settings.data_dir, b"", out, b"")
    gathered = sources.gather(source_file.complete(wanted, category, confidence), marks, progress)
    hosts, told = _file(gathered, zone, progress)
    _ensure_harmless(hosts, gathered, _benign_hosts(settings, zone.stop.name))
    zone = replace(zone, names=hosts.names(), serial=before.serial if before else 0)
    told = replace(told, hosts=len(zone.names.blocked), serial=zone.serial)
    _ensure_may_follow(told.hosts, before, accept_change=accept_change)
    if before and _is_as_wanted(out, owner) and _says(out, zone):
        return replace(told, unchanged=True)
    if zone.format is Format.RPZ:
        zone = replace(zone, serial=serial_after(zone.serial, int(time.time())))
    _write(out, zone, owner, progress)
    return replace(told, serial=zone.serial)


def _group(name: str) -> int | None:
    if not name:
        return None
    try:
        number = grp.getgrnam(name).gr_gid
    except KeyError:
        raise SettingsError("--group: there is no such group on this machine") from None
    if os.geteuid() != 0 and number not in {os.getegid(), *os.getgroups()}:
        raise SettingsError("--group: only root, or a member of the group, can give a file to it")
    return number


def _before(out: Path, format_: Format) -> Head | None:
    """What the file that is there says of itself, None where there is none, or an empty one. Raises SettingsError where
    none of ours may be written: over what we did not write, or where anybody could put another in its place."""
    if str(out) == "-":
        raise SettingsError("--out: a file is needed; a list in plain is never shown")
    if out.parent.stat().st_mode & stat.S_IWOTH:
        raise SettingsError("--out: everybody may write in that directory; take one that only its owner writes in")
    if not out.exists():
        return None
    if not out.is_file():
        raise SettingsError("--out: it is no regular file")
    with out.open(encoding="utf-8", errors="replace") as file:
        text = file.read(HEAD_LIMIT)
    head = head_of(text)
    if text and (head is None or head.format not in {format_, "" if format_ is Format.RPZ else format_}):
        raise SettingsError(f"--out: what is there is no {format_} file of `redirect export`; move it away first")
    return head


def _file(gathered: Gathered, zone: Zone, progress: Progress) -> tuple[Hosts, Exported]:
    entries = gathered.entries
    hosts = Hosts(shipped_categories(), datetime.now(UTC).date().isoformat(), zone.longest)
    left_out: list[ListError] = []
    unread = gathered.unread
    for place, left in enumerate(hosts.take(entries)):
        if left:
            (unread if left.serious else left_out).append(gathered.error_at(place, left.reason))
        if place % _EVERY == 0:
            progress("hosts", place, len(entries))
    return hosts, Exported(0, 0, tuple(left_out), tuple(unread))


def _benign_hosts(settings: Settings, stop_name: str) -> Iterator[str]:
    """Hosts that no resolver may block: everybody's, those that help, and our own."""
    services = (service.url for service in load_directory(shipped("messages") / "resources") if service.url)
    for url in (*benign.load().urls, *services, settings.public_url, f"//{stop_name}"):
        if host := urlsplit(url).hostname:
            yield host


def _ensure_harmless(hosts: Hosts, gathered: Gathered, benign_hosts: Iterator[str]) -> None:
    if not (found := hosts.blocking(benign_hosts)):
        return
    errors = [gathered.error_at(place, "") for place in found[:NAMED]]
    places = "; ".join(f"{error.list_name}, line {error.line}" for error in errors)
    more = f" and {len(found) - NAMED} more" if len(found) > NAMED else ""
    raise ListError(
        f"nothing is written: it would block sites that nearly everybody uses, services that help, a whole public"
        f" suffix or the stop page itself, by {places}{more}. Take them out, or spare them by an entry of kind except"
    )


def _ensure_may_follow(hosts: int, before: Head | None, *, accept_change: bool) -> None:
    if not hosts:
        raise ListError("nothing is written: not one host is left that policy blocks at a resolver")
    if accept_change or not before or not before.hosts:
        return
    change = hosts / before.hosts - 1
    if abs(change) > CHANGE_LIMIT:
        raise ListError(
            f"nothing is written: {hosts} hosts, and {before.hosts} before: a change of {change:+.0%} is more than"
            f" {CHANGE_LIMIT:.0%}; if that is meant, export with --accept-change"
        )


def _is_as_wanted(out: Path, group: int | None) -> bool:
    """Whether those may read the file who should."""
    is_now = out.stat()
    mode = stat.S_IMODE(is_now.st_mode)
    return mode == PRIVATE if group is None else (mode, is_now.st_gid) == (SHARED, group)


def _says(out: Path, zone: Zone) -> bool:
    with out.open(encoding="utf-8", errors="replace") as file:
        return all(file.read(len(text)) == text for text in zone.lines()) and not file.read(1)


def _write(out: Path, zone: Zone, group: int | None, progress: Progress) -> None:
    names = len(zone.names.blocked)
    with replacing(out, PRIVATE if group is None else SHARED, group) as file:
        for number, text in enumerate(zone.lines()):
            file.write(text.encode("ascii"))
            if number % _EVERY == 0:
                progress("the file", min(number, names), names)
    progress("the file", names, names)
