"""Owns how the finding of an experiment is put into words and figures. Must never say more than the verdict does."""

from __future__ import annotations

from math import isfinite
from typing import TYPE_CHECKING, Any, Final

from redirect.domain.experiments import Assign
from redirect.domain.periods import iso
from redirect.domain.sequential import POWER
from redirect.domain.verdicts import Verdict

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from redirect.domain.experiments import Experiment, Stop
    from redirect.domain.sequential import Interval
    from redirect.domain.verdicts import Compared, Finding, Result

HEADLINES: Final = {
    Verdict.TOO_SMALL: "Too little is known yet{of}: some count was too small to be published in every week.",
    Verdict.BROKEN: "No result: the arms were not shown in the shares that they should have been.",
    Verdict.OPEN: "Not decided{of}: the truth may still be a difference either way.",
    Verdict.MORE_STOP: "More people stop after {arms} than after the default.",
    Verdict.FEWER_STOP: "Fewer people stop after {arms} than after the default.",
    Verdict.MORE_HELP: "As many people stop after {arms} as after the default, and more open help.",
    Verdict.ALIKE: "No difference that would matter, for {arms} beside the default.",
}


def state(experiment: Experiment, stop: Stop | None, today: int) -> str:
    """Whether it runs, in a few words. `today` counts days since 1970-01-01."""
    if stop is not None:
        return f"stopped on {iso(stop.day)}: {stop.sentence}"
    return "runs" if experiment.runs_on(today) else "to come" if today < experiment.first else "over"


def told(result: Result, stop: Stop | None) -> Iterator[str]:
    """Sentences for anyone: what is known, how well, and what it would take to know more."""
    if stop is not None:
        yield f"Stopped on {iso(stop.day)}: {stop.sentence}."
    shown = ", ".join(f"{arm} about {count:,}" for arm, count in result.showings.items())
    yield f"First showings in {result.weeks} published weeks: {shown or 'none'}."
    for finding in result.findings:
        yield from _told(result, finding)


def _told(result: Result, finding: Finding) -> Iterator[str]:
    yield _headline(finding.verdict, [finding.arm], alone=len(result.findings) == 1)
    if finding.stopped:
        yield f"Stopped after the first showing: {_compared(finding.stopped)}."
    if finding.help_opened:
        yield f"Ways to help taken, for each first showing: {_compared(finding.help_opened)}."
    if more := more_needed(result, finding):
        yield more


def headline(finding: Finding) -> str:
    """The finding in one sentence."""
    return _headline(finding.verdict, [finding.arm], alone=True)


def headlines(result: Result) -> list[str]:
    """All findings, in one sentence for each verdict, with the arms that it is about."""
    arms: dict[Verdict, list[str]] = {}
    for finding in result.findings:
        arms.setdefault(finding.verdict, []).append(finding.arm)
    return [_headline(verdict, of, alone=len(arms) == 1) for verdict, of in arms.items()]


def _headline(verdict: Verdict, arms: Sequence[str], *, alone: bool) -> str:
    """`alone`: it is about all arms, so that none has to be named where none stands out."""
    *others, last = arms
    named = f"arms {', '.join(others)} and {last}" if others else f"arm {last}"
    return HEADLINES[verdict].format(arms=named, of="" if alone else f" for {named}")


def more_needed(result: Result, finding: Finding) -> str:
    """What it would take to know more; empty where nothing is open."""
    if result.experiment.assign is Assign.RANDOM:
        return "Arms were drawn at random, so nobody can say who stopped; clicks alone name no better arm."
    if finding.verdict is Verdict.BROKEN:
        return "Mend what assigns the arms (does the platform send a bucket for each session?), then begin anew."
    if finding.verdict is not Verdict.OPEN or finding.more_weeks is None:
        return ""
    smallest = f"{100 * result.experiment.smallest:g} points"
    if finding.more_weeks == 0:
        return f"A difference of {smallest} would probably have shown by now; a smaller one needs more showings."
    weeks = "one more week like these" if finding.more_weeks == 1 else f"{finding.more_weeks} more weeks like these"
    return f"About {weeks} would show a difference of {smallest}, if there is one, in {100 * POWER:.0f} of 100 cases."


def _compared(found: Compared) -> str:
    gap = found.difference
    digits = 1 if found.base >= 0.1 else 2
    middle, low, high = (_points(each, digits) for each in (gap.estimate, gap.low, gap.high))
    return (
        f"{found.share:.{digits}%} beside {found.base:.{digits}%}; difference {middle}, and the truth is between {low}"
        f" and {high}"
    )


def _points(share: float, digits: int) -> str:
    return f"{100 * share:+.{digits}f} points".replace("-", "\N{MINUS SIGN}") if isfinite(share) else "anything"


def as_data(result: Result, stop: Stop | None) -> dict[str, Any]:
    """Figures for a program."""
    return {
        "experiment": result.experiment.name,
        "question": result.experiment.question,
        "platform": result.platform,
        "from": iso(result.experiment.first),
        "to": iso(result.experiment.last),
        "stopped": stop.sentence if stop else None,
        "weeks": result.weeks,
        "first_showings": dict(result.showings),
        "shares_p": result.mismatch,
        "arms": [_arm(result, finding) for finding in result.findings],
    }


def _arm(result: Result, finding: Finding) -> dict[str, Any]:
    return {
        "arm": finding.arm,
        "verdict": finding.verdict.value,
        "says": headline(finding),
        "stopped": _figures(finding.stopped),
        "help_opened": _figures(finding.help_opened),
        "more": more_needed(result, finding),
    }


def _figures(found: Compared | None) -> dict[str, Any] | None:
    if found is None:
        return None
    return {
        "share": found.share,
        "default_share": found.base,
        "risk_difference": _interval(found.difference),
        "odds_ratio": _interval(found.odds_ratio),
    }


def _interval(found: Interval) -> list[float | None]:
    return [value if isfinite(value) else None for value in (found.estimate, found.low, found.high)]
