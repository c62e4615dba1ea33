"""Owns who is sent to which service, and in which order. Must never send a child to a service for adults, nor leave
anyone without a contact."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from redirect.domain.content import Door
from redirect.domain.services import (
    CHILD_DIRECTORY,
    CONFIDENCE,
    GENERAL_DIRECTORY,
    REPORT_DIRECTORY,
    WORLD,
    Crisis,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from redirect.domain.services import Card, Directory

SELF_HELP = ("troubled-desire", "redirection", "mielenterveystalo-self-help-fi")
MOST_CARDS = 6

_AT_ONCE = {"helpline", "chat", "child_helpline", "crisis_line", "online_self_help"}
_FOR_CHILDREN = {"child_helpline", "takedown", "victim_support"}
_SAME_LANGUAGE = {"nb": "no", "nn": "no", "fil": "tl", "iw": "he", "in": "id"}


def chain(directory: Directory, door: Door, country: str, languages: Sequence[str]) -> tuple[Card, ...]:
    """Who helps a reader behind `door`, best first: never empty, at most MOST_CARDS, the directories kept.

    `country` is alpha-2 or `ZZ`; `languages` are the reader's tags, best first.
    """
    return _CHAINS[door](directory, country, languages)


def crisis(directory: Directory, door: Door, country: str, languages: Sequence[str] = ()) -> Crisis:
    """The crisis slot: behind `under-18` a line for young people or all, else one for all or for adults."""
    suits = ("youth", "all") if door is Door.UNDER_18 else ("all", "adult")
    lines = [c for c in directory.cards(country) if _is_country_wide(c, "crisis_line") and _is_for(c, suits)]
    line = min(lines, key=partial(_crisis_rank, suits, languages), default=None)
    (general,) = directory.named((GENERAL_DIRECTORY,), country)
    return Crisis(line, None if line else emergency(directory, country), general)


def emergency(directory: Directory, country: str) -> Card | None:
    """The country's emergency number, where one is known for the whole country."""
    return next((c for c in directory.cards(country) if _is_country_wide(c, "emergency_number")), None)


def report_line(directory: Directory, country: str) -> Card:
    """Where to report in this country: members of a network first, then those that do nothing else."""
    hotlines = [c for c in directory.cards(country) if "report_hotline" in c.service.kind]
    return min(hotlines, key=_report_rank, default=directory.named((REPORT_DIRECTORY,), country)[0])


def speaks(shown: Card, languages: Sequence[str]) -> bool:
    """Whether the service is known to speak one of these languages."""
    return _distance(shown, languages) < len(languages)


def _main(directory: Directory, country: str, languages: Sequence[str]) -> tuple[Card, ...]:
    own = filter(is_for_adults, directory.cards(country))
    abroad = (c for c in directory.from_abroad(country) if speaks(c, languages))
    near = [*ranked(own, languages), *ranked(filter(is_for_adults, abroad), languages)]
    self_help = sorted(directory.named(SELF_HELP, country), key=lambda c: _distance(c, languages))
    # Lines have hours; a self-help programme never closes, so services near by always leave one a place.
    return _joined([*near[: MOST_CARDS - 2], *self_help], directory.named((GENERAL_DIRECTORY,), country))


def _under_18(directory: Directory, country: str, languages: Sequence[str]) -> tuple[Card, ...]:
    order = ("child_helpline", "chat", "helpline", "victim_support", "takedown")
    own = ranked(filter(is_for_children, directory.cards(country)), languages, order)
    removal = _removal(filter(is_for_children, directory.cards(WORLD)))
    return _joined(own, [*removal[:1], *directory.named((CHILD_DIRECTORY, GENERAL_DIRECTORY), country)])


def _happened_to_me(directory: Directory, country: str, languages: Sequence[str]) -> tuple[Card, ...]:
    order = ("victim_support", "child_helpline")
    report = report_line(directory, country)
    harmed = [c for c in directory.cards(country) if "self" not in c.service.audience and c != report]
    own = [c for c in harmed if {*order} & {*c.service.kind}]
    removal = [*_removal(harmed), *_removal(directory.cards(WORLD))]
    directories = directory.named((CHILD_DIRECTORY, GENERAL_DIRECTORY), country)
    return _joined([*ranked(own, languages, order)[:2], *removal], [*directories, report])


def _someone_else(directory: Directory, country: str, languages: Sequence[str]) -> tuple[Card, ...]:
    near = [c for c in _offered(directory, country) if {"other", "family"} & {*c.service.audience}]
    guides = [c for c in _offered(directory, country) if "parent_guide" in c.service.kind]
    general = directory.named((GENERAL_DIRECTORY,), country)
    tail = [report_line(directory, country), *ranked(guides, languages)[:1], *general]
    return _joined(ranked(near, languages), tail)


