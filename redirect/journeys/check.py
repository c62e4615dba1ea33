"""Owns the decision on one subject. Must never wait: it touches memory only, and keeps nothing of the subject."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from redirect.domain.content import Statement
from redirect.domain.counts import CHECKS
from redirect.domain.decision import DEFAULT_CATEGORY, DEFAULT_VARIANT, ON_ERROR, Action, Category, Degraded
from redirect.domain.experiments import NOBODY
from redirect.domain.faces import MatrixError
from redirect.domain.law import placed
from redirect.domain.lists import Confidence, Kind
from redirect.domain.periods import DAY_SECONDS
from redirect.domain.subject import Mode, Subject

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from redirect.domain.content import Platform
    from redirect.domain.matching import Match, Matcher
    from redirect.domain.services import Card
    from redirect.journeys.ports import Clock, Experiments, Languages, Lists, Tally
    from redirect.journeys.show import Show


class Resource(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """A service as a platform may show it: at least one of `url` and `phone` is given. Absent is unknown. `hours` are
    in OpenStreetMap's opening_hours syntax, by the clock of `time_zone`; `passes_on`: what it may tell others."""

    id: str
    name: str
    languages: tuple[str, ...]
    url: str | None = None
    phone: str | None = None
    phone_display: str | None = None
    hours: str | None = None
    time_zone: str | None = None
    free: bool | None = None
    anonymous: bool | None = None
    passes_on: tuple[str, ...] = ()
    verified_on: str = ""


def resource(card: Card) -> Resource:
    """A card as it goes to a platform: only contacts that may be shown."""
    service = card.service
    return Resource(
        id=service.id,
        name=service.native_name or service.name,
        languages=service.languages,
        url=card.url,
        phone=card.phone,
        phone_display=card.phone_display,
        hours=service.hours,
        time_zone=service.time_zone,
        free=service.free,
        anonymous=service.anonymous,
        passes_on=service.passes_on,
        verified_on=service.verified_on,
    )


