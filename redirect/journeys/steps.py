"""Owns the counts of what people do on the pages. Must never count a program as a person, nor a label that no closed
set knows."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from redirect.domain.counts import AUTOMATED, CLOSED, DEVICES, EXPERIMENTS, FUNNEL, SERVICES, SHOWN, closed
from redirect.domain.periods import DAY_SECONDS
from redirect.domain.subject import UNKNOWN_COUNTRY

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Mapping

    from redirect.domain.content import Statement, Texts
    from redirect.domain.counts import Table
    from redirect.domain.experiments import Experiment
    from redirect.domain.services import Service
    from redirect.journeys.ports import Clock, Experiments, Languages, Tally

    _Cell = tuple[Table, tuple[str, ...]]

CELLS_KEPT = 4096


class Steps:
    """Counts a step on the day that its page is for, the next, and the one before, since the clock of the node that
    made its address may be ahead. Other pages are shown and not counted.

    `device` is a label of `devices`. What is automated is counted there alone, in no rate.
    """

    def __init__(
        self, tally: Tally, clock: Clock, known: Mapping[str, Container[str]], experiments: Experiments
    ) -> None:
        self._tally = tally
        self._clock = clock
        self._experiments = experiments
        self._known = known
        # What a page's address says, a language and a kind of device say nothing of a person, and there are few.
        self._cells = lru_cache(CELLS_KEPT)(self._cells_of)

    def take(self, statement: Statement, language: str, step: str, device: str) -> None:
        """Count a label of `step`, on a page in this language."""
        if not self._is_of_these_days(statement):
            return
        for table, labels in self._cells(statement, language, step, device):
            self._tally.add(table, labels)
        if statement.enrolled and device != AUTOMATED:
            self._take_part(statement, step)

    def _cells_of(self, statement: Statement, language: str, step: str, device: str) -> tuple[_Cell, ...]:
        cells = []
        if step == SHOWN:
            cells.append(self._closed(DEVICES, (statement.platform, statement.country, device)))
        if device != AUTOMATED:
            shown = (statement.category, statement.message, statement.variant, statement.attempt)
            cells.append(self._closed(FUNNEL, (statement.platform, statement.country, language, *shown, step)))
        return tuple(cells)

    def _take_part(self, statement: Statement, step: str) -> None:
        experiment = self._experiments.at(statement.platform, statement.day)
        if experiment:
            arm = (statement.platform, experiment.name, statement.variant, statement.attempt)
            self._tally.add(*self._closed(EXPERIMENTS, (*arm, step)))

    def open_help(self, statement: Statement, service: str, audience: str, device: str) -> None:
        """Count which service was opened from a page for this audience."""
        if device != AUTOMATED and self._is_of_these_days(statement):
            self._tally.add(*self._closed(SERVICES, (statement.platform, service, statement.country, audience)))

    def _is_of_these_days(self, statement: Statement) -> bool:
        return -1 <= int(self._clock()) // DAY_SECONDS - statement.day <= 1

    def _closed(self, table: Table, labels: tuple[str, ...]) -> _Cell:
        return table, closed(table, labels, self._known)


@dataclass(frozen=True, slots=True)
class _Countries:
    """Every code that a country is counted under."""

    languages: Languages

    def __contains__(self, code: object) -> bool:
        return code == UNKNOWN_COUNTRY or (isinstance(code, str) and self.languages.country(code) == code)


def known_labels(
    texts: Texts,
    categories: Iterable[str],
    services: Iterable[Service],
    languages: Languages,
    experiments: Iterable[Experiment],
) -> Mapping[str, Container[str]]:
    """The closed set of every dimension, those that content gives included."""
    return {
        **CLOSED,
        "country": _Countries(languages),
        "language": frozenset(locale.tag for locale in languages.served),
        "category": frozenset(categories),
        "message": frozenset(message for message, _ in texts.messages),
        "variant": frozenset(variant for _, variant in texts.messages),
        "arm": frozenset(variant for _, variant in texts.messages),
        "experiment": frozenset(experiment.name for experiment in experiments),
        "service": frozenset(service.id for service in services),
    }
