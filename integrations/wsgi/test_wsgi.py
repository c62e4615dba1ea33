"""Owns what the WSGI middleware promises, on the real gunicorn and the real service."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from integrations.contract import CheckAdapter, Front, MakeFront, SampleApplication
from integrations.programs import fronts, program

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conftest import Service
    from integrations.conftest import StandIn

HERE = Path(__file__).parent
SERVER = [sys.executable, "-m", "gunicorn", "--threads", "4", "--limit-request-line", "0", "--log-level", "critical"]


@pytest.fixture(scope="module")
def make_front(service: Service, platform: StandIn) -> Iterator[MakeFront]:
    with fronts(lambda port: [*SERVER, "--bind", f"127.0.0.1:{port}", "relay:app"], HERE, service, platform) as make:
        yield make


@pytest.fixture(scope="module")
def sample(service: Service) -> Iterator[Front]:
    environ = {"REDIRECT_SERVICE": service.url, "REDIRECT_KEY": "demo"}
    with program(lambda port: [*SERVER, "--bind", f"127.0.0.1:{port}", "sample:app"], environ, HERE) as front:
        yield front


class TestContract(CheckAdapter):
    """As everywhere."""


class TestSample(SampleApplication):
    """As everywhere."""
