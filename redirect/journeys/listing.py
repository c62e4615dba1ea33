"""Owns a person's way through the public directory. Must never count anybody, nor need a token: its addresses say a
language and a country, and no more."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING

from redirect.domain.chains import crisis, emergency
from redirect.domain.content import Door, Platform
from redirect.domain.listing import DirectoryView, Group, Section, listing
from redirect.domain.subject import UNKNOWN_COUNTRY
from redirect.domain.views import Help, Link
from redirect.journeys.language_bar import language_bar

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from redirect.domain.listing import Listed
    from redirect.domain.locales import Locale
    from redirect.domain.services import Crisis
    from redirect.journeys.ports import Languages, Services

NOBODY = Platform("")
"""Whom a reader comes from who opened the directory: its exit is the one for everyone."""


class Listing:
    """Lays out the directory. Its pages stand under the path `base`; `contact` is where services write to, `open_data`
    the address of the same as JSON, and either may be empty."""

    def __init__(self, services: Services, languages: Languages, base: str, contact: str, open_data: str) -> None:
        self._services = services
        self._languages = languages
        self._base = base
        self._contact = contact
        self._open_data = open_data

    def country(self, text: str) -> str:
        """The country that an address names, if anybody can be reached there; else `ZZ`, whatever it says."""
        known = self._languages.country(text)
        return known if known in self._services.now.countries else UNKNOWN_COUNTRY

    def locale(self, named: str, header: str, country: str) -> Locale:
        """The language that an address names, or the nearest to it that is served."""
        return self._languages.choose(explicit=named, hint="", header=header, country=country)

    def view(self, locale: Locale, country: str) -> DirectoryView:
        """What the page says. `country` is one that `country` gave."""
        directory, spoken, one = self._services.now, (locale.tag,), country != UNKNOWN_COUNTRY
        slot = crisis(directory, Door.MAIN, country, spoken)
        open_data = f"{self._open_data}?country={country}" if one and self._open_data else self._open_data
        return DirectoryView(
            locale=locale,
            platform=NOBODY,
            country=country,
            crisis=slot,
            exit=NOBODY.exit,
            languages=language_bar(self._languages, locale, country, lambda each: self._address(each, country)),
            sections=tuple(_sections(listing(directory, country, spoken), slot)),
            place=self._languages.country_name(locale, country) if one else "",
            places=() if one else self._places(locale),
            emergency=emergency(directory, country),
            everywhere=self._address(locale, UNKNOWN_COUNTRY) if one else "",
            contact=self._contact,
            open_data=open_data,
        )

    def _places(self, locale: Locale) -> tuple[Link, ...]:
        named = {code: self._languages.country_name(locale, code) for code in self._services.now.countries}
        in_order = sorted(named.items(), key=lambda item: (_letters(item[1]), item[0]))
        return tuple(Link(self._address(locale, code), name) for code, name in in_order)

    def _address(self, locale: Locale, country: str) -> str:
        end = f"/{country}" if country != UNKNOWN_COUNTRY else ""
        return f"{self._base}/{locale.tag}/help{end}"


def _sections(listed: Iterable[Listed], slot: Crisis) -> Iterator[Section]:
    """The crisis line that the page has in its slot does not stand there twice."""
    for each in listed:
        cards = [card for card in each.cards if each.group is not Group.CRISIS or card != slot.line]
        if cards:
            yield Section(each.group, tuple(Help(card, card.url or "") for card in cards), each.own)


def _letters(name: str) -> str:
    """A name by its letters alone, so that Österreich stands among O; which is not every language's own order."""
    plain = unicodedata.normalize("NFKD", name)
    return "".join(letter for letter in plain if not unicodedata.combining(letter)).casefold()
