"""Owns what a client remembers of how the service does: whether to ask at all, whether to ask once more, what to tell
the operator. Must never remember or write anything of a question."""

from __future__ import annotations

import logging
import os
import threading
import time
import weakref
from collections import Counter
from typing import TYPE_CHECKING, Final

from redirect.client.answer import Reason

if TYPE_CHECKING:
    from collections.abc import Callable

LOG = logging.getLogger("redirect.client")
RETRIES_AT_ONCE: Final = 10.0


class Care:
    """How the service does. Safe to use from many threads.

    After `failures` outages in a row the service is left alone: for `pause` seconds nobody waits for it, then one
    question goes out to see whether it is back, and so on until it is. At most `retries` of all questions are asked
    once more, with a few to begin with. State changes are logged, and nothing else; none names a question.
    """

    def __init__(
        self, failures: int, pause: float, retries: float, on_error: str, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._failures = failures
        self._pause = pause
        self._retries = retries
        self._on_error = on_error
        self._clock = clock
        self._lock = threading.Lock()
        self._in_a_row = 0
        self._next_look = 0.0
        self._budget = RETRIES_AT_ONCE
        self._undecided: Counter[str] = Counter()
        self.trouble = ""
        _ALL.add(self)

    @property
    def undecided(self) -> dict[str, int]:
        """How many subjects were not decided, by reason."""
        with self._lock:
            return dict(self._undecided)

    def asks(self) -> bool:
        """Whether to ask now; True obliges to say `heard` or `missed` afterwards."""
        with self._lock:
            self._budget = min(self._budget + self._retries, RETRIES_AT_ONCE)
            if self._in_a_row < self._failures:
                return True
            if self._clock() < self._next_look:
                return False
            self._next_look = self._clock() + self._pause  # this question looks whether it is back, others still wait
            return True

    def asks_again(self) -> bool:
        """Whether a question that never arrived may be asked once more."""
        with self._lock:
            if self._budget < 1:
                return False
            self._budget -= 1
            return True

    def heard(self) -> None:
        """The service decided."""
        with self._lock:
            self._in_a_row = 0
            before, self.trouble = self.trouble, ""
        if before:
            LOG.warning("redirect decides again")

    def unasked(self, reason: Reason, subjects: int) -> None:
        """The service was not asked about so many subjects. That says nothing of how it does: else one long batch could
        switch it off for everybody."""
        with self._lock:
            self._undecided[reason.value] += subjects

    def missed(self, reason: Reason, subjects: int, refusal: str = "") -> None:
        """The service was asked about so many subjects, and decided on none. `refusal` is its status, and the kind of
        problem."""
        with self._lock:
            self._undecided[reason.value] += subjects
            trouble = self._missed(reason, refusal)
            is_news = bool(trouble) and trouble != self.trouble
            self.trouble = trouble or self.trouble
        if is_news:
            LOG.error("redirect does not decide (%s): on_error=%s applies", trouble, self._on_error)

    def _missed(self, reason: Reason, refusal: str) -> str:
        """What the operator should know. A refusal is no outage: a service that says 4xx is there, and if one person's
        search could make it say so, that person could switch it off for everybody."""
        if reason is Reason.REFUSED:
            self._in_a_row = 0
            return f"{reason.value}: {refusal}"
        self._in_a_row += 1
        self._next_look = self._clock() + self._pause
        return reason.value if self._in_a_row >= self._failures else ""


def _renew_locks() -> None:
    """In a forked child: the thread that may have held a lock is not there."""
    for care in _ALL:
        care._lock = threading.Lock()  # noqa: SLF001 (the one place outside)


_ALL: Final[weakref.WeakSet[Care]] = weakref.WeakSet()
os.register_at_fork(after_in_child=_renew_locks)
