"""Owns what the page of an experiment says in each of its states: no more than the verdict does."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from redirect.charts import drawn
from redirect.domain.experiments import Arm, Assign, Outcome, Stop
from redirect.domain.sureness import Share
from redirect.domain.telling import as_data, told
from redirect.web.experiment_sections import in_numbers, in_short, sections
from redirect.web.figures_shown import Gap, Table, Times, as_csv, written
from redirect.web.tables_shown import laid_out
from tests.simulated_experiment import FIRST, found

if TYPE_CHECKING:
    from redirect.journeys.experiments import Found
    from redirect.web.figures_shown import Section


def words(of: Found) -> dict[str, str]:
    return {each.name: " ".join((each.lead, each.nothing, *each.texts)) for each in sections(of)}


def part(of: Found, name: str) -> Section:
    return next(each for each in sections(of) if each.name == name)


def test_an_arm_after_which_more_stop_is_called_so_with_numbers_that_anyone_can_picture() -> None:
    better = found({"A": 500, "B": 400})
    assert in_short(better) == ["More people stop after arm B than after the default."]
    assert in_numbers(better) == [
        "Of 100 first warnings, about 80 were the last of their session in arm B, and 75 in arm A."
    ]
    said = words(better)
    assert "+5.0 points; very likely it is between +3." in said["stopped"]
    assert "this is decided" in said["more"]
    assert "No arm was stopped." in said["harm"]
    assert "should have been (p = 1.000" in said["trust"]


def test_every_picture_has_a_table_with_the_same_arms() -> None:
    eight = {arm: 500 - 20 * place for place, arm in enumerate("ABCDEFGH")}
    arms = tuple(Arm(arm, 12 if place else 16) for place, arm in enumerate(eight))
    many = found(eight, shown={"A": 2000, **dict.fromkeys("BCDEFGH", 1500)}, arms=arms)
    for name, rows in (("stopped", 8), ("help", 8)):
        levels, differences = part(many, name).figures
        assert levels.chart is not None
        assert differences.chart is not None
        assert len(levels.chart.places) == len(levels.table.rows) == rows
        assert len(differences.chart.places) == len(differences.table.rows) == rows - 1
        assert "NaN" not in drawn(levels.chart, "x") + drawn(differences.chart, "y")
        assert levels.chart.bottom < levels.chart.highest
        assert differences.chart.bottom == -differences.chart.top


@pytest.mark.parametrize(
    ("of", "short", "more"),
    [
        (found({"A": 500, "B": 500}, weeks=0, today=FIRST - 3), "It has not begun.", ""),
        (found({"A": 500, "B": 500}, weeks=0), "No week has been published yet", "first of all, weeks"),
        (found({"A": 500, "B": 495}, weeks=2), "Not decided", "more weeks like these would show"),
        (found({"A": 500, "B": 495}, weeks=2, today=FIRST + 80), "Not decided", "It ends within a week"),
        (found({"A": 500, "B": 495}, weeks=2, today=FIRST + 90), "Not decided", "under another name"),
        (found({"A": 500, "B": 500}, shown={"B": 1800}), "No result", "mend what assigns the arms"),
        (found({"A": 500, "B": 500}, weeks=90), "No difference that would matter", "this is decided"),
    ],
    ids=["to-come", "no-week", "open", "ends-soon", "over", "broken", "alike"],
)
def test_what_it_would_take_to_know_more_is_said_in_every_state(of: Found, short: str, more: str) -> None:
    assert in_short(of)[0].startswith(short)
    assert more in words(of)["more"]


def test_of_several_arms_each_sentence_names_those_that_it_is_about() -> None:
    repeats = {"A": 500, "B": 400, "C": 495, "D": 400, "E": 500}
    several = found(repeats, shown=dict.fromkeys(repeats, 2000), arms=tuple(Arm(arm, 20) for arm in repeats))
    assert in_short(several) == [
        "More people stop after arms B and D than after the default.",
        "Not decided for arms C and E: the truth may still be a difference either way.",
    ]
    assert "Not decided for arm C: the truth may still be a difference either way." in told(several.result, None)


def test_arms_that_were_not_shown_in_their_shares_have_no_result() -> None:
    broken = found({"A": 500, "B": 400}, shown={"B": 1800})
    said = words(broken)
    assert "not shown in the shares" in said["stopped"]
    assert "no result is shown" in said["trust"]
    assert not part(broken, "stopped").figures
    assert in_numbers(broken) == []


def test_who_is_drawn_at_random_is_never_said_to_have_stopped() -> None:
    drawn_at_random = found({"A": 500, "B": 400}, assign=Assign.RANDOM, primary=Outcome.HELP_OPENED)
    said = words(drawn_at_random)
    assert "nobody can say" in said["stopped"]
    assert "clicks alone name no better arm" in said["more"]
    assert part(drawn_at_random, "help").figures


def test_an_arm_that_was_stopped_is_said_to_be_with_its_day() -> None:
    stopped = found({"A": 500, "B": 500}, stop=Stop("wrong_match", FIRST + 20, "B"))
    assert in_short(stopped)[0] == part(stopped, "harm").texts[0]
    assert in_short(stopped)[0].startswith("Stopped on 30 Oct 2024: arm B had more wrong matches")
    assert stopped.state.startswith("stopped on 2024-10-30")


def test_what_was_too_small_is_a_bound_on_the_page_and_empty_in_the_file() -> None:
    (figure,) = part(found({"A": 500, "B": 400}), "harm").figures
    crisis = [row[2] for row in figure.table.rows]
    assert all(written(cell, 10).suppressed and written(cell, 10).text.startswith("at most ") for cell in crisis)
    lines = as_csv(figure.table, "acme").decode().splitlines()
    assert lines[0].endswith("crisis_line_opened,crisis_line_opened_low,crisis_line_opened_high")
    assert all(line.split(",")[-3] == "" for line in lines[1:])


def test_figures_of_a_column_stand_in_line_also_where_one_alone_has_no_limits() -> None:
    rows = (("One", Share(0.5, 0.4, 0.6), 20), ("Two", Share(1.0, 1.0, 1.0), 30), ("Three", Share(None, 0.0, 0.1), 40))
    columns, cells = laid_out(Table("x", "X", ("Arm", "Share", "Times"), rows), 10)
    assert [(column.words, column.limited) for column in columns] == [(True, False), (False, True), (False, False)]
    assert [row[1].limits for row in cells] == ["40 to 60\N{NO-BREAK SPACE}%", "", None]
    assert [row[2].limits for row in cells] == [None, None, None]
    assert laid_out(Table("x", "X", ("Arm",), ()), 10).rows == []


def test_a_limit_that_nobody_knows_is_any() -> None:
    assert written(Gap(0.021, 0.004, float("inf")), 10).limits == "+0.4 to any"
    assert written(Gap(-0.00001, -0.002, 0.003), 10)[:2] == ("0.00", "\N{MINUS SIGN}0.20 to +0.30")
    assert written(Times(1.1, 0.9, 1e300), 10).limits == "0.90 to any"


@pytest.mark.parametrize("stopped_of_b", [0, 1000])
def test_where_nobody_stopped_after_the_default_no_odds_ratio_is_said(stopped_of_b: int) -> None:
    of = found({"A": 2000, "B": 2000 - stopped_of_b})
    (arm,) = as_data(of.result, None)["arms"]
    assert arm["stopped"]["odds_ratio"] == [None, 0, None]
    ratio = part(of, "stopped").figures[1].table.rows[0][2]
    assert written(ratio, 10) == ("any", "any to any", False)
