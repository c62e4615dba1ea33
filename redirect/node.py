"""Owns the processes of one node, from start to stop. Must never hold a part of the service itself.

Start: settings -> keys -> content -> lock -> store -> sample list (demo) -> socket -> workers.
Stop: workers finish what they have and flush, then the store, then the lock.
"""

from __future__ import annotations

import asyncio
import gc
import logging
import resource
import signal
import socket
from contextlib import asynccontextmanager, contextmanager, nullcontext
from functools import partial
from typing import TYPE_CHECKING

import uvicorn
import uvloop

from redirect.adapters import logs
from redirect.adapters.background import end, repeat
from redirect.adapters.board import Board
from redirect.adapters.embedded import EmbeddedStore
from redirect.adapters.store import Store
from redirect.adapters.supervisor import DataDirectoryLock, Supervisor
from redirect.app import Worker
from redirect.data_dir import load_keys, store_url
from redirect.domain.errors import SettingsError
from redirect.start import Content, load_content
from redirect.web.check import CHECK_LIMIT
from redirect.web.connections import LOOK, Connections
from redirect.web.protocol import nothing_at_once, protocol

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator
    from contextlib import AbstractContextManager

    from starlette.types import ASGIApp

    from redirect.adapters.keyring import Keyring
    from redirect.settings import Settings
    from redirect.web.protocol import AtOnce

    Listeners = tuple[socket.socket, socket.socket | None]

LOG = logging.getLogger(__name__)
BACKLOG = 2048
GRACE = 5
FIRST_LOOK = 5.0
KEEP_ALIVE = 75  # longer than the idle connections of common proxies, so that they close first
KEEP_ALIVE_OF_PERSONS = 5
OTHER_FILES = 128
"""Open files that a worker needs beside its connections, with room."""


def serve(settings: Settings, announce: Callable[[str, Content], None], first_list: Callable[[Settings], None]) -> None:
    """Run until SIGTERM or SIGINT. `announce` gets the address we listen on once a worker answers; `first_list` is
    called once the store answers, and publishes the sample list of a demo where nothing is."""
    logs.set_up(logs.Anomalies())
    keys, content = load_keys(settings), load_content(settings)
    Store(store_url(settings))  # an address that cannot be one stops the start here, not each worker
    lock = DataDirectoryLock(settings.data_dir)
    lock.take_or_raise()
    store = EmbeddedStore(settings.data_dir) if settings.embedded else None
    try:
        with listen(settings) as listener, listen_for_stop_page(settings) as stop:
            if store:
                store.start()
                store.wait()
            if settings.demo:
                first_list(settings)
            board, local = Board(settings.workers), address(settings, listener)
            run = partial(run_worker, settings, keys, content, board, (listener, stop), settings.public_url or local)
            gc.freeze()  # what exists now is shared with the workers; collecting it would copy the pages
            Supervisor(
                lock, store, settings.workers, run, lambda: board.serving, lambda: announce(local, content)
            ).run()
    finally:
        if store:
            store.stop()
        lock.release()


def listen(settings: Settings) -> socket.socket:
    """The socket that all workers accept from, so that no connection is lost with one of them.

    Raises SettingsError where it cannot be had.
    """
    return _listen(settings.host, settings.port, "REDIRECT_HOST, REDIRECT_PORT")


def listen_for_stop_page(settings: Settings) -> AbstractContextManager[socket.socket | None]:
    """The same for the page that blocked names lead to, where it is wanted."""
    if settings.stop_port is None:
        return nullcontext()
    both = settings.stop_host == "::"
    return _listen(settings.stop_host, settings.stop_port, "REDIRECT_STOP_HOST, REDIRECT_STOP_PORT", dualstack=both)


def _listen(host: str, port: int, settings: str, *, dualstack: bool = False) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=BACKLOG, dualstack_ipv6=dualstack)
    except (OSError, ValueError, TypeError) as error:
        why = getattr(error, "strerror", None) or "no such address"
        raise SettingsError(f"{settings}: cannot listen on {host} port {port}: {why}") from None


def address(settings: Settings, listener: socket.socket) -> str:
    """What we listen on, as an address."""
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    return f"http://{host}:{listener.getsockname()[1]}"


def run_worker(
    settings: Settings, keys: Keyring, content: Content, board: Board, listeners: Listeners, url: str, index: int
) -> None:
    """One worker process, until SIGTERM."""
    board.take_row(index)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_work(Worker(settings, keys, content, board, url), board, listeners))


async def _work(worker: Worker, board: Board, listeners: Listeners) -> None:
    logs.set_up(worker.anomalies)
    try:
        worker.lists.load_last_known_good()
        # What is on disk serves; a store or place that hangs must not hold up the start.
        looks = asyncio.gather(worker.list_watcher.look(), worker.key_watcher.look())
        await asyncio.wait_for(looks, FIRST_LOOK)
    except TimeoutError:
        pass
    except Exception:
        LOG.exception("what is kept could not be read; the service goes on without")
    config, places = _listening(worker, worker.site.app, worker.site.at_once, KEEP_ALIVE)
    server = Server(config, board.begin_serving)
    listener, stop = listeners
    # The server raises the signal once more when it has ended; what follows must still be done.
    signal.signal(signal.SIGTERM, lambda *_: setattr(server, "should_exit", True))
    beside = (*worker.beside, (places.look, LOOK))
    tasks = [asyncio.create_task(repeat(work, every)) for work, every in beside]
    async with _stop_page(worker, stop):
        await server.serve(sockets=[listener])
    await end(tasks)
    await worker.flusher.finish()
    worker.spool.close()
    await worker.store.close()
    await worker.ledger.close()


@asynccontextmanager
async def _stop_page(worker: Worker, listener: socket.socket | None) -> AsyncIterator[None]:
    """Serve the page that blocked names lead to meanwhile."""
    if worker.site.stop_page is None or listener is None:
        yield
        return
    config, places = _listening(worker, worker.site.stop_page, nothing_at_once, KEEP_ALIVE_OF_PERSONS)
    server = BesideServer(config)
    looking = asyncio.create_task(repeat(places.look, LOOK))
    task = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        yield
    finally:
        server.should_exit = True
        await task
        looking.cancel()


def _listening(worker: Worker, app: ASGIApp, at_once: AtOnce, keep_alive: int) -> tuple[uvicorn.Config, Connections]:
    """How one listener is served, and the connections it will have."""
    places = Connections(_room_for(worker.connections), keep_alive, worker.anomalies.note)
    config = uvicorn.Config(
        app,
        http=protocol(worker.site.help_page, at_once, CHECK_LIMIT, places),
        ws="none",
        lifespan="off",
        access_log=False,  # it would write query strings
        proxy_headers=False,  # it would keep thousands of people's addresses in a memo, and believe who sends them
        log_config=None,
        server_header=False,
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


class Server(uvicorn.Server):
    """A server that says when it has begun to serve."""

    def __init__(self, config: uvicorn.Config, begun: Callable[[], None]) -> None:
        super().__init__(config)
        self._begun = begun

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """As the parent's, then tell."""
        await super().startup(sockets)
        self._begun()


class BesideServer(uvicorn.Server):
    """A server beside another one, which alone hears the signals."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield
