"""Owns how the plan of an experiment is told, for who wants to check it. Must never leave out what was fixed
beforehand."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Protocol

from redirect.domain.experiments import Assign, Outcome
from redirect.domain.periods import iso
from redirect.domain.sequential import POWER
from redirect.domain.verdicts import ALPHA, BROKEN
from redirect.web.experiment_sections import STEPS
from redirect.web.figures_shown import PERCENT, day_name
from redirect.web.section_parts import SURFACES

if TYPE_CHECKING:
    from redirect.journeys.experiments import Found


class Names(Protocol):
    """What things are called in English."""

    def country(self, code: str) -> str: ...


def _percent(share: float) -> str:
    return f"{100 * share:g}{PERCENT}"


PRIMARY: Final = {
    Outcome.STOPPED: "who stopped: no repeat followed in the browser session",
    Outcome.HELP_OPENED: "ways to help that were taken; alone they never make an arm the better one",
}
ASSIGN: Final = {
    Assign.BUCKET: "by a number that the platform holds for the browser session, so that a person keeps an arm; it is"
    " hashed with the name of the experiment and not kept",
    Assign.RANDOM: "drawn anew for each first warning",
}
METHODS: Final = {
    "Differences, odds ratios": "of first showings on this platform alone, with always-valid intervals: a normal"
    " mixture sequential test (Robbins 1970; Johari and others 2022) as an asymptotic confidence sequence"
    f" (Waudby-Smith and others 2024), at {_percent(ALPHA)} divided by two outcomes and by arms",
    "Rounding, small counts": "rounding to the nearest 5 adds its variance; a week's count that was too small to be"
    " published may be anything below the minimum, and limits span both ends",
    "Weeks that differ": "the variance is multiplied by Pearson's dispersion of arms by weeks; for ways to help at"
    " least by two, since one person may open several",
    "Shares of arms": f"Dirichlet-multinomial mixture (Lindon and Malek 2022), at {_percent(BROKEN)}",
    "Guardrails": "likelihood ratios of exact counts, mixed over rates (Ville 1939; Howard and others 2021), one-sided,"
    f" {_percent(ALPHA)} for all arms, guardrails and platforms together",
    "What it cannot say": "who goes on elsewhere is counted as stopped; it is about people on this platform and surface"
    " in these weeks; calls to a number are not seen",
}


def design(found: Found, names: Names) -> list[tuple[str, str]]:
    """Terms and what they were set to."""
    experiment = found.experiment
    surfaces = ", ".join(SURFACES[surface] for surface in sorted(experiment.surfaces))
    countries = ", ".join(names.country(code) for code in sorted(experiment.countries)) or "everywhere"
    return [
        ("Days", f"{day_name(iso(experiment.first))} to {day_name(iso(experiment.last))}, both included, in UTC"),
        ("Where", f"message {experiment.message}, shown first, as a full page; {surfaces}; {countries}"),
        ("Who saw which arm", ASSIGN[experiment.assign]),
        ("Main outcome", PRIMARY[experiment.primary]),
        ("Smallest difference worth knowing", f"{100 * experiment.smallest:g} points"),
        ("Would be found", f"in {_percent(POWER)} of such experiments that run long enough"),
        ("Ends by itself for", " and ".join(STEPS[each].lower() for each in experiment.guardrails)),
    ]
