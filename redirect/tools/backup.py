"""Owns taking counts out of the store for safe keeping, and bringing them back. Must never count anything twice."""

from __future__ import annotations

import secrets
import time
from collections import Counter
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from redirect import __version__
from redirect.adapters import backup_file
from redirect.adapters.copies import Copies
from redirect.data_dir import store_url
from redirect.domain.errors import BackupError, StoreError
from redirect.tools.stores import open_store

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from redirect.adapters.copies import Fate
    from redirect.settings import Settings

    Progress = Callable[[str, int, int | None], None]


async def back_up(settings: Settings, out: Path, progress: Progress) -> int:
    """Write all counts, releases, figures, notes, pauses and stops into a file; how many records it has."""
    made = datetime.now(UTC).isoformat(timespec="seconds")
    header, count = backup_file.Header(id=secrets.token_hex(8), made=made, version=__version__), 0
    async with open_store(settings), Copies(store_url(settings)) as store:
        names = await store.names()
        with backup_file.writing(out, header) as add:
            for done, (kind, name) in enumerate(names, 1):
                record = await store.read(kind, name)
                if record is not None:
                    add(record)
                    count += 1
                progress("reading", done, len(names))
    return count


async def restore(settings: Settings, path: Path, progress: Progress, *, add: bool) -> Counter[Fate]:
    """Bring back what a file holds, and say what became of it. Raises BackupError, and changes nothing, where the file
    is damaged, or where the store holds counts and nobody said `add`; and where the store gives out on the way."""
    header, total, records = backup_file.read(path)
    fates: Counter[Fate] = Counter()
    async with open_store(settings), Copies(store_url(settings), header.id) as store:
        if not add and await store.names():
            raise BackupError(
                "the store holds counts already; with --add those of the backup are added to them, each of them once"
            )
        for done, record in enumerate(records, 1):
            try:
                fates[await store.write(record, time.time())] += 1
            except StoreError as error:
                raise BackupError(f"{error}: broken off at record {done} of {total}; go on with --add") from None
            progress("restoring", done, total)
    return fates
