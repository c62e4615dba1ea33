"""Owns a person's way through the pages. Must never leave anyone without help, whatever the address says."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING

from redirect.domain.content import Door, Help, Link, PageView, Platform, Statement
from redirect.domain.counts import FUNNEL, SERVICES
from redirect.domain.decision import DEFAULT_CATEGORY, DEFAULT_VARIANT
from redirect.domain.services import Card, Directory, chain, crisis, report_line
from redirect.domain.subject import UNKNOWN_COUNTRY

if TYPE_CHECKING:
    from collections.abc import Mapping

    from redirect.domain.content import Message, Texts
    from redirect.domain.locales import Locale
    from redirect.journeys.ports import Clock, Languages, Tally, Tokens

THANKS = "thanks"
URL_MESSAGE = "V3"
SUMMARIES_KEPT = 1024


@dataclass(frozen=True, slots=True)
class Reader:
    """What a request says of its reader: `?lang=`, Accept-Language, and whether a person opened the page
    (`counts`; a prefetch or an embedded request does not)."""

    explicit: str = ""
    header: str = ""
    counts: bool = True


@dataclass(frozen=True, slots=True)
class Opened:
    """A page that someone opened: its statement, its language, and whether the person chose that language."""

    statement: Statement
    locale: Locale
    chosen: bool


@dataclass(frozen=True, slots=True)
class Summary:
    """A warning in short: its language, its message, who helps, and the absolute address of its page."""

    locale: Locale
    message: Message
    cards: tuple[Card, ...]
    page: str


class Show:
    """Turns the address of a page into what it says, and counts each step once a person takes it.

    Pages stand under `public_url`, and link to each other by its path, `base`; neither ends in a slash.
    """

    def __init__(
        self,
        texts: Texts,
        platforms: Mapping[str, Platform],
        directory: Directory,
        languages: Languages,
        tokens: Tokens,
        tally: Tally,
        clock: Clock,
        public_url: str,
        base: str,
    ) -> None:
        self._texts = texts
        self._platforms = platforms
        self._directory = directory
        self._languages = languages
        self._tokens = tokens
        self._tally = tally
        self._clock = clock
        self._public_url = public_url
        self._base = base
        # A statement says nothing of a person or their search, so what follows from it may be kept.
        self._summaries = lru_cache(SUMMARIES_KEPT)(self._summarise)

    def summary(self, statement: Statement) -> Summary:
        """What a platform is told of the page that this statement stands for."""
        return self._summaries(statement)

    def _summarise(self, statement: Statement) -> Summary:
        locale = self._locale(statement, Reader())
        return Summary(
            locale=locale,
            message=self._texts.messages[statement.message, statement.variant],
            cards=self._cards(statement, Door.MAIN, locale),
            page=f"{self._public_url}/w/{self._tokens.seal(statement)}",
        )

    def open(self, token: str, reader: Reader) -> Opened:
        """What this address stands for, counted; the general page, uncounted, where it cannot be read."""
        statement = self._read(token)
        if statement is None:
            general = self._general()
            return Opened(general, self._locale(general, reader), chosen=bool(reader.explicit))
        opened = Opened(statement, self._locale(statement, reader), chosen=bool(reader.explicit))
        if statement.step != THANKS:
            self._count(statement, opened.locale.tag, statement.step or "shown", reader)
        return opened

    def view(self, opened: Opened) -> PageView:
        """What the page says. Depends on `opened` alone, so that a page written once serves everyone in the same
        situation."""
        statement, locale = opened.statement, opened.locale
        token = self._tokens.seal(statement)
        here = f"{self._base}/w/{token}"
        door, message = self._door(statement)
        # A language that the person chose goes on with them; nothing else of the request does.
        onward = replace(statement, language=locale.tag if opened.chosen else statement.language)
        report = report_line(self._directory, statement.country) if message.id == URL_MESSAGE else None
        return PageView(
            message=message,
            door=door,
            locale=locale,
            platform=self._platform(statement),
            country=statement.country,
            help=tuple(self._help(card, token) for card in self._cards(statement, door, locale)),
            crisis=crisis(self._directory, door, statement.country, (locale.tag,)),
            report=self._help(report, token) if report else None,
            exit=f"{here}/leave",
            wrong=f"{here}/wrong" if statement.step == Door.WORK_OR_MISTAKE else "",
            back=self._address(replace(onward, step="")) if statement.step else "",
            thanked=statement.step == THANKS,
            doors=() if statement.step else self._door_links(onward),
            languages=tuple(
                Link(f"?lang={served.tag}", served.name, lang=served.tag)
                for served in self._languages.served
                if served != locale
            ),
        )

    def leave(self, token: str, reader: Reader) -> str | None:
        """The platform's exit address, counted; None where the address cannot be read."""
        statement = self._read(token)
        if statement is None:
            return None
        self._count(statement, self._locale(statement, reader).tag, "left", reader)
        return self._platform(statement).exit

    def go(self, token: str, code: str, reader: Reader) -> str | None:
        """The entrance of the service that this page names by `code`, counted; None where it names none."""
        statement = self._read(token)
        if statement is None:
            return None
        locale, (door, message) = self._locale(statement, reader), self._door(statement)
        cards = list(self._cards(statement, door, locale))
        if message.id == URL_MESSAGE:
            cards.append(report_line(self._directory, statement.country))
        for card in cards:
            if card.url and self._tokens.code(token, card.service.id) == code:
                self._count(statement, locale.tag, "help", reader)
                if reader.counts and self._fresh(statement):
                    self._tally.add(SERVICES, (card.service.id, statement.country, door.value))
                return card.url
        return None

    def wrong(self, token: str, reader: Reader) -> str | None:
        """Count a wrong match; the address of the page that says thanks, or None where this page has no such
        button."""
        statement = self._read(token)
        if statement is None or statement.step != Door.WORK_OR_MISTAKE:
            return None
        self._count(statement, self._locale(statement, reader).tag, "wrong", reader)
        return self._address(replace(statement, step=THANKS))

    def _read(self, token: str) -> Statement | None:
        """A statement of ours whose message still exists."""
        statement = self._tokens.open(token)
        known = statement is not None and (statement.message, statement.variant) in self._texts.messages
        return statement if known else None

    def _general(self) -> Statement:
        return Statement(
            platform="",
            category=DEFAULT_CATEGORY,
            message="V1",
            variant=DEFAULT_VARIANT,
            country=UNKNOWN_COUNTRY,
            attempt="unknown",
            language="",
            day=0,
        )

    def _cards(self, statement: Statement, door: Door, locale: Locale) -> tuple[Card, ...]:
        return chain(self._directory, door, statement.country, (locale.tag,))

    def _door(self, statement: Statement) -> tuple[Door, Message]:
        if not statement.step:
            return Door.MAIN, self._texts.messages[statement.message, statement.variant]
        door = Door.WORK_OR_MISTAKE if statement.step == THANKS else Door(statement.step)
        return door, self._texts.behind(door)

    def _door_links(self, statement: Statement) -> tuple[Link, ...]:
        return tuple(
            Link(self._address(replace(statement, step=text.door.value)), text.label, text.door)
            for text in self._texts.doors
        )

    def _help(self, card: Card, token: str) -> Help:
        code = self._tokens.code(token, card.service.id)
        return Help(card, f"{self._base}/w/{token}/go/{code}" if card.url else "")

    def _address(self, statement: Statement) -> str:
        return f"{self._base}/w/{self._tokens.seal(statement)}"

    def _locale(self, statement: Statement, reader: Reader) -> Locale:
        return self._languages.choose(
            explicit=reader.explicit, hint=statement.language, header=reader.header, country=statement.country
        )

    def _platform(self, statement: Statement) -> Platform:
        return self._platforms.get(statement.platform) or Platform(statement.platform)

    def _fresh(self, statement: Statement) -> bool:
        return -1 <= int(self._clock()) // 86400 - statement.day <= 1

    def _count(self, statement: Statement, language: str, step: str, reader: Reader) -> None:
        if reader.counts and self._fresh(statement):
            self._tally.add(
                FUNNEL,
                (
                    statement.platform,
                    statement.country,
                    language,
                    statement.category,
                    statement.message,
                    statement.variant,
                    statement.attempt,
                    step,
                ),
            )
