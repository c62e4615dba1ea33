"""Owns matching in the platform's own Python process, so that queries never leave it. Must never ask anybody about
a query, nor use a list whose manifest does not say that it may."""

from __future__ import annotations

import asyncio
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import msgspec

from redirect.adapters.background import end, repeat
from redirect.adapters.categories import shipped_categories
from redirect.adapters.flush import Flusher
from redirect.adapters.keyring import decode, decode_several
from redirect.adapters.list_places import place_of
from redirect.adapters.live_list import LiveList
from redirect.adapters.spool import Spool, open_spool
from redirect.adapters.tally_client import TallyClient
from redirect.adapters.watcher import ListWatcher
from redirect.domain.content import Platform
from redirect.domain.decision import ON_ERROR
from redirect.domain.errors import BadRequest, SettingsError
from redirect.domain.subject import Subject
from redirect.domain.urls import host_suffixes
from redirect.journeys.check import Answer, Decider

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

    from redirect.adapters.spool import SpooledBatch
    from redirect.domain.counts import Table
    from redirect.journeys.ports import Clock

FIRST_LOOK = 5.0
LOOK_EVERY = 2.0
SEND_EVERY = 5.0


class SharedSpool(Spool):
    """A spool for many threads; workers of the service have one thread and do without the lock."""

    def __init__(self, directory: Path, clock: Clock, on_lost: Callable[[], object]) -> None:
        self._one_at_a_time = threading.Lock()
        super().__init__(directory, clock, on_lost)

    def add(self, table: Table, labels: tuple[str, ...]) -> None:
        """As the parent's."""
        with self._one_at_a_time:
            super().add(table, labels)

    def seal(self) -> list[SpooledBatch]:
        """As the parent's."""
        with self._one_at_a_time:
            return super().seal()


class NoTally:
    """Implements `Tally` where nobody said where sums go: what would never be sent is not kept."""

    def add(self, _table: Table, _labels: tuple[str, ...]) -> None:
        """Nothing."""


class LocalChecker:
    """Decides in this process. Make one in each process after it was forked, use it from any thread, close it.

    `place` is the directory or https:// address where `redirect lists build --local --out` puts the list;
    `list_key` and `trust` are the list key made for you and the owner's public keys, in base64; `cache` a directory
    of this process's own user for the last list known to be good and for sums on their way. `service` and `key`
    (scope `tally`) say where sums go; without them nothing is counted.

        with LocalChecker(place, list_key=..., trust=..., cache="var/redirect") as checker:
            answer = checker.check(query="chocolate cake")

    Raises SettingsError where an argument cannot be used. A list that cannot be had is no error: answers say
    `degraded`, and the next look may find it.
    """

    def __init__(
        self,
        place: str,
        *,
        list_key: str,
        trust: str,
        cache: str | Path,
        service: str = "",
        key: str = "",
        on_error: str = "open",
    ) -> None:
        found = place_of(place)
        if found is None or ("://" in place and not place.startswith("https://")):
            raise SettingsError("place: a directory or an https:// address is needed")
        if on_error not in ON_ERROR:
            raise SettingsError(f"on_error: one of {', '.join(ON_ERROR)} is needed")
        host_suffixes("a.example")  # reads the public suffixes now, so that no decision has to open a file
        directory = Path(cache)
        keys = decode("list_key", list_key), decode_several("trust", trust)
        self._lists = LiveList(directory / "lists", *keys, time.time, local=True)
        self._lists.load_last_known_good()
        self._place, self._watcher = found, ListWatcher(found, self._lists)
        sums = directory / "spool"
        self._spool = open_spool(sums, time.time, lambda: None, SharedSpool) if service else None
        self._sender = TallyClient(service, key) if service else None
        self._flusher = Flusher(self._spool, sums, self._sender) if self._spool and self._sender else None
        self._decider = Decider(self._lists, shipped_categories(), self._spool or NoTally())
        self._platform = Platform("local", on_error=on_error)
        self._stopping = asyncio.Event()
        self._loop = asyncio.new_event_loop()
        self._looked = threading.Event()
        self._thread = threading.Thread(target=self._work, name="redirect", daemon=True)
        self._thread.start()
        self._looked.wait(FIRST_LOOK)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, _type: type[BaseException] | None, _error: object, _trace: TracebackType | None) -> None:
        self.close()

    @property
    def list_version(self) -> int:
        """Of the list that is live here, 0 where none is."""
        return self._lists.live.version

    @property
    def refused(self) -> str:
        """Why the newest list is not live; empty while it is."""
        return self._lists.refused

    def check(self, query: str | None = None, url: str | None = None, **situation: Any) -> Answer:
        """Answer one subject: `action`, and if that is not allow, `category`, `message` and `variant`.

        `situation` takes the other fields of a subject: surface, attempt, mode. Text over 4 kB is refused with
        ValueError, as is anything else that is no subject.
        """
        try:
            subject = msgspec.convert({"query": query, "url": url, **situation}, Subject)
            return self._decider.decide(subject, self._platform)
        except BadRequest as error:
            raise ValueError(f"no subject: {error}") from None
        except msgspec.ValidationError:
            raise ValueError("no subject: a field is unknown or of a wrong type") from None

    def close(self) -> None:
        """Send what was counted, if the service takes it now; what it does not stays for the next start."""
        self._loop.call_soon_threadsafe(self._stopping.set)
        self._thread.join()
        if self._spool:
            self._spool.close()
        self._loop.close()

    def _work(self) -> None:
        self._loop.run_until_complete(self._until_closed())

    async def _look(self) -> None:
        try:
            await self._watcher.look()
        finally:
            self._looked.set()

    async def _until_closed(self) -> None:
        tasks = [asyncio.create_task(repeat(self._look, LOOK_EVERY))]
        if self._flusher:
            tasks.append(asyncio.create_task(repeat(self._flusher.round, SEND_EVERY)))
        await self._stopping.wait()
        await end(tasks)
        await self._place.close()
        if self._flusher and self._sender:
            await self._flusher.finish()
            await self._sender.close()
