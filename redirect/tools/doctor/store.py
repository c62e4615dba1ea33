"""Owns what is looked at of the store, the clock, the list and counts on their way. Must never start a store, nor write
to one."""

from __future__ import annotations

import time
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from redirect.adapters import bundles, store_facts
from redirect.adapters.list_places import place_of
from redirect.adapters.lock import is_held
from redirect.adapters.spool import holding
from redirect.adapters.store import Store
from redirect.data_dir import store_url
from redirect.domain.decision import Degraded
from redirect.domain.errors import ListError, RedirectError, SettingsError, StoreError
from redirect.domain.findings import fault, fine, warning
from redirect.domain.manifest import staleness

if TYPE_CHECKING:
    from collections.abc import Iterator

    from redirect.adapters.prover import BundleProver
    from redirect.adapters.store_facts import StoreFacts
    from redirect.domain.findings import Finding
    from redirect.domain.manifest import Manifest
    from redirect.settings import Settings

CLOCKS_APART = 2.0
CLOCKS_FAR_APART = 60.0
SOON = timedelta(days=14)
STUCK = 120.0
"""Seconds after which counts have waited too long."""
PUBLISH = "`redirect lists build` and `redirect lists publish`"


def is_reachable(settings: Settings) -> bool:
    """Whether there is a store to ask without starting one."""
    return not settings.embedded or is_held(settings.data_dir)


async def store(settings: Settings) -> list[Finding]:
    """Whether it answers, keeps what it is given, and has the same time."""
    try:
        url = store_url(settings)
        if not is_reachable(settings):
            return [fine("store", "embedded; no service runs, so it is not asked")]
        facts = await store_facts.look(url)
    except SettingsError as error:
        return [fault("store", str(error), "change the setting that is named here")]
    except StoreError as error:
        return [
            fault(
                "store",
                f"{error}: counts wait on this disk, keys and lists stay as they were",
                "look whether it runs, and whether address, password and rights in REDIRECT_STORE_URL are good",
            )
        ]
    return [*_set_up(settings, facts), _clock(facts)]


def _set_up(settings: Settings, facts: StoreFacts) -> Iterator[Finding]:
    good = True
    if facts.replica:
        good = False
        yield fault("store", "this is a replica, which takes no changes", "name the primary in REDIRECT_STORE_URL")
    if facts.evicts:
        good = False
        yield fault(
            "store",
            "it may forget keys when its memory is full, and counts would be wrong",
            "set `maxmemory-policy noeviction` in the store",
        )
    if not facts.persistent:
        good = False
        yield warning(
            "store",
            "it keeps no append-only file: a restart loses what was counted since its last snapshot",
            "set `appendonly yes` in the store",
        )
    if not settings.embedded and _in_the_clear(settings.store_url.reveal()):
        good = False
        yield warning(
            "store",
            "it is asked over a network without encryption, or without a password",
            "use rediss:// (or clusters://) with a password in REDIRECT_STORE_URL",
        )
    if good:
        yield fine("store", "answers, keeps what it is given")


def _in_the_clear(url: str) -> bool:
    parts = urlsplit(url)
    is_near = parts.scheme == "unix" or parts.hostname in {"127.0.0.1", "::1", "localhost"}
    return not is_near and (parts.scheme not in {"rediss", "clusters"} or not parts.password)


def _clock(facts: StoreFacts) -> Finding:
    apart = f"this machine's clock and the store's are {abs(facts.ahead):.1f} seconds apart"
    remedy = "let both machines keep time by NTP: timedatectl set-ntp true"
    if abs(facts.ahead) > CLOCKS_FAR_APART:
        return fault("clock", f"{apart}: counts fall into wrong hours, lists and keys end at wrong times", remedy)
    if abs(facts.ahead) > CLOCKS_APART:
        return warning("clock", apart, remedy)
    return fine("clock", apart)


async def live_list(settings: Settings, prover: BundleProver) -> list[Finding]:
    """Whether there is one, may be believed, and is young enough."""
    try:
        found = await _found(settings)
        if found is None:
            none = "none lies where REDIRECT_LIST_SOURCE says" if settings.list_source else "no list is live"
            return [fault("list", f"{none}: everything is allowed", f"make one live: {PUBLISH}")]
        manifest = prover.manifest(found[0])
        prover.body(manifest, found[1])
    except ListError as error:
        return [
            fault(
                "list", f"it is refused: {error}", f"see that keys are the same here and where it was built; {PUBLISH}"
            )
        ]
    except (StoreError, OSError) as error:
        whence = (
            "that REDIRECT_LIST_SOURCE can be read from here" if settings.list_source else "what is said of the store"
        )
        return [warning("list", f"it could not be read now: {error}", f"see {whence}")]
    return list(_age(manifest))


async def _found(settings: Settings) -> tuple[bytes, bytes] | None:
    place = place_of(settings.list_source)
    if place:
        try:
            return await place.read_list()
        finally:
            await place.close()
    if is_reachable(settings):
        async with Store(store_url(settings)) as store:
            return await store.read_list()
    kept = sorted((int(path.name) for path in settings.data_dir.glob("lists/*") if path.name.isdecimal()), reverse=True)
    return bundles.read(settings.data_dir / "lists" / str(kept[0])) if kept else None


def _age(manifest: Manifest) -> Iterator[Finding]:
    state, now = staleness(manifest, time.time()), datetime.now(UTC)
    until = datetime.fromisoformat(manifest.use_until) if manifest.use_until else None
    if datetime.fromisoformat(manifest.created) > now + timedelta(minutes=5):
        yield fault(
            "clock", "the list was built in the future", "set this machine's clock, or that where lists are built"
        )
    if state is Degraded.LIST_PAST_USE:
        yield fault(
            "list",
            f"it might be used until {manifest.use_until}; it matches nothing now",
            f"get a newer one: {PUBLISH}",
        )
    elif state is Degraded.LIST_PAST_REFRESH:
        yield warning("list", f"it should have been renewed by {manifest.refresh_by}", f"get a newer one: {PUBLISH}")
    elif until and until < now + SOON:
        yield warning("list", f"it may be used until {manifest.use_until} only", f"get a newer one before: {PUBLISH}")
    else:
        yield fine("list", f"version {manifest.version}, {manifest.total} entries, built {manifest.created}")


async def pauses(settings: Settings) -> dict[str, str]:
    """Which services are paused, if the store can be asked."""
    if not is_reachable(settings):
        return {}
    with suppress(RedirectError, OSError):
        async with Store(store_url(settings)) as store:
            found = await store.pauses() or {}
        return {service: until.decode("ascii", "replace") for service, until in found.items()}
    return {}


def spool(settings: Settings) -> Finding:
    """Whether counts reach the store."""
    waiting = holding(settings.data_dir / "spool")
    late = [path for path in waiting if time.time() - path.stat().st_mtime > STUCK]
    if late and is_held(settings.data_dir):
        return warning(
            "counts",
            f"{len(late)} files of counts have waited for more than {STUCK:.0f} seconds",
            "mend the store; nothing is lost while this disk has room",
        )
    return fine("counts", f"{len(waiting)} files on their way" if waiting else "none waits")
