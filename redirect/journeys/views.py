"""Owns what stands on each page: a warning, a door, a place in the guided conversation, an officer's video. Must never
count, nor write a page without a service or a crisis line."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypedDict

from redirect.domain.chains import chain, crisis, report_line
from redirect.domain.content import GUIDE, THANKS, VIDEO, Door, Platform
from redirect.domain.guide import ROOT, End, Ending, Question, fitting
from redirect.domain.views import GuideView, Help, LanguageBar, Link, PageView, VideoView

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from redirect.domain.content import Message, Statement, Texts
    from redirect.domain.guide import Place
    from redirect.domain.law import Law
    from redirect.domain.locales import Locale
    from redirect.domain.services import Card, Crisis, Directory
    from redirect.domain.video import Video
    from redirect.journeys.ports import Languages, Services, Tokens

URL_MESSAGE = "V3"
FOR_ADULTS = "adult"
MEDIA = "/w/media"
DOORS = frozenset(Door)


@dataclass(frozen=True, slots=True)
class Opened:
    """A page that someone opened: its statement, its language, and whether the person chose that language."""

    statement: Statement
    locale: Locale
    chosen: bool


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


class _Frame(TypedDict):
    locale: Locale
    platform: Platform
    country: str
    crisis: Crisis
    exit: str
    back: str
    crisis_way: str
    languages: LanguageBar


class Views:
    """Turns what someone opened into what the page says. Pages link to each other by the path `base`; `videos` are the
    officers' videos by country."""

    def __init__(
        self,
        texts: Texts,
        platforms: Mapping[str, Platform],
        services: Services,
        videos: Mapping[str, Video],
        languages: Languages,
        tokens: Tokens,
        base: str,
    ) -> None:
        self._texts = texts
        self._platforms = platforms
        self._services = services
        self._videos = videos
        self._languages = languages
        self._tokens = tokens
        self._base = base
        self._steps = frozenset(("", THANKS, GUIDE, *texts.guide.places, *(text.door for text in texts.doors)))

    @property
    def _directory(self) -> Directory:
        return self._services.now

    def knows(self, statement: Statement) -> bool:
        """Whether there is such a page today: texts, countries' videos and the conversation change."""
        has_page = statement.step in self._steps or self._video(statement) is not None
        return has_page and self._texts.wording(statement.message, statement.variant) is not None

    def page(self, opened: Opened) -> PageView | GuideView | VideoView:
        """What the page says. Depends on `opened` alone, so that a page written once serves everyone in the same
        situation."""
        statement = opened.statement
        if place := self._place(statement.step):
            return self._guided(opened, place)
        if video := self._video(statement):
            return self._shown(opened, video)
        return self._said(opened)

    def message(self, statement: Statement) -> tuple[Message, Law | None]:
        """The message of this page as it may be said in this country, and the law that it then rests on."""
        door = self.door(statement)
        written = self._texts.wording(statement.message, statement.variant)
        wording = written if written and door is Door.MAIN else self._texts.behind(door)
        return self._texts.laws.stated(wording, statement.country)

    def place_name(self, law: Law | None, locale: Locale) -> str:
        """What the country of a law is called in this language."""
        return self._languages.country_name(locale, law.country) if law else ""

    def door(self, statement: Statement) -> Door:
        """Whose page this is; all of the guided conversation is for whom the first page is for."""
        if statement.step == THANKS:
            return Door.WORK_OR_MISTAKE
        return Door(statement.step) if statement.step in DOORS else Door.MAIN

    def cards(self, statement: Statement, locale: Locale) -> tuple[Card, ...]:
        """The services of a page, the one to begin with first."""
        spoken = (locale.tag,)
        cards = chain(self._directory, self.door(statement), statement.country, spoken)
        place = self._place(statement.step)
        return fitting(cards, place.answers, spoken) if place else cards

    def crisis(self, statement: Statement, locale: Locale) -> Crisis:
        """The crisis slot of a page."""
        return crisis(self._directory, self.door(statement), statement.country, (locale.tag,))

    def summary(self, statement: Statement, locale: Locale, page: str) -> Summary:
        """What the page says in short; `page` is its absolute address."""
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

    def report(self, statement: Statement) -> Card | None:
        """Where to report, on pages about an address."""
        about_an_address = self.message(statement)[0].id == URL_MESSAGE
        return report_line(self._directory, statement.country) if about_an_address else None

    def address(self, statement: Statement) -> str:
        """The path of a page."""
        return f"{self._base}/w/{self._tokens.seal(statement)}"

    def platform(self, statement: Statement) -> Platform:
        """What the operator says of the platform that the person came from."""
        return self._platforms.get(statement.platform) or Platform(statement.platform)

    def _said(self, opened: Opened) -> PageView:
        statement, locale, onward = opened.statement, opened.locale, _onward(opened)
        message, law = self.message(statement)
        first_page = not statement.step
        report, is_for_adults = self.report(statement), message.audience == FOR_ADULTS
        return PageView(
            message=message,
            door=self.door(statement),
            help=self._helps(statement, self.cards(statement, locale)),
            report=self._help(statement, report) if report else None,
            wrong=f"{self.address(statement)}/wrong" if statement.step == Door.WORK_OR_MISTAKE else "",
            thanked=statement.step == THANKS,
            doors=self._doors(onward) if first_page else (),
            law=law,
            place=self.place_name(law, locale),
            guide=self._invitation(onward) if first_page and is_for_adults else None,
            video=self._way_to_video(onward) if first_page and is_for_adults else "",
            **self._frame(opened),
        )

    def _guided(self, opened: Opened, place: Place) -> GuideView:
        statement, onward, says = opened.statement, _onward(opened), place.says
        end = says.end if isinstance(says, Ending) else None
        with_services = end in {End.SERVICE, End.LEAVE}
        return GuideView(
            place=place,
            message=self.message(statement)[0],
            review=self._texts.guide.review,
            choices=self._choices(onward, place.path, says) if isinstance(says, Question) else (),
            before=self._step(onward, place.before) if place.before else "",
            again=self._step(onward, ROOT) if end else "",
            help=self._helps(statement, self.cards(statement, opened.locale)) if with_services else (),
            doors=self._doors(onward) if end is End.DOORS else (),
            **self._frame(opened),
        )

    def _shown(self, opened: Opened, video: Video) -> VideoView:
        statement = opened.statement
        return VideoView(
            video=video,
            message=self.message(statement)[0],
            help=self._helps(statement, self.cards(statement, opened.locale)),
            media=f"{self._base}{MEDIA}",
            **self._frame(opened),
        )

    def _frame(self, opened: Opened) -> _Frame:
        statement, locale = opened.statement, opened.locale
        crisis = self.crisis(statement, locale)
        return {
            "locale": locale,
            "platform": self.platform(statement),
            "country": statement.country,
            "crisis": crisis,
            "crisis_way": self._help(statement, crisis.line).href if crisis.line else "",
            "exit": f"{self.address(statement)}/leave",
            "back": self._step(_onward(opened), "") if statement.step else "",
            "languages": self._bar(locale, statement.country),
        }

    def _bar(self, locale: Locale, country: str) -> LanguageBar:
        served = self._languages.served
        near = dict.fromkeys((locale, *self._languages.near(country), served[0]))
        links = {each: Link(f"?lang={each.tag}", each.name, lang=each.tag) for each in served}
        others = (link for each, link in links.items() if each not in near)
        return LanguageBar(tuple(links[each] for each in near), tuple(others))

    def _place(self, step: str) -> Place | None:
        return self._texts.guide.places.get(ROOT if step == GUIDE else step)

    def _video(self, statement: Statement) -> Video | None:
        return self._videos.get(statement.country) if statement.step == VIDEO else None

    def _invitation(self, onward: Statement) -> Link:
        return Link(self._step(onward, GUIDE), self._texts.guide.invite)

    def _way_to_video(self, onward: Statement) -> str:
        return self._step(onward, VIDEO) if onward.country in self._videos else ""

    def _choices(self, onward: Statement, path: str, question: Question) -> tuple[Link, ...]:
        return tuple(Link(self._step(onward, f"{path}.{option.answer}"), option.label) for option in question.options)

    def _doors(self, onward: Statement) -> tuple[Link, ...]:
        return tuple(Link(self._step(onward, text.door), text.label, text.door) for text in self._texts.doors)

    def _helps(self, statement: Statement, cards: Iterable[Card]) -> tuple[Help, ...]:
        return tuple(self._help(statement, card) for card in cards)

    def _help(self, statement: Statement, card: Card) -> Help:
        token = self._tokens.seal(statement)
        code = self._tokens.code(token, card.service.id)
        return Help(card, f"{self._base}/w/{token}/go/{code}" if card.url else "")

    def _step(self, onward: Statement, step: str) -> str:
        return self.address(replace(onward, step=step))


def _onward(opened: Opened) -> Statement:
    """What the links of a page stand for. A language that the person chose goes on with them; nothing else of the
    request does."""
    statement = opened.statement
    return replace(statement, language=opened.locale.tag if opened.chosen else statement.language)
