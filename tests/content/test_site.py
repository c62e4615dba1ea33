"""Builds the documents as a site. Must never ask another site for anything."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from redirect.web.openapi import document

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built as `make docs` does: a link that leads nowhere, or a page that nothing leads to, is an error."""
    out = tmp_path_factory.mktemp("site")
    options = ("-q", "-W", "--keep-going", "-n", "-b", "html", "-c", "docs", "-d", str(out / "read"))
    command = [sys.executable, "-m", "sphinx", *options, ".", str(out / "site")]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return out / "site"


def fetched(site: Path) -> Iterator[str]:
    """What a browser would ask for by itself."""
    for page in site.rglob("*.html"):
        html = page.read_text()
        yield from re.findall(r'<(?:script|img|iframe)[^>]* src="([^"]+)"', html)
        yield from re.findall(r'<link[^>]* rel="(?:stylesheet|icon|preload)"[^>]* href="([^"]+)"', html)


def test_the_site_leads_from_its_first_page_and_fetches_nothing_from_elsewhere(site: Path) -> None:
    assert "docs/index.html" in (site / "index.html").read_text()
    assert not [address for address in fetched(site) if address.startswith(("http", "//"))]


def test_the_reference_has_every_call_and_every_type(site: Path) -> None:
    page = (site / "docs" / "api.html").read_text()
    words = re.sub(r"<[^>]+>", "", page)
    described = document()
    for path, methods in described["paths"].items():
        for method in methods:
            assert f"{method.upper()} {path}" in words
    for name in described["components"]["schemas"]:
        assert f'id="{name.lower()}"' in page
