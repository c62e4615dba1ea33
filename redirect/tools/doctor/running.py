"""Owns what a running service says of itself. Must never take what somebody else answers for ours."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx
import msgspec

from redirect.adapters.lock import is_held
from redirect.domain.findings import fault, fine, warning
from redirect.domain.records import decoded

if TYPE_CHECKING:
    from collections.abc import Iterator

    from redirect.domain.findings import Finding
    from redirect.settings import Settings

PATIENCE = 3.0
EVERYWHERE = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}  # noqa: S104 (read, not listened on)


class Ready(msgspec.Struct):
    """What is read of the body of `/readyz`."""

    ready: bool
    list_version: int
    refused: str
    store: str


def service(settings: Settings) -> Iterator[Finding]:
    """Whether it answers, with the newest list."""
    if not is_held(settings.data_dir):
        yield fine("service", f"none runs on {settings.data_dir}")
        return
    host = EVERYWHERE.get(settings.host, f"[{settings.host}]" if ":" in settings.host else settings.host)
    address = f"http://{host}:{settings.port}"
    try:
        ready = decoded(httpx.get(f"{address}/readyz", timeout=PATIENCE, trust_env=False).content, Ready)
    except httpx.HTTPError:
        ready = None
    if ready is None:
        yield warning(
            "service",
            f"one holds {settings.data_dir}, and nothing of ours answers at {address}",
            "give `redirect doctor` the --host and --port that the service was started with; else see its log",
        )
        return
    if ready.refused:
        yield fault("service", f"it refuses the newest list: {ready.refused}", "build and publish that list again")
    elif not ready.ready:
        yield fault("service", "it serves without a usable list or language", "see what is said of list and languages")
    else:
        yield fine("service", f"answers at {address} with list {ready.list_version}")