def _work_or_mistake(directory: Directory, country: str, languages: Sequence[str]) -> tuple[Card, ...]:
    near = [c for c in _offered(directory, country) if "professional" in c.service.audience]
    general = directory.named((GENERAL_DIRECTORY,), country)
    return _joined([report_line(directory, country), *ranked(near, languages)], general)


_CHAINS: Mapping[Door, Callable[[Directory, str, Sequence[str]], tuple[Card, ...]]] = {
    Door.MAIN: _main,
    Door.UNDER_18: _under_18,
    Door.SOMEONE_ELSE: _someone_else,
    Door.HAPPENED_TO_ME: _happened_to_me,
    Door.WORK_OR_MISTAKE: _work_or_mistake,
}


def is_for_adults(shown: Card) -> bool:
    """Whether it helps adults who are worried about their own thoughts or acts."""
    return "self" in shown.service.audience and not shown.service.made_for_young_people


def is_for_children(shown: Card) -> bool:
    """Whether somebody under 18 may be sent there."""
    service = shown.service
    if (service.minimum_age or 0) > 17 or "adult" in service.audience:
        return False
    return service.made_for_young_people or bool(_FOR_CHILDREN & {*service.kind} and "self" not in service.audience)


def _is_country_wide(shown: Card, kind: str) -> bool:
    return kind in shown.service.kind and not shown.service.region


def _is_for(shown: Card, suits: tuple[str, ...]) -> bool:
    return bool(shown.service.audience) and {*shown.service.audience} <= {*suits}


def _offered(directory: Directory, country: str) -> tuple[Card, ...]:
    return (*directory.cards(country), *directory.cards(WORLD))


def _removal(cards: Iterable[Card]) -> list[Card]:
    """Where images are removed; first where images of under-18s are, since these pages are about them."""
    removal = (c for c in cards if "takedown" in c.service.kind and "self" not in c.service.audience)
    return sorted(removal, key=lambda c: (c.service.minimum_age or 0, c.service.id))


def _distance(shown: Card, languages: Sequence[str]) -> int:
    """How far down the reader's languages the first one stands that the service speaks."""
    spoken = {_language(tag) for tag in shown.service.languages}
    return next((i for i, tag in enumerate(languages) if _language(tag) in spoken), len(languages))


def _language(tag: str) -> str:
    """The spoken language of a tag: script and region matter for reading, not for talking to someone."""
    primary = tag.partition("-")[0].lower()
    return _SAME_LANGUAGE.get(primary, primary)


def ranked(cards: Iterable[Card], languages: Sequence[str], kinds: tuple[str, ...] = ()) -> list[Card]:
    """The best first: of a kind that stands earlier in `kinds`, near in language, for the whole country, checked."""
    return sorted(cards, key=partial(_rank, languages, kinds))


def _rank(languages: Sequence[str], kinds: tuple[str, ...], shown: Card) -> tuple[int | bool | str, ...]:
    service = shown.service
    return (
        bool(kinds) and "report_hotline" in service.kind,
        min((kinds.index(kind) for kind in service.kind if kind in kinds), default=len(kinds)),
        _distance(shown, languages),
        bool(service.region),
        shown.stale,
        not _AT_ONCE & {*service.kind},
        not service.anonymous,
        CONFIDENCE.index(service.confidence),
        service.id,
    )


def _crisis_rank(suits: tuple[str, ...], languages: Sequence[str], shown: Card) -> tuple[int | bool | str, ...]:
    service = shown.service
    return (
        min(suits.index(audience) for audience in service.audience),
        _distance(shown, languages),
        not shown.phone,
        shown.stale,
        CONFIDENCE.index(service.confidence),
        service.hours != "24/7",
        -len(service.sources),
        service.id,
    )


def _report_rank(shown: Card) -> tuple[int | bool | str, ...]:
    service = shown.service
    mixed, rank = len(service.kind) > 1, CONFIDENCE.index(service.confidence)
    return (not service.network, mixed, shown.stale, rank, not service.anonymous, service.id)


def _joined(head: Iterable[Card], tail: Iterable[Card]) -> tuple[Card, ...]:
    """`head` as far as there is room, then all of `tail`; no service, address or number stands twice."""
    ends = distinct(tail)
    starts = distinct((*ends, *head))[len(ends) :]
    return (*starts[: MOST_CARDS - len(ends)], *ends)


def distinct(cards: Iterable[Card]) -> list[Card]:
    """Each service, address and number once, the first of each."""
    known: set[str] = set()
    return [shown for shown in cards if _is_new(shown, known)]


def _is_new(shown: Card, known: set[str]) -> bool:
    marks = {mark for mark in (shown.service.id, shown.url, shown.phone) if mark}
    if known & marks:
        return False
    known |= marks
    return True
