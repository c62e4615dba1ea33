"""Owns the pseudo-locales: `en-XA`, whose texts are accented and two fifths longer, and `ar-XB`, whose texts run from
right to left. Whatever stays plain English on such a page can never be translated. Must never ship."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Final

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT: Final = Path(__file__).parents[1]
LATIN: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
ACCENTED: Final = str.maketrans(LATIN, "ÅƁÇÐÉƑĜĤÎĴĶĻṀÑÖÞǪŔŠŢÛṼŴẊÝŽåƀçðéƒĝĥîĵķļɱñöþǫŕšţûṽŵẋýž")
ARABIC: Final = str.maketrans(LATIN, "ابتدعفغحيجكلمنوبقرستوفوخيز" * 2)
PLACEHOLDER: Final = re.compile(r"(\{\w+\})")
PADDING: Final = " ẋẋẋẋẋẋ"


def accented(text: str) -> str:
    """`[Ţéxţ ẋẋẋ]`, two fifths longer."""
    longer = (len(text) * 2 // 5 // len(PADDING) + 1) * PADDING
    return f"[{_letters(text, ACCENTED)}{longer}]" if text.strip(" ,") else text


def arabic(text: str) -> str:
    """The text in Arabic letters, which makes no words but runs from right to left."""
    return _letters(text, ARABIC)


def copy_with_pseudo_locales(to: Path) -> Path:
    """A copy of the package with both pseudo-locales as drafts; to be run with PYTHONPATH set to it."""
    for part in ("redirect", "messages", "locales"):
        shutil.copytree(ROOT / part, to / part, ignore=shutil.ignore_patterns("__pycache__"))
    _write(to / "locales", "en-XA", accented)
    _write(to / "locales", "ar-XB", arabic)
    return to


def _letters(text: str, table: dict[int, int]) -> str:
    parts = PLACEHOLDER.split(text)
    return "".join(part if PLACEHOLDER.fullmatch(part) else part.translate(table) for part in parts)


def _write(locales: Path, tag: str, translate: Callable[[str], str]) -> None:
    with (locales / "redirect.pot").open("rb") as template:
        texts = [str(message.id) for message in read_po(template) if message.id]
    catalogue = Catalog(fuzzy=False)
    for text in texts:
        catalogue.add(text, translate(text))
    compiled = locales / tag.replace("-", "_") / "LC_MESSAGES" / "redirect.mo"
    compiled.parent.mkdir(parents=True)
    with compiled.open("wb") as file:
        write_mo(file, catalogue)
    with (locales / "review.toml").open("a", encoding="utf-8") as reviews:
        reviews.write(f'\n[{tag}]\nname = "{translate("Pseudo")}"\nstate = "draft"\nreviewers = []\n')
