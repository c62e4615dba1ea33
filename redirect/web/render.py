"""Owns how a page looks: a `PageView` in, bytes of HTML out. Must never decide what a page says, load
anything from elsewhere, or write a text of others (services, operators, translators) unescaped."""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from babel import UnknownLocaleError
from jinja2 import DictLoader, Environment, StrictUndefined
from markupsafe import Markup

from redirect.domain.content import Element
from redirect.domain.hours import is_closed_on_holidays
from redirect.domain.law import placed
from redirect.domain.locales import cldr
from redirect.domain.services import WORLD
from redirect.domain.views import GuideView, PageView, VideoView, action_label
from redirect.web import qr
from redirect.web.fallback import fallback_page
from redirect.web.hours import city, hours

if TYPE_CHECKING:
    import gettext
    from collections.abc import Mapping, Sequence

    from redirect.domain.content import Platform
    from redirect.domain.law import Law
    from redirect.domain.listing import DirectoryView
    from redirect.domain.locales import Locale
    from redirect.domain.services import Card, Service
    from redirect.domain.views import Help

    View = PageView | GuideView | VideoView

EMAIL = re.compile(r"[^@\s:/]+@[^@\s:/]+")
WEB = re.compile(r"https?://\S+")
TEMPLATES = Path(__file__).with_name("templates")
TEMPLATE_OF = {PageView: "page.html", GuideView: "guide.html", VideoView: "video.html"}


@dataclass(frozen=True, slots=True)
class Contact:
    """A text of the operator and, where it is a web or mail address, the way there."""

    text: str
    href: str


@dataclass(frozen=True, slots=True)
class Blocked:
    """Who blocks, and where to say that it is wrong."""

    by: str
    address: Contact
    appeal: Contact


@dataclass(frozen=True, slots=True)
class Name:
    """A service's name and the language it is in, empty where that is unknown."""

    text: str
    lang: str


class Renderer:
    """Writes pages. Everything that can be read or compiled is, once, when it is made.

    `csp_style_hash` is the source expression for `style-src`. `locales` and `translations` are those of
    `adapters.catalogues`; `directory` are the cards of the fallback page, not empty.
    """

    def __init__(
        self,
        locales: Sequence[Locale],
        translations: Mapping[str, gettext.NullTranslations],
        directory: Sequence[Card],
    ) -> None:
        templates = environment()
        style = _style()
        self._templates = {kind: templates.get_template(name) for kind, name in TEMPLATE_OF.items()}
        self._directory = templates.get_template("directory.html")
        self._style = Markup(style)  # noqa: S704  # our own file, and its hash stands in the header
        self._translations = dict(translations)
        self.csp_style_hash = source_expression(style)
        self._fallback = fallback_page(style, locales, translations, directory)

    def page(self, view: View) -> bytes:
        """HTML in UTF-8. Raises whatever breaks; the caller then sends `fallback()`."""
        said = view if isinstance(view, PageView) else None
        return (
            self._templates[type(view)]
            .render(
                view=view,
                style=self._style,
                action=main_action(view),
                blocked=who_blocks(said) if said else None,
                privacy=told(view.platform.privacy_notice),
                unreviewed=is_draft(view),
                gettext=self._translations[view.locale.tag].gettext,
            )
            .encode()
        )

    def directory(self, view: DirectoryView) -> bytes:
        """HTML of the public directory, in UTF-8. Raises whatever breaks, as `page` does."""
        return self._directory.render(
            view=view,
            style=self._style,
            writes_to=told(view.contact),
            privacy=told(""),
            unreviewed=not view.locale.reviewed,
            gettext=self._translations[view.locale.tag].gettext,
        ).encode()

    def fallback(self) -> bytes:
        """A help page in HTML, made at start: for whenever anything else breaks."""
        return self._fallback


