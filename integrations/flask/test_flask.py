"""Owns what the recipe for Flask promises, on the real gunicorn and the real service."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from integrations.contract import Front, SampleApplication
from integrations.programs import program

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conftest import Service

HERE = Path(__file__).parent
SERVER = [sys.executable, "-m", "gunicorn", "--threads", "4", "--limit-request-line", "0", "--log-level", "critical"]


@pytest.fixture(scope="module")
def sample(service: Service) -> Iterator[Front]:
    environ = {"REDIRECT_SERVICE": service.url, "REDIRECT_KEY": "demo"}
    with program(lambda port: [*SERVER, "--bind", f"127.0.0.1:{port}", "sample:app"], environ, HERE) as front:
        yield front


class TestSample(SampleApplication):
    """As everywhere."""
