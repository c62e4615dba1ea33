"""Owns the other faces of a page: JSON for platforms that show it natively, plain text, a card above results that stay,
and the error of a Matrix server. Must never need anything that HTML does not, nor say anything that it does not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

import msgspec
from markupsafe import Markup

from redirect.domain.faces import Contact, Crisis, Face, MatrixError, Notes, Part, Way, matrix_error
from redirect.domain.plain import plain
from redirect.web import fallback, phrases
from redirect.web.accept import Kind
from redirect.web.render import environment, site
from redirect.web.scribe import Scribe

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from gettext import NullTranslations

    from jinja2 import Environment

    from redirect.domain.faces import Brief
    from redirect.domain.listing import DirectoryView
    from redirect.domain.locales import Locale
    from redirect.domain.services import Card
    from redirect.journeys.situations import Summary
    from redirect.web.render import View

ENGLISH: Final = "en"
CARD_LIMIT: Final = 2000
"""Bytes of a card. Where a letter takes three of them, the one sentence that offers help has to do."""

CARD_STYLE: Final = (
    ".redirect-card{border:1px solid;border-inline-start-width:.4em;border-radius:.3em;padding:.2em 1.2em;"
    "margin-block:1em;line-height:1.5}"
    ".redirect-act{display:inline-block;border:2px solid;border-radius:.3em;padding:.5em 1em;font-weight:600}"
)
"""Takes type and colours from the page around it, so it is as readable there as everything else."""


class Faces:
    """Writes faces of the pages that stand under `public_url`. `locales` and `translations` are those of
    `adapters.catalogues`; `directory` are the cards for when all else breaks, the general one first."""

    def __init__(
        self,
        locales: Sequence[Locale],
        translations: Mapping[str, NullTranslations],
        directory: Sequence[Card],
        public_url: str,
    ) -> None:
        templates = environment()
        origin = public_url.removesuffix(urlsplit(public_url).path)
        self._card = templates.get_template("card.html")
        self._scribes = {tag: _scribe(templates, tag, texts, origin) for tag, texts in translations.items()}
        reviewed = any(locale.tag == ENGLISH and locale.reviewed for locale in locales)
        general = _fallback(directory, f"{public_url}/w", reviewed=reviewed)
        self._fallbacks = {kind: _bytes(general, kind) for kind in (Kind.TEXT, Kind.JSON)}

    def face(self, view: View, page: str) -> Face:
        """The face of the page at the absolute address `page`."""
        return self._scribes[view.locale.tag].face(view, page)

    def written(self, view: View, page: str, kind: Kind) -> bytes:
        """As text or JSON, in UTF-8. Raises whatever breaks; the caller then sends `fallback()`."""
        return _bytes(self.face(view, page), kind)

    def listed(self, view: DirectoryView, kind: Kind) -> bytes:
        """The same of a page of the directory."""
        return _bytes(self._scribes[view.locale.tag].listed(view), kind)

    def fallback(self, kind: Kind) -> bytes:
        """Help in English, made at start: for whenever anything else breaks."""
        return self._fallbacks[kind]

    def card(self, summary: Summary) -> str:
        """A fragment of HTML, of at most CARD_LIMIT bytes, to stand above results."""
        brief = self._brief(summary)
        full = self._fragment(brief, brief.said)
        return full if len(full.encode()) <= CARD_LIMIT else self._fragment(brief, brief.said[-1:])

    def matrix(self, summaries: Iterable[Summary]) -> MatrixError:
        """The error of a Matrix server: one page in several languages, that of choice first."""
        return matrix_error(map(self._brief, summaries))

    def _brief(self, summary: Summary) -> Brief:
        return self._scribes[summary.locale.tag].brief(summary)

    def _fragment(self, brief: Brief, said: Sequence[str]) -> str:
        return self._card.render(brief=brief, said=said, style=Markup(CARD_STYLE)).strip()  # noqa: S704 (our own text)


def _scribe(environment: Environment, tag: str, texts: NullTranslations, origin: str) -> Scribe:
    # The page's own macro writes what is told of a service, so that no face tells it otherwise.
    parts = environment.get_template("parts.html").make_module({"gettext": texts.gettext})
    return Scribe(texts.gettext, lambda card: str(parts.facts(card, tag)), origin)  # type: ignore[attr-defined]


def _bytes(face: Face, kind: Kind) -> bytes:
    return plain(face).encode() if kind is Kind.TEXT else msgspec.json.encode(face)


def _fallback(directory: Sequence[Card], page: str, *, reviewed: bool) -> Face:
    """From constants, as `fallback.py` makes the HTML."""
    general, *others = map(_contact, directory)
    return Face(
        page=page,
        language=ENGLISH,
        dir="ltr",
        layout="first",
        title=fallback.TITLE,
        exit=Way(label=fallback.LEAVE, href=fallback.EXIT),
        history=fallback.HISTORY,
        crisis=Crisis(title=phrases.CRISIS, text=fallback.CRISIS, elsewhere=fallback.ELSEWHERE, directory=general),
        help=Part(title=phrases.MORE_HELP, contacts=tuple(others)) if others else None,
        notes=Notes(appears=phrases.APPEARS, keeps=phrases.KEEPS, fraud=phrases.FRAUD),
        draft="" if reviewed else fallback.DRAFT,
    )


def _contact(card: Card) -> Contact:
    return Contact(
        id=card.service.id,
        name=card.service.name,
        lang=ENGLISH,
        url=site(card),
        phone=card.phone or "",
        phone_display=card.phone_display or "",
        call=phrases.CALL if card.phone else "",
    )
