"""The description of the API, tried by a program that reads it: every call with what fits and what does not.

Short here; `make schema` takes SCHEMA_EXAMPLES=5000 of each kind, for hours, and shows how far it is. SCHEMA_OPTIONS go
to the program: a part of it all, such as `--include-path /v1/check`, or another `--seed`.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import Service

EXAMPLES = int(os.environ.get("SCHEMA_EXAMPLES", "3"))
LONGEST = 300 + 6 * EXAMPLES
"""Seconds: a dozen operations, of which the slowest takes a fifth of a second for an example."""
OPTIONS = os.environ.get("SCHEMA_OPTIONS", "").split()
CONFIG = Path(__file__).with_name("schemathesis.toml")
HOOKS = {"SCHEMATHESIS_HOOKS": "schema_hooks", "PYTHONPATH": str(Path(__file__).parent)}
PROGRAM = Path(sys.executable).with_name("schemathesis")


@pytest.mark.timeout(LONGEST + 60)
def test_every_answer_to_whatever_fits_the_description_or_not_is_described(
    make_service: Callable[..., Service], tmp_path: Path
) -> None:
    service = make_service("--demo")
    scopes = ("--scope", "check", "--scope", "tally", "--scope", "report", "--scope", "lists")
    # Without the usual limits, most of it would be told to come later.
    service.key = service.run("keys", "create", "--platform", "demo", *scopes, "--limit", "100000000/1").stdout.strip()
    done = subprocess.run(
        [
            PROGRAM, "--config-file", CONFIG, "run", f"{service.url}/v1/openapi.json", "--checks", "all",
            "--max-examples", str(EXAMPLES), "--header", f"Authorization: Bearer {service.key}", "--seed", "7",
            "--no-color", "--request-timeout", "20", *OPTIONS,
        ],
        check=False, cwd=tmp_path, timeout=LONGEST, env=os.environ | HOOKS,
    )  # fmt: skip
    assert done.returncode == 0
