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
from redirect.adapters.live_directory import LiveDirectory
from redirect.adapters.live_list import LiveList
from redirect.adapters.releaser import RELEASE_EVERY, Releaser
from redirect.adapters.spool import open_spool
from redirect.adapters.state import WorkerState
from redirect.adapters.store import Store
from redirect.adapters.tokens import TokenBox
from redirect.adapters.videos import load_videos
from redirect.adapters.watcher import LOOK, KeyWatcher, ListWatcher, PauseWatcher
from redirect.domain.content import Platform
from redirect.domain.decision import DEFAULT_CATEGORY
from redirect.domain.services import CHILD_DIRECTORY, GENERAL_DIRECTORY
from redirect.domain.subject import UNKNOWN_COUNTRY
from redirect.domain.urls import host_suffixes
from redirect.journeys.check import Checker, Decider
from redirect.journeys.listing import Listing
from redirect.journeys.show import Show
from redirect.journeys.steps import Steps, known_labels
from redirect.journeys.views import Views
from redirect.web import routes
from redirect.web.check import BatchEndpoint, Caller, CheckEndpoint, ExplainEndpoint
from redirect.web.counts import CountsEndpoint
from redirect.web.device import Devices
from redirect.web.faces import Faces
from redirect.web.forward import ForwardEndpoint
from redirect.web.health import Health
from redirect.web.media import MediaFile
from redirect.web.native import Native
from redirect.web.pages import Pages
from redirect.web.render import Renderer
from redirect.web.resources import DirectoryPages, ResourcesEndpoint
from redirect.web.stop import StopPage, blocked
from redirect.web.tallies import TalliesEndpoint
from redirect.web.trial import Trial

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.types import ASGIApp

    from redirect.adapters.catalogues import Catalogues
    from redirect.adapters.videos import Videos
    from redirect.domain.content import Texts
    from redirect.domain.decision import Category
    from redirect.domain.services import Directory
    from redirect.settings import Settings
    from redirect.web.check import Count
    from redirect.web.protocol import AtOnce


