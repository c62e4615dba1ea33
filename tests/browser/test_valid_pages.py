"""Owns what is promised of the markup of every page, read without a browser."""

from __future__ import annotations

import json
import re
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from conftest import Html, needed
from tests.browser.languages import FEW, languages
from tests.browser.ways import Ways
from tests.pseudo import copy_with_pseudo_locales

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from conftest import Service

ROOT = Path(__file__).parents[2]
VALIDATOR = ROOT / "tests" / "validator" / "node_modules" / "vnu-jar" / "build" / "dist" / "vnu.jar"
IN_ORDER = (r'<a class="exit".*?</a>', r"<h1>.*?</h1>", r'<p class="act">.*?</p>', r'<nav class="doors".*?</h2>')
SCHEMES = re.compile(r"https?://|tel:|mailto:|/|\?lang=|#[a-z]+$|data:,")
FORBIDDEN = {"onclick", "onload", "style", "target", "ping", "autofocus", "tabindex", "accesskey", "srcdoc"}


@pytest.fixture(scope="module")
def service(make_service: Callable[..., Service]) -> Iterator[Service]:
    with tempfile.TemporaryDirectory() as folder:
        yield make_service("--demo", PYTHONPATH=str(copy_with_pseudo_locales(Path(folder) / "copy")))


@pytest.fixture(scope="module")
def written(service: Service) -> dict[str, str]:
    """Every page in each language, by file name."""
    pages = {}
    for tag in languages():
        for name, page in Ways(service, tag).pages().items():
            pages[f"{tag}.{name}.html"] = page
    return pages


def test_the_validator_finds_nothing_in_any_language(written: dict[str, str], tmp_path: Path) -> None:
    for name, text in written.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    # Its guess of the language takes Filipino for Tagalog and would have us say so.
    options = ("--no-langdetect", "--format", "json", "--exit-zero-always")
    # For some seconds of work, compiling it well would take longer than the work.
    java = (needed("java"), "-Xss4m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1")
    command = [*java, "-jar", str(VALIDATOR), *options, str(tmp_path)]
    said = subprocess.run(command, capture_output=True, text=True, check=True, timeout=300).stderr
    found = [(each["url"].rpartition("/")[2], each["message"]) for each in json.loads(said)["messages"]]
    assert found == []


def test_no_page_has_anything_that_would_need_a_script_or_lead_astray(written: dict[str, str]) -> None:
    for name, text in written.items():
        page = Html(text)
        for kind in ("script", "iframe", "object", "embed", "base", "input", "textarea"):
            assert page.all(kind) == [], name
        for link in page.all("a"):
            assert SCHEMES.match(link["href"]), f"{name}: {link['href']}"
            assert not FORBIDDEN & set(link), name
            if link["href"].startswith("http"):
                assert "noreferrer" in link["rel"], name


def test_a_text_browser_meets_the_exit_the_headline_and_help_in_this_order(written: dict[str, str]) -> None:
    for tag in FEW:
        page = written[f"{tag}.V1.html"]
        shown = subprocess.run(
            [needed("w3m"), "-dump", "-T", "text/html", "-I", "UTF-8", "-O", "UTF-8", "-cols", "400"],
            input=page.encode(),
            capture_output=True,
            check=True,
            timeout=60,
        ).stdout.decode()
        text = "".join(shown.split())
        pieces = ["".join(Html(found[0]).words.split()) for found in map(page_part(page), IN_ORDER)]
        places = [text.find(piece) for piece in pieces]
        assert -1 not in places, f"{tag}: {pieces}"
        assert places == sorted(places), tag


def page_part(page: str) -> Callable[[str], re.Match[str]]:
    """Finds what a pattern of IN_ORDER names; each stands on every page."""

    def found(pattern: str) -> re.Match[str]:
        match = re.search(pattern, page, re.DOTALL)
        assert match is not None, pattern
        return match

    return found
