"""Owns what is looked at of what people see: platforms, languages, services. Must never judge a text."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING

from redirect.domain import chains
from redirect.domain.content import Door
from redirect.domain.findings import fault, fine, warning

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import date

    from redirect.domain.findings import Finding
    from redirect.domain.services import Directory
    from redirect.settings import Settings
    from redirect.start import Content

NAMED = 5
"""Names that are told of many."""


def platforms(settings: Settings, content: Content) -> Iterator[Finding]:
    """Whether pages can say who blocks, and where to object."""
    if not content.platforms and not settings.demo:
        yield warning(
            "platforms",
            "no platform is described: pages say neither who blocks nor where to object",
            "copy docs/platforms.example.toml, fill it in, and name it in REDIRECT_PLATFORMS",
        )
        return
    silent = sorted(name for name, platform in content.platforms.items() if not platform.appeal)
    if silent:
        yield warning(
            "platforms",
            f"{_some(silent)}: nowhere to object to a warning that was wrong",
            "give `appeal` in the file that REDIRECT_PLATFORMS names",
        )
    else:
        yield fine("platforms", _some(sorted(content.platforms)) or "none, for the demo")


def locales(settings: Settings, content: Content) -> Iterator[Finding]:
    """Which languages are served, and why others are not."""
    served, left_out = len(content.catalogues.locales), content.catalogues.left_out
    broken = {tag: why for tag, why in left_out.items() if why != "not reviewed yet"}
    if broken:
        tag, why = next(iter(broken.items()))
        yield fault(
            "languages",
            f"{_some(sorted(broken))} cannot be served; {tag}: {why}",
            "install redirect anew, or in a checkout: `make catalogues`, then translate what `make messages` names",
        )
    if served == 1:
        yield warning(
            "languages",
            f"only English is served; {len(left_out)} translations wait for two reviews each",
            "review those you need (`redirect messages reviewed`), or serve drafts: REDIRECT_LANGUAGES=draft",
        )
    elif settings.drafts and not settings.demo:
        yield warning(
            "languages",
            f"{served} languages are served, among them drafts that nobody has reviewed",
            "let two people review each you need (`redirect messages reviewed`), then REDIRECT_LANGUAGES=reviewed",
        )
    elif not broken:
        yield fine("languages", f"{served} are served")


def services(directory: Directory, paused: Mapping[str, str], today: date) -> Iterator[Finding]:
    """Whether whoever is sent somewhere arrives."""
    before, now = directory.on(today, {}), directory.on(today, paused)
    away = sorted({card.service.id for card in before.shown} - {card.service.id for card in now.shown})
    stale = sorted(card.service.id for card in now.shown if card.stale)
    ends = sorted(_dead_ends(before, now))
    if away:
        yield warning(
            "services",
            f"{_some(away)}: paused, nobody is sent there",
            "`redirect resources resume ID` once they answer",
        )
    if stale:
        yield warning(
            "services",
            f"{_some(stale)}: checked more than a year ago",
            "look whether they still answer, then `redirect resources verify`",
        )
    if ends:
        yield fault(
            "services",
            f"{_some(ends)}: no service of the country is left, only international directories",
            "add one to messages/resources/, or resume one that is paused",
        )
    if not (away or stale or ends):
        yield fine("services", f"{len(now.shown)} with a contact, none paused or older than a year")


def _dead_ends(before: Directory, now: Directory) -> Iterator[str]:
    """Doors and countries whose own services are all away."""
    for country, door in product(before.countries, Door):
        if _own(before, door, country) and not _own(now, door, country):
            yield f"{country} ({door})"


def _own(directory: Directory, door: Door, country: str) -> bool:
    return any(country in card.service.countries for card in chains.chain(directory, door, country, ()))


def _some(names: list[str]) -> str:
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return ", ".join(names[:NAMED]) + more
