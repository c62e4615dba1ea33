"""Owns the application in this very process, on its real parts, for tests that break one of them or look into its
memory. Must never need a store: nothing here reaches one."""

from __future__ import annotations

import asyncio
import dataclasses
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from redirect import app, data_dir, start
from redirect import settings as settings_
from redirect.adapters import bundles
from redirect.adapters.board import Board
from redirect.adapters.spool import holding, read_batch
from redirect.domain.counts import FUNNEL
from redirect.domain.lists import Confidence
from redirect.tools.lists import BundleOptions, build_list
from redirect.tools.live import SAMPLE
from tests.videos import fill

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from starlette.types import ASGIApp

    from redirect.adapters.logs import Anomalies

NOBODY = "unix:///nonexistent/valkey.sock"


@dataclass
class Worker:
    """One worker's application. `call` asks it without a network, and without a client that remembers."""

    app: ASGIApp
    anomalies: Anomalies
    spool: Path

    @property
    def notes(self) -> list[str]:
        """Kinds of what went wrong, as often as it did."""
        return list(self.anomalies._seen.elements())

    def counted(self) -> dict[str, int]:
        """Steps on pages so far, exactly."""
        counts: Counter[str] = Counter()
        for cell, count in (each for path in holding(self.spool) for each in read_batch(path).cells):
            counts[cell.labels[-1]] += count if cell.table == FUNNEL.name else 0
        return dict(+counts)

    def call(self, method: str, path: str, body: bytes = b"", **headers: str) -> tuple[int, dict[str, str], bytes]:
        """Status, headers and body of one request."""
        return asyncio.run(self._call(method, path, body, headers))

    async def _call(
        self, method: str, target: str, body: bytes, headers: dict[str, str]
    ) -> tuple[int, dict[str, str], bytes]:
        path, _, query = target.partition("?")
        named = [(name.replace("_", "-").encode(), value.encode("latin-1")) for name, value in headers.items()]
        scope = {
            "type": "http",
            "http_version": "1.1",
            "method": method,
            "scheme": "http",
            "path": path,
            "raw_path": path.encode(),
            "query_string": query.encode(),
            "root_path": "",
            "headers": [(b"authorization", b"Bearer demo"), *named],
            "client": ("127.0.0.1", 1),
            "server": ("127.0.0.1", 80),
        }
        sent: list[Any] = []

        waiting = iter([{"type": "http.request", "body": body, "more_body": False}])

        async def receive() -> dict[str, object]:
            for message in waiting:
                return message
            await asyncio.Event().wait()  # whoever asked stays until the answer is whole
            raise AssertionError

        async def send(message: Any) -> None:
            sent.append(message)

        await self.app(scope, receive, send)
        answered = {name.decode(): value.decode("latin-1") for name, value in sent[0]["headers"]}
        return sent[0]["status"], answered, b"".join(part.get("body", b"") for part in sent[1:])


@dataclass(frozen=True)
class Parts:
    """What is costly to make and never changes: settings, content, and a built sample list."""

    settings: settings_.Settings
    content: start.Content
    bundle: Path


@pytest.fixture(scope="session")
def parts(tmp_path_factory: pytest.TempPathFactory) -> Parts:
    directory, videos = tmp_path_factory.mktemp("parts"), fill(tmp_path_factory.mktemp("videos"))
    settings = settings_.load(
        {"REDIRECT_DATA_DIR": str(directory / "var"), "REDIRECT_DEMO": "1", "REDIRECT_VIDEOS": str(videos)}
    )
    bundle, high = directory / "bundle", Confidence.HIGH
    build_list(settings, [SAMPLE], bundle, category="csam", confidence=high, options=BundleOptions())
    return Parts(settings, start.load_content(settings), bundle)


@pytest.fixture
def worker(parts: Parts, tmp_path: Path) -> Iterator[Worker]:
    """A worker of a demo service with the sample list, whose store cannot be reached."""
    settings = dataclasses.replace(parts.settings, data_dir=tmp_path, store_url=settings_.Secret(NOBODY))
    keys = data_dir.load_keys(parts.settings)
    made = app.Worker(settings, keys, parts.content, Board(1), "http://127.0.0.1:8080")
    made.lists.take(*bundles.read(parts.bundle))
    yield Worker(made.site.app, made.anomalies, tmp_path / "spool")
    made.spool.close()
