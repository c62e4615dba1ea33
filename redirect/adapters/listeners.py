"""Owns the sockets that a node listens on, so that all its workers accept from one, and the program after this one goes
on with them. Must never close one that somebody still accepts from."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

from redirect.domain.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import TracebackType

BACKLOG = 2048


class Listeners:
    """Sockets by the address and port that were set. `handed` are descriptors that the program before listened on."""

    def __init__(self, handed: Mapping[str, int]) -> None:
        self._handed = {where: socket.socket(fileno=descriptor) for where, descriptor in handed.items()}
        for listener in self._handed.values():
            listener.set_inheritable(False)
        self._open: dict[str, socket.socket] = {}

    def __enter__(self) -> Listeners:
        return self

    def __exit__(
        self, _type: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """All of them, here: once every worker has closed its own, too, whoever comes is refused."""
        for listener in (*self._handed.values(), *self._open.values()):
            listener.close()

    @property
    def descriptors(self) -> dict[str, int]:
        """Of those that are listened on."""
        return {where: listener.fileno() for where, listener in self._open.items()}

    def listen(self, host: str, port: int, settings: str, *, dualstack: bool = False) -> socket.socket:
        """The socket of the program before, or a new one. Raises SettingsError where it cannot be had."""
        where = f"{host} {port}"
        handed = where in self._handed
        self._open[where] = self._handed.pop(where) if handed else _new(host, port, settings, dualstack=dualstack)
        return self._open[where]

    def let_go(self) -> None:
        """Of what the program before listened on and this one does not: nobody accepts from it any longer."""
        for listener in self._handed.values():
            listener.close()
        self._handed.clear()


def _new(host: str, port: int, settings: str, *, dualstack: bool) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=BACKLOG, dualstack_ipv6=dualstack)
    except (OSError, ValueError, TypeError) as error:
        why = getattr(error, "strerror", None) or "no such address"
        raise SettingsError(f"{settings}: cannot listen on {host} port {port}: {why}") from None
