"""Owns the way to the libraries of the extra. Must never fail without saying what to install."""

from __future__ import annotations

import importlib
from typing import Any

from redirect.domain.errors import SettingsError

EXTRA = "the extra `reports` is not installed (docs/reports.md)"
PANGO = "apt-get install libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0 (on Debian), or your system's Pango"


def needed(library: str) -> Any:
    """The library. Raises SettingsError where it, or what it needs of the system, is missing."""
    try:
        return importlib.import_module(library)
    except ImportError:
        raise SettingsError(f"reports need {library.partition('.')[0]}: {EXTRA}") from None
    except OSError:
        raise SettingsError(f"a PDF needs the Pango library: {PANGO}") from None
