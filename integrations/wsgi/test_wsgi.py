"""Owns what the WSGI middleware promises, on the real gunicorn and the real service."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from integrations.contract import CheckAdapter, Front, MakeFront
from integrations.programs import programs

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from conftest import Service
    from integrations.conftest import StandIn

HERE = Path(__file__).parent
SERVER = ["-m", "gunicorn", "--workers", "1", "--threads", "4", "--limit-request-line", "0",
          "--log-level", "critical"]  # fmt: skip


@pytest.fixture(scope="module")
def make_front(service: Service, platform: StandIn) -> Iterator[MakeFront]:
    def command(port: int) -> Sequence[str]:
        return [sys.executable, *SERVER, "--bind", f"127.0.0.1:{port}", "relay:app"]

    with programs(HERE) as start:

        def make(
            asked: int | None = None, *, on_error: str = "open", key: str = "demo", behind: int | None = None
        ) -> Front:
            return start(command, {
                "REDIRECT_SERVICE": f"http://127.0.0.1:{asked or service.port}",
                "REDIRECT_KEY": key,
                "ON_ERROR": on_error,
                "PLATFORM": str(behind or platform.port),
            })  # fmt: skip

        yield make


class TestContract(CheckAdapter):
    """As everywhere."""
