"""Owns the composition: which parts there are and how they hang together. Must never decide or compute anything.

`node.py` runs what is composed here: settings -> keys -> content -> lock -> store -> socket -> workers.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from redirect.adapters import keyring, logs, platforms
from redirect.adapters.access import AccessKeys, demo_access
from redirect.adapters.board import Board, Metric
from redirect.adapters.catalogues import load_catalogues
from redirect.adapters.categories import load_categories
from redirect.adapters.content import load_texts, shipped
from redirect.adapters.directory import load_directory
from redirect.adapters.embedded import EmbeddedStore
from redirect.adapters.flush import ROUND, Flusher
from redirect.adapters.languages import ServedLanguages, languages_of_the_world
from redirect.adapters.list_places import place_of
from redirect.adapters.live_list import LiveList
from redirect.adapters.spool import open_spool
from redirect.adapters.state import WorkerState
from redirect.adapters.store import Store
from redirect.adapters.tokens import TokenBox
from redirect.adapters.watcher import LOOK, KeyWatcher, ListWatcher
from redirect.domain.content import Platform
from redirect.domain.services import CHILD_DIRECTORY, GENERAL_DIRECTORY
from redirect.domain.subject import UNKNOWN_COUNTRY
from redirect.domain.urls import host_suffixes
from redirect.journeys.check import Checker, Decider
from redirect.journeys.show import Show
from redirect.web import routes
from redirect.web.check import BatchEndpoint, Caller, CheckEndpoint, ExplainEndpoint
from redirect.web.forward import ForwardEndpoint
from redirect.web.health import Health
from redirect.web.pages import Pages
from redirect.web.render import Renderer
from redirect.web.tallies import TalliesEndpoint
from redirect.web.trial import Trial

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.types import ASGIApp

    from redirect.adapters.catalogues import Catalogues
    from redirect.domain.content import Texts
    from redirect.domain.decision import Category
    from redirect.domain.services import Directory
    from redirect.settings import Settings
    from redirect.web.protocol import AtOnce


@dataclass(frozen=True)
class Content:
    """All that pages and answers are made of, proven before anything starts."""

    texts: Texts
    categories: Mapping[str, Category]
    directory: Directory
    catalogues: Catalogues
    platforms: Mapping[str, Platform]


class Worker:
    """The parts of one worker: what answers requests, and what goes on beside."""

    def __init__(self, settings: Settings, keys: keyring.Keyring, content: Content, board: Board, url: str) -> None:
        data = settings.data_dir
        self.anomalies = logs.Anomalies(partial(board.add, Metric.ERRORS))
        self.store = Store(store_url(settings))
        self.lists = LiveList(data / "lists", keys.list_key, keys.trust, time.time)
        self.access = AccessKeys(data / "access.json", dict([demo_access()]) if settings.demo else {})
        self.spool = open_spool(data / "spool", time.time, partial(board.add, Metric.LOST_COUNTS))
        self.flusher = Flusher(self.spool, data / "spool", self.store)
        self.list_watcher = ListWatcher(place_of(settings.list_source) or self.store, self.lists)
        self.key_watcher = KeyWatcher(self.store, self.access)
        tags = [locale.tag for locale in content.catalogues.locales]
        self.state = WorkerState(self.lists, self.key_watcher, self.flusher, tags)
        self.beside = (
            (self.flusher.round, ROUND),
            (self.list_watcher.look, LOOK),
            (self.key_watcher.look, LOOK),
            (self.anomalies.write, logs.SUM_EVERY),
        )
        self.app = self._application(settings, keys, content, board, url)

    def _application(
        self, settings: Settings, keys: keyring.Keyring, content: Content, board: Board, url: str
    ) -> ASGIApp:
        base = urlsplit(url).path.rstrip("/")
        languages, tokens = ServedLanguages(content.catalogues), TokenBox(keys.tokens)
        show = Show(
            content.texts, content.platforms, content.directory, languages, tokens, self.spool, time.time, url, base
        )
        checker = Checker(Decider(self.lists, content.categories, self.spool), languages, show, time.time)
        # Anyone may meet the page for when all else breaks, a child too: general directories alone.
        general = content.directory.named((GENERAL_DIRECTORY, CHILD_DIRECTORY), UNKNOWN_COUNTRY)
        renderer = Renderer(content.catalogues.locales, content.catalogues.translations, general)
        self.help_page = renderer.fallback()
        count_checks, count_pages = partial(board.add, Metric.CHECKS), partial(board.add, Metric.PAGES)
        pages = Pages(show, renderer, count_pages, self.anomalies.note, https=url.startswith("https://"))
        caller = Caller(self.access, content.platforms)
        health = Health(self.state, board.counters, time.time)
        served = routes.health_routes(health)
        if settings.only != "api":
            trial = Trial(checker, Platform("demo"), languages.served, base) if settings.demo else None
            served += routes.page_routes(pages) + routes.root_routes(pages, trial)
            served += routes.language_routes(pages, languages_of_the_world())
        self.at_once: dict[bytes, AtOnce] = {}
        if settings.only != "pages":
            check = CheckEndpoint(checker, caller, count_checks)
            self.at_once = {path.encode(): check.answer for path in (routes.CHECK, base + routes.CHECK)}
            served += routes.api_routes(
                check,
                BatchEndpoint(checker, caller, count_checks),
                ExplainEndpoint(checker, self.access),
                TalliesEndpoint(self.store, self.access, time.time),
                ForwardEndpoint(checker, caller, settings.query_parameters, url, count_checks),
                health,
            )
        return routes.application(served, pages, base, self.anomalies.note)


def load_content(settings: Settings) -> Content:
    """Raise ContentError or SettingsError where something cannot be served."""
    host_suffixes("www.example.test")  # reads the public suffixes now, once for all workers, not with the first URL
    messages = shipped("messages")
    texts = load_texts(messages)
    return Content(
        texts=texts,
        categories=load_categories(messages / "categories.toml", texts),
        directory=load_directory(messages / "resources"),
        catalogues=load_catalogues(shipped("locales"), texts.strings(), drafts=settings.drafts),
        platforms=platforms.load(settings.platforms),
    )


def load_keys(settings: Settings) -> keyring.Keyring:
    """Keys from settings, or with the embedded store also from the data directory."""
    texts = (
        settings.list_key.reveal(),
        settings.token_key.reveal(),
        settings.list_trust,
        settings.signing_key.reveal(),
    )
    return keyring.kept(settings.data_dir / "keys", *texts) if settings.embedded else keyring.given(*texts)


def store_url(settings: Settings) -> str:
    """Of the operator's store, or of the embedded one."""
    return EmbeddedStore(settings.data_dir).url if settings.embedded else settings.store_url.reveal()
