"""Owns the help page for when everything else breaks. Must never need a template, a store or a choice."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import gettext
    from collections.abc import Mapping, Sequence

    from redirect.domain.locales import Locale
    from redirect.domain.services import Card

EXIT = "https://www.wikipedia.org/"
OUT = 'rel="noreferrer noopener external"'
# The same texts as on the page, so that every catalogue has them; Babel finds them by their place there.
TITLE = "Information and help"
LEAVE = "Leave this page"
HISTORY = "This does not erase your history."
CRISIS = "If you think of hurting yourself, or cannot go on, call the emergency number where you are."
DRAFT = "This text is a draft. Nobody has reviewed it yet."
ELSEWHERE = "More people to talk to, by country:"


def fallback_page(
    style: str,
    locales: Sequence[Locale],
    translations: Mapping[str, gettext.NullTranslations],
    directory: Sequence[Card],
) -> bytes:
    """English first, then two lines in each other language, then the same services for everyone."""
    reviewed = any(locale.tag == "en" and locale.reviewed for locale in locales)
    draft = "" if reviewed else f'<p class="draft">{DRAFT}</p>'
    others = (_lines(locale, translations[locale.tag]) for locale in locales if locale.tag != "en")
    services = "".join(f'<li class="card">{_service(card)}</li>' for card in directory)
    return f"""<!doctype html>
<html lang="en" dir="ltr"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1"><title>{TITLE}</title>
<meta name="robots" content="noindex, nofollow"><meta name="referrer" content="no-referrer">
<meta name="color-scheme" content="light dark"><link rel="icon" href="data:,"><style>{style}</style></head>
<body class="door"><header class="leave">
<a class="exit" href="{EXIT}" rel="noreferrer">{LEAVE}</a> <span>{HISTORY}</span></header>
<main><div class="say"><h1>{TITLE}</h1><p>{CRISIS}</p>{draft}</div>
<div class="rest" id="help"><section><h2>{ELSEWHERE}</h2><ul class="cards">{services}</ul></section>
{"".join(others)}</div></main></body></html>
""".encode()


def _lines(locale: Locale, translation: gettext.NullTranslations) -> str:
    say = translation.gettext
    return (
        f'<section lang="{escape(locale.tag)}" dir="{escape(locale.dir)}"><p>{escape(say(CRISIS))}</p>'
        f"<p>{escape(say(ELSEWHERE))} ↑</p></section>"
    )


def _service(card: Card) -> str:
    name = f'<span lang="en" dir="auto">{escape(card.service.name)}</span>'
    parts = [f"<h3>{name}</h3>"]
    if card.phone:
        number = f'<bdi dir="ltr">{escape(card.phone_display or card.phone)}</bdi>'
        parts.append(f'<p class="phone"><a href="tel:{escape(card.phone)}">{number}</a></p>')
    if card.url and card.url.startswith(("https://", "http://")):
        shown = f'<bdi dir="ltr">{escape(card.url)}</bdi>'
        parts.append(f'<p class="address"><a href="{escape(card.url)}" {OUT}>{shown}</a></p>')
    return "".join(parts)
