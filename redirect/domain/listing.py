"""Owns how the public directory lays out the services of a country, a section for each kind of reader. Must never leave
a section without a contact, nor put a service for adults among those for young people."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from redirect.domain.chains import chain, distinct, is_for_adults, is_for_children, ranked, report_line
from redirect.domain.content import Door
from redirect.domain.services import WORLD
from redirect.domain.subject import UNKNOWN_COUNTRY
from redirect.domain.views import Frame

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from redirect.domain.services import Card, Directory
    from redirect.domain.views import Help, Link


class Group(StrEnum):
    """Whom a section is for, or what it is for."""

    YOURSELF = "yourself"
    YOUNG = "young"
    HAPPENED = "happened"
    SOMEONE = "someone"
    WORK = "work"
    REMOVAL = "removal"
    REPORT = "report"
    CRISIS = "crisis"


@dataclass(frozen=True, slots=True)
class Listed:
    """The services of one group, never none. `own`: they are of the country that was asked for; else they are open to
    everyone, since none of its own is known."""

    group: Group
    cards: tuple[Card, ...]
    own: bool


@dataclass(frozen=True, slots=True)
class Section:
    """As `Listed`, with the links of a page."""

    group: Group
    help: tuple[Help, ...]
    own: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class DirectoryView(Frame):
    """The directory as a page: of one country, or, where `place` is empty, of the world with all `places` to choose.

    `emergency` is the country's number. `everywhere` leads from a country to the page of the world, `contact` to
    whoever changes entries, `open_data` to the same as JSON; each may be empty.
    """

    sections: tuple[Section, ...]
    place: str = ""
    places: tuple[Link, ...] = ()
    emergency: Card | None = None
    everywhere: str = ""
    contact: str = ""
    open_data: str = ""


def listing(directory: Directory, country: str, languages: Sequence[str]) -> tuple[Listed, ...]:
    """The sections of a country's page, `ZZ` for the page of the world."""
    each = (_listed(directory, group, country, languages) for group in Group)
    return tuple(listed for listed in each if listed.cards)


def suits(shown: Card) -> tuple[Door, ...]:
    """The doors behind which a service may stand."""
    return tuple(door for group, door in _DOORS.items() if _SUITS[group](shown))


def _listed(directory: Directory, group: Group, country: str, languages: Sequence[str]) -> Listed:
    kinds = _ORDER if group is Group.YOUNG else ()
    own = distinct(ranked(filter(_SUITS[group], directory.cards(country)), languages, kinds))
    if own:
        return Listed(group, tuple(own), own=True)
    return Listed(group, _open_to_everyone(directory, group, languages), own=False)


def _open_to_everyone(directory: Directory, group: Group, languages: Sequence[str]) -> tuple[Card, ...]:
    """What somebody gets of whom nothing is known but this."""
    if group in _DOORS:
        return chain(directory, _DOORS[group], UNKNOWN_COUNTRY, languages)
    if group is Group.REPORT:
        return (report_line(directory, UNKNOWN_COUNTRY),)
    return tuple(ranked(filter(_SUITS[group], directory.cards(WORLD)), languages))


def _is_for_young_people(shown: Card) -> bool:
    return is_for_children(shown) or (_is_crisis_line(shown) and shown.service.audience == ("youth",))


def _is_for_those_it_happened_to(shown: Card) -> bool:
    helps = {"victim_support", "child_helpline"} & {*shown.service.kind}
    return bool(helps) and "self" not in shown.service.audience


def _is_for_those_who_worry(shown: Card) -> bool:
    return bool({"other", "family"} & {*shown.service.audience}) or "parent_guide" in shown.service.kind


def _is_for_work(shown: Card) -> bool:
    return "professional" in shown.service.audience


def _removes_images(shown: Card) -> bool:
    return "takedown" in shown.service.kind and "self" not in shown.service.audience


def _takes_reports(shown: Card) -> bool:
    return "report_hotline" in shown.service.kind


def _is_crisis_line(shown: Card) -> bool:
    return "crisis_line" in shown.service.kind


def _is_crisis_line_for_adults(shown: Card) -> bool:
    return _is_crisis_line(shown) and "youth" not in shown.service.audience


_SUITS: Final[Mapping[Group, Callable[[Card], bool]]] = {
    Group.YOURSELF: is_for_adults,
    Group.YOUNG: _is_for_young_people,
    Group.HAPPENED: _is_for_those_it_happened_to,
    Group.SOMEONE: _is_for_those_who_worry,
    Group.WORK: _is_for_work,
    Group.REMOVAL: _removes_images,
    Group.REPORT: _takes_reports,
    Group.CRISIS: _is_crisis_line_for_adults,
}
_ORDER: Final = ("child_helpline", "crisis_line", "victim_support", "takedown", "chat", "helpline")
"""For young people, most of whom only need somebody to talk to."""
_DOORS: Final[Mapping[Group, Door]] = {
    Group.YOURSELF: Door.MAIN,
    Group.YOUNG: Door.UNDER_18,
    Group.HAPPENED: Door.HAPPENED_TO_ME,
    Group.SOMEONE: Door.SOMEONE_ELSE,
    Group.WORK: Door.WORK_OR_MISTAKE,
}
