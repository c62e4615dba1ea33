"""Owns how a worker learns of new lists and keys. Must never hold up an answer, nor forget what it had."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from redirect.domain.errors import ListError, StoreError

if TYPE_CHECKING:
    from redirect.adapters.access import AccessKeys
    from redirect.adapters.live_list import LiveList
    from redirect.adapters.store import Store

LOG = logging.getLogger(__name__)


class Watcher:
    """Asks the store every `interval` seconds; one that does not answer is asked again."""

    def __init__(self, store: Store, lists: LiveList, access: AccessKeys, interval: float = 1.0) -> None:
        self._store = store
        self._lists = lists
        self._access = access
        self._interval = interval
        self._refused_version = 0
        self.reachable = False

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            self._lists.tick()
            await self.look()
            await asyncio.sleep(self._interval)

    async def look(self) -> None:
        """Take over what is new."""
        try:
            self._access.refresh(await self._store.access_keys())
            version = await self._store.list_version()
            if version > self._lists.version and version != self._refused_version:
                await self._take(version)
        except (StoreError, OSError):
            self.reachable = False
        else:
            self.reachable = True

    async def _take(self, version: int) -> None:
        found = await self._store.read_list()
        if found is None:
            return
        try:
            # In a thread: checking a million entries takes long enough for requests to notice.
            await asyncio.to_thread(self._lists.take, *found)
        except ListError as error:
            self._refused_version = version
            LOG.error("list %d is refused, %d stays live: %s", version, self._lists.version, error)  # noqa: TRY400
        else:
            LOG.info("list %d is live", version)
