"""Owns what the page of an experiment says, section by section: stopping first, then help. Must never say more than the
verdict does, nor name a better arm by clicks alone.

Written for a minister and a statistician at once: a sentence, a picture, a table, and what lies behind it.
"""

from __future__ import annotations

from math import isfinite
from typing import TYPE_CHECKING, Final

from redirect.domain.experiments import Assign, Guardrail
from redirect.domain.periods import iso
from redirect.domain.sureness import Count, Share, share
from redirect.domain.telling import headlines, more_needed
from redirect.domain.verdicts import BROKEN, Verdict
from redirect.web.experiment_plots import differences, levels
from redirect.web.figures_shown import PERCENT, Figure, Gap, Section, Table, Times, day_name, points

if TYPE_CHECKING:
    from collections.abc import Sequence

    from redirect.domain.experiments import Stop
    from redirect.domain.sequential import Interval
    from redirect.domain.verdicts import Compared, Finding
    from redirect.journeys.experiments import Found
    from redirect.web.figures_shown import Value

NOT_BEGUN = "It has not begun. Figures of a week are here two hours after its last Sunday (UTC)."
NO_WEEK = (
    "No week has been published yet in which every arm was shown often enough. Figures of a week are here two hours"
    " after its last Sunday (UTC)."
)
AT_RANDOM = (
    "Arms were drawn at random for each first warning, so nobody can say which arm a later warning belongs to, and who"
    " stopped. Ways to help that were taken can be compared, but clicks alone name no better arm."
)
STOPPING: Final = (
    "Of all first warnings in an arm, the share after which the same browser session was shown no second one. This is"
    " asked first, whatever else an arm does."
)
HELP: Final = (
    "Ways to a service that were taken, for each first warning. They decide only between arms after which as many"
    " people stop: most people who stop never click anything."
)
HARM: Final = (
    "Every few seconds, the open day included, each arm is compared with the default arm: more wrong matches, or more"
    " readers who go to the crisis line, and the experiment ends by itself, at once and for good. The table has what"
    " was published."
)
EARLY: Final = (
    "Looking early is allowed. The limits hold the truth at every look in 95 of 100 experiments; of 100 without any"
    " difference, at most 5 ever name an arm, however often somebody looks."
)
FEW: Final = 3
"""Arms beside the default that are told one by one; of more, picture and table tell."""
OUTCOMES: Final = {"stopped": "Stopped", "help": "Help opened"}
STEPS: Final = {Guardrail.WRONG_MATCH: "Wrong matches", Guardrail.CRISIS_OPENED: "Crisis line opened"}


def sections(found: Found) -> list[Section]:
    """All of them, in order."""
    return [_stopping(found), _help_opened(found), _harm(found), _trust(found), _more(found)]


def in_short(found: Found) -> list[str]:
    """What follows, in plain words: what stands first on the page."""
    ended = [_ended(found.stop)] if found.stop else []
    if not found.result.weeks:
        return ended or [_nothing(found)]
    return ended + headlines(found.result)


def in_numbers(found: Found) -> list[str]:
    """The same as counts that anyone can picture, where there are few arms."""
    default = found.experiment.default.variant
    if len(found.result.findings) > FEW:
        return []
    return [
        f"Of 100 first warnings, about {100 * each.stopped.share:.0f} were the last of their session in arm {each.arm},"
        f" and {100 * each.stopped.base:.0f} in arm {default}."
        for each in found.result.findings
        if each.stopped
    ]


def _stopping(found: Found) -> Section:
    nothing = AT_RANDOM if found.experiment.assign is Assign.RANDOM else ""
    return _outcome(found, "stopped", "Did more people stop?", STOPPING, nothing or _nothing(found))


def _help_opened(found: Found) -> Section:
    return _outcome(found, "help_opened", "Did more people open help?", HELP, _nothing(found))


def _nothing(found: Found) -> str:
    if not found.result.weeks:
        return NOT_BEGUN if found.today < found.experiment.first else NO_WEEK
    if not found.result.seen:
        return "No result: the arms were not shown in the shares that they should have been."
    return ""


def _outcome(found: Found, outcome: str, title: str, lead: str, nothing: str) -> Section:
    name = outcome.partition("_")[0]
    if nothing:
        return Section(name, title, lead, nothing=nothing)
    pairs = [(finding, compared) for finding in found.result.findings if (compared := getattr(finding, outcome))]
    texts = [_said(found, finding, compared) for finding, compared in pairs] if len(pairs) <= FEW else []
    figures = [_levels(found, name, outcome), *([_differences(found, name, pairs)] if pairs else [])]
    too_small = "" if pairs else "Some count was too small in every week to be published: no arms can be compared yet."
    return Section(name, title, lead, figures=figures, texts=[*texts, *([too_small] if too_small else [])])


def _said(found: Found, finding: Finding, compared: Compared) -> str:
    gap, default = compared.difference, found.experiment.default.variant
    middle, low, high = points(*_parts(gap))
    known = isfinite(gap.low) and isfinite(gap.high)
    limits = f"very likely it is between {low} and {high}" if known else "it may be any"
    digits = 1 if compared.base >= 0.1 else 2
    one, base = (f"{100 * share:.{digits}f}{PERCENT}" for share in (compared.share, compared.base))
    return f"Arm {finding.arm}: {one}, beside {base} in arm {default}. The difference is {middle} points; {limits}."


