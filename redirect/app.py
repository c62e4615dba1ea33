"""Owns the composition: which parts a worker has and how they hang together. Must never decide or compute anything.

`start.py` reads the content before, `site.py` makes pages and answers of these parts, and `node.py` runs it all:
settings -> keys -> content -> lock -> sockets -> store -> workers.
"""

from __future__ import annotations

import time
from functools import partial
from typing import TYPE_CHECKING

from redirect.adapters import logs
from redirect.adapters.access import AccessKeys, demo_access
from redirect.adapters.board import Board, Metric
from redirect.adapters.changes import LOOK_FOR_CHANGES, ChangeWatcher
from redirect.adapters.clicks import Clicks
from redirect.adapters.flush import ROUND, Flusher
from redirect.adapters.guardrails import GUARD_EVERY, Guard
from redirect.adapters.ledger import StoreLedger
from redirect.adapters.list_places import place_of
from redirect.adapters.live_directory import LiveDirectory
from redirect.adapters.live_experiments import LiveExperiments, StopWatcher
from redirect.adapters.live_list import LiveList
from redirect.adapters.passes import PassBox
from redirect.adapters.releaser import RELEASE_EVERY, Releaser
from redirect.adapters.seals import SealBox
from redirect.adapters.spool import open_spool
from redirect.adapters.state import WorkerState
from redirect.adapters.store import Store
from redirect.adapters.tokens import TokenBox
from redirect.adapters.watcher import LOOK, KeyWatcher, ListWatcher, PauseWatcher
from redirect.data_dir import store_url
from redirect.site import Parts, Site
from redirect.web.readers import Readers
from redirect.web.turn import Turn

if TYPE_CHECKING:
    from redirect.adapters.keyring import Keyring
    from redirect.settings import Settings
    from redirect.start import Content


class Worker:
    """The parts of one worker: what answers requests, and what goes on beside."""

    def __init__(self, settings: Settings, keys: Keyring, content: Content, board: Board, url: str) -> None:
        data = settings.data_dir
        self.anomalies = logs.Anomalies(partial(board.add, Metric.ERRORS))
        self.connections, self.log_format = settings.connections, settings.log_format
        self.turn = Turn(partial(_refused, board, self.anomalies))
        self.store = Store(store_url(settings))
        self.ledger = StoreLedger(store_url(settings))
        self.lists = LiveList(data / "lists", keys.list_key, keys.trust, time.time)
        self.access = AccessKeys(
            data / "access.json",
            dict([demo_access()]) if settings.demo else {},
            time.time,
            board.rates,
            SealBox(keys.tokens),
        )
        self.directory = LiveDirectory(content.directory, data / "pauses.json", time.time)
        self.experiments = LiveExperiments(content.experiments, data / "stopped.json", time.time)
        self.spool = open_spool(data / "spool", time.time, partial(board.add, Metric.LOST_COUNTS))
        self.flusher = Flusher(self.spool, data / "spool", self.store)
        self.releaser = Releaser(self.store, time.time, settings.minimum_cell, lambda: self.flusher.settled)
        self.list_place = place_of(settings.list_source) or self.store
        self.list_watcher = ListWatcher(self.list_place, self.lists)
        self.key_watcher = KeyWatcher(self.store, self.access)
        self.pause_watcher = PauseWatcher(self.store, self.directory)
        self.stop_watcher = StopWatcher(self.store, self.experiments)
        self.guard = Guard(self.store, time.time, self.experiments)
        self.beside = (
            (self.flusher.round, ROUND),
            (self.releaser.round, RELEASE_EVERY),
            (self.list_watcher.look, LOOK),
            (self.key_watcher.look, LOOK),
            (self.pause_watcher.look, LOOK),
            (ChangeWatcher(self.ledger, self.lists, time.time).look, LOOK_FOR_CHANGES),
            (self.stop_watcher.look, LOOK),
            (self.guard.round, GUARD_EVERY),
            (self.anomalies.write, logs.SUM_EVERY),
        )
        languages = [locale.tag for locale in content.catalogues.locales]
        self.site = Site(
            Parts(
                settings=settings,
                content=content,
                url=url,
                tokens=TokenBox(keys.tokens),
                lists=self.lists,
                access=self.access,
                directory=self.directory,
                experiments=self.experiments,
                spool=self.spool,
                store=self.store,
                ledger=self.ledger,
                passes=PassBox(keys.tokens),
                state=WorkerState(self.lists, self.key_watcher, self.flusher, languages),
                anomalies=self.anomalies,
                board=board,
                readers=Readers(settings.proxies, Clicks()),
                turn=self.turn,
            )
        )


def _refused(board: Board, anomalies: logs.Anomalies) -> None:
    board.add(Metric.REFUSED)
    anomalies.note("calls were refused, since more was asked than can be answered in time")
