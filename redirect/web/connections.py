"""Owns which connections a worker keeps, and how long it waits for whoever is at their other end. Must never look at
what they carry, nor cost a request anything: it looks once a second, from outside."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING, Final, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable

LOOK: Final = 1.0
"""Seconds between looks."""
KEEP_ALIVE_AND: Final = 5
"""The server ends idle connections by itself, unless a byte now and then puts it off."""


class Phase(IntEnum):
    """What a connection waits for: the end of a request's head or of its body, our answer and its reader, another
    request, or that the last bytes are taken."""

    HEAD = 0
    BODY = 1
    ANSWER = 2
    IDLE = 3
    CLOSING = 4


PATIENCE: Final = {Phase.HEAD: 10, Phase.BODY: 30, Phase.ANSWER: 300, Phase.CLOSING: 10}
"""Looks after which a connection is given up. For the whole of a head or body: a byte now and then does not help. An
answer may be a video on a slow telephone."""


MOST_TURNED_AWAY: Final = 64
LOOKS_TO_TELL: Final = 2


class Connection(Protocol):
    """One of them, as seen from here."""

    @property
    def place(self) -> tuple[int, Phase]:
        """How many requests have begun, and how far the last one is."""
        ...

    def give_up(self) -> None:
        """Say so if somebody may be listening, and end it."""
        ...

    def cut(self) -> None:
        """End it now."""
        ...

    def turn_away(self) -> None:
        """Refuse whatever it asks."""
        ...


@dataclass(slots=True)
class _Seen:
    place: tuple[int, Phase]
    looks: int = 0


class Connections:
    """At most `most` at a time. One more takes the place of the oldest that has not brought a single request to its
    end, or of the oldest that has asked nothing for a while, whichever has waited longer; only where there is none such
    is it refused itself. So whoever fills all places by waiting shuts nobody out. Beside them a few that are refused
    are kept for a moment, until they have been told.
    """

    def __init__(self, most: int, keep_alive: int, note: Callable[[str], None]) -> None:
        self._most = most
        self._patience = {**PATIENCE, Phase.IDLE: keep_alive + KEEP_ALIVE_AND}
        self._note = note
        self._seen: dict[Connection, _Seen] = {}
        self._unproven: dict[Connection, None] = {}
        self._idle: dict[Connection, None] = {}
        """Seen to wait for another request, in the order in which they were."""
        self.draining = False
        """Whether each connection ends with the answer that comes next, and says so in it."""
        self._turned_away: dict[Connection, int] = {}

    def __len__(self) -> int:
        return len(self._seen)

    def take(self, connection: Connection) -> None:
        """A new one."""
        if len(self._seen) >= self._most:
            self._note("more connections at once than a worker keeps")
            first = self._longest_waiting()
            if first is None:
                self._turn_away(connection)
                return
            self.forget(first)
            first.cut()
        self._seen[connection] = _Seen(connection.place)
        self._unproven[connection] = None

    def forget(self, connection: Connection) -> None:
        """One that has ended."""
        self._seen.pop(connection, None)
        self._unproven.pop(connection, None)
        self._idle.pop(connection, None)
        self._turned_away.pop(connection, None)

    def _longest_waiting(self) -> Connection | None:
        oldest = (next(iter(self._unproven), None), self._longest_idle())
        return max(filter(None, oldest), key=lambda connection: self._seen[connection].looks, default=None)

    def _longest_idle(self) -> Connection | None:
        while self._idle:
            connection = next(iter(self._idle))
            if connection.place[1] is Phase.IDLE:
                return connection
            del self._idle[connection]  # it has asked since it was looked at
        return None

    def _turn_away(self, connection: Connection) -> None:
        if len(self._turned_away) >= MOST_TURNED_AWAY:
            connection.cut()
            return
        self._turned_away[connection] = LOOKS_TO_TELL
        connection.turn_away()

    async def look(self) -> None:
        """Give up those whose other end has taken too long. Every LOOK seconds."""
        for connection, looks in list(self._turned_away.items()):
            self._turned_away[connection] = looks - 1
            if not looks:
                self.forget(connection)
                connection.cut()
        for connection, seen in list(self._seen.items()):
            place = connection.place
            begun, phase = place
            if begun > 1 or phase is Phase.IDLE:
                self._unproven.pop(connection, None)
            if place != seen.place:
                seen.place, seen.looks = place, 0
                self._idle.pop(connection, None)
                continue
            if phase is Phase.IDLE:
                self._idle.setdefault(connection)
            seen.looks += 1
            if seen.looks >= self._patience[phase]:
                self._note(f"a connection was given up ({phase.name.lower()})")
                connection.give_up()
