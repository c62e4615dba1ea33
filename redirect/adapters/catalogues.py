"""Owns the reading of `locales/`: compiled catalogues and review state in, locales and translations out.
Must never serve a language in which one text is missing: a page is in one language or not at all."""

from __future__ import annotations

import gettext
import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from babel import UnknownLocaleError
from babel.languages import get_official_languages
from babel.messages.pofile import read_po

from redirect.adapters.reviews import mark, read_reviews
from redirect.domain.errors import ContentError
from redirect.domain.locales import Locale, cldr, direction

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from redirect.adapters.reviews import Review

DOMAIN = "redirect"


@dataclass(frozen=True, slots=True)
class Catalogues:
    """The languages that can be served, English first, each with its translations by tag.

    `left_out` says of every other language why it is not served. `core` are the texts each one has. `marks` change
    with the texts of a language, by tag, so that a review of other texts is known as such.
    """

    locales: tuple[Locale, ...]
    translations: Mapping[str, gettext.NullTranslations]
    left_out: Mapping[str, str]
    core: frozenset[str]
    marks: Mapping[str, str]


def load_catalogues(directory: Path, said: Iterable[str] = (), *, drafts: bool = False) -> Catalogues:
    """`directory` is `locales/`. `said` are texts that pages say beyond `redirect.pot`, so that an edited
    message without its translation takes the language out. `drafts`: serve what is not reviewed yet.
    """
    core = _template(directory / f"{DOMAIN}.pot").union(said)
    locales, translations, left_out, marks = [], {}, {}, {}
    for tag, review in read_reviews(directory / "review.toml").items():
        catalogue = gettext.NullTranslations() if tag == "en" else _compiled(directory, tag)
        marks[tag] = mark({text: catalogue.gettext(text) for text in core}) if catalogue else ""
        locale = _locale(tag, review, marks[tag])
        if reason := _why_not(locale, catalogue, core, drafts=drafts):
            left_out[tag] = reason
        elif catalogue:
            locales.append(locale)
            translations[tag] = catalogue
    locales.sort(key=lambda locale: locale.tag != "en")
    return Catalogues(tuple(locales), translations, left_out, core, marks)


def official_languages(country: str) -> tuple[str, ...]:
    """The official languages of an alpha-2 country, most spoken first; empty where CLDR knows none."""
    return tuple(tag.replace("_", "-") for tag in get_official_languages(country, de_facto=True))


def _why_not(locale: Locale, catalogue: gettext.NullTranslations | None, core: frozenset[str], *, drafts: bool) -> str:
    if locale.tag == "en":
        return ""
    if not (locale.reviewed or drafts):
        return "not reviewed yet"
    if catalogue is None:
        return "no compiled catalogue"
    missing = len(core - _translated(catalogue))
    return f"texts without a translation: {missing}" if missing else ""


def _translated(catalogue: gettext.NullTranslations) -> set[str]:
    """The texts that have a translation; gettext itself would quietly answer in English."""
    texts: Mapping[Any, str] = getattr(catalogue, "_catalog", {})
    return {text for text, translation in texts.items() if isinstance(text, str) and translation}


def _template(file: Path) -> frozenset[str]:
    try:
        with file.open("rb") as template:
            return frozenset(str(message.id) for message in read_po(template) if message.id)
    except (OSError, ValueError) as error:
        raise ContentError(f"{file}: cannot be read ({error})") from error


def _compiled(directory: Path, tag: str) -> gettext.NullTranslations | None:
    file = directory / tag.replace("-", "_") / "LC_MESSAGES" / f"{DOMAIN}.mo"
    try:
        with file.open("rb") as compiled:
            return gettext.GNUTranslations(compiled)
    except FileNotFoundError:
        return None
    except (OSError, ValueError, struct.error) as error:
        raise ContentError(f"{file}: cannot be read ({error})") from error


def _locale(tag: str, review: Review, texts: str) -> Locale:
    try:
        cldr(tag)  # without its data, which takes a megabyte for each language
    except (ValueError, UnknownLocaleError) as error:
        raise ContentError(f"review.toml, [{tag}]: is no language that is known") from error
    return Locale(tag, direction(tag), review.name, review.stands(texts))
