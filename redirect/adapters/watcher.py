"""Owns how a process learns of new lists, keys and pauses. Must never hold up an answer, nor forget what it had."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING

from redirect.adapters.events import Event, tell
from redirect.domain.errors import ListError, StoreError

if TYPE_CHECKING:
    from redirect.adapters.access import AccessKeys
    from redirect.adapters.list_places import ListPlace
    from redirect.adapters.live_directory import LiveDirectory
    from redirect.adapters.live_list import LiveList
    from redirect.adapters.store import Store

LOOK = 1.0
"""Seconds between looks."""
LOOKS_BEFORE_RETRY = 10
LOOK_AGAIN = 0.05


class ListWatcher:
    """Takes over a newer list from where it lies. A place that does not answer is asked again next time."""

    def __init__(self, place: ListPlace, lists: LiveList) -> None:
        self._place = place
        self._lists = lists
        self._refused_version = 0
        self._patience = 0

    async def look(self) -> None:
        """Take over what is new."""
        self._lists.tick()
        # Both parts of a bundle may have been read while they were being replaced: a refusal is not for ever.
        self._patience = max(0, self._patience - 1)
        if not self._patience:
            self._refused_version = 0
        with suppress(StoreError, ListError, OSError):
            version = await self._place.list_version()
            if version == self._lists.live.version:
                # A bad one, if there was one, has been taken away again.
                self._lists.refused, self._refused_version = "", 0
            # An older one is taken up too, so that it is refused and said to be: somebody may have put it back.
            elif version not in {0, self._refused_version}:
                await self._try(version)

    async def _try(self, version: int) -> None:
        try:
            await self._take(version)
        except (ListError, OSError) as error:
            # A full disk as well: a list is fetched in vain once in a while, and not with every look.
            self._refused_version, self._patience = version, LOOKS_BEFORE_RETRY
            why = self._lists.refused = getattr(error, "strerror", None) or str(error)
            tell(Event.LIST_REFUSED, version=max(0, version), live=self._lists.live.version, reason=why)

    async def _take(self, version: int) -> None:
        # One worker of a node fetches a bundle: of a hundred nodes with thirty each, a hundred ask at once, not 3,000.
        # The others go on with what they have and look again; who has nothing waits, since it could decide nothing.
        while not await self._take_kept(version):
            with self._lists.fetching() as mine:
                if mine:
                    if not await self._take_kept(version):
                        await self._fetch(version)
                    return
            if self._lists.live.version:
                return
            await asyncio.sleep(LOOK_AGAIN)

    async def _take_kept(self, version: int) -> bool:
        taken = await asyncio.to_thread(self._lists.take_kept, version)
        if taken:
            tell(Event.LIST_LIVE, version=version)
        return taken

    async def _fetch(self, version: int) -> None:
        found = await self._place.read_list()
        if found is not None:
            # In a thread: checking a million entries takes long enough for requests to notice.
            await asyncio.to_thread(self._lists.take, *found)
            tell(Event.LIST_LIVE, version=version)


class KeyWatcher:
    """Takes over the access keys that the store holds; `reachable` says whether it answered last."""

    def __init__(self, store: Store, access: AccessKeys) -> None:
        self._store = store
        self._access = access
        self.reachable = False

    async def look(self) -> None:
        """Take over what is new, and let go of what has ended."""
        self._access.tick()
        try:
            records = await self._store.access_keys()
            if records is not None:
                self._access.refresh(records)
        except StoreError:
            self.reachable = False
        except OSError:
            self.reachable = True  # it is the copy on the disk that found no room; it is tried again
        else:
            self.reachable = True


class PauseWatcher:
    """Takes over which services are paused. A store that does not answer is asked again next time."""

    def __init__(self, store: Store, directory: LiveDirectory) -> None:
        self._store = store
        self._directory = directory

    async def look(self) -> None:
        """Take over what is new, also the day."""
        self._directory.tick()
        with suppress(StoreError, OSError):
            pauses = await self._store.pauses()
            if pauses is not None:
                self._directory.refresh(pauses)
