"""Owns the preview of every page in every language, as files that need nothing but a browser. Must never count, nor
touch a directory that is not its own."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Final

from babel.core import get_global

from redirect.adapters.catalogues import load_catalogues
from redirect.adapters.content import load_texts
from redirect.adapters.directory import load_directory
from redirect.adapters.languages import ServedLanguages
from redirect.domain.content import THANKS
from redirect.domain.errors import ContentError
from redirect.domain.services import CHILD_DIRECTORY, GENERAL_DIRECTORY
from redirect.domain.subject import UNKNOWN_COUNTRY
from redirect.journeys.views import Opened, Views
from redirect.tools.contact_sheet import among_results, overview, sheet
from redirect.tools.messages import check_texts
from redirect.tools.preview_folder import PreviewFolder
from redirect.tools.scenes import PLATFORMS, scenes, steps
from redirect.web.faces import Faces
from redirect.web.render import Renderer

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from redirect.adapters.catalogues import Catalogues
    from redirect.domain.content import Statement
    from redirect.domain.locales import Locale
    from redirect.tools.scenes import Scene

STYLE: Final = "style.css"
_LINK: Final = re.compile(r' (?P<attribute>href|action)="(?:\?lang=(?P<tag>[^"]+)|(?P<path>/[^"]*))"')
_STYLE: Final = re.compile(r"<style>(.*?)</style>", re.DOTALL)
_SHARED_STYLE: Final = f'<link rel="stylesheet" href="../{STYLE}">'


@dataclass(frozen=True)
class Written:
    """What a preview came to."""

    pages: int
    languages: int
    findings: int


class Names:
    """Implements `Tokens` for pages in files: a page's address says which file it is in."""

    def __init__(self, scenes: Iterable[Scene], same: Mapping[str, str]) -> None:
        self._same = same
        self._names: dict[tuple[str, ...], str] = {}
        for scene in scenes:
            exact, by_step = self._keys(scene.statement)
            self._names.setdefault(exact, scene.name)
            self._names.setdefault(by_step, scene.name)

    def _keys(self, statement: Statement) -> tuple[tuple[str, ...], tuple[str, ...]]:
        step = self._same.get(statement.step, statement.step)
        page = (statement.message, statement.variant, statement.country, statement.platform, step)
        return page, (step,)

    def seal(self, statement: Statement) -> str:
        """The name of its file, or of the one that shows the same step."""
        exact, by_step = self._keys(statement)
        return self._names.get(exact) or self._names[by_step]

    def open(self, token: str) -> Statement | None:
        """None: nobody opens these addresses."""
        del token
        return None

    def code(self, token: str, service: str) -> str:
        """Leads nowhere."""
        del token
        return service


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
        views = Views(self.texts, PLATFORMS, self.directory, {}, self.languages, names, "")
        for scene in scenes:
            if scene.card:
                summary = views.summary(scene.statement, locale, views.address(scene.statement))
                yield scene, among_results(self._faces.card(summary))
            else:
                page = self._renderer.page(views.page(Opened(scene.statement, locale, chosen=True)))
                yield scene, _STYLE.sub(_SHARED_STYLE, page.decode())

    def _home(self, locale: Locale) -> str:
        """A country of the language: the one that CLDR takes it for, else the first that reads it."""
        likely = get_global("likely_subtags").get(locale.tag.replace("-", "_"), "")
        region = likely.rpartition("_")[2]
        spoken = (code for code in sorted(self.directory.countries) if self._reads(code, locale))
        return region if len(region) == 2 and region.isalpha() else next(spoken, UNKNOWN_COUNTRY)

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
        for scene, html in sample.pages(locale, shown):
            folder.write(f"{locale.tag}/{scene.file}", _still(html, scene.file, tags))
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


def _still(html: str, name: str, tags: Collection[str]) -> str:
    """A page that leads to other files of the preview, and nowhere that counts."""
    # A form that is sent from a file can only ask for another file.
    return _LINK.sub(partial(_led, name, tags), html.replace('method="post"', 'method="get"'))


def _led(name: str, tags: Collection[str], link: re.Match[str]) -> str:
    """The link as it works between files; without an address where it counts, or leads out of the preview."""
    attribute, path, tag = link["attribute"], link["path"], link["tag"]
    if tag:
        return f' {attribute}="../{tag}/{name}"' if tag in tags else ""
    parts = path.split("/")[1:]
    if parts[0] != "w" or len(parts) < 2:
        return ""
    if len(parts) == 2:
        return f' {attribute}="{parts[1]}.html"'
    return f' {attribute}="{THANKS}.html"' if parts[2] == "wrong" else ""
