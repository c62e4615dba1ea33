"""Owns what the demo promises: one command, the page, the card, a count, and nothing left behind."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pytest

from conftest import WEB, eventually, needed
from tests.ports import free_port

if TYPE_CHECKING:
    from collections.abc import Iterator

    import httpx

ROOT = Path(__file__).parents[2]


class Demo(NamedTuple):
    """A running demo: its process, its port, where its files are."""

    process: subprocess.Popen[bytes]
    port: int
    scratch: Path
    said: Path

    def get(self, path: str) -> httpx.Response:
        return WEB.get(f"http://127.0.0.1:{self.port}{path}")


@pytest.fixture(scope="module")
def demo() -> Iterator[Demo]:
    needed("nginx")
    with tempfile.TemporaryDirectory(prefix="demo-") as directory:
        Path(directory).chmod(0o711)
        scratch, port = Path(directory) / "tmp", free_port()
        scratch.mkdir(mode=0o711)
        environ = {**os.environ, "TMPDIR": str(scratch), "PORT": str(port)}
        said = Path(directory) / "said"
        with said.open("wb") as output:
            process = subprocess.Popen(
                [sys.executable, "-m", "integrations.demo"], cwd=ROOT, env=environ, stdout=output
            )
        try:
            eventually(lambda: _is_ready(process, said), 60, "the demo did not start")
            yield Demo(process, port, scratch, said)
        finally:
            if process.poll() is None:
                process.send_signal(signal.SIGINT)
            process.wait(30)


def _is_ready(process: subprocess.Popen[bytes], said: Path) -> bool:
    assert process.poll() is None
    return "redirect counts" in said.read_text()


def test_other_searches_have_results(demo: Demo) -> None:
    for path in ("/search", "/images"):
        assert "made up" in demo.get(f"{path}?q=weather").text
    assert "Everything here is made up" in demo.get("/").text
    sent = WEB.post(f"http://127.0.0.1:{demo.port}/search", data={"q": "weather"})
    assert "result-1.example" in sent.text


@pytest.mark.parametrize("path", ["/search", "/images"])
def test_a_listed_search_leads_to_the_page(demo: Demo, path: str) -> None:
    eventually(lambda: demo.get(f"{path}?q=zorblax+minku").status_code == 302)
    page = demo.get(
        demo.get(f"{path}?q=zorblax+minku").headers["location"].removeprefix(f"http://127.0.0.1:{demo.port}")
    )
    assert page.status_code == 200
    assert "data-door" in page.text
    assert "zorblax" not in page.text


def test_a_likely_search_has_the_card_above_its_results(demo: Demo) -> None:
    eventually(lambda: "<aside" in demo.get("/search?q=morquil+besh+tarn").text)
    card, _, results = demo.get("/search?q=morquil+besh+tarn").text.partition("</aside>")
    assert f"http://127.0.0.1:{demo.port}/safety/w/" in card
    assert "result-1.example" in results


def test_listed_searches_are_not_suggested(demo: Demo) -> None:
    eventually(lambda: demo.get("/suggest?q=w").json() == ["w", ["weather tomorrow", "walking shoes"]])


def test_a_count_appears_by_the_command_that_it_names(demo: Demo) -> None:
    for _ in range(12):
        demo.get("/images?q=zorblax+minku")
    line = re.search(r"REDIRECT_DATA_DIR=(\S+) \.venv/bin/redirect counts", demo.said.read_text())
    assert line
    environ = {**os.environ, "REDIRECT_DATA_DIR": line[1]}

    def counted() -> bool:
        shown = [sys.executable, "-m", "redirect", "counts", "--format", "json"]
        rows = json.loads(subprocess.run(shown, env=environ, capture_output=True, check=True).stdout)["rows"]
        return any("block" in row.values() for row in rows)

    eventually(counted, 30)


def test_it_ends_with_ctrl_c_and_leaves_nothing(demo: Demo) -> None:
    children = Path(f"/proc/{demo.process.pid}/task/{demo.process.pid}/children").read_text().split()
    assert len(children) == 3
    demo.process.send_signal(signal.SIGINT)
    assert demo.process.wait(30) == 0
    assert list(demo.scratch.iterdir()) == []
    for child in children:
        with suppress(FileNotFoundError):
            pytest.fail(f"{Path(f'/proc/{child}/cmdline').read_bytes()!r} is left")
