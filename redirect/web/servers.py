"""Owns how a listener of a worker begins and ends. Must never close a connection on which a request may
be on its way."""

from __future__ import annotations

import asyncio
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import uvicorn

from redirect.web.door import ALL, Door

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Iterator

    from redirect.web.connections import Connections

DRAIN = 2.0
"""Seconds that connections without a request have to bring one, before a worker that ends closes them."""


class DrainingServer(uvicorn.Server):
    """A server that ends connections only when those at their other ends know it: with an answer that says so."""

    def __init__(self, config: uvicorn.Config, places: Connections) -> None:
        super().__init__(config)
        self._places = places
        self._doors: list[Door] = []

    def protocol(self) -> asyncio.Protocol:
        """That of a new connection, as the server makes it itself."""
        kind: Any = self.config.http_protocol_class
        made: asyncio.Protocol = kind(config=self.config, server_state=self.server_state, app_state=self.lifespan.state)
        return made

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """As the parent's."""
        self._doors = [Door(listener, self.protocol) for listener in sockets or ()]
        await super().startup(sockets)

    def let_in(self) -> None:
        """Those who wait, without the loop's own pace."""
        for door in self._doors:
            door.let_in()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Accept no more, let each connection bring one more request, then as the parent."""
        self._places.draining = True
        await self._close_doors()
        loop = asyncio.get_running_loop()
        deadline = loop.time() + DRAIN
        while self.server_state.connections and loop.time() < deadline:  # noqa: ASYNC110 (the server's own set)
            await asyncio.sleep(0.02)
        await super().shutdown(sockets)

    async def _close_doors(self) -> None:
        """The last to close a socket lets in all who wait there, or the kernel would cut them off."""
        for door in self._doors:
            door.let_in(ALL)
        for server in self.servers:
            server.close()
        for door in self._doors:
            await door.come()


class Server(DrainingServer):
    """A server that says when it has begun to serve."""

    def __init__(self, config: uvicorn.Config, places: Connections, begun: Callable[[], None]) -> None:
        super().__init__(config, places)
        self._begun = begun

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """As the parent's, then tell."""
        await super().startup(sockets)
        self._begun()


class BesideServer(DrainingServer):
    """A server beside another one, which alone hears the signals: it ends when that one does."""

    def __init__(self, config: uvicorn.Config, places: Connections, first: uvicorn.Server) -> None:
        super().__init__(config, places)
        self._first = first

    async def on_tick(self, counter: int) -> bool:
        return await super().on_tick(counter) or self._first.should_exit

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield
