"""Owns trying a list before it is built or goes live. Must never write anything."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

from redirect.adapters import benign, source_file, sources
from redirect.adapters.categories import shipped_categories
from redirect.adapters.source_marks import SourceMarks
from redirect.data_dir import load_keys
from redirect.domain import bundle
from redirect.domain.decision import DEFAULT_CATEGORY
from redirect.domain.lists import Confidence
from redirect.domain.periods import DAY_SECONDS
from redirect.journeys import review, vet
from redirect.tools.live import LIVE, trusted

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from redirect.adapters.source_file import Source
    from redirect.domain.decision import Action
    from redirect.domain.subject import Surface
    from redirect.settings import Settings


def check_list(
    settings: Settings,
    wanted: Sequence[Path | Source],
    *,
    category: str = DEFAULT_CATEGORY,
    confidence: Confidence = Confidence.HIGH,
    against: str = "",
    edits: bool = False,
    progress: vet.Progress = vet.untold,
) -> review.Report:
    """All that can be said of sources before they are built; nothing is written.

    `against` is a directory with a bundle, or LIVE; `edits` as in `BundleOptions`. Raises ListError where a source,
    or the older list, cannot be read.
    """
    keys = load_keys(settings)
    before = bundle.Bundle(asyncio.run(trusted(settings, against))[1]) if against else None
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
        edits=edits,
        today=lambda: int(time.time()) // DAY_SECONDS,
        progress=progress,
    )


def dry_run(
    settings: Settings, lines: Iterable[str], surface: Surface, directory: Path | None
) -> Counter[tuple[str, Action]]:
    """What a bundle, or the live one, would do with each line, by category and action: numbers and nothing else."""
    matcher, _ = asyncio.run(trusted(settings, str(directory or LIVE)))
    return vet.rates(lines, matcher, shipped_categories(), surface)
