"""Owns the closed list of what may be logged, each with its name, level and sentence. Must never hold a line that one
person's request causes, nor a field that could carry a part of one.

`docs/data.md` says when each is written; a test holds the two equal.
"""

from __future__ import annotations

import logging
from enum import Enum

LOG = logging.getLogger("redirect.events")


class Event(Enum):
    """Level and sentence; what stands in braces is a field of the line. The name, in small letters, is for machines."""

    STARTED = logging.INFO, "redirect {version} has started"
    STOPPED = logging.INFO, "redirect has stopped"
    HANDING_OVER = logging.INFO, "settings and content are good; handing over to what was installed and set now"
    TAKEN_OVER = logging.INFO, "redirect {version} has taken over"
    RELOAD_REFUSED = logging.ERROR, "reload refused, all stays as it was: {reason}"
    NO_LIST = logging.WARNING, "no list is live: everything is allowed"
    LIST_LIVE = logging.INFO, "list {version} is live"
    LIST_REFUSED = logging.ERROR, "list {version} is refused, {live} stays live: {reason}"
    WORKER_ENDED = logging.ERROR, "worker {worker} ended ({how}); starting another"
    WORKER_KEEPS_ENDING = logging.ERROR, "worker {worker} keeps ending ({how}); it is tried after ever longer pauses"
    WORKER_RUNS_AGAIN = logging.INFO, "worker {worker} keeps running again"
    WORKER_FAILED = logging.ERROR, "worker {worker} ended with an error"
    STORE_ENDED = logging.ERROR, "the embedded store ended ({how}); starting it again"
    STORE_KEEPS_ENDING = logging.ERROR, "the embedded store keeps ending ({how}); it is tried after ever longer pauses"
    NO_ROOM_FOR_COUNTS = (
        logging.ERROR,
        "no room for counts ({reason}): they wait, or are lost as redirect_lost_counts_total says",
    )
    ROOM_FOR_COUNTS = logging.INFO, "there is room for counts again"
    NOTHING_KEPT = logging.ERROR, "what is kept could not be read; the service goes on without"
    EXPERIMENT_ENDED = logging.WARNING, "experiment {experiment} has ended: {reason}"
    ARMS_OUT_OF_SHARE = logging.WARNING, "experiment {experiment} does not show its arms in their shares on {platform}"
    WORK_FAILED = logging.ERROR, "background work failed; it goes on"
    ANOMALIES = logging.WARNING, "in the last minute: {kind}, {count}"

    def __init__(self, level: int, sentence: str) -> None:
        self.level = level
        self.sentence = sentence


def tell(event: Event, *, trace: bool = False, **fields: str | int) -> None:
    """Write a line. `trace`: with where our own code raised what is being handled."""
    told = {"event": event.name.lower(), "fields": fields}
    LOG.log(event.level, "%s", event.sentence.format(**fields), exc_info=trace, extra=told)