def shown_name(service: Service, tag: str) -> Name:
    """The name that the service's own country uses, unless the reader reads the English one anyway."""
    if not service.native_name:
        # Then a record does not say which language `name` is in; only these are sure to be English.
        english = WORLD in service.countries or service.languages == ("en",)
        return Name(service.name, "en" if english else "")
    if tag == "en":
        return Name(service.name, "en")
    spoken = tag.partition("-")[0]
    lang = tag if spoken in service.languages else next(iter(service.languages), "")
    return Name(service.native_name, lang)


@lru_cache(maxsize=512)
def autonym(code: str) -> str:
    """A language's name for itself; keyed by the languages of our own records."""
    try:
        return cldr(code).get_language_name(code.replace("-", "_")) or code
    except (UnknownLocaleError, ValueError):
        return code


def address(url: str | None) -> str:
    """A web address as people write it down: no scheme, no closing slash."""
    return url.partition("://")[2].rstrip("/") if url else ""


def site(card: Card) -> str:
    """The card's own address, for links that are not counted; empty unless it is a web address."""
    return card.url if card.url and WEB.fullmatch(card.url) else ""


def way(help_: Help) -> str:
    """The counted way to a service, shown only where there is an address to count."""
    return help_.href if site(help_.card) else ""


def host(url: str) -> str:
    """The name of a site, for links whose whole address would be too much."""
    return (urlsplit(url).hostname or "").removeprefix("www.")


def picture(help_: Help) -> qr.Picture | None:
    """The picture code of a service's own contact: its address, or its number where it has nothing else."""
    number = f"tel:{help_.card.phone}" if help_.card.phone else ""
    contact = site(help_.card) or number
    return qr.picture(contact) if contact else None


def main_action(view: View) -> str:
    """What the main button says, in English; empty on a page without one."""
    wrong = isinstance(view, PageView) and bool(view.wrong) and not view.thanked
    return action_label(view.message, view.help[0].card, wrong=wrong) if view.help else ""


def is_draft(view: View) -> bool:
    """Whether anything above the fold was not reviewed: the language, the text, or what it says of the law."""
    law = view.law if isinstance(view, PageView) else None
    return is_unreviewed(view.locale, view.review if isinstance(view, GuideView) else view.message.review, law)


def is_unreviewed(locale: Locale, review: str, law: Law | None) -> bool:
    """Whether nobody has reviewed the language, the text, or what it says of the law."""
    return not locale.reviewed or review != "reviewed" or (law is not None and not law.checked_by)


def who_blocks(view: PageView) -> Blocked | None:
    said = any(paragraph.element is Element.APPEAL for paragraph in view.message.paragraphs)
    if not said and view.platform.status == 200:
        return None
    platform: Platform = view.platform
    by = platform.blocked_by or platform.shown_name
    blocked = Blocked(by, told(platform.blocked_by_address), told(platform.appeal))
    return blocked if by or blocked.appeal.text else None


def told(text: str) -> Contact:
    """Only web and mail addresses become links; anything else of the operator stays text."""
    if WEB.fullmatch(text):
        return Contact(address(text), text)
    mail = text.removeprefix("mailto:")
    return Contact(mail, f"mailto:{mail}") if EMAIL.fullmatch(mail) else Contact(text, "")


def all_templates() -> DictLoader:
    """Read now: what is written into their files later comes onto no page."""
    return DictLoader({path.name: path.read_text(encoding="utf-8") for path in TEMPLATES.glob("*.html")})


def environment() -> Environment:
    environment = Environment(
        loader=all_templates(),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
    )
    environment.filters |= {
        "address": address,
        "autonym": autonym,
        "city": city,
        "host": host,
        "hours": hours,
        "is_closed_on_holidays": is_closed_on_holidays,
        "picture": picture,
        "placed": placed,
        "shown_name": shown_name,
        "site": site,
        "way": way,
    }
    return environment


def _style() -> str:
    source = re.sub(r"/\*.*?\*/", "", (TEMPLATES / "style.css").read_text(encoding="utf-8"), flags=re.DOTALL)
    return "\n".join(stripped for line in source.splitlines() if (stripped := line.strip()))


def source_expression(style: str) -> str:
    digest = hashlib.sha256(style.encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"