class Answer(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """What to do about one subject. All but the first four are given only when the action is not `allow`.
    `experiment` is given where the showing takes part in one; `variant` is then its arm.

    `page` is the absolute address of the warning page; `title`, `text` and `resources` are the beginning of it, in
    `language` (a BCP 47 tag), and all of it is what a GET of `page` answers to `Accept: application/json`. `card` (HTML
    to stand above results) and `matrix` (the error of a Matrix server) are given where `face` asks for them.
    """

    action: Action
    list_version: int
    degraded: bool
    degraded_reason: Degraded | None = None
    category: str | None = None
    message: str | None = None
    variant: str | None = None
    experiment: str | None = None
    page: str | None = None
    language: str | None = None
    title: str | None = None
    text: str | None = None
    resources: tuple[Resource, ...] | None = None
    card: str | None = None
    matrix: MatrixError | None = None


class Explanation(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """Why a subject matched: the entry by its id, and the names of the steps by which the text was read.

    Never the text, folded or not. `action` is what a check of the same subject would answer where it is enforced.
    """

    matched: bool
    list_version: int
    action: Action
    entry: str | None = None
    kind: Kind | None = None
    category: str | None = None
    confidence: Confidence | None = None
    language: str = ""
    source: str = ""
    steps: tuple[str, ...] = ()


class NoExperiments:
    """Implements `Experiments` where none can run."""

    now = NOBODY

    def at(self, _platform: str, _day: int) -> None:
        """None, ever."""


NO_EXPERIMENTS = NoExperiments()


class Decider:
    """Decides and counts. Needs a list and a policy, nothing of pages: local checkers have no more than this, and no
    experiments. `draw` gives a number below SEATS, for those whose arms are drawn at random."""

    def __init__(
        self,
        lists: Lists,
        categories: Mapping[str, Category],
        tally: Tally,
        experiments: Experiments | NoExperiments = NO_EXPERIMENTS,
        draw: Callable[[], int] = lambda: 0,
    ) -> None:
        self._lists = lists
        self._categories = categories
        self._tally = tally
        self._experiments = experiments
        self._draw = draw

    def decide(self, subject: Subject, platform: Platform) -> Answer:
        """The answer to one subject, counted, without a page. Raises BadRequest where it is none."""
        subject.ensure_valid()
        version, matcher, degraded = self._lists.live
        match = _match(matcher, subject) if matcher else None
        category, action = self._rule(matcher, match, subject, platform)
        # `_value_`, because the property `value` of an enum costs a tenth of the whole decision.
        surface, mode = subject.surface._value_, subject.mode._value_
        labels = (platform.name, surface, action._value_, mode, subject.attempt_label, degraded._value_)
        self._tally.add(CHECKS, labels)
        answer = Answer(
            action=Action.ALLOW,
            list_version=version,
            degraded=degraded is not Degraded.NO,
            degraded_reason=None if degraded is Degraded.NO else degraded,
        )
        if action is Action.ALLOW or subject.mode is Mode.SHADOW:
            return answer
        message = category.message(is_url=subject.url is not None, attempt=subject.attempt_label)
        experiment = self._experiments.now.get(platform.name)
        arm = experiment.arm(subject, message, category.repeat, action, self._draw) if experiment else None
        return msgspec.structs.replace(
            answer,
            action=action,
            category=category.id,
            message=message,
            variant=arm or DEFAULT_VARIANT,
            experiment=experiment.name if experiment and arm else None,
        )

    def explain(self, subject: Subject, platform: Platform) -> Explanation:
        """Why a subject matches, or that it does not. Counts nothing. Raises BadRequest where it is none."""
        subject.ensure_valid()
        version, matcher, _ = self._lists.live
        match = _match(matcher, subject) if matcher else None
        _, action = self._rule(matcher, match, subject, platform)
        if match is None:
            return Explanation(matched=False, list_version=version, action=action)
        return Explanation(
            matched=True,
            list_version=version,
            action=action,
            entry=match.entry_id,
            kind=match.kind,
            category=match.category,
            confidence=match.confidence,
            language=match.language,
            source=match.source,
            steps=match.steps,
        )

    def _rule(
        self, matcher: Matcher | None, match: Match | None, subject: Subject, platform: Platform
    ) -> tuple[Category, Action]:
        if match is None:
            action = Action.ALLOW if matcher else ON_ERROR[platform.on_error]
            return self._categories[DEFAULT_CATEGORY], action
        category = self._categories.get(match.category) or self._categories[DEFAULT_CATEGORY]
        return category, category.action(match.confidence, subject.surface)


class Checker:
    """Decides, counts, and says where to send the person."""

    def __init__(self, decider: Decider, languages: Languages, show: Show, clock: Clock) -> None:
        self._decider = decider
        self._languages = languages
        self._show = show
        self._clock = clock
        self.explain = decider.explain

    def check(self, subject: Subject, platform: Platform) -> Answer:
        """Answer one subject. Raises BadRequest where it is none."""
        answer = self._decider.decide(subject, platform)
        return answer if answer.action is Action.ALLOW else self._with_page(answer, subject, platform)

    def _with_page(self, answer: Answer, subject: Subject, platform: Platform) -> Answer:
        summary = self._show.summary(self._statement(answer, subject, platform))
        texts = (summary.message.headline, *(paragraph.text for paragraph in summary.message.paragraphs))
        title, *paragraphs = (placed(self._languages.translate(summary.locale, text), summary.place) for text in texts)
        return msgspec.structs.replace(
            answer,
            page=summary.page,
            language=summary.locale.tag,
            title=title,
            text="\n\n".join(paragraphs),
            resources=tuple(map(resource, summary.cards)),
        )

    def _statement(self, answer: Answer, subject: Subject, platform: Platform) -> Statement:
        return Statement(
            platform=platform.name,
            category=answer.category or DEFAULT_CATEGORY,
            message=answer.message or "",
            variant=answer.variant or DEFAULT_VARIANT,
            country=self._languages.country(subject.country),
            attempt=subject.attempt_label,
            language=self._languages.hint(subject.languages) if subject.languages else "",
            day=int(self._clock()) // DAY_SECONDS,
            enrolled=answer.experiment is not None,
        )


def _match(matcher: Matcher, subject: Subject) -> Match | None:
    if subject.query is not None:
        return matcher.match_query(subject.query)
    return matcher.match_url(subject.url or "")
