"""Owns the processes of one node, from start to stop. Must never hold a part of the service itself.

Start: settings -> keys -> content -> lock -> sockets -> store -> sample list (demo) -> workers.
Stop: sockets close, workers finish what they have and flush, then the store, then the lock.
Next program (SIGHUP): the same start, with the lock, store and sockets of the one before, whose workers stop last.
"""

from __future__ import annotations

import asyncio
import gc
import resource
import signal
from contextlib import asynccontextmanager
from functools import partial
from typing import TYPE_CHECKING

import uvicorn
import uvloop

from redirect import __version__
from redirect.adapters import logs
from redirect.adapters.background import end, repeat
from redirect.adapters.board import Board
from redirect.adapters.embedded import EmbeddedStore
from redirect.adapters.events import Event, tell
from redirect.adapters.handover import Handover, hold_back
from redirect.adapters.listeners import Listeners
from redirect.adapters.lock import DataDirectoryLock
from redirect.adapters.store import Store
from redirect.adapters.supervisor import Node, Supervisor
from redirect.app import Worker
from redirect.data_dir import load_keys, store_url
from redirect.domain.errors import SettingsError
from redirect.start import Content, load_content
from redirect.web.check import CHECK_LIMIT
from redirect.web.connections import LOOK, Connections
from redirect.web.protocol import no_call, nothing_at_once, protocol
from redirect.web.servers import BesideServer, Server

if TYPE_CHECKING:
    import socket
    from collections.abc import AsyncIterator, Callable, Iterator, Sequence

    from starlette.types import ASGIApp

    from redirect.adapters.keyring import Keyring
    from redirect.settings import Settings
    from redirect.web.protocol import AtOnce, IsCall

    Sockets = tuple[socket.socket, socket.socket | None]

GRACE = 5
FIRST_LOOK = 5.0
KEEP_ALIVE = 75  # longer than the idle connections of common proxies, so that they close first
KEEP_ALIVE_OF_PERSONS = 5
OTHER_FILES = 128
"""Open files that a worker needs beside its connections, with room."""


def serve(
    settings: Settings,
    announce: Callable[[str, Content], None],
    first_list: Callable[[Settings], None],
    before: Handover | None = None,
) -> None:
    """Run until SIGTERM or SIGINT. `announce` gets the address we listen on once the workers answer; `first_list` is
    called once the store answers, and publishes the sample list of a demo where nothing is. `before` is what the
    program before this one has handed over; on trial nothing is run, and whatever could not be is raised."""
    hold_back([signal.SIGHUP])  # a reload that is asked for while the service starts comes after
    logs.set_up(logs.Anomalies(), settings.log_format)
    keys, content = load_keys(settings), load_content(settings)
    Store(store_url(settings))  # an address that cannot be one stops the start here, not each worker
    if before:
        _ensure_same_place(settings, before)
        if before.trial:
            _ensure_can_listen(settings, before)
            return
    lock = DataDirectoryLock(settings.data_dir, before.lock if before else -1)
    lock.take_or_raise()
    store = EmbeddedStore(settings.data_dir, before.store if before else 0) if settings.embedded else None
    try:
        with Listeners(before.listeners if before else {}) as listeners:
            sockets = _listen(settings, listeners)
            if store and store.ended():
                store.start()
                store.wait()
            if settings.demo:
                first_list(settings)
            board, local = Board(settings.workers), address(settings, sockets[0])
            url = settings.public_url or local
            node = Node(
                count=settings.workers,
                run_worker=partial(
                    _run_alone, listeners, partial(run_worker, settings, keys, content, board, sockets, url)
                ),
                serving=lambda: board.serving,
                announce=partial(_taken_over, listeners) if before else partial(_started, announce, local, content),
                handover=partial(_handover, settings, listeners, lock, store),
                close=listeners.close,
            )
            gc.freeze()  # what exists now is shared with the workers; collecting it would copy the pages
            Supervisor(node, lock, store, before.workers if before else ()).run()
    finally:
        if store:
            store.stop()
        lock.release()
    tell(Event.STOPPED)


def _started(announce: Callable[[str, Content], None], url: str, content: Content) -> None:
    tell(Event.STARTED, version=__version__)
    announce(url, content)


def _run_alone(listeners: Listeners, run: Callable[[int], None], index: int) -> None:
    """In a child: nobody would accept what comes to sockets that only the program before listened on."""
    listeners.let_go()
    run(index)


def _taken_over(listeners: Listeners) -> None:
    listeners.let_go()
    tell(Event.TAKEN_OVER, version=__version__)


def _handover(
    settings: Settings,
    listeners: Listeners,
    lock: DataDirectoryLock,
    store: EmbeddedStore | None,
    workers: Sequence[int],
) -> Handover:
    return Handover(
        data_dir=str(settings.data_dir.resolve()),
        embedded=settings.embedded,
        listeners=listeners.descriptors,
        lock=lock.descriptor,
        store=store.pid if store else 0,
        workers=tuple(workers),
    )


