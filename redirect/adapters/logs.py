"""Owns what is logged. Must never write a line that one person's request caused.

Our own loggers write to standard error. What libraries report while serving (a malformed request, a lost
connection) is summed by its kind and written once a minute, rounded, without any of its arguments.
"""

from __future__ import annotations

import logging
from collections import Counter
from typing import TYPE_CHECKING

from redirect.domain.disclosure import publishable

if TYPE_CHECKING:
    from collections.abc import Callable

SUMMED = ("uvicorn", "asyncio", "redis")
SUM_EVERY = 60.0
LOG = logging.getLogger(__name__)


class Anomalies(logging.Handler):
    """Counts things that went wrong, by kind; a kind is a text of the program's own, never of a request."""

    def __init__(self, on_note: Callable[[], object] = lambda: None) -> None:
        super().__init__(logging.WARNING)
        self._on_note = on_note
        self._seen: Counter[str] = Counter()

    def note(self, kind: str) -> None:
        """One more of this kind."""
        self._seen[kind] += 1
        self._on_note()

    def emit(self, record: logging.LogRecord) -> None:
        """Take a library's record by its template alone."""
        self.note(f"{record.name}: {record.msg if isinstance(record.msg, str) and record.args else record.levelname}")

    async def write(self) -> None:
        """Write what was summed, one line for each kind, and begin anew. Once a minute."""
        seen, self._seen = self._seen, Counter()
        for kind, count in sorted(seen.items()):
            LOG.warning("in the last minute: %s, %s", kind, publishable(count) or "fewer than 10")


def set_up(anomalies: Anomalies) -> None:
    """Once in each process, before anything is served."""
    own = logging.getLogger("redirect")
    own.setLevel(logging.INFO)
    own.propagate = False
    if not own.handlers:
        handler = logging.StreamHandler()
        handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
        own.addHandler(handler)
    for name in SUMMED:
        library = logging.getLogger(name)
        library.handlers = [anomalies]
        library.propagate = False
        library.setLevel(logging.WARNING)
