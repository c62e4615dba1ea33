"""Owns what a picture of figures is made of: nothing that a strict policy would stop, and words for who cannot see
it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from defusedxml.ElementTree import fromstring
from hypothesis import given, settings
from hypothesis import strategies as st

from redirect.charts import Chart, Line, Point, drawn, rounded_up
from redirect.domain.figures import Place
from redirect.domain.periods import Span, Unit, units_within
from redirect.domain.summary import Summary
from redirect.domain.sureness import Count
from redirect.journeys.chapters_shown import ShownChapters
from redirect.journeys.dashboard import Month, Overview
from redirect.tools.report import english
from redirect.web.plots import View, given_by_month
from redirect.web.section_extent import trends

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

ELEMENTS = {"svg", "g", "path", "circle", "text", "title", "desc"}
LINE = Line("Stopped", (Point(0, 78.0, 75.0, 80.0), Point(1, None, 0.0, 4.0), Point(2, 60.0, 55.0, 66.0)))
MONTHS = ((0, "Jan"), (1, "Feb"), (2, "Mar"))
UPRIGHT = Chart("Share <b>", "From 78 % & down", (LINE,), MONTHS, ((0.5, "1"),), unit=" %")
SIDEWAYS = Chart("By country", "Says", (LINE,), ((0, "A" * 60), (1, "<script>"), (2, "Ünïcode")), sideways=True)


def read(chart: Chart) -> list[Element]:
    return list(fromstring(f"<div>{drawn(chart, 'x')}</div>"))


@pytest.mark.parametrize("chart", [UPRIGHT, SIDEWAYS], ids=["upright", "sideways"])
def test_a_chart_carries_no_script_no_style_and_nothing_from_elsewhere(chart: Chart) -> None:
    for svg in read(chart):
        for node in svg.iter():
            assert node.tag in ELEMENTS
            assert not {"style", "href", "onload", "fill", "stroke"} & set(node.attrib)
    assert "<!--" not in drawn(chart, "x")


@pytest.mark.parametrize("chart", [UPRIGHT, SIDEWAYS], ids=["upright", "sideways"])
def test_a_chart_says_in_words_what_it_shows(chart: Chart) -> None:
    pictures = read(chart)
    ids = [node.attrib["id"] for svg in pictures for node in svg.iter() if "id" in node.attrib]
    assert len(ids) == len(set(ids)) == 4
    for svg in pictures:
        assert svg.get("role") == "img"
        title, desc = list(svg)[:2]
        assert svg.get("aria-labelledby") == f"{title.get('id')} {desc.get('id')}"
        assert (title.text, desc.text) == (chart.title, chart.says)


def test_limits_lines_and_marks_are_told_apart_by_name() -> None:
    classes = [node.get("class", "") for node in read(UPRIGHT)[0].iter("g")]
    for name in ("series mark mark-0", "series limits line-0", "series line line-0"):
        assert name in classes


def test_a_figure_that_is_not_shown_is_no_dot_and_no_zero() -> None:
    for svg in read(UPRIGHT):
        assert len([dot for dot in svg.iter("circle") if dot.get("class", "").startswith("dot")]) == 2 + 2  # marks
        lines = [g for g in svg.iter("g") if g.get("class") == "series line line-0"]
        paths = [path.attrib["d"] for line in lines for path in line.iter("path")]
        assert all(" L" not in path for path in paths), "no line leads over a gap"


def test_long_names_are_cut_where_there_is_no_room() -> None:
    wide, narrow = ({text.text for text in svg.iter("text")} for svg in read(SIDEWAYS))
    assert f"{'A' * 33}…" in wide
    assert f"{'A' * 17}…" in narrow


@given(st.floats(1e-6, 1e9))
def test_an_axis_ends_at_a_round_number_not_far_above(value: float) -> None:
    top = rounded_up(value)
    assert value * 0.999 <= top <= value * 1.6


@settings(max_examples=40)
@given(
    st.lists(st.tuples(st.floats(0, 1e7), st.floats(0, 1e7)), max_size=60),
    st.text(max_size=40),
    st.booleans(),
)
def test_no_figures_and_no_words_break_a_chart(values: list[tuple[float, float]], words: str, sideways: bool) -> None:
    clean = "".join(c for c in words if c.isprintable())
    points = tuple(Point(at, one, min(one, two), max(one, two)) for at, (one, two) in enumerate(values))
    places = tuple((at, clean) for at, _ in enumerate(values))
    assert len(read(Chart(clean, clean, (Line(clean, points),), places, sideways=sideways))) == 2


def test_a_week_that_is_not_shown_is_a_gap_in_every_chart_of_weeks() -> None:
    october, november = (Unit(Span.MONTH, 2026 * 12 + month) for month in (9, 10))
    weeks = [week.first for month in (october, november) for week in units_within(Span.WEEK, month.days)]
    some = {week: Count(100, 1) for place, week in enumerate(weeks) if place not in {0, 2, 3, len(weeks) - 1}}
    sums = Summary(steps={("shown",): Count(500, 5)}, weeks={(week, "shown"): count for week, count in some.items()})
    months = (Month(october, sums), Month(november, Summary()))
    overview = Overview("acme", (october, november), months, Summary(), {}, {}, november.last, 10)
    (report,) = ShownChapters(overview, english()).shown().charts
    dashboard = trends(View(overview, overview.sums, "web", english())).figures[1].chart
    assert dashboard
    assert list(report.labels) == weeks
    for drawn_ in (list(report.series["Warnings shown"]), [point.value for point in dashboard.lines[0].points]):
        assert drawn_ == [100 if week in some else None for week in weeks]


def test_a_month_of_which_no_figure_was_given_is_a_gap() -> None:
    given_ = {Place(month, "appeals", "received"): 40 for month in ("2026-08", "2026-09", "2026-11")}
    view = View(Overview("acme", (), (), Summary(), given_, {}, "2026-11-30", 10), Summary(), "web", english())
    chart = given_by_month(view, "Appeals by month", [("received", ("appeals", "received"))])
    assert chart
    assert [point.value for point in chart.lines[0].points] == [40, 40, None, 40]
