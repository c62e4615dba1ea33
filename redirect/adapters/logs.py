"""Owns how lines are logged. Must never write one that one person's request caused.

Lines of ours, `events.py` has them all, go to standard error, as text or as JSON. What libraries report while serving
(a malformed request, a lost connection) is summed by its kind and written once a minute, rounded, without any of its
arguments.
"""

from __future__ import annotations

import logging
import os
from collections import Counter
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import msgspec

from redirect.adapters.events import Event, tell
from redirect.domain.disclosure import publishable

if TYPE_CHECKING:
    from collections.abc import Callable

SUMMED = ("", "uvicorn", "asyncio", "redis")
"""Loggers of libraries; the empty name is for all that have no own handler here."""
SUM_EVERY = 60.0


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
            tell(Event.ANOMALIES, kind=kind, count=publishable(count) or "fewer than 10")


class JsonLines(logging.Formatter):
    """One object a line: `time`, `level`, `event`, `says`, `process`, the fields of the event, and `trace` if any."""

    def format(self, record: logging.LogRecord) -> str:
        """Without a line break in it."""
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "event": getattr(record, "event", record.name),
            "says": record.getMessage(),
            "process": os.getpid(),
            **getattr(record, "fields", {}),
        }
        if record.exc_info:
            line["trace"] = self.formatException(record.exc_info)
        return msgspec.json.encode(line).decode()


def set_up(anomalies: Anomalies, form: str = "text") -> None:
    """Once in each process, before anything is served. `form` is `text` or `json`."""
    own = logging.getLogger("redirect")
    own.setLevel(logging.INFO)
    own.propagate = False
    if not own.handlers:
        handler = logging.StreamHandler()
        plain = logging.Formatter("%(asctime)s %(levelname)s %(message)s")
        handler.setFormatter(JsonLines() if form == "json" else plain)
        own.addHandler(handler)
    logging.captureWarnings(capture=True)
    for name in SUMMED:
        library = logging.getLogger(name)
        library.handlers = [anomalies]
        library.propagate = False
        library.setLevel(logging.WARNING)
