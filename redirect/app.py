"""Owns the composition: which parts there are and how they hang together. Must never decide or compute anything.

Start: settings -> keys -> content -> lock -> store -> sample list (demo) -> socket -> workers.
Stop: workers finish what they have and flush, then the store, then the lock.
"""

from __future__ import annotations

import asyncio
import gc
import signal
import socket
import time
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import uvicorn
import uvloop

from redirect.adapters import keyring, logs, platforms, processes
from redirect.adapters.access import AccessKeys, demo_access
from redirect.adapters.background import repeat
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
from redirect.adapters.spool import Spool
from redirect.adapters.state import WorkerState
from redirect.adapters.store import Store
from redirect.adapters.supervisor import DataDirectoryLock, Supervisor
from redirect.adapters.tokens import TokenBox
from redirect.adapters.watcher import LOOK, Watcher
from redirect.domain.content import Platform
from redirect.domain.errors import SettingsError
from redirect.domain.services import CHILD_DIRECTORY, GENERAL_DIRECTORY
from redirect.domain.subject import UNKNOWN_COUNTRY
from redirect.domain.urls import host_suffixes
from redirect.journeys.check import Checker
from redirect.journeys.show import Show
from redirect.web import routes
from redirect.web.check import BatchEndpoint, Caller, CheckEndpoint, ExplainEndpoint
from redirect.web.forward import ForwardEndpoint
from redirect.web.health import Health
from redirect.web.pages import Pages
from redirect.web.render import Renderer
from redirect.web.trial import Trial

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from starlette.types import ASGIApp

    from redirect.adapters.catalogues import Catalogues
    from redirect.domain.content import Texts
    from redirect.domain.decision import Category
    from redirect.domain.services import Directory
    from redirect.settings import Settings

BACKLOG = 2048
GRACE = 5
KEEP_ALIVE = 75  # longer than the idle connections of common proxies, so that they close first


class Server(uvicorn.Server):
    """A server that says when it has begun to serve."""

    def __init__(self, config: uvicorn.Config, begun: Callable[[], None]) -> None:
        super().__init__(config)
        self._begun = begun

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """As the parent's, then tell."""
        await super().startup(sockets)
        self._begun()


@dataclass(frozen=True)
class Content:
    """All that pages and answers are made of, proven before anything starts."""

    texts: Texts
    categories: Mapping[str, Category]
    directory: Directory
    catalogues: Catalogues
    platforms: Mapping[str, Platform]


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


def listen(settings: Settings) -> socket.socket:
    """The socket that all workers accept from, so that no connection is lost with one of them.

    Raises SettingsError where it cannot be had.
    """
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    try:
        return socket.create_server((settings.host, settings.port), family=family, backlog=BACKLOG)
    except OSError as error:
        where, why = f"{settings.host} port {settings.port}", error.strerror or error
        raise SettingsError(f"REDIRECT_HOST, REDIRECT_PORT: cannot listen on {where}: {why}") from None


def public_url(settings: Settings, listener: socket.socket) -> str:
    """Where people reach the pages."""
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    return settings.public_url or f"http://{host}:{listener.getsockname()[1]}"


def serve(settings: Settings, announce: Callable[[str], None], first_list: Callable[[Settings], None]) -> None:
    """Run until SIGTERM or SIGINT. `announce` gets the public address once a worker answers; `first_list` is
    called once the store answers, and publishes the sample list of a demo where nothing is."""
    processes.forbid_core_dumps()
    logs.set_up(logs.Anomalies())
    keys, content = load_keys(settings), load_content(settings)
    lock = DataDirectoryLock(settings.data_dir)
    lock.take_or_raise()
    store = EmbeddedStore(settings.data_dir) if settings.embedded else None
    with listen(settings) as listener:
        try:
            if store:
                store.start()
                store.wait()
            if settings.demo:
                first_list(settings)
            board, url = Board(settings.workers), public_url(settings, listener)
            run = partial(run_worker, settings, keys, content, board, listener, url)
            gc.freeze()  # what exists now is shared with the workers; collecting it would copy the pages
            Supervisor(lock, store, settings.workers, run, lambda: board.serving, lambda: announce(url)).run()
        finally:
            if store:
                store.stop()
            lock.release()


