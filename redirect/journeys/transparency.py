"""Owns what a transparency report on one platform says. Must never take a number from anywhere but the dashboard's
months, which are made of published counts alone."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Final

from redirect.domain import glossary
from redirect.domain.counts import HELP_OPENED, SHOWN, WRONG_MATCH
from redirect.domain.document import Column, Figure, Report, Section, Table, Unit
from redirect.domain.figures import APPEALS
from redirect.domain.report_words import about, give_or_take, limits, percent
from redirect.domain.sureness import Count, Share, share
from redirect.domain.telling import headline, told
from redirect.journeys.chapters_helped import HelpedChapters
from redirect.journeys.chapters_shown import ShownChapters, stopped

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from redirect.domain.experiments import Stop
    from redirect.domain.report_words import Names
    from redirect.domain.verdicts import Result
    from redirect.journeys.dashboard import Overview

NOTHING: Final = Count()
KINDS: Final[Mapping[str, str]] = {"list": "List", "message": "Messages", "layout": "Layout", "other": "Other"}
COUNT: Final = Unit.COUNT


class Transparency:
    """Puts a report together. `shown_name` is what the platform is called."""

    def __init__(
        self,
        overview: Overview,
        names: Names,
        shown_name: str,
        experiments: Sequence[tuple[Result, Stop | None]] = (),
    ) -> None:
        self._all = overview.sums
        self._overview = overview
        self._names = names
        self._shown_name = shown_name
        self._experiments = experiments
        self._shown = self._all.steps.get((SHOWN,), NOTHING)
        self._small = glossary.SMALL.format(minimum=overview.minimum)

    def report(self, made: str, version: str) -> Report:
        """All of it. `made` is the ISO date of today."""
        shown, helped = ShownChapters(self._overview, self._names), HelpedChapters(self._overview, self._names)
        sections = (
            self._glance(),
            shown.shown(),
            shown.stopping(),
            helped.helped(),
            helped.places(),
            self._errors(),
            self._changes(),
            *([self._compared()] if self._experiments else []),
            Section("definitions", "What the words mean", terms=glossary.DEFINITIONS),
            self._methods(),
        )
        overview = self._overview
        return Report(
            title=f"Warning pages on {self._shown_name}",
            platform=overview.platform,
            first=overview.since,
            last=overview.until,
            made=made,
            version=version,
            minimum=overview.minimum,
            sections=sections,
        )

    def _glance(self) -> Section:
        figures = [Figure("Warnings shown", about(self._shown), give_or_take(self._shown))]
        for surface, found in stopped(self._all).items():
            figures.append(Figure(f"Stopped after the first warning ({surface})", percent(found), limits(found)))
        help_opened = self._part(HELP_OPENED)
        if help_opened:
            figures.append(
                Figure("Ways to help taken, for each warning", percent(help_opened, 2), limits(help_opened, 2))
            )
        wrong = self._part(WRONG_MATCH)
        if wrong:
            figures.append(Figure("Wrong matches, for each warning", percent(wrong, 2), limits(wrong, 2)))
        return Section(
            "glance",
            "At a glance",
            (glossary.ABOUT, glossary.PRIVACY.format(minimum=self._overview.minimum)),
            tuple(figures),
        )

    def _part(self, step: str) -> Share | None:
        return share(self._all.steps.get((step,), NOTHING), self._shown)

    def _errors(self) -> Section:
        months: dict[str, dict[str, int | None]] = defaultdict(dict)
        for place, count in self._overview.figures.items():
            if place.source == APPEALS:
                months[place.month][place.measure] = count
        rows = tuple((month, found.get("received"), found.get("upheld")) for month, found in sorted(months.items()))
        columns = (Column("month", "Month"), Column("received", "Received", COUNT), Column("upheld", "Upheld", COUNT))
        note = (
            f"As the platform counts them, rounded to 5; an empty place: {self._small}."
            if rows
            else "The platform gave no figures."
        )
        wrong, texts = self._part(WRONG_MATCH), []
        if wrong:
            texts.append(
                f"For {percent(wrong, 2)} of warnings shown ({limits(wrong, 2)}), somebody tapped that the page did not"
                " fit what they meant."
            )
        return Section(
            "errors", "Errors, and appeals", tuple(texts), tables=(Table("appeals", "Appeals", columns, rows, note),)
        )

    def _changes(self) -> Section:
        notes = sorted(self._overview.notes.values(), key=lambda note: note.day)
        rows = tuple((note.day, KINDS[note.kind], note.text) for note in notes if note.day <= self._overview.until)
        columns = (Column("day", "Day"), Column("kind", "What"), Column("text", "Change"))
        text = "A longer list shows more warnings; another message changes what follows. Read the figures beside these."
        return Section("changes", "What was changed", (text,), tables=(Table("changes", "Changes", columns, rows),))

    def _compared(self) -> Section:
        texts = []
        rows = []
        for result, stop in self._experiments:
            texts.append(f"{result.experiment.question} ({result.experiment.name}, arms {', '.join(result.showings)})")
            texts += told(result, stop)
            rows += [
                (result.experiment.name, finding.arm, finding.showings or None, headline(finding))
                for finding in result.findings
            ]
        columns = (
            Column("experiment", "Experiment"),
            Column("arm", "Arm"),
            Column("first_showings", "First showings", COUNT),
            Column("finding", "Finding"),
        )
        return Section(
            "experiments",
            "Which message works",
            tuple(texts),
            tables=(Table("experiments", "Arms beside the default", columns, tuple(rows)),),
        )

    def _methods(self) -> Section:
        methods = tuple(text.format(minimum=self._overview.minimum) for text in glossary.METHODS)
        return Section("methods", "How it was counted, and what it cannot say", (*methods, *glossary.LIMITS))
