"""Owns how the documents become a site (`make docs`). Must never say what the documents do not."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).parents[1]))

from redirect import __version__
from redirect.web.openapi import document
from scripts.api_page import api_page

if TYPE_CHECKING:
    from sphinx.application import Sphinx

project = "redirect"
author = "The redirect project"
version = release = __version__
extensions = ["myst_parser"]
myst_heading_anchors = 3
# The source is the repository, so that a link means the same on the site as in the files.
include_patterns = ["*.md", "deploy/*.md", "docs/**", "integrations/**", "messages/*.md"]
exclude_patterns = ["**/node_modules", "**/templates", "**.txt"]
root_doc = "docs/index"
# A language that the colourer does not know stands there plain.
suppress_warnings = ["misc.highlighting_failure"]
html_theme = "furo"
html_title = "redirect"
html_copy_source = False
html_show_sphinx = False
html_show_copyright = False
START = """<!doctype html>
<html lang="en"><meta charset="utf-8"><title>redirect</title>
<meta http-equiv="refresh" content="0; url=docs/index.html"><a href="docs/index.html">redirect</a></html>
"""


def add_calls(_app: Sphinx, page: str, source: list[str]) -> None:
    """The API page ends with every call, from the description that the service itself gives out."""
    if page == "docs/api":
        source[0] += api_page(document())


def add_start(app: Sphinx, _failed: Exception | None) -> None:
    """Whoever opens the directory comes to the first page."""
    (Path(app.outdir) / "index.html").write_text(START)


def setup(app: Sphinx) -> dict[str, bool]:
    """Read by Sphinx."""
    app.connect("source-read", add_calls)
    app.connect("build-finished", add_start)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
