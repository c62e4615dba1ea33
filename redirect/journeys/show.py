"""Owns a person's way through the pages. Must never leave anyone without help, whatever the address says."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from redirect.domain.content import THANKS, Door, Statement
from redirect.domain.counts import CRISIS_OPENED, HELP_OPENED, LEFT, OTHER, STEPS, WRONG_MATCH
from redirect.domain.decision import DEFAULT_CATEGORY, DEFAULT_VARIANT
from redirect.domain.subject import UNKNOWN_COUNTRY
from redirect.journeys.views import Opened

if TYPE_CHECKING:
    from collections.abc import Iterator

    from redirect.domain.locales import Locale
    from redirect.domain.views import GuideView, PageView, VideoView
    from redirect.journeys.ports import Experiments, Languages, Tokens
    from redirect.journeys.situations import Situations, Summary
    from redirect.journeys.steps import Steps
    from redirect.journeys.views import Views

SUMMARIES_KEPT = 1024


def never(_step: str) -> bool:
    """No step of whoever this is counts: a program's, a prefetch, an embedded request."""
    return False


class Reader(Struct, frozen=True):
    """What a request says of its reader: `?lang=`, Accept-Language, and on what kind of `device`, a label of `devices`.
    `counts` is asked once before a step is counted, by a name for it; it may say that it was often enough."""

    explicit: str = ""
    header: str = ""
    counts: Callable[[str], bool] = never
    device: str = OTHER


class Show:
    """Turns the address of a page into what it says, and counts each step once a person takes it.

    Pages stand under `public_url`, which does not end in a slash.
    """

    def __init__(
        self,
        situations: Situations,
        views: Views,
        languages: Languages,
        tokens: Tokens,
        steps: Steps,
        experiments: Experiments,
        public_url: str,
    ) -> None:
        self._situations = situations
        self._views = views
        self._languages = languages
        self._tokens = tokens
        self._steps = steps
        self._experiments = experiments
        self._public_url = public_url
        # A statement says nothing of a person or their search, so what follows from it may be kept.
        self._summaries = lru_cache(SUMMARIES_KEPT)(self._summarise)
        self.forget = self._summaries.cache_clear

    def summary(self, statement: Statement) -> Summary:
        """What a platform is told of the page that this statement stands for."""
        return self._summaries(statement)

    def _summarise(self, statement: Statement) -> Summary:
        locale = self._locale(statement, Reader())
        return self._situations.summary(statement, locale, f"{self._public_url}/w/{self._tokens.seal(statement)}")

    def open(self, token: str, reader: Reader) -> Opened:
        """What this address stands for, counted; the general page, uncounted, where it cannot be read."""
        statement = self._read(token)
        if statement is None:
            general = self._general()
            return Opened(general, self._locale(general, reader), chosen=bool(reader.explicit))
        opened = Opened(statement, self._locale(statement, reader), chosen=bool(reader.explicit))
        if step := STEPS.get(statement.step):
            self._count(statement, opened.locale, step, reader, token)
        return opened

    def view(self, opened: Opened) -> PageView | GuideView | VideoView:
        """What the page says."""
        return self._views.page(opened)

    def address(self, opened: Opened) -> str:
        """Where this page stands, absolute, in the language that it was opened in."""
        statement = opened.statement
        chosen = replace(statement, language=opened.locale.tag) if opened.chosen else statement
        return f"{self._public_url}/w/{self._tokens.seal(chosen)}"

    def in_each_language(self, opened: Opened) -> Iterator[Summary]:
        """The same page in short, once for each language that is served; the one it was opened in comes first."""
        for locale in dict.fromkeys((opened.locale, *self._languages.served)):
            yield self._summarise(replace(opened.statement, language=locale.tag))

    def leave(self, token: str, reader: Reader) -> str | None:
        """The platform's exit address, counted; None where the address cannot be read."""
        statement = self._read(token)
        if statement is None:
            return None
        self._count(statement, self._locale(statement, reader), LEFT, reader, f"{token} {LEFT}")
        return self._situations.platform(statement).exit

    def go(self, token: str, code: str, reader: Reader) -> str | None:
        """The entrance of the service that this page names by `code`, counted; None where it names none."""
        statement = self._read(token)
        if statement is None:
            return None
        locale, report = self._locale(statement, reader), self._situations.report(statement)
        for card in (*self._situations.cards(statement, locale), *([report] if report else [])):
            if card.url and self._tokens.code(token, card.service.id) == code:
                if self._count(statement, locale, HELP_OPENED, reader, f"{token} {code}"):
                    self._steps.open_help(statement, card.service.id, self._situations.door(statement), reader.device)
                return card.url
        return self._to_crisis_line(token, code, statement, locale, reader)

    def _to_crisis_line(
        self, token: str, code: str, statement: Statement, locale: Locale, reader: Reader
    ) -> str | None:
        line = self._situations.crisis(statement, locale).line
        if line is None or not line.url or self._tokens.code(token, line.service.id) != code:
            return None
        self._count(statement, locale, CRISIS_OPENED, reader, CRISIS_OPENED)
        return line.url

    def wrong(self, token: str, reader: Reader) -> str | None:
        """Count a wrong match; the address of the page that says thanks, or None where this page has no such
        button."""
        statement = self._read(token)
        if statement is None or statement.step != Door.WORK_OR_MISTAKE:
            return None
        self._count(statement, self._locale(statement, reader), WRONG_MATCH, reader, WRONG_MATCH)
        return self._views.address(replace(statement, step=THANKS))

    def _read(self, token: str) -> Statement | None:
        """A statement of ours whose page still exists; of the default arm where its experiment was stopped."""
        statement = self._tokens.open(token)
        if statement is None or not self._situations.has_page(statement):
            return None
        if statement.enrolled and self._experiments.at(statement.platform, statement.day) is None:
            return replace(statement, variant=DEFAULT_VARIANT, enrolled=False)
        return statement

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

    def _locale(self, statement: Statement, reader: Reader) -> Locale:
        return self._languages.choose(
            explicit=reader.explicit, hint=statement.language, header=reader.header, country=statement.country
        )

    def _count(self, statement: Statement, locale: Locale, step: str, reader: Reader, name: str) -> bool:
        """Whether it counts. Steps that can end an experiment have one name on all pages, so that nobody ends one by
        opening many; the others have one on each."""
        counts = reader.counts(name)
        if counts:
            self._steps.take(statement, locale.tag, step, reader.device)
        return counts