def _ensure_same_place(settings: Settings, before: Handover) -> None:
    """Raise SettingsError for what only a stop and a start can change."""
    if str(settings.data_dir.resolve()) != before.data_dir or settings.embedded != before.embedded:
        raise SettingsError(
            "REDIRECT_DATA_DIR, or whether the store is embedded, cannot change while the service runs: stop it first"
        )


def _ensure_can_listen(settings: Settings, before: Handover) -> None:
    """Raise SettingsError where an address is new and cannot be had."""
    for host, port, names, dualstack in _wanted(settings):
        if f"{host} {port}" not in before.listeners:
            with Listeners({}) as listeners:
                listeners.listen(host, port, names, dualstack=dualstack)


def _listen(settings: Settings, listeners: Listeners) -> Sockets:
    """The sockets that all workers accept from, so that no connection is lost with one of them: ours, and that of the
    page that blocked names lead to, where it is wanted. Raises SettingsError where one cannot be had."""
    sockets = [
        listeners.listen(host, port, names, dualstack=dualstack) for host, port, names, dualstack in _wanted(settings)
    ]
    return sockets[0], sockets[1] if len(sockets) > 1 else None


def _wanted(settings: Settings) -> Iterator[tuple[str, int, str, bool]]:
    yield settings.host, settings.port, "REDIRECT_HOST, REDIRECT_PORT", False
    if settings.stop_port is not None:
        both = settings.stop_host == "::"
        yield settings.stop_host, settings.stop_port, "REDIRECT_STOP_HOST, REDIRECT_STOP_PORT", both


def address(settings: Settings, listener: socket.socket) -> str:
    """What we listen on, as an address."""
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    return f"http://{host}:{listener.getsockname()[1]}"


def run_worker(
    settings: Settings, keys: Keyring, content: Content, board: Board, listeners: Sockets, url: str, index: int
) -> None:
    """One worker process, until SIGTERM."""
    board.take_row(index)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_work(Worker(settings, keys, content, board, url), board, listeners))


async def _work(worker: Worker, board: Board, listeners: Sockets) -> None:
    logs.set_up(worker.anomalies, worker.log_format)
    try:
        worker.lists.load_last_known_good()
        # What is on disk serves; a store or place that hangs must not hold up the start.
        looks = asyncio.gather(worker.list_watcher.look(), worker.key_watcher.look())
        await asyncio.wait_for(looks, FIRST_LOOK)
    except TimeoutError:
        pass
    except Exception:  # noqa: BLE001 (told, with its trace)
        tell(Event.NOTHING_KEPT, trace=True)
    site = worker.site
    config, places = _listening(worker, site.app, site.at_once, site.is_call, KEEP_ALIVE, site.host_headers)
    listener, stop = listeners
    server = Server(config, places, board.begin_serving)
    worker.turn.after_long.append(server.let_in)
    # The server raises the signal once more when it has ended; what follows must still be done.
    signal.signal(signal.SIGTERM, lambda *_: setattr(server, "should_exit", True))
    beside = (*worker.beside, (places.look, LOOK))
    tasks = [asyncio.create_task(repeat(work, every)) for work, every in beside]
    async with _stop_page(worker, stop, server):
        await server.serve(sockets=[listener])
    await end(tasks)
    await worker.flusher.finish()
    worker.spool.close()
    await worker.list_place.close()
    await worker.store.close()
    await worker.ledger.close()


@asynccontextmanager
async def _stop_page(worker: Worker, listener: socket.socket | None, first: Server) -> AsyncIterator[None]:
    """Serve the page that blocked names lead to meanwhile, and end with the first server."""
    if worker.site.stop_page is None or listener is None:
        yield
        return
    config, places = _listening(worker, worker.site.stop_page, nothing_at_once, no_call, KEEP_ALIVE_OF_PERSONS, [])
    server = BesideServer(config, places, first)
    worker.turn.after_long.append(server.let_in)
    looking = asyncio.create_task(repeat(places.look, LOOK))
    task = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        yield
    finally:
        server.should_exit = True
        await task
        looking.cancel()


def _listening(
    worker: Worker, app: ASGIApp, at_once: AtOnce, is_call: IsCall, keep_alive: int, headers: list[tuple[str, str]]
) -> tuple[uvicorn.Config, Connections]:
    """How one listener is served, `headers` with every answer, and the connections it will have."""
    places = Connections(_room_for(worker.connections), keep_alive, worker.anomalies.note)
    config = uvicorn.Config(
        app,
        http=protocol(worker.site.help_page, at_once, CHECK_LIMIT, places, worker.turn, is_call),
        ws="none",
        lifespan="off",
        access_log=False,  # it would write query strings
        proxy_headers=False,  # it would keep thousands of people's addresses in a memo, and believe who sends them
        log_config=None,
        server_header=False,
        headers=headers,
        timeout_keep_alive=keep_alive,
        timeout_graceful_shutdown=GRACE,
    )
    return config, places


def _room_for(connections: int) -> int:
    """As many, or as many as the system lets this process have open."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = connections + OTHER_FILES
    if soft < wanted:
        soft = min(wanted, hard) if hard != resource.RLIM_INFINITY else wanted
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    return max(1, min(connections, soft - OTHER_FILES))
