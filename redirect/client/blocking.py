"""Owns blocking connections to the service. Must never wait past a deadline, whoever makes it wait: the service, the
network, the resolver, or other threads that have all connections."""

from __future__ import annotations

import queue
import select
import socket
import ssl
import threading
import time
from collections import deque
from typing import TYPE_CHECKING

from redirect.client.wire import IDLE, READ_AT_ONCE, Closed, Reading, Response, left

if TYPE_CHECKING:
    from collections.abc import Callable


class Connections:
    """At most `limit` connections to one place, kept open while nobody asks."""

    def __init__(self, host: str, port: int, tls: ssl.SSLContext | None, limit: int) -> None:
        self._place = (host, port)
        self._tls = tls
        self._room = threading.Semaphore(limit)
        self._idle: deque[tuple[socket.socket, float]] = deque()

    def ask(self, request: bytes, deadline: float, asks_again: Callable[[], bool]) -> Response:
        """One answer. Raises TimeoutError, OSError, Closed or NoHttp.

        A kept connection may turn out closed: then nobody has read the question, and it may be asked again on a new
        one. On a new one it never is: it may have been counted.
        """
        if not self._room.acquire(timeout=left(deadline)):
            raise TimeoutError
        try:
            kept = self._kept()
            if kept is not None:
                try:
                    return self._exchange(kept, request, deadline)
                except Closed:
                    if not asks_again():
                        raise
            return self._exchange(self._connect(deadline), request, deadline)
        finally:
            self._room.release()

    def close(self) -> None:
        """Give back what nobody uses now."""
        while self._idle:
            self._idle.pop()[0].close()

    def _kept(self) -> socket.socket | None:
        """The connection used last, unless it is old or has something to say, which can only be its end."""
        while self._idle:
            connection, since = self._idle.pop()
            if time.monotonic() - since < IDLE and not _is_readable(connection):
                return connection
            connection.close()
        return None

    def _exchange(self, connection: socket.socket, request: bytes, deadline: float) -> Response:
        reading = Reading()
        try:
            connection.settimeout(left(deadline))
            connection.sendall(request)
            while not reading.is_whole:
                connection.settimeout(left(deadline))
                reading.feed(connection.recv(READ_AT_ONCE))
        except (ConnectionError, ssl.SSLError) as error:
            raise (error if reading.has_begun else Closed) from None
        finally:
            if reading.keeps:
                self._idle.append((connection, time.monotonic()))
            else:
                connection.close()
        return reading.response()

    def _connect(self, deadline: float) -> socket.socket:
        """A new connection. The addresses of a name share the time that is left."""
        addresses = _resolved(*self._place, left(deadline))
        for place, address in enumerate(addresses, 1):
            share = left(deadline) / (len(addresses) - place + 1)
            try:
                connection = socket.create_connection((address, self._place[1]), share)
            except OSError:
                if place == len(addresses):
                    raise
            else:
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                return self._secured(connection, self._tls, deadline) if self._tls else connection
        raise ConnectionError

    def _secured(self, connection: socket.socket, tls: ssl.SSLContext, deadline: float) -> socket.socket:
        try:
            connection.settimeout(left(deadline))
            return tls.wrap_socket(connection, server_hostname=self._place[0])
        except BaseException:
            connection.close()
            raise


def _is_readable(connection: socket.socket) -> bool:
    poll = select.poll()
    poll.register(connection, select.POLLIN)
    return bool(poll.poll(0))


def _resolved(host: str, port: int, seconds: float) -> list[str]:
    """Addresses of a name. The system's resolver knows no time-out, so it is asked from a thread of its own."""
    answers: queue.SimpleQueue[list[str]] = queue.SimpleQueue()
    threading.Thread(target=lambda: answers.put(_addresses(host, port)), daemon=True, name="redirect-resolve").start()
    try:
        return answers.get(timeout=seconds)
    except queue.Empty:
        raise TimeoutError from None


def _addresses(host: str, port: int) -> list[str]:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError:
        return []
    return list(dict.fromkeys(str(address[0]) for *_, address in found))
