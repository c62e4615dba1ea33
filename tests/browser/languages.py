"""Owns in which languages every page is looked at: `make test` is in haste, `make test-pages` leaves none out."""

from __future__ import annotations

import os
from pathlib import Path

EVERY_LANGUAGE = "EVERY_LANGUAGE" in os.environ
RIGHT_TO_LEFT = {"ar", "ar-XB", "fa", "he", "ur"}
PSEUDO = ("en-XA", "ar-XB")
"""Longer than any real one, and English from right to left."""
FEW = ("en", "ar", "th", "zh-Hant")
"""The source, one from right to left, and two without spaces, one of them with a script in its tag."""


def languages() -> tuple[str, ...]:
    """Their tags."""
    folders = (Path(__file__).parents[2] / "locales").glob("*/LC_MESSAGES/redirect.po")
    all_of_them = ("en", *sorted(folder.parts[-3].replace("_", "-") for folder in folders))
    return (*(all_of_them if EVERY_LANGUAGE else FEW), *PSEUDO)
