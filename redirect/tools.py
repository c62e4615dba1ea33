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

from redirect import __version__
from redirect.adapters import access, benign, bundles, source_file, sources
from redirect.adapters.categories import load_categories
from redirect.adapters.content import load_texts, shipped
from redirect.adapters.embedded import EmbeddedStore
from redirect.adapters.flush import drain
from redirect.adapters.platforms import ensure_name
from redirect.adapters.prover import BundleProver
from redirect.adapters.source_marks import SourceMarks
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
from redirect.journeys import publish, report, review, vet

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Sequence

    from redirect.adapters.source_file import Source
    from redirect.domain.decision import Action
    from redirect.domain.lists import Entry
    from redirect.domain.matching import Match, Matcher
    from redirect.domain.subject import Surface
    from redirect.settings import Settings

SAMPLE = Path(__file__).with_name("data") / "demo_list.csv"
LIVE = "live"
"""Stands for the list that is live, where a directory with a bundle could stand."""

DAY = 86400
PATIENCE = 3.0
"""Seconds that `counts` waits for what a running service has not sent yet."""


@dataclass(frozen=True)
class Built:
    """What became of the sources. `unchanged`: nothing was built, since the bundle that is there says the same."""

    manifest: Manifest
    unread: tuple[ListError, ...]
    unchanged: bool = False


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
    wanted: Sequence[Path | Source],
    out: Path,
    *,
    category: str = DEFAULT_CATEGORY,
    confidence: Confidence = Confidence.HIGH,
    use_until: datetime | None,
    local: bool,
    rebuild: bool = False,
    progress: Callable[[str, int, int | None], None] | None = None,
) -> Built:
    """Read sources and write the signed bundle to `out`. `category` and `confidence` are for what says neither.

    Where no fetched source has changed, the bundle in `out` stays, unless half its time to `refresh_by` is over.
    `progress` is told what goes on, how far it is, and of how much. Raises ListError where a source, or no entry
    at all, can be read.
    """
    list_key, before = load_keys(settings).list_key, _manifest_in(settings, out)
    named = source_file.complete(wanted, category, confidence)
    recipe = msgspec.json.encode((named, use_until, local, __version__))
    marks = SourceMarks(settings.data_dir / "sources", list_key, out, recipe)
    if before and not rebuild and _is_fresh(before):
        marks.recall(before.version)
    gathered = sources.gather(named, marks, progress)
    if before and gathered.unchanged:
        return Built(before, (), unchanged=True)
    unread = gathered.unread
    envelope, body, manifest = _sign(
        settings,
        gathered.entries,
        previous=before.version if before else 0,
        use_until=use_until,
        local=local,
        progress=partial(progress, "the bundle") if progress else None,
        refused=lambda index, reason: unread.append(gathered.error_at(index, reason)),
    )
    bundles.write(out, envelope, body)
    marks.keep(manifest.version)
    return Built(manifest, tuple(unread))


def _is_fresh(manifest: Manifest) -> bool:
    return datetime.now(UTC) < datetime.fromisoformat(manifest.created) + REFRESH_AFTER / 2


def _sign(
    settings: Settings,
    entries: Sequence[Entry],
    *,
    previous: int = 0,
    use_until: datetime | None = None,
    local: bool = False,
    progress: Callable[[int, int], None] | None = None,
    refused: Callable[[int, str], None] | None = None,
) -> tuple[bytes, bytes, Manifest]:
    keys = load_keys(settings)
    body = build(entries, keys.list_key, progress=progress, refused=refused)
    counts = bundle.Bundle(body).counts
    if not any(counts.values()):
        raise ListError("no entry could be read; an empty list never goes live")
    now = datetime.now(UTC)
    manifest = Manifest(
        version=version_after(previous, now),
        previous=previous,
        created=now.isoformat(timespec="seconds"),
        refresh_by=(now + REFRESH_AFTER).isoformat(timespec="seconds"),
        use_until=use_until.isoformat(timespec="seconds") if use_until else None,
        entries={kind.value: count for kind, count in counts.items()},
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


def _manifest_in(settings: Settings, directory: Path) -> Manifest | None:
    """Of the bundle that lies there already, None where there is none of ours."""
    try:
        return _prover(settings).manifest(bundles.read(directory)[0])
    except ListError:
        return None


def check_list(
    settings: Settings,
    wanted: Sequence[Path | Source],
    *,
    category: str = DEFAULT_CATEGORY,
    confidence: Confidence = Confidence.HIGH,
    against: str = "",
    progress: vet.Progress = vet.untold,
) -> review.Report:
    """All that can be said of sources before they are built; nothing is written.

    `against` is a directory with a bundle, or LIVE. Raises ListError where a source, or the older list, cannot be
    read.
    """
    keys = load_keys(settings)
    before = bundle.Bundle(asyncio.run(_trusted(settings, against))[1]) if against else None
    marks = SourceMarks(settings.data_dir / "sources", keys.list_key, settings.data_dir, b"")
    gathered = sources.gather(source_file.complete(wanted, category, confidence), marks, progress)
    progress("what is benign", 0, None)
    return review.review(
        gathered.entries,
        [review.Place(parsed.name, line) for parsed in gathered.parsed for line in parsed.lines],
        gathered.unread,
        keys.list_key,
        benign.load(frequent=True),
        before=before,
        today=lambda: int(time.time()) // DAY,
        progress=progress,
    )


async def publish_list(
    settings: Settings, directory: Path, *, accept_change: bool, progress: vet.Progress = vet.untold
) -> Manifest:
    """Make the bundle in `directory` live, once it has been tried on all that is benign."""
    envelope, body = bundles.read(directory)
    prover, harmless = _prover(settings), benign.load()
    async with open_store(settings) as store:
        return await publish.publish(
            store, prover, envelope, body, harmless, accept_change=accept_change, progress=progress
        )


def dry_run(
    settings: Settings, lines: Iterable[str], surface: Surface, directory: Path | None
) -> Counter[tuple[str, Action]]:
    """What a bundle, or the live one, would do with each line, by category and action: numbers and nothing else."""
    matcher, _ = asyncio.run(_trusted(settings, str(directory or LIVE)))
    messages = shipped("messages")
    categories = load_categories(messages / "categories.toml", load_texts(messages))
    return vet.rates(lines, matcher, categories, surface)


async def _trusted(settings: Settings, where: str) -> tuple[Matcher, bytes]:
    """What is live, or lies in a directory, if a trusted key signed it: what decides by it, and its bytes."""
    if where == LIVE:
        async with open_store(settings) as store:
            found = await store.read_list()
        if found is None:
            raise ListError("no list is live")
    else:
        found = bundles.read(Path(where))
    prover = _prover(settings)
    return prover.body(prover.manifest(found[0]), found[1]), found[1]


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
    matcher, _ = await _trusted(settings, LIVE)
    return matcher.match_url(text) if text.lower().startswith(("http://", "https://")) else matcher.match_query(text)


async def publish_sample(settings: Settings) -> None:
    """The sample list of invented entries, where nothing is live and nothing was."""
    async with Store(store_url(settings)) as store:
        if await store.list_version() or any((settings.data_dir / "lists").glob("*")):
            return
        entries, _ = sources.read(SAMPLE, category=DEFAULT_CATEGORY, confidence=Confidence.HIGH)
        envelope, body, _ = _sign(settings, entries)
        # A test tries the sample on all that is benign; here it would only make the first start a second longer.
        await publish.publish(store, _prover(settings), envelope, body, vet.Benign((), (), ()))


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
