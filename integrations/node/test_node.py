"""Owns what the Express middleware promises, on the real Node, the real Express and the real service."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from conftest import needed
from integrations.contract import CheckAdapter, Front, MakeFront, SampleApplication
from integrations.programs import fronts, program

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from conftest import Service
    from integrations.conftest import StandIn

HERE = Path(__file__).parent


@pytest.fixture(scope="module")
def installed() -> None:
    """Express, from the registry that npm is set to use, where it is not there yet."""
    if not (HERE / "node_modules" / "express").is_dir():
        command = [needed("npm"), "install", "--no-package-lock", "--no-audit", "--no-fund", "--ignore-scripts"]
        subprocess.run(command, cwd=HERE, check=True, capture_output=True, timeout=110)


def _node(script: str) -> Sequence[str]:
    return ["sh", "-c", f'PORT="$1" exec "{needed("node")}" {script}', "node"]


@pytest.fixture(scope="module")
def make_front(installed: None, service: Service, platform: StandIn) -> Iterator[MakeFront]:
    with fronts(lambda port: [*_node("testing/relay.js"), str(port)], HERE, service, platform) as make:
        yield make


@pytest.fixture(scope="module")
def sample(installed: None, service: Service) -> Iterator[Front]:
    environ = {"REDIRECT_SERVICE": service.url, "REDIRECT_KEY": "demo"}
    with program(lambda port: [*_node("sample.js"), str(port)], environ, HERE) as front:
        yield front


class TestContract(CheckAdapter):
    takes_40_kilobytes = False


class TestSample(SampleApplication):
    """As everywhere."""


def test_the_tests_of_the_package_pass(installed: None, service: Service) -> None:
    environ = {**os.environ, "REDIRECT_SERVICE": service.url}
    done = subprocess.run(
        [needed("node"), "--test"], cwd=HERE, env=environ, capture_output=True, text=True, check=False, timeout=110
    )
    assert done.returncode == 0, done.stdout + done.stderr
