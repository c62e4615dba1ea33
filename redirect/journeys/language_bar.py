"""Owns which languages a page offers at a glance. Must never leave out the page's own, nor English."""

from __future__ import annotations

from typing import TYPE_CHECKING

from redirect.domain.views import LanguageBar, Link

if TYPE_CHECKING:
    from collections.abc import Callable

    from redirect.domain.locales import Locale
    from redirect.journeys.ports import Languages


def language_bar(languages: Languages, locale: Locale, country: str, address: Callable[[Locale], str]) -> LanguageBar:
    """The languages of a page that is in `locale`, each with its `address`: that one, the country's, and English come
    first."""
    served = languages.served
    near = dict.fromkeys((locale, *languages.near(country), served[0]))
    links = {each: Link(address(each), each.name, lang=each.tag) for each in served}
    others = (link for each, link in links.items() if each not in near)
    return LanguageBar(tuple(links[each] for each in near), tuple(others))
