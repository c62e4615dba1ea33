"""Owns the way of the command line to a store. Must never disturb a running service."""

from __future__ import annotations

from contextlib import asynccontextmanager, contextmanager
from typing import TYPE_CHECKING

from redirect.adapters.embedded import EmbeddedStore
from redirect.adapters.lock import DataDirectoryLock
from redirect.adapters.store import Store
from redirect.data_dir import store_url

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from redirect.settings import Settings


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
