"""Owns how much a worker takes on before it looks again for what else has come. Must never hold anything of a request,
nor turn a page away: whoever opens one is a person.

A loop that has more to do than time still answers everything, later and later, until callers have gone before they are
answered and all its work is for nobody. So calls that come late in a long turn are refused at once, the others are
answered in time, and nobody is answered who has gone. To refuse costs about 50 µs, so calls that cost little more are
answered, however many come: what bounds the wait there is how many connections a worker keeps. What calls cost is the
worker's own time on a core: where a busy machine takes the cores away, to refuse would give none of them back.
"""

from __future__ import annotations

import asyncio
from collections import deque
from contextlib import contextmanager
from time import perf_counter, thread_time
from typing import TYPE_CHECKING, Final, Protocol

from redirect.domain.errors import BadRequest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

LONGEST: Final = 0.06
"""Seconds of one turn after which calls are refused: who is answered has waited for two turns at most."""
LEAST: Final = 4
"""Requests that each turn answers whatever they take: few callers are never refused."""
WORTH: Final = 0.0002
"""Seconds of a core that the requests of a turn must have taken on average, so that refusing the others saves
something."""
BUSY: Final = 0.005
"""Seconds of a turn after which there may be many who wait to be let in."""
MOST_TASKS: Final = 256
"""Calls that begin a task of their own in one turn."""
BREATH: Final = 0.05
"""Seconds for which one is not listened to who comes back within a long turn: others come first."""


class Caller(Protocol):
    """A connection that can be left unread for a while."""

    def pause(self) -> None: ...
    def resume(self) -> None: ...


class Turn:
    """Between two looks of the loop at its connections. `on_refused` is told of each call that is refused; `after_long`
    are called after each turn that took a while. `clock` tells the time, `worked` how long this thread had a core."""

    def __init__(
        self,
        on_refused: Callable[[], object],
        clock: Callable[[], float] = perf_counter,
        worked: Callable[[], float] = thread_time,
    ) -> None:
        self._on_refused = on_refused
        self._clock, self._worked = clock, worked
        self._since = self._worked_since = 0.0
        self._lasted = 0.0
        self.number = 0
        self.is_long = False
        """Whether this turn or the last was, so that some may have gone meanwhile."""
        self._taken = 0
        self._tasks = 0
        self.after_long: list[Callable[[], object]] = []
        self._late: deque[tuple[float, Caller]] = deque()

    def has_time(self) -> bool:
        """Take one more request; whether it came in time."""
        if not self._taken:
            # What is called soon is called before the loop looks again, and after all that has come by now.
            asyncio.get_running_loop().call_soon(self._end)
            self._since, self._worked_since = self._clock(), self._worked()
            self.is_long = self._lasted > LONGEST
        self._taken += 1
        if self._taken <= LEAST:
            return True
        passed = self._clock() - self._since
        self.is_long |= passed > LONGEST
        return passed < LONGEST or self._worked() - self._worked_since < self._taken * WORTH

    def has_room(self) -> bool:
        """The same for a call that begins a task."""
        self._tasks += 1
        return self.has_time() and self._tasks <= MOST_TASKS

    def refused(self) -> None:
        """Say that a call was."""
        self._on_refused()

    def hold(self, caller: Caller) -> None:
        """Do not listen for a moment to one that came twice in a long turn, so that a turn ends however fast callers
        come back: where there are a thousand, the loop (libuv) looks up to 48 times before it does anything else."""
        caller.pause()
        loop = asyncio.get_running_loop()
        if not self._late:
            loop.call_later(BREATH, self._listen_again)
        self._late.append((loop.time() + BREATH, caller))

    def _end(self) -> None:
        self.number += 1
        self._taken = self._tasks = 0
        self._lasted = self._clock() - self._since
        if self._lasted > BUSY:
            for call in self.after_long:
                call()

    def _listen_again(self) -> None:
        loop = asyncio.get_running_loop()
        while self._late and self._late[0][0] <= loop.time():
            self._late.popleft()[1].resume()
        if self._late:
            loop.call_at(self._late[0][0], self._listen_again)


class Line:
    """A bounded queue for what takes long: `most` at a time are let in, and one after the other gets its turn."""

    def __init__(self, most: int, on_refused: Callable[[], object] = lambda: None) -> None:
        self._most = most
        self._on_refused = on_refused
        self._inside = 0
        self.turn = asyncio.Lock()

    @contextmanager
    def place(self) -> Iterator[None]:
        """One of the places. Raises BadRequest where all are taken."""
        if self._inside >= self._most:
            self._on_refused()
            raise BadRequest("overloaded")
        self._inside += 1
        try:
            yield
        finally:
            self._inside -= 1
