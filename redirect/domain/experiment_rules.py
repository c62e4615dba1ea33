"""Owns what no experiment may do. Must never let one through that a person could be worse off for."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING, Final

from redirect.domain.content import Element
from redirect.domain.decision import DEFAULT_VARIANT
from redirect.domain.errors import ContentError
from redirect.domain.experiments import Assign, Guardrail, Outcome

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from redirect.domain.content import Message, Texts
    from redirect.domain.decision import Category
    from redirect.domain.experiments import Experiment

FEWEST_ARMS, MOST_ARMS = 2, 8
LIGHTEST: Final = 5
"""Percent: an arm with less never learns anything, and tempts to run for ever."""
LONGEST: Final = 26 * 7
"""Days, both ends included: exact counts of an experiment are kept a little longer than this, for its guardrails."""
SMALLEST: Final = 0.001
NEEDED: Final = (Element.CRIME, Element.CONSEQUENCES, Element.HARM, Element.HELP)
"""The four elements that every warning to an adult has."""


def ensure_sound(
    experiments: Sequence[Experiment], texts: Texts, categories: Collection[Category], platforms: Collection[str]
) -> None:
    """Raise ContentError, naming the experiment and what it may not do. `platforms`: all that there are; empty where
    nobody knows."""
    for experiment in experiments:
        for complaint in _complaints(experiment, texts, categories, platforms):
            raise ContentError(f"[{experiment.name}] {complaint}")
    for one, other in combinations(experiments, 2):
        if _meet(one, other):
            raise ContentError(f"[{other.name}] runs on a platform while [{one.name}] does; one at a time")


def _complaints(
    experiment: Experiment, texts: Texts, categories: Collection[Category], platforms: Collection[str]
) -> Iterator[str]:
    yield from _of_arms(experiment)
    yield from _of_design(experiment)
    if unknown := [name for name in experiment.platforms if platforms and name not in platforms]:
        yield f"platforms names one that is not in platforms.toml: {', '.join(unknown)}"
    yield from _of_message(experiment, texts, categories)


def _of_arms(experiment: Experiment) -> Iterator[str]:
    arms = experiment.arms
    if not FEWEST_ARMS <= len(arms) <= MOST_ARMS:
        yield f"arms needs {FEWEST_ARMS} to {MOST_ARMS} of them"
    if any(arm.weight < LIGHTEST for arm in arms) or sum(arm.weight for arm in arms) != 100:
        yield f"arms needs whole percents of at least {LIGHTEST} each that make 100 together"
    if DEFAULT_VARIANT not in {arm.variant for arm in arms}:
        yield f"arms needs {DEFAULT_VARIANT}, the message that everyone sees while no experiment runs"


def _of_design(experiment: Experiment) -> Iterator[str]:
    if not experiment.platforms:
        yield "platforms needs at least one; arms are compared within one platform only"
    if not experiment.surfaces:
        yield "surfaces needs at least one"
    if not 0 <= experiment.last - experiment.first < LONGEST:
        yield f"end must not come before start, and both days with those between may be {LONGEST // 7} weeks at most"
    if set(experiment.guardrails) != set(Guardrail):
        yield f"guardrails needs both: {', '.join(Guardrail)}"
    if not SMALLEST <= experiment.smallest <= 0.5:
        yield "smallest must be from 0.1 to 50 points"
    if experiment.primary is Outcome.STOPPED and experiment.assign is Assign.RANDOM:
        yield "primary cannot be stopped where arms are drawn at random: a repeat could not be laid to its arm"


def _of_message(experiment: Experiment, texts: Texts, categories: Collection[Category]) -> Iterator[str]:
    if experiment.message in {text.message.partition(".")[0] for text in texts.doors}:
        yield "message is one behind a door, and no experiment touches those"
    elif experiment.message not in {shown for category in categories for shown in (category.query, category.url)}:
        yield "message must be one that is shown first; categories.toml says which are"
    else:
        for name in _names(experiment, texts):
            yield from _of_wordings(experiment, texts, name)


def _names(experiment: Experiment, texts: Texts) -> Iterator[str]:
    """The message, and each repeat that some arm words for itself: those differ between arms too."""
    yield experiment.message
    arms = {arm.variant for arm in experiment.arms} - {DEFAULT_VARIANT}
    repeats = {id_ for (id_, variant), message in texts.messages.items() if variant in arms and _repeats(message)}
    yield from sorted(repeats - {experiment.message})


def _repeats(message: Message) -> bool:
    return message.layout == "repeat"


def _of_wordings(experiment: Experiment, texts: Texts, name: str) -> Iterator[str]:
    wordings = [texts.wording(name, arm.variant) for arm in experiment.arms]
    if name == experiment.message:
        for arm in experiment.arms:
            if (name, arm.variant) not in texts.messages:
                yield f"arms names {arm.variant}, and messages.toml has no {name}.{arm.variant}"
    known = [wording for wording in wordings if wording]
    if len({(wording.audience, wording.layout) for wording in known}) > 1:
        yield f"{name} has arms for different readers, or of different layouts"
    for country in sorted(experiment.countries) or ["", *sorted(texts.laws.countries)]:
        yield from _where(texts, known, country)


def _where(texts: Texts, wordings: Sequence[Message], country: str) -> Iterator[str]:
    """What a country's law makes of the arms: each needs the four elements there, and the same line on the law."""
    stated = [texts.laws.stated(wording, country) for wording in wordings]
    place = f" in {country}" if country else ""
    for said, _ in stated:
        has = {paragraph.element for paragraph in said.paragraphs}
        if missing := [element.value for element in NEEDED if element not in has]:
            yield f"{said.id}.{said.variant} drops {', '.join(missing)}{place}; name countries where it does not"
    if len({_law_line(texts, said, law is not None) for said, law in stated}) > 1:
        yield f"the law line differs between arms{place}; name countries where it does not"


def _law_line(texts: Texts, said: Message, has_law: bool) -> tuple[str, ...]:  # noqa: FBT001
    """The sentence on the country's law, where one stands."""
    sentences = set(texts.laws.sentences.values())
    return tuple(p.text for p in said.paragraphs if p.text in sentences) if has_law else ()


def _meet(one: Experiment, other: Experiment) -> bool:
    together = set(one.platforms) & set(other.platforms)
    return bool(together) and one.first <= other.last and other.first <= one.last
