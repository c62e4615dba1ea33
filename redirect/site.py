"""Owns how pages and answers are put together from the parts of a worker. Must never decide or compute anything."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from functools import partial
from random import randrange
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from redirect.adapters.board import Metric
from redirect.adapters.languages import ServedLanguages, languages_of_the_world
from redirect.domain.content import Platform
from redirect.domain.decision import DEFAULT_CATEGORY
from redirect.domain.experiments import SEATS
from redirect.domain.services import CHILD_DIRECTORY, GENERAL_DIRECTORY
from redirect.domain.subject import UNKNOWN_COUNTRY
from redirect.journeys.check import Checker, Decider
from redirect.journeys.dashboard import Dashboard, Entries
from redirect.journeys.experiments import Findings
from redirect.journeys.listing import Listing
from redirect.journeys.show import Show
from redirect.journeys.situations import Situations
from redirect.journeys.steps import Steps, known_labels
from redirect.journeys.views import Views
from redirect.web import routes
from redirect.web.check import MOST_BATCHES, BatchEndpoint, Caller, CheckEndpoint, ExplainEndpoint
from redirect.web.counts import CountsEndpoint
from redirect.web.dashboard import DashboardPages
from redirect.web.desk import HOME, Desk
from redirect.web.experiment_pages import ExperimentPages
from redirect.web.faces import Faces
from redirect.web.forward import ForwardEndpoint
from redirect.web.gate import Gate
from redirect.web.health import Health
from redirect.web.media import MediaFile
from redirect.web.native import Native
from redirect.web.pages import Pages
from redirect.web.render import Renderer
from redirect.web.report_page import EnglishNames
from redirect.web.report_sheets import Sheets
from redirect.web.resources import DirectoryPages, ResourcesEndpoint
from redirect.web.security import host_headers
from redirect.web.security_txt import SecurityText
from redirect.web.stop import StopPage, blocked
from redirect.web.tallies import TalliesEndpoint
from redirect.web.trial import Trial
from redirect.web.turn import Line

if TYPE_CHECKING:
    from starlette.routing import BaseRoute
    from starlette.types import ASGIApp

    from redirect.adapters.access import AccessKeys
    from redirect.adapters.board import Board
    from redirect.adapters.ledger import StoreLedger
    from redirect.adapters.live_directory import LiveDirectory
    from redirect.adapters.live_experiments import LiveExperiments
    from redirect.adapters.live_list import LiveList
    from redirect.adapters.logs import Anomalies
    from redirect.adapters.passes import PassBox
    from redirect.adapters.spool import LateSpool, Spool
    from redirect.adapters.state import WorkerState
    from redirect.adapters.store import Store
    from redirect.adapters.tokens import TokenBox
    from redirect.settings import Settings
    from redirect.start import Content
    from redirect.web.readers import Readers
    from redirect.web.turn import Turn


@dataclass(frozen=True)
class Parts:
    """What of a worker its pages and answers use. `url` is where people find them, without a slash at its end."""

    settings: Settings
    content: Content
    url: str
    tokens: TokenBox
    lists: LiveList
    access: AccessKeys
    directory: LiveDirectory
    experiments: LiveExperiments
    spool: Spool | LateSpool
    store: Store
    ledger: StoreLedger
    passes: PassBox
    state: WorkerState
    anomalies: Anomalies
    board: Board
    readers: Readers
    turn: Turn


class Site:
    """The pages and answers of one worker."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        content = parts.content
        self._base = urlsplit(parts.url).path.rstrip("/")
        self._languages = ServedLanguages(content.catalogues)
        # Anyone may meet the page for when all else breaks, a child too: general directories alone.
        general = content.directory.named((GENERAL_DIRECTORY, CHILD_DIRECTORY), UNKNOWN_COUNTRY)
        self._renderer = Renderer(content.catalogues.locales, content.catalogues.translations, general)
        self._faces = Faces(content.catalogues.locales, content.catalogues.translations, general, parts.url)
        self._show = self._shown(self._base)
        self._pages = self._pages_of(self._show)
        decider = Decider(parts.lists, content.categories, parts.spool, parts.experiments, partial(randrange, SEATS))
        self._checker = Checker(decider, self._languages, self._show, time.time)
        self._native = Native(self._show, self._faces, parts.anomalies.note)
        self._caller = Caller(parts.access, content.platforms)
        count = partial(parts.board.add, Metric.CHECKS)
        self._check = CheckEndpoint(self._checker, self._caller, self._native, count)
        parts.directory.when_changed.append(self._native.forget)
        self._health = Health(parts.state, parts.board.counters, time.time)
        self.help_page = self._renderer.fallback()
        self.stop_page = self._stop_page() if parts.settings.stop_port is not None else None
        self.app = self._application()
        check = self._check.at_once if parts.settings.only != "pages" else None
        pages = self._pages.at_once if parts.settings.only != "api" else None
        self.at_once = routes.at_once(self._base, check, pages)
        self.is_call = routes.is_call(self._base)
        self.host_headers = host_headers(parts.url)

    def _application(self) -> ASGIApp:
        served = routes.health_routes(self._health) + self._for_finders()
        if self._parts.settings.only != "api":
            served += self._for_people()
        if self._parts.settings.only != "pages":
            served += self._for_platforms()
        parts = self._parts
        return routes.application(served, self._pages, parts.access, self._base, parts.anomalies.note)

    def _for_finders(self) -> list[BaseRoute]:
        settings = self._parts.settings
        if not settings.security_contact or settings.security_expires is None:
            return []
        text = SecurityText(settings.security_contact, settings.security_expires, self._parts.url, time.time)
        return routes.security_routes(text)

    def _for_people(self) -> list[BaseRoute]:
        parts = self._parts
        media = {name: MediaFile(*file) for name, file in parts.content.videos.files.items()}
        trial = None
        if parts.settings.demo:
            trial = Trial(self._checker, Platform("demo"), self._languages.served, self._base)
        return [
            *routes.page_routes(self._pages, media),
            *routes.root_routes(self._pages, trial),
            *routes.language_routes(self._pages, self._directory_pages(), languages_of_the_world()),
        ]

    def _for_platforms(self) -> list[BaseRoute]:
        parts, count = self._parts, partial(self._parts.board.add, Metric.CHECKS)
        resources = ResourcesEndpoint(parts.directory, self._languages, parts.settings.contact)
        parts.directory.when_changed.append(resources.forget)
        return self._for_managers() + routes.api_routes(
            self._check,
            BatchEndpoint(self._checker, self._caller, count, Line(MOST_BATCHES, parts.turn.refused)),
            ExplainEndpoint(self._checker, self._caller),
            TalliesEndpoint(parts.store, parts.access, time.time),
            ForwardEndpoint(self._checker, self._caller, parts.settings.query_parameters, parts.url, count),
            resources,
            CountsEndpoint(parts.store, parts.access, time.time, parts.settings.minimum_cell),
            self._health,
        )

    def _for_managers(self) -> list[BaseRoute]:
        parts, minimum = self._parts, self._parts.settings.minimum_cell
        names = EnglishNames(parts.directory, {name: each.label for name, each in parts.content.categories.items()})
        desk = Desk(Gate(parts.access, parts.passes, parts.ledger), Sheets(self._base + HOME))
        dashboard = DashboardPages(
            Dashboard(parts.store, parts.ledger, time.time, asyncio.to_thread, minimum),
            Entries(parts.ledger, time.time, minimum),
            desk,
            names,
            parts.experiments,
            parts.passes.name,
        )
        findings = Findings(parts.store, time.time, parts.experiments, minimum)
        experiments = ExperimentPages(findings, desk, names, parts.content.texts.wording)
        return routes.dashboard_routes(dashboard, experiments)

    def _directory_pages(self) -> DirectoryPages:
        parts = self._parts
        open_data = f"{self._base}/v1/resources" if parts.settings.only != "pages" else ""
        listing = Listing(parts.directory, self._languages, self._base, parts.settings.contact, open_data)
        count = partial(parts.board.add, Metric.PAGES)
        directory = DirectoryPages(
            listing,
            self._renderer,
            self._faces,
            count,
            parts.anomalies.note,
            self._pages.fallback,
        )
        parts.directory.when_changed.append(directory.forget)
        return directory

    def _stop_page(self) -> ASGIApp:
        """The page that blocked names lead to; all that it links to stands under the public address."""
        parts = self._parts
        settings, content = parts.settings, parts.content
        country, category = self._languages.country(settings.stop_country), content.categories[DEFAULT_CATEGORY]
        statement = blocked(settings.stop_platform, country, category)
        pages = self._pages_of(self._shown(parts.url))
        return StopPage(pages, parts.tokens, statement, time.time, parts.anomalies.note)

    def _shown(self, base: str) -> Show:
        """The ways through pages whose links begin with `base`."""
        parts, content, languages = self._parts, self._parts.content, self._languages
        videos, tokens = content.videos.by_country, parts.tokens
        situations = Situations(content.texts, content.platforms, parts.directory, videos, languages)
        views = Views(situations, languages, tokens, base)
        known = known_labels(content.texts, content.categories, content.directory, languages, content.experiments)
        steps = Steps(parts.spool, time.time, known, parts.experiments)
        show = Show(situations, views, languages, tokens, steps, parts.experiments, parts.url)
        parts.directory.when_changed.append(show.forget)
        return show

    def _pages_of(self, show: Show) -> Pages:
        parts, count = self._parts, partial(self._parts.board.add, Metric.PAGES)
        pages = Pages(
            show,
            self._renderer,
            self._faces,
            parts.content.devices,
            parts.readers,
            count,
            parts.anomalies.note,
        )
        parts.directory.when_changed.append(pages.forget)
        return pages
