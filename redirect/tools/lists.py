"""Owns how a list is built and signed. Must never leave anything of a list behind but the bundle."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING

import msgspec

from redirect import __version__
from redirect.adapters import benign, bundles, source_file, sources
from redirect.adapters.categories import shipped_categories
from redirect.adapters.prover import BundleProver
from redirect.adapters.source_marks import SourceMarks
from redirect.data_dir import load_keys
from redirect.domain import bundle
from redirect.domain.build import build
from redirect.domain.decision import DEFAULT_CATEGORY
from redirect.domain.errors import ListError, SettingsError
from redirect.domain.fold import Fold
from redirect.domain.fold_table import packaged
from redirect.domain.guard import single_words
from redirect.domain.lists import EXPIRED, UNKNOWN_CATEGORY, Confidence
from redirect.domain.manifest import REFRESH_AFTER, Manifest, version_after

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from redirect.adapters.source_file import Source
    from redirect.domain.lists import Entry
    from redirect.settings import Settings


@dataclass(frozen=True)
class BundleOptions:
    """What a bundle is made for: the end of a licence, whether local checkers may use it, and whether words of six
    letters and more also match with one letter off."""

    use_until: datetime | None = None
    local: bool = False
    edits: bool = False


@dataclass(frozen=True)
class Built:
    """What became of the sources. `unchanged`: nothing was built, since the bundle that is there says the same."""

    manifest: Manifest
    unread: tuple[ListError, ...]
    unchanged: bool = False


def build_list(
    settings: Settings,
    wanted: Sequence[Path | Source],
    out: Path,
    *,
    category: str = DEFAULT_CATEGORY,
    confidence: Confidence = Confidence.HIGH,
    options: BundleOptions,
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
    recipe = msgspec.json.encode((named, options, __version__))
    marks = SourceMarks(settings.data_dir / "sources", list_key, out, recipe)
    if before and not rebuild and _is_fresh(before):
        marks.recall(before.version)
    gathered = sources.gather(named, marks, progress)
    if before and gathered.unchanged:
        return Built(before, (), unchanged=True)
    unread, known = gathered.unread, known_categories()
    today = datetime.now(UTC).date().isoformat()
    kept = []
    entries = gathered.entries
    for index, entry in enumerate(entries):
        if entry.category not in known:
            unread.append(gathered.error_at(index, UNKNOWN_CATEGORY))
        elif entry.expires and entry.expires < today:
            unread.append(gathered.error_at(index, EXPIRED))
        else:
            kept.append(index)
    if unread and not kept:
        raise ListError(f"no entry is left; the first reason: {unread[0]}")
    envelope, body, manifest = sign(
        settings,
        [entries[index] for index in kept],
        previous=before.version if before else 0,
        options=options,
        progress=partial(progress, "the bundle") if progress else None,
        refused=lambda place, reason: unread.append(gathered.error_at(kept[place], reason)),
    )
    bundles.write(out, envelope, body)
    marks.keep(manifest.version)
    return Built(manifest, tuple(unread))


def known_categories() -> frozenset[str]:
    """Categories that `messages/categories.toml` gives an action and a message."""
    return frozenset(shipped_categories())


def _is_fresh(manifest: Manifest) -> bool:
    return datetime.now(UTC) < datetime.fromisoformat(manifest.created) + REFRESH_AFTER / 2


def sign(
    settings: Settings,
    entries: Sequence[Entry],
    *,
    previous: int = 0,
    version: int = 0,
    options: BundleOptions = BundleOptions(),
    progress: Callable[[int, int], None] | None = None,
    refused: Callable[[int, str], None] | None = None,
) -> tuple[bytes, bytes, Manifest]:
    keys = load_keys(settings)
    everyday = single_words(benign.load().queries, Fold(packaged()))
    body = build(entries, keys.list_key, progress=progress, edits=options.edits, everyday=everyday, refused=refused)
    counts = bundle.Bundle(body).counts
    if not any(counts.values()):
        raise ListError("no entry could be read; an empty list never goes live")
    now = datetime.now(UTC)
    manifest = Manifest(
        version=version or version_after(previous, now),
        previous=previous,
        created=now.isoformat(timespec="seconds"),
        refresh_by=(now + REFRESH_AFTER).isoformat(timespec="seconds"),
        use_until=options.use_until.isoformat(timespec="seconds") if options.use_until else None,
        entries={kind.value: count for kind, count in counts.items()},
        size=len(body),
        sha256=hashlib.sha256(body).hexdigest(),
        local=options.local,
    )
    return envelope_of(settings, manifest), body, manifest


def envelope_of(settings: Settings, manifest: Manifest) -> bytes:
    signing = load_keys(settings).signing
    if not signing:
        raise SettingsError("REDIRECT_SIGNING_KEY: needed where lists are built; `redirect keys generate` makes one")
    return bundles.sign(manifest, signing)


def _manifest_in(settings: Settings, directory: Path) -> Manifest | None:
    """Of the bundle that lies there already, None where there is none of ours."""
    try:
        return prover_of(settings).manifest(bundles.read(directory)[0])
    except ListError:
        return None


def prover_of(settings: Settings) -> BundleProver:
    keys = load_keys(settings)
    return BundleProver(keys.trust, keys.list_key)
