"""Owns what the command line does besides serving: lists, keys, counts. Must never need a running service, nor
disturb one."""

from __future__ import annotations

import asyncio
import hashlib
import time
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from redirect.adapters import access, bundles, sources
from redirect.adapters.embedded import EmbeddedStore
from redirect.adapters.flush import drain
from redirect.adapters.platforms import ensure_name
from redirect.adapters.prover import BundleProver
from redirect.adapters.spool import holding
from redirect.adapters.store import Store
from redirect.adapters.supervisor import DataDirectoryLock
from redirect.app import load_keys, store_url
from redirect.domain import bundle
from redirect.domain.access import Access, Scope
from redirect.domain.build import build
from redirect.domain.decision import DEFAULT_CATEGORY
from redirect.domain.errors import ListError, SettingsError, StoreError
from redirect.domain.lists import Confidence
from redirect.domain.manifest import REFRESH_AFTER, Manifest, version_after
from redirect.domain.matching import Matcher
from redirect.journeys import publish, report

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator, Sequence

    from redirect.domain.lists import Entry
    from redirect.domain.matching import Match
    from redirect.settings import Settings

SAMPLE = Path(__file__).with_name("data") / "demo_list.csv"
DAY = 86400
PATIENCE = 3.0
"""Seconds that `counts` waits for what a running service has not sent yet."""


@dataclass(frozen=True)
class Built:
    """What became of the sources."""

    manifest: Manifest
    unread: tuple[ListError, ...]


@asynccontextmanager
async def open_store(settings: Settings) -> AsyncIterator[Store]:
    """The store: the operator's own, or that of the running service, or one started for the moment."""
    with _store_running(settings):
        async with Store(store_url(settings)) as store:
            yield store


@contextmanager
def _store_running(settings: Settings) -> Iterator[None]:
    lock = DataDirectoryLock(settings.data_dir)
    if not settings.embedded or not lock.take():
        yield
        return
    embedded = EmbeddedStore(settings.data_dir)
    try:
        embedded.start()
        embedded.wait()
        yield
    finally:
        embedded.stop()
        lock.release()


def build_list(
    settings: Settings,
    paths: Sequence[Path],
    out: Path,
    *,
    category: str,
    confidence: Confidence,
    use_until: datetime | None,
    local: bool,
    progress: Callable[[int, int], None] | None = None,
) -> Built:
    """Read sources, write the signed bundle to `out`. Raises ListError where no entry can be read."""
    entries: list[Entry] = []
    unread: list[ListError] = []
    for path in paths:
        read, failed = sources.read(path, category=category, confidence=confidence)
        entries += read
        unread += failed
    envelope, body, manifest = _sign(
        settings, entries, previous=_version_in(settings, out), use_until=use_until, local=local, progress=progress
    )
    bundles.write(out, envelope, body)
    return Built(manifest, tuple(unread))


