"""Stands in for SearXNG, which is in no registry: what its plugins see of it, in the same names, and nothing more.
Owns its settings. Must never be taken for a search engine.

Written for this test after SearXNG's documentation of plugins and settings, and after its source as of 2026.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import yaml

settings: dict[str, Any] = yaml.safe_load(Path(os.environ["SEARXNG_SETTINGS_PATH"]).read_text())