@dataclass(frozen=True)
class Content:
    """All that pages and answers are made of, proven before anything starts."""

    texts: Texts
    categories: Mapping[str, Category]
    directory: Directory
    catalogues: Catalogues
    platforms: Mapping[str, Platform]
    videos: Videos
    devices: Devices


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
        self.directory = LiveDirectory(content.directory, data / "pauses.json", time.time)
        self.pause_watcher = PauseWatcher(self.store, self.directory)
        tags = [locale.tag for locale in content.catalogues.locales]
        self.state = WorkerState(self.lists, self.key_watcher, self.flusher, tags)
        self.releaser = Releaser(self.store, time.time, settings.minimum_cell, lambda: self.flusher.settled)
        self.beside = (
            (self.flusher.round, ROUND),
            (self.releaser.round, RELEASE_EVERY),
            (self.list_watcher.look, LOOK),
            (self.key_watcher.look, LOOK),
            (self.pause_watcher.look, LOOK),
            (self.anomalies.write, logs.SUM_EVERY),
        )
        self.app = self._application(settings, keys, content, board, url)

    def _application(
        self, settings: Settings, keys: keyring.Keyring, content: Content, board: Board, url: str
    ) -> ASGIApp:
        base = urlsplit(url).path.rstrip("/")
        languages, tokens = ServedLanguages(content.catalogues), TokenBox(keys.tokens)
        videos = content.videos
        views = Views(content.texts, content.platforms, self.directory, videos.by_country, languages, tokens, base)
        show = Show(views, languages, tokens, self._steps(content, languages), url)
        checker = Checker(Decider(self.lists, content.categories, self.spool), languages, show, time.time)
        # Anyone may meet the page for when all else breaks, a child too: general directories alone.
        general = content.directory.named((GENERAL_DIRECTORY, CHILD_DIRECTORY), UNKNOWN_COUNTRY)
        renderer = Renderer(content.catalogues.locales, content.catalogues.translations, general)
        self.faces = Faces(content.catalogues.locales, content.catalogues.translations, general, url)
        self.help_page = renderer.fallback()
        count_checks, count_pages = partial(board.add, Metric.CHECKS), partial(board.add, Metric.PAGES)
        https = url.startswith("https://")
        pages = Pages(show, renderer, self.faces, content.devices, count_pages, self.anomalies.note, https=https)
        self.directory.when_changed += (show.forget, pages.forget)
        self.stop_page = self._stop_page(settings, content, languages, tokens, renderer, count_pages, url)
        caller = Caller(self.access, content.platforms)
        health = Health(self.state, board.counters, time.time)
        served = routes.health_routes(health)
        if settings.only != "api":
            media = {name: MediaFile(*file) for name, file in videos.files.items()}
            trial = Trial(checker, Platform("demo"), languages.served, base) if settings.demo else None
            served += routes.page_routes(pages, media) + routes.root_routes(pages, trial)
            directory = self._directory_pages(settings, languages, renderer, pages, count_pages, url)
            served += routes.language_routes(pages, directory, languages_of_the_world())
        self.at_once: dict[bytes, AtOnce] = {}
        if settings.only != "pages":
            native = Native(show, self.faces, self.anomalies.note)
            check = CheckEndpoint(checker, caller, native, count_checks)
            resources = ResourcesEndpoint(self.directory, languages, settings.contact)
            self.directory.when_changed += (resources.forget, native.forget)
            self.at_once = {path.encode(): check.answer for path in (routes.CHECK, base + routes.CHECK)}
            served += routes.api_routes(
                check,
                BatchEndpoint(checker, caller, count_checks),
                ExplainEndpoint(checker, self.access),
                TalliesEndpoint(self.store, self.access, time.time),
                ForwardEndpoint(checker, caller, settings.query_parameters, url, count_checks),
                resources,
                CountsEndpoint(self.store, self.access, time.time, settings.minimum_cell),
                health,
            )
        return routes.application(served, pages, base, self.anomalies.note)

    def _steps(self, content: Content, languages: ServedLanguages) -> Steps:
        known = known_labels(content.texts, content.categories, content.directory, languages)
        return Steps(self.spool, time.time, known)

    def _directory_pages(
        self,
        settings: Settings,
        languages: ServedLanguages,
        renderer: Renderer,
        pages: Pages,
        count: Count,
        url: str,
    ) -> DirectoryPages:
        base = urlsplit(url).path.rstrip("/")
        open_data = f"{base}/v1/resources" if settings.only != "pages" else ""
        listing = Listing(self.directory, languages, base, settings.contact, open_data)
        note, https = self.anomalies.note, url.startswith("https://")
        directory = DirectoryPages(listing, renderer, self.faces, count, note, pages.fallback, https=https)
        self.directory.when_changed.append(directory.forget)
        return directory

    def _stop_page(
        self,
        settings: Settings,
        content: Content,
        languages: ServedLanguages,
        tokens: TokenBox,
        renderer: Renderer,
        count: Count,
        url: str,
    ) -> ASGIApp | None:
        """The page that blocked names lead to, where it is wanted; all that it links to stands under `url`."""
        if settings.stop_port is None:
            return None
        views = Views(
            content.texts, content.platforms, self.directory, content.videos.by_country, languages, tokens, url
        )
        show = Show(views, languages, tokens, self._steps(content, languages), url)
        pages = Pages(show, renderer, self.faces, content.devices, count, self.anomalies.note, https=False)
        self.directory.when_changed += (show.forget, pages.forget)
        country, category = languages.country(settings.stop_country), content.categories[DEFAULT_CATEGORY]
        statement = blocked(settings.stop_platform, country, category)
        return StopPage(pages, tokens, statement, time.time, self.anomalies.note)


def load_content(settings: Settings) -> Content:
    """Raise ContentError or SettingsError where something cannot be served."""
    host_suffixes("www.example.test")  # reads the public suffixes now, once for all workers, not with the first URL
    messages = shipped("messages")
    texts = load_texts(messages, drafts=settings.drafts)
    known = platforms.load(settings.platforms)
    if settings.stop_port is not None:
        settings.ensure_stop_page()
        platforms.ensure_blocks(known, settings.stop_platform)
    return Content(
        texts=texts,
        categories=load_categories(messages / "categories.toml", texts),
        directory=load_directory(messages / "resources"),
        catalogues=load_catalogues(shipped("locales"), texts.strings(), drafts=settings.drafts),
        platforms=known,
        videos=load_videos(settings.videos),
        devices=Devices(),
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
