"""Owns the preview of every page in every language, as files that need nothing but a browser. Must never count, nor
touch a directory that is not its own."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from babel.core import get_global

from redirect.adapters.catalogues import load_catalogues
from redirect.adapters.content import load_texts
from redirect.adapters.directory import load_directory
from redirect.adapters.languages import ServedLanguages
from redirect.domain.errors import ContentError
from redirect.domain.services import CHILD_DIRECTORY, GENERAL_DIRECTORY
from redirect.domain.subject import UNKNOWN_COUNTRY
from redirect.journeys.listing import Listing
from redirect.journeys.situations import Situations
from redirect.journeys.views import Opened, Views
from redirect.tools.contact_sheet import among_results, overview, sheet
from redirect.tools.messages import check_texts
from redirect.tools.preview_folder import PreviewFolder
from redirect.tools.preview_links import Names, Ways
from redirect.tools.scenes import CONTACT, PLATFORMS, VIDEO_OF_NOBODY, Form, scenes, steps
from redirect.web.faces import Faces
from redirect.web.render import Renderer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from redirect.adapters.catalogues import Catalogues
    from redirect.domain.locales import Locale
    from redirect.tools.scenes import Scene

STYLE: Final = "style.css"
_STYLE: Final = re.compile(r"<style>(.*?)</style>", re.DOTALL)
_SHARED_STYLE: Final = f'<link rel="stylesheet" href="../{STYLE}">'


@dataclass(frozen=True)
class Written:
    """What a preview came to."""

    pages: int
    languages: int
    findings: int


class Sample:
    """All that pages are made of, with drafts, and nothing that counts."""

    def __init__(self, messages: Path, locales: Path) -> None:
        self.texts = load_texts(messages, drafts=True)
        self.catalogues = load_catalogues(locales, self.texts.strings(), drafts=True)
        self.directory = load_directory(messages / "resources")
        self.languages = ServedLanguages(self.catalogues)
        general = self.directory.named((GENERAL_DIRECTORY, CHILD_DIRECTORY), UNKNOWN_COUNTRY)
        self._renderer = Renderer(self.catalogues.locales, self.catalogues.translations, general)
        self._faces = Faces(self.catalogues.locales, self.catalogues.translations, general, "")
        self._listing = Listing(self.directory, self.languages, "", CONTACT, "/v1/resources")
        self._same = steps(self.texts)

    @property
    def style(self) -> str:
        """What every page has inside, once for all of them."""
        return str(_STYLE.findall(self._renderer.fallback().decode())[0])

    def scenes(self, locale: Locale) -> tuple[Scene, ...]:
        """Those for readers of a language, at home."""
        return scenes(self.texts, self.directory, self._home(locale))

    def pages(self, locale: Locale, scenes: Sequence[Scene]) -> Iterator[tuple[Scene, str]]:
        """Each scene's page as it would be served, but for the style, which is in one file for all."""
        names = Names(scenes, self._same)
        for scene in scenes:
            yield scene, self._page(scene, locale, names)

    def _page(self, scene: Scene, locale: Locale, names: Names) -> str:
        country = scene.statement.country
        if scene.form is Form.DIRECTORY:
            return _lean(self._renderer.directory(self._listing.view(locale, country)))
        videos = {country: VIDEO_OF_NOBODY} if scene.has_video else {}
        situations = Situations(self.texts, PLATFORMS, self.directory, videos, self.languages)
        views = Views(situations, self.languages, names, "")
        if scene.form is Form.CARD:
            summary = situations.summary(scene.statement, locale, views.address(scene.statement))
            return among_results(self._faces.card(summary))
        return _lean(self._renderer.page(views.page(Opened(scene.statement, locale, chosen=True))))

    def _home(self, locale: Locale) -> str:
        """A country of the language: the one that CLDR takes it for, else the first that reads it."""
        name = locale.tag.replace("-", "_")
        region = get_global("likely_subtags").get(name, name).rpartition("_")[2]
        spoken = (code for code in sorted(self.directory.countries) if self._reads(code, locale))
        return region if len(region) == 2 and region.isupper() else next(spoken, UNKNOWN_COUNTRY)

    def _reads(self, country: str, locale: Locale) -> bool:
        return self.languages.choose(explicit="", hint="", header="", country=country) == locale


def preview(
    messages: Path,
    locales: Path,
    out: Path,
    *,
    languages: Sequence[str],
    force: bool,
    progress: Callable[[str, int, int | None], None],
) -> Written:
    """Write every page in every state and language (all, where `languages` is empty) to `out`, with a contact sheet
    for each language and one for all.

    Raises ContentError where texts cannot be read, a language is not to be had, or `out` holds what no preview wrote.
    """
    folder = PreviewFolder(out, force=force)
    sample = Sample(messages, locales)
    wanted = _wanted(sample.catalogues, languages)
    checked = check_texts(messages, locales)
    tags = frozenset(locale.tag for locale in wanted)
    made = {locale: sample.scenes(locale) for locale in wanted}
    pages, total = 0, sum(map(len, made.values()))
    for locale, shown in made.items():
        ways = Ways(locale.tag, tags, shown)
        for scene, html in sample.pages(locale, shown):
            folder.write(f"{locale.tag}/{scene.file}", ways.still(html, scene))
            pages += 1
            progress("pages", pages, total)
        folder.write(f"{locale.tag}/index.html", sheet(locale, shown, checked))
    folder.write(STYLE, sample.style)
    folder.write("index.html", overview(wanted, checked))
    folder.finish()
    return Written(pages, len(wanted), sum(remark["language"] in {"", *tags} for remark in checked.remarks))


def _wanted(catalogues: Catalogues, languages: Sequence[str]) -> tuple[Locale, ...]:
    known = {locale.tag: locale for locale in catalogues.locales}
    for tag in languages:
        if tag not in known:
            raise ContentError(f"{tag}: {catalogues.left_out.get(tag, 'is no language of locales/review.toml')}")
    return tuple(known[tag] for tag in dict.fromkeys(languages)) or catalogues.locales


def _lean(page: bytes) -> str:
    return _STYLE.sub(_SHARED_STYLE, page.decode())
