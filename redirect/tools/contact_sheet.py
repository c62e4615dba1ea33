"""Owns the sheets that a reviewer begins with: every page of a language at a glance, and what the linter found. Must
never need anything but a browser to be read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from redirect.web.render import TEMPLATES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from redirect.domain.locales import Locale
    from redirect.tools.messages import Checked
    from redirect.tools.scenes import Scene

_ENVIRONMENT: Final = Environment(
    loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
)


def sheet(locale: Locale, scenes: Sequence[Scene], checked: Checked) -> str:
    """The pages of one language, each small. What was found in a text stands with the first page that says it, or above
    all pages where it belongs to none alone."""
    found: dict[str, list[dict[str, str]]] = {}
    for remark in checked.remarks:
        if remark["language"] == locale.tag:
            found.setdefault(remark["place"], []).append(remark)
    shown = [(scene, found.pop(scene.place, [])) for scene in scenes]
    elsewhere = [remark for remarks in found.values() for remark in remarks]
    clean = not elsewhere and not any(remarks for _, remarks in shown)
    state = _state(locale, checked)
    return _write("preview_sheet.html", locale=locale, shown=shown, elsewhere=elsewhere, clean=clean, state=state)


def overview(locales: Sequence[Locale], checked: Checked) -> str:
    """All languages, how each stands, and how much was found in it."""
    tags = [remark["language"] for remark in checked.remarks]
    rows = [(locale, _state(locale, checked), tags.count(locale.tag)) for locale in locales]
    general = [remark for remark in checked.remarks if not remark["language"]]
    return _write("preview_overview.html", rows=rows, general=general)


def among_results(card: str) -> str:
    """The page of some platform, with a card above its results."""
    return _write("preview_card.html", card=Markup(card))  # noqa: S704 (escaped when it was written)


def _state(locale: Locale, checked: Checked) -> str:
    return next(row["state"] for row in checked.languages if row["language"] == locale.tag)


def _write(name: str, **known: object) -> str:
    style = Markup((TEMPLATES / "preview.css").read_text(encoding="utf-8"))  # noqa: S704 (our own file)
    return _ENVIRONMENT.get_template(name).render(style=style, **known)