def _sign(
    settings: Settings,
    entries: Sequence[Entry],
    *,
    previous: int = 0,
    use_until: datetime | None = None,
    local: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> tuple[bytes, bytes, Manifest]:
    keys = load_keys(settings)
    if not entries:
        raise ListError("no entry could be read; an empty list never goes live")
    body = build(entries, keys.list_key, progress=progress)
    now = datetime.now(UTC)
    manifest = Manifest(
        version=version_after(previous, now),
        previous=previous,
        created=now.isoformat(timespec="seconds"),
        refresh_by=(now + REFRESH_AFTER).isoformat(timespec="seconds"),
        use_until=use_until.isoformat(timespec="seconds") if use_until else None,
        entries={kind.value: count for kind, count in bundle.Bundle(body).counts.items()},
        size=len(body),
        sha256=hashlib.sha256(body).hexdigest(),
        local=local,
    )
    return _envelope(settings, manifest), body, manifest


def _envelope(settings: Settings, manifest: Manifest) -> bytes:
    signing = load_keys(settings).signing
    if not signing:
        raise SettingsError("REDIRECT_SIGNING_KEY: needed where lists are built; `redirect keys generate` makes one")
    return bundles.sign(manifest, signing)


def _version_in(settings: Settings, directory: Path) -> int:
    """The version of the bundle that lies there already, 0 where there is none of ours."""
    try:
        return _prover(settings).manifest(bundles.read(directory)[0]).version
    except ListError:
        return 0


async def publish_list(settings: Settings, directory: Path, *, accept_change: bool) -> Manifest:
    """Make the bundle in `directory` live."""
    envelope, body = bundles.read(directory)
    async with open_store(settings) as store:
        return await publish.publish(store, _prover(settings), envelope, body, accept_change=accept_change)


async def roll_back_list(settings: Settings) -> Manifest:
    """Make the list that was live before live again."""
    async with open_store(settings) as store:
        sign = partial(_envelope, settings)
        return await publish.roll_back(store, _prover(settings), sign, datetime.now(UTC))


async def list_status(settings: Settings) -> Manifest | None:
    """What is live, None where nothing is."""
    async with open_store(settings) as store:
        return await publish.live_manifest(store, _prover(settings))


async def explain(settings: Settings, text: str) -> Match | None:
    """What matches a query, or a URL where the text begins as one, in the list that is live. Raises ListError
    where none is."""
    prover = _prover(settings)
    async with open_store(settings) as store:
        found = await store.read_list()
    if found is None:
        raise ListError("no list is live")
    prover.body(prover.manifest(found[0]), found[1])
    matcher = Matcher(bundle.Bundle(found[1]), prover.list_key, lambda: int(time.time()) // DAY)
    return matcher.match_url(text) if text.lower().startswith(("http://", "https://")) else matcher.match_query(text)


async def publish_sample(settings: Settings) -> None:
    """The sample list of invented entries, where nothing is live and nothing was."""
    async with Store(store_url(settings)) as store:
        if await store.list_version() or any((settings.data_dir / "lists").glob("*")):
            return
        entries, _ = sources.read(SAMPLE, category=DEFAULT_CATEGORY, confidence=Confidence.HIGH)
        envelope, body, _ = _sign(settings, entries)
        await publish.publish(store, _prover(settings), envelope, body)


def _prover(settings: Settings) -> BundleProver:
    keys = load_keys(settings)
    return BundleProver(keys.trust, keys.list_key)


async def create_key(settings: Settings, platform: str, scopes: Sequence[Scope]) -> tuple[str, Access]:
    """A new key, to be shown once, and what is kept of it."""
    key = access.new_key()
    digest = access.digest(key)
    record = Access(id=digest[:8], platform=ensure_name(platform), scopes=tuple(dict.fromkeys(scopes)))
    async with open_store(settings) as store:
        await store.write_access_key(digest, msgspec.json.encode(record))
    return key, record


async def known_keys(settings: Settings) -> list[Access]:
    """What is kept of every key."""
    async with open_store(settings) as store:
        records = (await store.access_keys()).values()
    return sorted((msgspec.json.decode(record, type=Access) for record in records), key=lambda known: known.platform)


async def revoke_key(settings: Settings, key_id: str) -> bool:
    """Whether there was a key whose digest begins so."""
    async with open_store(settings) as store:
        found = [digest for digest in await store.access_keys() if digest[:8] == key_id]
        return bool(found) and await store.delete_access_key(found[0])


async def counted(settings: Settings, table: str, first: str, last: str) -> tuple[list[dict[str, str | int]], bool]:
    """Rows of a table, and whether everything that was counted before this call is in them."""
    async with open_store(settings) as store:
        complete = await _sent(settings, store)
        return await report.counted(store, time.time, table, first, last), complete


async def _sent(settings: Settings, store: Store) -> bool:
    """Wait until what was counted so far has reached the store, sent by the service or, where none runs, by us."""
    spools = settings.data_dir / "spool"
    waiting, deadline = holding(spools), time.monotonic() + PATIENCE
    while waiting & holding(spools) and time.monotonic() < deadline:
        with suppress(StoreError, OSError):
            await drain(spools, store)
        await asyncio.sleep(0.05)
    return not waiting & holding(spools)
