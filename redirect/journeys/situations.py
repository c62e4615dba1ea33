"""Owns what is to be said, and who helps, in the situation that a statement stands for. Must never leave a situation
without a service or a crisis slot, nor know an address of a page."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from redirect.domain.chains import chain, crisis, report_line
from redirect.domain.content import GUIDE, THANKS, VIDEO, Door, Platform
from redirect.domain.guide import ROOT, fitting

if TYPE_CHECKING:
    from collections.abc import Mapping

    from redirect.domain.content import Message, Statement, Texts
    from redirect.domain.guide import Place
    from redirect.domain.law import Law
    from redirect.domain.locales import Locale
    from redirect.domain.services import Card, Crisis, Directory
    from redirect.domain.video import Video
    from redirect.journeys.ports import Languages, Services

URL_MESSAGE = "V3"
DOORS = frozenset(Door)


@dataclass(frozen=True, slots=True)
class Summary:
    """A warning in short: its language, its message, the law and the country's name that this may speak of, who helps,
    the crisis slot, and the absolute address of its page."""

    locale: Locale
    message: Message
    law: Law | None
    place: str
    cards: tuple[Card, ...]
    crisis: Crisis
    page: str


class Situations:
    """Answers for every statement, and never for a person. `videos` are the officers' videos by country."""

    def __init__(
        self,
        texts: Texts,
        platforms: Mapping[str, Platform],
        services: Services,
        videos: Mapping[str, Video],
        languages: Languages,
    ) -> None:
        self._texts = texts
        self.guide = texts.guide
        self.doors = texts.doors
        self._platforms = platforms
        self._services = services
        self._videos = videos
        self._languages = languages
        self._steps = frozenset(("", THANKS, GUIDE, *texts.guide.places, *(text.door for text in texts.doors)))

    @property
    def _directory(self) -> Directory:
        return self._services.now

    def has_page(self, statement: Statement) -> bool:
        """Whether there is such a page today: texts, countries' videos and the conversation change."""
        is_step = statement.step in self._steps or self.video(statement) is not None
        return is_step and self._texts.wording(statement.message, statement.variant) is not None

    def door(self, statement: Statement) -> Door:
        """Whose page this is; all of the guided conversation is for whom the first page is for."""
        if statement.step == THANKS:
            return Door.WORK_OR_MISTAKE
        return Door(statement.step) if statement.step in DOORS else Door.MAIN

    def place(self, statement: Statement) -> Place | None:
        """Where in the guided conversation this is, if it is in it."""
        return self._texts.guide.places.get(ROOT if statement.step == GUIDE else statement.step)

    def video(self, statement: Statement) -> Video | None:
        """The officer's video that this is the page of, if it is one."""
        return self._videos.get(statement.country) if statement.step == VIDEO else None

    def has_video(self, country: str) -> bool:
        """Whether a police officer of this country explains in a video."""
        return country in self._videos

    def platform(self, statement: Statement) -> Platform:
        """What the operator says of the platform that the person came from."""
        return self._platforms.get(statement.platform) or Platform(statement.platform)

    def message(self, statement: Statement) -> tuple[Message, Law | None]:
        """The message as it may be said in this country, and the law that it then rests on."""
        door = self.door(statement)
        written = self._texts.wording(statement.message, statement.variant)
        wording = written if written and door is Door.MAIN else self._texts.behind(door)
        return self._texts.laws.stated(wording, statement.country)

    def place_name(self, law: Law | None, locale: Locale) -> str:
        """What the country of a law is called in this language."""
        return self._languages.country_name(locale, law.country) if law else ""

    def cards(self, statement: Statement, locale: Locale) -> tuple[Card, ...]:
        """The services, the one to begin with first; never none."""
        spoken = (locale.tag,)
        cards = chain(self._directory, self.door(statement), statement.country, spoken)
        place = self.place(statement)
        return fitting(cards, place.answers, spoken) if place else cards

    def crisis(self, statement: Statement, locale: Locale) -> Crisis:
        """The crisis slot."""
        return crisis(self._directory, self.door(statement), statement.country, (locale.tag,))

    def report(self, statement: Statement) -> Card | None:
        """Where to report, if this is about an address."""
        about_an_address = self.message(statement)[0].id == URL_MESSAGE
        return report_line(self._directory, statement.country) if about_an_address else None

    def summary(self, statement: Statement, locale: Locale, page: str) -> Summary:
        """All of it in short; `page` is the absolute address of its page."""
        message, law = self.message(statement)
        return Summary(
            locale=locale,
            message=message,
            law=law,
            place=self.place_name(law, locale),
            cards=self.cards(statement, locale),
            crisis=self.crisis(statement, locale),
            page=page,
        )
