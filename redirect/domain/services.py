"""Owns who is sent to which service. Must never show a contact that a person cannot use, nor a child to a
service for adults."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from itertools import pairwise
from typing import TYPE_CHECKING

from redirect.domain.content import Door
from redirect.domain.errors import ContentError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

WORLD = "*"
GENERAL_DIRECTORY = "find-a-helpline"
CHILD_DIRECTORY = "child-helpline-international-members"
REPORT_DIRECTORY = "icmec-reporting-directory"
SELF_HELP = ("troubled-desire", "redirection", "mielenterveystalo-self-help-fi")
MOST_CARDS = 6

_SHOWN = ("official-page", "secondary")
_NUMBER_FROM_TWO_SOURCES = {"child_helpline", "crisis_line", "emergency_number"}
_AT_ONCE = {"helpline", "chat", "child_helpline", "crisis_line", "online_self_help"}
_FOR_CHILDREN = {"child_helpline", "takedown", "victim_support"}
_SAME_LANGUAGE = {"nb": "no", "nn": "no", "fil": "tl", "iw": "he", "in": "id"}


@dataclass(frozen=True, slots=True)
class Service:
    """One record of `messages/resources/<CC>.toml`. Absent means unknown, never no.

    `url` is an entrance where one can start, else None. `phone` is dialable, `phone_display` as people write
    it. `countries` are alpha-2, or `*` for everywhere; `region` names the part of the country that is served
    where it is not the whole. `hold`: nobody is sent there until a person has decided. `verified_on` (an ISO
    date) is empty until a person has checked it, `agreed_on` until the service has agreed to be listed.
    """

    id: str
    name: str
    operator: str
    audience: tuple[str, ...]
    kind: tuple[str, ...]
    countries: tuple[str, ...]
    languages: tuple[str, ...]
    confidence: str
    sources: tuple[str, ...]
    native_name: str | None = None
    url: str | None = None
    phone: str | None = None
    phone_display: str | None = None
    hours: str | None = None
    free: bool | None = None
    anonymous: bool | None = None
    confidential: bool | None = None
    minimum_age: int | None = None
    works_from_abroad: bool | None = None
    verified_on: str = ""
    verified_by: str = ""
    agreed_on: str = ""
    source_date: str = ""
    network: str | None = None
    region: str | None = None
    made_for_young_people: bool = False
    hold: bool = False


@dataclass(frozen=True, slots=True)
class Card:
    """A service with the contacts that may be shown; at least one of `url` and `phone` is set."""

    service: Service
    url: str | None
    phone: str | None
    phone_display: str | None


@dataclass(frozen=True, slots=True)
class Crisis:
    """The crisis slot. `line` is a crisis line, or None; then `emergency` is the country's number, or None;
    then the page says without a number to call it. `directory` is the general directory."""

    line: Card | None
    emergency: Card | None
    directory: Card


class Directory:
    """All services, found by id and by country; immutable.

    Raises ContentError where an id stands twice, or where one of the three directories that end the chains
    has no contact: so no chain is ever empty.
    """

    __slots__ = ("_cards", "_from_abroad", "_here", "_services")

    def __init__(self, services: Iterable[Service]) -> None:
        ordered = sorted(services, key=lambda service: service.id)
        self._services = {service.id: service for service in ordered}
        twice = next((a.id for a, b in pairwise(ordered) if a.id == b.id), None)
        if twice:
            raise ContentError(f"services: the id {twice} stands twice")
        self._cards = {service.id: shown for service in ordered if (shown := card(service))}
        for pillar in (GENERAL_DIRECTORY, CHILD_DIRECTORY, REPORT_DIRECTORY):
            if pillar not in self._cards:
                raise ContentError(f"services: {pillar} is missing or has no contact")
        self._here: dict[str, tuple[Card, ...]] = {}
        for shown in self._cards.values():
            for country in shown.service.countries:
                self._here[country] = (*self._here.get(country, ()), shown)
        self._from_abroad = tuple(c for c in self._cards.values() if c.service.works_from_abroad)

    def __iter__(self) -> Iterator[Service]:
        return iter(self._services.values())

    def by_id(self, id: str) -> Service | None:  # noqa: A002 - the field is called id in every file
        return self._services.get(id)

    def cards(self, country: str) -> tuple[Card, ...]:
        """Services that name this country (`*`: those for everywhere) and have a contact, by id."""
        return self._here.get(country, ())

    def named(self, ids: Sequence[str], country: str) -> tuple[Card, ...]:
        """These services as a reader in `country` may see them; without those that have no contact there."""
        known = (shown for name in ids if (shown := self._cards.get(name)))
        return tuple(seen for shown in known if (seen := _seen_from(country, shown)))

    def from_abroad(self, country: str) -> tuple[Card, ...]:
        """Services of other countries whose record says that they work from abroad, without their numbers."""
        others = (c for c in self._from_abroad if not {country, WORLD} & {*c.service.countries})
        return tuple(seen for shown in others if (seen := _seen_from(country, shown)))


def card(service: Service) -> Card | None:
    """The contacts of a service that a person in its own countries can use; None where there are none."""
    if service.hold or service.confidence not in _SHOWN:
        return None
    phone = service.phone if _number_may_be_shown(service) else None
    if not service.url and not phone:
        return None
    return Card(service, service.url or None, phone, (service.phone_display or phone) if phone else None)


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


def _main(directory: Directory, country: str, languages: Sequence[str]) -> tuple[Card, ...]:
    own = filter(_is_for_adults, directory.cards(country))
    abroad = (c for c in directory.from_abroad(country) if _distance(c, languages) < len(languages))
    near = [*_ranked(own, languages), *_ranked(filter(_is_for_adults, abroad), languages)]
    self_help = sorted(directory.named(SELF_HELP, country), key=lambda c: _distance(c, languages))
    # Lines have hours; a self-help programme never closes, so services near by always leave one a place.
    return _joined([*near[: MOST_CARDS - 2], *self_help], directory.named((GENERAL_DIRECTORY,), country))


def _under_18(directory: Directory, country: str, languages: Sequence[str]) -> tuple[Card, ...]:
    order = ("child_helpline", "chat", "helpline", "victim_support", "takedown")
    own = _ranked(filter(_is_for_children, directory.cards(country)), languages, order)
    removal = _removal(filter(_is_for_children, directory.cards(WORLD)))
    return _joined(own, [*removal[:1], *directory.named((CHILD_DIRECTORY, GENERAL_DIRECTORY), country)])


def _happened_to_me(directory: Directory, country: str, languages: Sequence[str]) -> tuple[Card, ...]:
    order = ("victim_support", "child_helpline")
    report = report_line(directory, country)
    harmed = [c for c in directory.cards(country) if "self" not in c.service.audience and c != report]
    own = [c for c in harmed if {*order} & {*c.service.kind}]
    removal = [*_removal(harmed), *_removal(directory.cards(WORLD))]
    directories = directory.named((CHILD_DIRECTORY, GENERAL_DIRECTORY), country)
    return _joined([*_ranked(own, languages, order)[:2], *removal], [*directories, report])


def _someone_else(directory: Directory, country: str, languages: Sequence[str]) -> tuple[Card, ...]:
    near = [c for c in _offered(directory, country) if {"other", "family"} & {*c.service.audience}]
    guides = [c for c in _offered(directory, country) if "parent_guide" in c.service.kind]
    general = directory.named((GENERAL_DIRECTORY,), country)
    tail = [report_line(directory, country), *_ranked(guides, languages)[:1], *general]
    return _joined(_ranked(near, languages), tail)


def _work_or_mistake(directory: Directory, country: str, languages: Sequence[str]) -> tuple[Card, ...]:
    near = [c for c in _offered(directory, country) if "professional" in c.service.audience]
    general = directory.named((GENERAL_DIRECTORY,), country)
    return _joined([report_line(directory, country), *_ranked(near, languages)], general)


_CHAINS: Mapping[Door, Callable[[Directory, str, Sequence[str]], tuple[Card, ...]]] = {
    Door.MAIN: _main,
    Door.UNDER_18: _under_18,
    Door.SOMEONE_ELSE: _someone_else,
    Door.HAPPENED_TO_ME: _happened_to_me,
    Door.WORK_OR_MISTAKE: _work_or_mistake,
}


def _number_may_be_shown(service: Service) -> bool:
    if service.verified_on or service.confidence == "official-page":
        return True
    return bool(_NUMBER_FROM_TWO_SOURCES & {*service.kind}) and len(service.sources) >= 2


def _seen_from(country: str, shown: Card) -> Card | None:
    if not shown.phone or {country, WORLD} & {*shown.service.countries}:
        return shown
    return replace(shown, phone=None, phone_display=None) if shown.url else None


def _is_for_adults(shown: Card) -> bool:
    return "self" in shown.service.audience and not shown.service.made_for_young_people


def _is_for_children(shown: Card) -> bool:
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


def _ranked(cards: Iterable[Card], languages: Sequence[str], kinds: tuple[str, ...] = ()) -> list[Card]:
    return sorted(cards, key=partial(_rank, languages, kinds))


def _rank(languages: Sequence[str], kinds: tuple[str, ...], shown: Card) -> tuple[int | bool | str, ...]:
    service = shown.service
    return (
        bool(kinds) and "report_hotline" in service.kind,
        min((kinds.index(kind) for kind in service.kind if kind in kinds), default=len(kinds)),
        _distance(shown, languages),
        bool(service.region),
        not _AT_ONCE & {*service.kind},
        not service.anonymous,
        _SHOWN.index(service.confidence),
        service.id,
    )


def _crisis_rank(suits: tuple[str, ...], languages: Sequence[str], shown: Card) -> tuple[int | bool | str, ...]:
    service = shown.service
    return (
        min(suits.index(audience) for audience in service.audience),
        _distance(shown, languages),
        not shown.phone,
        _SHOWN.index(service.confidence),
        service.hours != "24/7",
        -len(service.sources),
        service.id,
    )


def _report_rank(shown: Card) -> tuple[int | bool | str, ...]:
    service = shown.service
    mixed, rank = len(service.kind) > 1, _SHOWN.index(service.confidence)
    return (not service.network, mixed, rank, not service.anonymous, service.id)


def _joined(head: Iterable[Card], tail: Iterable[Card]) -> tuple[Card, ...]:
    """`head` as far as there is room, then all of `tail`; no service, address or number stands twice."""
    known: set[str] = set()
    ends = [shown for shown in tail if _is_new(shown, known)]
    starts = [shown for shown in head if _is_new(shown, known)]
    return (*starts[: MOST_CARDS - len(ends)], *ends)


def _is_new(shown: Card, known: set[str]) -> bool:
    marks = {mark for mark in (shown.service.id, shown.url, shown.phone) if mark}
    if known & marks:
        return False
    known |= marks
    return True