def _levels(found: Found, name: str, outcome: str) -> Figure:
    what = OUTCOMES[name]
    shares = {arm_name(found, each.arm): getattr(each, outcome) for each in found.result.seen}
    many = [_showings(found, each.arm) for each in found.result.seen]
    rows = [[label, count, of] for (label, of), count in zip(shares.items(), many, strict=True)]
    table = Table(f"{name}-arms", f"{what}, by arm", ("Arm", "First warnings", what), rows)
    return Figure(table, levels(f"{what}, by arm", list(shares.items())))


def _differences(found: Found, name: str, pairs: Sequence[tuple[Finding, Compared]]) -> Figure:
    default, smallest = found.experiment.default.variant, found.experiment.smallest
    rows: list[list[Value]] = [
        [f"{finding.arm} beside {default}", Gap(*_parts(compared.difference)), Times(*_parts(compared.odds_ratio))]
        for finding, compared in pairs
    ]
    title = f"{OUTCOMES[name]}: difference from arm {default}, in points"
    table = Table(f"{name}-differences", title, ("Arms", "Points", "Odds ratio"), rows)
    gaps = [(f"{finding.arm} beside {default}", compared.difference) for finding, compared in pairs]
    note = (
        f"To the right of the line at 0, an arm has more. Between the broken lines, the difference is smaller than"
        f" {100 * smallest:g} points: too small to matter, it was said beforehand."
    )
    chart = differences(title, gaps, smallest)
    return Figure(table, chart, [note] if chart else [])


def _parts(interval: Interval) -> tuple[float, float, float]:
    return interval.estimate, interval.low, interval.high


def _harm(found: Found) -> Section:
    said = _ended(found.stop) if found.stop else "No arm was stopped."
    kinds = found.experiment.guardrails
    rows: list[list[Value]] = [
        [arm_name(found, each.arm), *(each.guardrails[kind] for kind in kinds)] for each in found.result.seen
    ]
    table = Table("guardrails", "For each first warning, by arm", ("Arm", *(STEPS[kind] for kind in kinds)), rows)
    return Section("harm", "Did any arm do harm?", HARM, figures=[Figure(table)] if rows else [], texts=[said])


def _ended(stop: Stop) -> str:
    return f"Stopped on {day_name(iso(stop.day))}: {stop.sentence}."


def _trust(found: Found) -> Section:
    result, lead = found.result, "Arms can be compared only where chance alone decided who saw which."
    if not result.weeks:
        return Section("trust", "Can this be trusted?", lead, texts=[EARLY])
    odd = f"p = {result.mismatch:.3f}" if result.mismatch >= 0.0005 else "p below 0.001"
    if result.mismatch < BROKEN:
        said = (
            f"The arms were not shown in the shares that they should have been ({odd}). Whatever moved people between"
            " arms may have moved what they did, so no result is shown."
        )
    else:
        said = f"The arms were shown in the shares that they should have been ({odd}, valid at every look)."
    whole = Count(sum(result.showings.values()), result.weeks * len(result.showings))
    rows: list[list[Value]] = []
    for arm, weight in found.experiment.weights.items():
        many = _showings(found, arm)
        rows.append([arm_name(found, arm), many, Share(weight, weight, weight), share(many, whole)])
    columns = ("Arm", "First warnings", "Should be", "Is")
    figure = Figure(Table("shares", f"First warnings in {result.weeks} published weeks", columns, rows))
    return Section("trust", "Can this be trusted?", lead, figures=[figure], texts=[said, EARLY])


def _more(found: Found) -> Section:
    lead = "How long it takes follows from how many warnings there are, and from the smallest difference worth knowing."
    texts = [f"Arm {finding.arm}: {_needed(found, finding)}" for finding in found.result.findings]
    if found.experiment.assign is Assign.RANDOM:
        texts = [AT_RANDOM]
    return Section("more", "What would it take to know more?", lead, texts=texts)


def _needed(found: Found, finding: Finding) -> str:
    weeks_left = max(0, (found.experiment.last - found.today) // 7)
    if not found.result.weeks:
        return "first of all, weeks that have closed."
    if finding.verdict is Verdict.TOO_SMALL:
        return (
            f"every outcome has to happen {found.minimum} times in some week. More warnings a week would bring that:"
            " fewer arms, more countries, or a longer run."
        )
    said = more_needed(found.result, finding)
    if finding.verdict is not Verdict.OPEN:
        return _begun_lower(said) or "this is decided. More weeks would only bring the limits closer."
    over = found.stop is not None or found.today > found.experiment.last
    if over:
        return f"{_begun_lower(said)} It is over, so that takes a new experiment, under another name."
    if finding.more_weeks is not None and finding.more_weeks > weeks_left:
        ends = f"in less than {weeks_left + 1} weeks" if weeks_left else "within a week"
        return f"{_begun_lower(said)} It ends {ends}: what is found by then may stay open."
    return _begun_lower(said) or "more weeks."


def _begun_lower(sentence: str) -> str:
    return sentence[:1].lower() + sentence[1:]


def _showings(found: Found, arm: str) -> Count:
    return Count(found.result.showings.get(arm, 0), found.result.weeks)


def arm_name(found: Found, arm: str) -> str:
    """What an arm is called on the page."""
    return f"{arm}, the default" if arm == found.experiment.default.variant else arm
