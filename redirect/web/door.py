"""Owns who is let in while a worker is busy. Must never wait.

The loop accepts one connection whenever it looks (libuv, since 1.46): a few a second while each look is followed by
much work, so that whoever comes anew, a person with a browser, say, would wait for seconds. After a long turn all who
wait are let in together.
"""

from __future__ import annotations

import asyncio
import socket
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

MOST: Final = 256
"""Let in after one turn."""
ALL: Final = 4096
"""More than the queue of a listener holds."""
TCP_CLOSE_WAIT: Final = 8
"""As `tcp_info` says it (Linux, tcp_states.h)."""


class Door:
    """A listening socket beside the server's own way of accepting from it. `made` makes a connection's protocol."""

    def __init__(self, listener: socket.socket, made: Callable[[], asyncio.Protocol]) -> None:
        self._listener = listener
        self._made = made
        self._coming: set[asyncio.Task[object]] = set()

    def let_in(self, most: int = MOST) -> None:
        """All who wait, but for those who have gone already."""
        for _ in range(most):
            try:
                connection, _address = self._listener.accept()
            except OSError:  # nobody else waits, or we are about to end
                return
            if has_gone(connection):
                connection.close()
            else:
                self._let_in(connection)

    async def come(self) -> None:
        """Wait until all who were let in are there."""
        await asyncio.gather(*self._coming, return_exceptions=True)

    def _let_in(self, connection: socket.socket) -> None:
        connection.settimeout(0)
        loop = asyncio.get_running_loop()
        task: asyncio.Task[object] = loop.create_task(loop.connect_accepted_socket(self._made, connection))
        self._coming.add(task)
        task.add_done_callback(self._come)

    def _come(self, task: asyncio.Task[object]) -> None:
        self._coming.discard(task)
        if not task.cancelled():
            task.exception()  # one that broke at once is nobody's fault


def has_gone(connection: socket.socket) -> bool:
    """Whether the other end has closed a connection; what it had said before may still wait to be read."""
    state: bytes = connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)
    return state[0] == TCP_CLOSE_WAIT