def run_worker(
    settings: Settings,
    keys: keyring.Keyring,
    content: Content,
    board: Board,
    listener: socket.socket,
    url: str,
    index: int,
) -> None:
    """One worker process, until SIGTERM."""
    board.take_row(index)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_work(settings, keys, content, board, listener, url))


async def _work(
    settings: Settings,
    keys: keyring.Keyring,
    content: Content,
    board: Board,
    listener: socket.socket,
    url: str,
) -> None:
    anomalies = logs.Anomalies()
    logs.set_up(anomalies)
    store = Store(store_url(settings))
    lists = LiveList(settings.data_dir / "lists", keys.list_key, keys.trust, time.time)
    access = AccessKeys(settings.data_dir / "access.json", dict([demo_access()]) if settings.demo else {})
    spool = Spool(settings.data_dir / "spool", time.time, partial(board.add, Metric.LOST_COUNTS))
    flusher = Flusher(spool, settings.data_dir / "spool", store)
    watcher = Watcher(store, place_of(settings.list_source, store), lists, access)
    lists.load_last_known_good()
    await watcher.look()
    state = WorkerState(lists, watcher, flusher, [locale.tag for locale in content.catalogues.locales])

    def note(kind: str) -> None:
        anomalies.note(kind)
        board.add(Metric.ERRORS)

    app = application(settings, content, keys, access, state, spool, board, note, url)
    server = Server(
        uvicorn.Config(
            app,
            http="httptools",
            ws="none",
            lifespan="off",
            access_log=False,  # it would write query strings
            log_config=None,
            server_header=False,
            timeout_keep_alive=KEEP_ALIVE,
            timeout_graceful_shutdown=GRACE,
        ),
        board.begin_serving,
    )
    # The server raises the signal once more when it has ended; what follows must still be done.
    signal.signal(signal.SIGTERM, lambda *_: setattr(server, "should_exit", True))
    beside = ((flusher.round, ROUND), (watcher.look, LOOK), (anomalies.write, logs.SUM_EVERY))
    tasks = [asyncio.create_task(repeat(work, every)) for work, every in beside]
    await server.serve(sockets=[listener])
    for task in tasks:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
    await flusher.finish()
    spool.close()
    await store.close()


def application(
    settings: Settings,
    content: Content,
    keys: keyring.Keyring,
    access: AccessKeys,
    state: WorkerState,
    spool: Spool,
    board: Board,
    note: Callable[[str], None],
    url: str,
) -> ASGIApp:
    """The ASGI application of one worker."""
    base = urlsplit(url).path.rstrip("/")
    languages, tokens = ServedLanguages(content.catalogues), TokenBox(keys.tokens)
    show = Show(content.texts, content.platforms, content.directory, languages, tokens, spool, time.time, url, base)
    checker = Checker(state.lists, content.categories, languages, spool, show, time.time)
    # Anyone may meet the page for when all else breaks, a child too: general directories alone.
    general = content.directory.named((GENERAL_DIRECTORY, CHILD_DIRECTORY), UNKNOWN_COUNTRY)
    renderer = Renderer(content.catalogues.locales, content.catalogues.translations, general)
    count_checks, count_pages = partial(board.add, Metric.CHECKS), partial(board.add, Metric.PAGES)
    pages = Pages(show, renderer, count_pages, note, https=url.startswith("https://"))
    caller = Caller(access, content.platforms)
    health = Health(state, board.counters, time.time)
    served = routes.health_routes(health)
    if settings.only != "api":
        trial = Trial(checker, Platform("demo"), languages.served, base) if settings.demo else None
        served += routes.page_routes(pages) + routes.root_routes(pages, trial)
        served += routes.language_routes(pages, languages_of_the_world())
    if settings.only != "pages":
        served += routes.api_routes(
            CheckEndpoint(checker, caller, count_checks),
            BatchEndpoint(checker, caller, count_checks),
            ExplainEndpoint(checker, access),
            ForwardEndpoint(checker, caller, settings.query_parameters, url, count_checks),
            health,
        )
    return routes.application(served, pages, base, note)
