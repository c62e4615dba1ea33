"""Owns how each kind of page is laid out, and where its links lead: a warning, a door, a place in the guided
conversation, an officer's video. Must never count, nor write a page without a service or a crisis slot."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypedDict

from msgspec import Struct
from msgspec.structs import replace

from redirect.domain.content import GUIDE, THANKS, VIDEO, Door, Statement
from redirect.domain.guide import ROOT, End, Ending, Question
from redirect.domain.locales import Locale
from redirect.domain.views import GuideView, Help, LanguageBar, Link, PageView, VideoView
from redirect.journeys.language_bar import language_bar

if TYPE_CHECKING:
    from collections.abc import Iterable

    from redirect.domain.content import Platform
    from redirect.domain.guide import Place
    from redirect.domain.services import Card, Crisis
    from redirect.domain.video import Video
    from redirect.journeys.ports import Languages, Tokens
    from redirect.journeys.situations import Situations

FOR_ADULTS = "adult"
MEDIA = "/w/media"


class Opened(Struct, frozen=True):
    """A page that someone opened: its statement, its language, and whether the person chose that language."""

    statement: Statement
    locale: Locale
    chosen: bool


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
    """Turns what someone opened into what the page says. Pages link to each other by the path `base`."""

    def __init__(self, situations: Situations, languages: Languages, tokens: Tokens, base: str) -> None:
        self._situations = situations
        self._languages = languages
        self._tokens = tokens
        self._base = base

    def page(self, opened: Opened) -> PageView | GuideView | VideoView:
        """What the page says. Depends on `opened` alone, so that a page written once serves everyone in the same
        situation."""
        if place := self._situations.place(opened.statement):
            return self._guided(opened, place)
        if video := self._situations.video(opened.statement):
            return self._shown(opened, video)
        return self._said(opened)

    def address(self, statement: Statement) -> str:
        """The path of a page."""
        return f"{self._base}/w/{self._tokens.seal(statement)}"

    def _said(self, opened: Opened) -> PageView:
        statement, locale, onward = opened.statement, opened.locale, _onward(opened)
        message, law = self._situations.message(statement)
        first_page = not statement.step
        report, is_for_adults = self._situations.report(statement), message.audience == FOR_ADULTS
        return PageView(
            message=message,
            door=self._situations.door(statement),
            help=self._helps(statement, self._situations.cards(statement, locale)),
            report=self._help(statement, report) if report else None,
            wrong=f"{self.address(statement)}/wrong" if statement.step == Door.WORK_OR_MISTAKE else "",
            thanked=statement.step == THANKS,
            doors=self._doors(onward) if first_page else (),
            law=law,
            place=self._situations.place_name(law, locale),
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
            message=self._situations.message(statement)[0],
            review=self._situations.guide.review,
            choices=self._choices(onward, place.path, says) if isinstance(says, Question) else (),
            before=self._step(onward, place.before) if place.before else "",
            again=self._step(onward, ROOT) if end else "",
            help=self._helps(statement, self._situations.cards(statement, opened.locale)) if with_services else (),
            doors=self._doors(onward) if end is End.DOORS else (),
            **self._frame(opened),
        )

    def _shown(self, opened: Opened, video: Video) -> VideoView:
        statement = opened.statement
        return VideoView(
            video=video,
            message=self._situations.message(statement)[0],
            help=self._helps(statement, self._situations.cards(statement, opened.locale)),
            media=f"{self._base}{MEDIA}",
            **self._frame(opened),
        )

    def _frame(self, opened: Opened) -> _Frame:
        statement, locale = opened.statement, opened.locale
        crisis = self._situations.crisis(statement, locale)
        return {
            "locale": locale,
            "platform": self._situations.platform(statement),
            "country": statement.country,
            "crisis": crisis,
            "crisis_way": self._help(statement, crisis.line).href if crisis.line else "",
            "exit": f"{self.address(statement)}/leave",
            "back": self._step(_onward(opened), "") if statement.step else "",
            "languages": language_bar(self._languages, locale, statement.country, lambda each: f"?lang={each.tag}"),
        }

    def _invitation(self, onward: Statement) -> Link:
        return Link(self._step(onward, GUIDE), self._situations.guide.invite)

    def _way_to_video(self, onward: Statement) -> str:
        return self._step(onward, VIDEO) if self._situations.has_video(onward.country) else ""

    def _choices(self, onward: Statement, path: str, question: Question) -> tuple[Link, ...]:
        return tuple(Link(self._step(onward, f"{path}.{option.answer}"), option.label) for option in question.options)

    def _doors(self, onward: Statement) -> tuple[Link, ...]:
        return tuple(Link(self._step(onward, text.door), text.label, text.door) for text in self._situations.doors)

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
