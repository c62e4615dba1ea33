"""Owns `/livez`, `/readyz` and `/metrics`. Must never say what anyone asked for, opened or was answered."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Protocol

import msgspec
from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from starlette.responses import PlainTextResponse, Response

from redirect.domain.decision import Degraded

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from prometheus_client.metrics_core import Metric as Family
    from starlette.requests import Request

    from redirect.domain.manifest import Manifest
    from redirect.journeys.ports import Clock

NO_STORE = {"Cache-Control": "no-store"}


class State(Protocol):
    """How this worker is."""

    @property
    def manifest(self) -> Manifest | None: ...
    @property
    def degraded(self) -> Degraded: ...
    @property
    def refused(self) -> str: ...
    @property
    def store_reachable(self) -> bool: ...
    @property
    def languages(self) -> Sequence[str]: ...


class Ready(msgspec.Struct, kw_only=True):
    """The body of `/readyz`. `list_age_seconds` since the list was built; `refused` why the newest one is not live."""

    ready: bool
    list_version: int
    list_age_seconds: int | None
    list_state: Degraded
    refused: str
    store: str
    languages: list[str]


class Health:
    """Endpoints for whoever keeps the service running; no key is needed."""

    def __init__(self, state: State, counters: Callable[[], Iterator[tuple[str, str, int]]], clock: Clock) -> None:
        self._state = state
        self._counters = counters
        self._clock = clock
        self._registry = CollectorRegistry(auto_describe=False)
        self._registry.register(self)  # a collector by its shape

    async def livez(self, _request: Request) -> Response:
        """The process answers."""
        return PlainTextResponse("ok\n", headers=NO_STORE)

    async def readyz(self, _request: Request) -> Response:
        """503 only while no usable list or no catalogue is loaded; the store's state never changes the status."""
        manifest = self._state.manifest
        usable = self._state.degraded in {Degraded.NO, Degraded.LIST_PAST_REFRESH}
        ready = Ready(
            ready=usable and bool(self._state.languages),
            list_version=manifest.version if manifest else 0,
            list_age_seconds=self._age(manifest) if manifest else None,
            list_state=self._state.degraded,
            refused=self._state.refused,
            store="reachable" if self._state.store_reachable else "unreachable",
            languages=list(self._state.languages),
        )
        status = 200 if ready.ready else 503
        return Response(msgspec.json.encode(ready), status, NO_STORE, media_type="application/json")

    async def metrics(self, _request: Request) -> Response:
        """Prometheus text format."""
        return Response(generate_latest(self._registry), headers={**NO_STORE, "Content-Type": CONTENT_TYPE_LATEST})

    def collect(self) -> Iterator[Family]:
        """Called by the registry for each scrape."""
        for name, about, value in self._counters():
            yield CounterMetricFamily(f"redirect_{name}", about, value)
        manifest = self._state.manifest
        gauges = {
            "list_version": ("Version of the list that is live", manifest.version if manifest else 0),
            "list_age_seconds": ("Since the live list was built", self._age(manifest) if manifest else 0),
            "list_usable": (
                "1 while a list may be matched",
                self._state.degraded in {Degraded.NO, Degraded.LIST_PAST_REFRESH},
            ),
            "list_past_refresh": (
                "1 while the list should have been renewed",
                self._state.degraded is Degraded.LIST_PAST_REFRESH,
            ),
            "list_refused": ("1 while the newest list is refused", bool(self._state.refused)),
            "store_reachable": ("1 while the store answers", self._state.store_reachable),
        }
        for name, (about, value) in gauges.items():
            yield GaugeMetricFamily(f"redirect_{name}", about, float(value))

    def _age(self, manifest: Manifest) -> int:
        return max(0, int(self._clock() - datetime.fromisoformat(manifest.created).timestamp()))
