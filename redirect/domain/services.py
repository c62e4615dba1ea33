"""Owns the services and the contacts of each that may be shown; who is sent to which is for `chains.py`. Must never
show a contact that a person cannot use."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import pairwise
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from redirect.domain.errors import ContentError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

WORLD = "*"
GENERAL_DIRECTORY = "find-a-helpline"
CHILD_DIRECTORY = "child-helpline-international-members"
REPORT_DIRECTORY = "icmec-reporting-directory"
PILLARS = (GENERAL_DIRECTORY, CHILD_DIRECTORY, REPORT_DIRECTORY)
"""The directories that end the chains: they are never paused, so that no chain is ever empty."""
FURTHER_NOTICE: Final = "further-notice"
STALE_AFTER: Final = timedelta(days=365)
"""Numbers and hours change with each year's money, and a directory that is checked once a year is the least that its
readers may expect."""

CONFIDENCE = ("official-page", "secondary")
"""Of what may be shown, the better first."""
_NUMBER_FROM_TWO_SOURCES = {"child_helpline", "crisis_line", "emergency_number"}


@dataclass(frozen=True, slots=True)
class Service:
    """One record of `messages/resources/<CC>.toml`. Absent means unknown, never no.

    `url` is an entrance where one can start, else None. `phone` is dialable, `phone_display` as people write
    it. `countries` are alpha-2, or `*` for everywhere; `region` names the part of the country that is served
    where it is not the whole. `hours` are as `domain/hours.py` reads them, in `time_zone` (IANA), which `24/7`
    needs not. `passes_on`: `child_at_risk`, `crime`: what it tells others of what it is told. `hold`: nobody is
    sent there until a person has decided; `paused_until`: nor before that day (an ISO date, or FURTHER_NOTICE).
    `verified_on` (an ISO date) is empty until a person has checked it, `agreed_on` until the service has agreed
    to be listed.
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
    channels: tuple[str, ...] = ()
    hours: str | None = None
    time_zone: str | None = None
    free: bool | None = None
    anonymous: bool | None = None
    confidential: bool | None = None
    passes_on: tuple[str, ...] = ()
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
    paused_until: str = ""


@dataclass(frozen=True, slots=True)
class Card:
    """A service with the contacts that may be shown; at least one of `url` and `phone` is set. `stale`: it was
    checked so long ago that it may have changed."""

    service: Service
    url: str | None
    phone: str | None
    phone_display: str | None
    stale: bool = False


@dataclass(frozen=True, slots=True)
class Crisis:
    """The crisis slot. `line` is a crisis line, or None; then `emergency` is the country's number, or None;
    then the page says without a number to call it. `directory` is the general directory."""

    line: Card | None
    emergency: Card | None
    directory: Card


class Directory:
    """All services as they are on one day, found by id and by country; immutable.

    `paused` are pauses beside those in the records, by id, as `paused_until`. Without `today` no record is stale, and
    whatever may be paused is. Raises ContentError where an id stands twice, or where one of the PILLARS has no
    contact: so no chain is ever empty.
    """

    __slots__ = ("_cards", "_from_abroad", "_here", "_services")

    def __init__(
        self,
        services: Iterable[Service],
        today: date | None = None,
        paused: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        ordered = sorted(services, key=lambda service: service.id)
        self._services = {service.id: service for service in ordered}
        twice = next((a.id for a, b in pairwise(ordered) if a.id == b.id), None)
        if twice:
            raise ContentError(f"services: the id {twice} stands twice")
        working = (s for s in ordered if not _is_away(s.paused_until, today) and not _is_away(paused.get(s.id), today))
        self._cards = {service.id: shown for service in working if (shown := card(service, today))}
        for pillar in PILLARS:
            if pillar not in self._cards:
                raise ContentError(f"services: {pillar} is missing, paused or has no contact")
        self._here: dict[str, tuple[Card, ...]] = {}
        for shown in self._cards.values():
            for country in shown.service.countries:
                self._here[country] = (*self._here.get(country, ()), shown)
        self._from_abroad = tuple(c for c in self._cards.values() if c.service.works_from_abroad)

    def on(self, today: date, paused: Mapping[str, str]) -> Directory:
        """The same services on another day, with other pauses; a pause of one of the PILLARS does nothing."""
        return Directory(self, today, {name: until for name, until in paused.items() if name not in PILLARS})

    def __iter__(self) -> Iterator[Service]:
        return iter(self._services.values())

    def by_id(self, id: str) -> Service | None:  # noqa: A002 - the field is called id in every file
        return self._services.get(id)

    @property
    def now(self) -> Directory:
        """Itself: where services are asked for as they are now, one that never changes will do, too."""
        return self

    @property
    def countries(self) -> Sequence[str]:
        """Where anybody can be reached, alpha-2, in no order that matters."""
        return tuple(country for country in self._here if country != WORLD)

    @property
    def shown(self) -> tuple[Card, ...]:
        """Every service that has a contact, by id."""
        return tuple(self._cards.values())

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


def card(service: Service, today: date | None = None) -> Card | None:
    """The contacts of a service that a person in its own countries can use; None where there are none."""
    if service.hold or service.confidence not in CONFIDENCE:
        return None
    phone = service.phone if _number_may_be_shown(service) else None
    if not service.url and not phone:
        return None
    written = (service.phone_display or phone) if phone else None
    return Card(service, service.url or None, phone, written, stale=is_stale(service, today))


def _is_away(until: str | None, today: date | None) -> bool:
    if not until or today is None:
        return bool(until)
    try:
        return date.fromisoformat(until) > today
    except ValueError:
        return True  # until further notice, or something damaged: nothing says that anybody is there


def is_stale(service: Service, today: date | None) -> bool:
    """Whether it was checked so long ago that it may have changed; without a day nothing is."""
    if today is None or not service.verified_on:
        return False
    return today - date.fromisoformat(service.verified_on) > STALE_AFTER


def _number_may_be_shown(service: Service) -> bool:
    if service.verified_on or service.confidence == "official-page":
        return True
    return bool(_NUMBER_FROM_TWO_SOURCES & {*service.kind}) and len(service.sources) >= 2


def _seen_from(country: str, shown: Card) -> Card | None:
    if not shown.phone or {country, WORLD} & {*shown.service.countries}:
        return shown
    return replace(shown, phone=None, phone_display=None) if shown.url else None
