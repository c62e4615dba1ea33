"""Owns which languages this deployment speaks. Must never answer in one that is not served whole."""

from __future__ import annotations

from typing import TYPE_CHECKING

from babel.core import get_global
from babel.localedata import locale_identifiers

from redirect.adapters.catalogues import official_languages
from redirect.domain.locales import choose, cldr, negotiate
from redirect.domain.subject import UNKNOWN_COUNTRY

if TYPE_CHECKING:
    from collections.abc import Sequence

    from redirect.adapters.catalogues import Catalogues
    from redirect.domain.locales import Locale

NONE = "und"
"""Stands before the served tags where no answer is an answer."""


class ServedLanguages:
    """Implements `Languages` over loaded catalogues."""

    def __init__(self, catalogues: Catalogues) -> None:
        self._by_tag = {locale.tag: locale for locale in catalogues.locales}
        self._translations = catalogues.translations
        self._tags = tuple(self._by_tag)
        self._spoken = {code: self._served_in(code) for code in _countries()}

    def _served_in(self, country: str) -> tuple[str, ...]:
        """The served tag that suits a country best, if one does."""
        found = negotiate(",".join(_spoken_in(country)), (NONE, *self._tags))
        return () if found == NONE else (found,)

    @property
    def served(self) -> Sequence[Locale]:
        """All of them, English first."""
        return tuple(self._by_tag.values())

    def choose(self, *, explicit: str, hint: str, header: str, country: str) -> Locale:
        """The language of a page."""
        return self._by_tag[choose(explicit, hint, header, self._spoken.get(country, ()), self._tags)]

    def hint(self, wanted: str) -> str:
        """The served tag that answers an Accept-Language value, or empty where none does."""
        found = negotiate(wanted, (NONE, *self._tags))
        return "" if found == NONE else found

    def near(self, country: str) -> Sequence[Locale]:
        """Those that a country's official languages ask for."""
        asked = (negotiate(tag, (NONE, *self._tags)) for tag in _spoken_in(country))
        return tuple(self._by_tag[tag] for tag in dict.fromkeys(asked) if tag != NONE)

    def country(self, code: str | None) -> str:
        """A known ISO 3166-1 alpha-2 code in capitals, else `ZZ`."""
        known = (code or "").upper()
        return known if known in self._spoken else UNKNOWN_COUNTRY

    def country_name(self, locale: Locale, code: str) -> str:
        """What a country is called in this language."""
        return country_name(locale.tag, code)

    def translate(self, locale: Locale, text: str) -> str:
        """A text of ours in this language."""
        return self._translations[locale.tag].gettext(text)


def country_name(tag: str, code: str) -> str:
    """What CLDR calls an alpha-2 country in a language; in English where CLDR does not know that."""
    names = (cldr(language).territories.get(code) for language in (tag, "en"))
    return next((str(name) for name in names if name), code)


def _spoken_in(country: str) -> tuple[str, ...]:
    """The official languages of a country as they are written there: Portuguese in Portugal is not that of Brazil."""
    return tuple(f"{tag}-{country}" for tag in official_languages(country))


def _countries() -> tuple[str, ...]:
    """Alpha-2 codes of CLDR, without groupings and private use."""
    codes = {*get_global("territory_zones"), *get_global("territory_languages")}
    return tuple(code for code in codes if len(code) == 2 and code.isalpha() and code not in {"ZZ", "EU", "UN", "EZ"})


def languages_of_the_world() -> tuple[str, ...]:
    """The language subtags that CLDR knows."""
    return tuple(sorted({name.partition("_")[0] for name in locale_identifiers()}))
