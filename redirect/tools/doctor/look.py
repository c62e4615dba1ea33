"""Owns the order in which a deployment is looked at. Must never stop at the first thing that is wrong."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from redirect import settings as settings_
from redirect.adapters import machine as machine_
from redirect.domain.errors import ContentError, SettingsError
from redirect.domain.findings import Level, fault, fine
from redirect.start import load_content
from redirect.tools.doctor import content, node, running, store
from redirect.tools.lists import prover_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from redirect.adapters.machine import Machine
    from redirect.domain.findings import Finding
    from redirect.settings import Settings


async def look(
    environ: Mapping[str, str],
    overrides: Mapping[str, str] | None = None,
    machine: Callable[[Path], Machine] = machine_.look,
) -> list[Finding]:
    """Everything, what is fine too. Where the settings cannot be read, that is all that can be said."""
    try:
        settings = settings_.load(environ, overrides)
    except SettingsError as error:
        return [fault("settings", str(error), "correct it; `redirect serve --help` explains every setting")]
    place = list(node.data_directory(settings))
    can_read = not any(finding.level is Level.FAULT for finding in place)
    return [
        fine("settings", "all are known and good"),
        *place,
        *(await _kept(settings) if can_read else []),
        *node.machine(settings, machine(settings.data_dir)),
        *node.public_address(settings),
        *await store.store(settings),
        *await _content(settings),
        *running.service(settings),
    ]


async def _kept(settings: Settings) -> list[Finding]:
    """What lies in the data directory, and the list, which needs keys that may lie there."""
    return [*node.keys(settings), *await _list(settings), store.spool(settings)]


async def _list(settings: Settings) -> list[Finding]:
    if settings.embedded and not (settings.data_dir / "keys").is_dir():
        return [fault("list", "no list is live: everything is allowed", f"make one live: {store.PUBLISH}")]
    if not node.has_keys(settings):
        return []  # to ask for them would make them
    try:
        return await store.live_list(settings, prover_of(settings))
    except SettingsError as error:
        return [fault("keys", str(error), "correct the setting that is named here")]


async def _content(settings: Settings) -> list[Finding]:
    try:
        found = load_content(settings)
    except SettingsError as error:
        return [fault("content", str(error), "correct the file or setting that is named here")]
    except ContentError as error:
        return [
            fault("content", str(error), "correct the file that is named here; `redirect messages check` looks further")
        ]
    paused, today = await store.pauses(settings), datetime.now(UTC).date()
    return [
        *content.platforms(settings, found),
        *content.locales(settings, found),
        *content.services(found.directory, paused, today),
    ]
