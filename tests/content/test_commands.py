"""Runs every command of the documents, against a real service. Must never pass over one without a reason beside it."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from conftest import LISTED, PROGRAM, Service

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).parents[2]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md"), *(ROOT / "messages").glob("*.md")])
BLOCK = re.compile(r"(?:<!-- (?P<aside>[^>]*) -->\n\n?)?```(?P<kind>sh|console)\n(?P<text>.*?)```", re.DOTALL)
ASIDE = re.compile(r"(?P<what>run by|not run): (?P<why>.+)")
SERVE = "make serve\n"
"""The one command that does not end: the service that the others talk to."""
SHELL = """
set -euo pipefail
curl() { command curl --fail-with-body "$@"; }
"""


def blocks(document: Path) -> list[tuple[str, str, str]]:
    """Of each block of commands: what is said about running it, its kind, and its text."""
    found = BLOCK.finditer(document.read_text())
    return [(one["aside"] or "", one["kind"], one["text"]) for one in found]


def commands(document: Path) -> list[str]:
    return [text for aside, kind, text in blocks(document) if kind == "sh" and not ASIDE.match(aside) and text != SERVE]


RUN = [document for document in DOCUMENTS if commands(document)]


@pytest.fixture(scope="module")
def service(make_service: Callable[..., Service], tmp_path_factory: pytest.TempPathFactory) -> Service:
    """As `make serve` starts it, for the platform and the experiment that the documents speak of."""
    experiments = tmp_path_factory.mktemp("documents") / "experiments.toml"
    experiments.write_text((ROOT / "docs" / "experiments.md").read_text().split("```toml\n")[1].split("```")[0])
    platforms = str(ROOT / "docs" / "platforms.example.toml")
    return make_service("--demo", REDIRECT_PLATFORMS=platforms, REDIRECT_EXPERIMENTS=str(experiments))


@pytest.mark.parametrize("document", RUN, ids=[document.name for document in RUN])
def test_every_command_of_a_document_works(service: Service, document: Path, tmp_path: Path) -> None:
    script = "\n".join(commands(document)).replace("127.0.0.1:8080", f"127.0.0.1:{service.port}")
    (tmp_path / ".venv").symlink_to(Path(PROGRAM[0]).parents[1])
    environ = {
        **service.environ,
        "HOME": str(tmp_path),
        "PATH": f"{Path(PROGRAM[0]).parent}:{os.environ['PATH']}",
        "KEY": service.key,
        "URL": service.url,
        "PAGE": service.check(LISTED)["page"],
    }
    done = subprocess.run(
        ["bash", "-c", SHELL + script], cwd=tmp_path, env=environ, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"{done.stdout[-2000:]}\n{done.stderr[-2000:]}"


@pytest.mark.parametrize("document", DOCUMENTS, ids=[document.name for document in DOCUMENTS])
def test_a_command_that_is_not_run_here_says_why_or_where_it_is(document: Path) -> None:
    for aside, kind, text in blocks(document):
        said = ASIDE.match(aside)
        assert said or kind == "sh", f"{document.name}: say before this block why it is not run:\n{text}"
        if said and said["what"] == "run by":
            assert (ROOT / said["why"]).exists(), f"{document.name}: {said['why']}"
