"""Owns what an attacker may learn from everything that is published: of a small cell, never its value.

Whoever asks sees what was released, whatever ranges they ask for. So the attack is on the releases: many counts that
could be are published, and no two that differ in one small cell alone may be the only ones that look as they do.
"""

from __future__ import annotations

import itertools
from collections import defaultdict
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from redirect.domain.counts import CHECKS, DEVICES, FUNNEL, REST, SERVICES, TABLES, Table
from redirect.domain.disclosure import (
    MINIMUM_CELL,
    ROUND_TO,
    Release,
    disclose,
    most_beyond,
    most_unseen,
    publishable,
    rounded_rows,
    rungs_passed,
    still_shown,
)
from redirect.domain.periods import Span, Unit, day_of, unit_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from redirect.domain.disclosure import Labels

MONDAY = day_of("2026-11-16")
MONTH = unit_of(Span.MONTH, MONDAY)
Leaf = tuple[int, tuple[str, ...]]


def cell(day: int, country: str = "AR", language: str = "es", platform: str = "acme") -> Leaf:
    """One cell of the funnel."""
    return MONDAY + day, (platform, country, language, "csam", "V1", "A", "0", "shown")


def released(table: Table, counts: Mapping[Leaf, int], minimum: int = 10) -> dict[Unit, Release]:
    """All releases of days, weeks and months that hold anything, made in their order as they close."""
    releases: dict[Unit, Release] = {}
    for span in dict.fromkeys(rung.span for rung in table.ladder):
        for unit in sorted({unit_of(span, day) for day, _ in counts}):
            leaves = [(day, labels, count) for (day, labels), count in counts.items() if day in unit.days and count]
            inner = {each: release for each, release in releases.items() if set(each.days) < set(unit.days)}
            releases[unit] = disclose(table, unit, leaves, inner, minimum)
    return releases


def seen(table: Table, counts: Mapping[Leaf, int]) -> frozenset[tuple[Unit, Labels, int]]:
    """Everything that anyone can ever be answered."""
    return frozenset(
        (unit, labels, count)
        for unit, release in released(table, counts).items()
        for labels, count in release.shown.items()
    )


SITUATIONS = {
    "two days of a week": (cell(0), cell(1)),
    "three days of a week": (cell(0), cell(1), cell(5)),
    "two weeks": (cell(0), cell(1), cell(-7)),
    "two languages": (cell(0), cell(0, language="qu")),
    "two languages on two days": (cell(0), cell(1), cell(1, language="qu")),
    "two countries of a region": (cell(0), cell(0, "CL"), cell(1, "CL")),
    "two regions": (cell(0), cell(0, "FI", "fi"), cell(8, "FI", "fi")),
    "a country beside its region": (cell(0), cell(0, "CL"), cell(0, "FI", "fi")),
}


def attacked(leaves: Sequence[Leaf]) -> Iterator[tuple[Leaf, dict[Leaf, int]]]:
    """Every way in which all cells but one are known, from nothing to more than the minimum."""
    for target in leaves:
        others = [leaf for leaf in leaves if leaf != target]
        for known in itertools.product(range(11), repeat=len(others)):
            yield target, dict(zip(others, known, strict=True))


@pytest.mark.parametrize("leaves", SITUATIONS.values(), ids=SITUATIONS)
def test_a_small_cell_stays_unknown_to_whoever_knows_all_the_others(leaves: tuple[Leaf, ...]) -> None:
    """By clicking for all the others themselves, as often as they like."""
    for target, known in attacked(leaves):
        looks = defaultdict(list)
        for count in range(14):
            looks[seen(FUNNEL, {**known, target: count})].append(count)
        for counts in looks.values():
            assert len(counts) > 1 or not 1 <= counts[0] < MINIMUM_CELL, (known, target, counts)


@pytest.mark.parametrize("leaves", SITUATIONS.values(), ids=SITUATIONS)
def test_a_small_cell_stays_vague_to_whoever_only_looks(leaves: tuple[Leaf, ...]) -> None:
    possible: dict[object, list[tuple[int, ...]]] = defaultdict(list)
    for counts in itertools.product(range(12), repeat=len(leaves)):
        possible[seen(FUNNEL, dict(zip(leaves, counts, strict=True)))].append(counts)
    for alike in possible.values():
        for values in zip(*alike, strict=True):
            assert min(values) >= MINIMUM_CELL or len(set(values)) >= 5, alike


def test_clicking_for_a_small_cell_does_not_tell_who_else_is_in_it() -> None:
    """The attacker's own clicks lift the cell over the minimum: what it then shows is true of several others."""
    for own in range(30):
        looks = defaultdict(list)
        for others in range(40):
            looks[seen(FUNNEL, {cell(0): own + others})].append(others)
        assert all(len(others) > 1 for others in looks.values() if 0 < others[0] < MINIMUM_CELL), own


COUNTS = st.dictionaries(
    st.tuples(
        st.integers(0, 27).map(lambda day: MONTH.days[day]),
        st.tuples(
            st.sampled_from(("acme", "zorblax")),
            st.sampled_from(("AR", "CL", "FI", "ZZ", "other")),
            st.sampled_from(("es", "fi", "other")),
            st.just("csam"),
            st.sampled_from(("V1", "V3")),
            st.just("A"),
            st.sampled_from(("0", "2+")),
            st.sampled_from(("shown", "help_opened")),
        ),
    ),
    st.integers(0, 60),
    max_size=60,
)


def covered(table: Table, unit: Unit, shown: Labels, counts: Mapping[Leaf, int]) -> Iterator[Leaf]:
    """Cells that a row may stand for."""
    for rung in table.ladder:
        for day, labels in counts:
            if rung.span is unit.span and day in unit.days and table.merged(labels, rung) == shown:
                yield day, labels


@settings(max_examples=150)
@given(COUNTS)
def test_no_count_stands_in_two_rows_and_no_row_is_small(counts: dict[Leaf, int]) -> None:
    left = dict(counts)
    for unit, release in released(FUNNEL, counts).items():
        for shown, count in release.shown.items():
            assert count >= MINIMUM_CELL
            assert count % 5 == 0
            cells = [leaf for leaf in set(covered(FUNNEL, unit, shown, counts)) if leaf in left]
            exact = sum(left.pop(leaf) for leaf in cells)
            parts = len(cells)
            assert exact - 2 - parts * 2 <= count <= exact + 2 or parts == 2
    small: dict[Labels, int] = defaultdict(int)
    for (_, labels), count in left.items():
        small[FUNNEL.merged(labels, FUNNEL.ladder[-1])] += count
    assert all(count < MINIMUM_CELL + 5 for count in small.values()), "what is left is too little to show"


@settings(max_examples=60)
@given(COUNTS)
def test_one_platform_learns_nothing_of_another(counts: dict[Leaf, int]) -> None:
    alone = {leaf: count for leaf, count in counts.items() if leaf[1][0] == "acme"}
    ours = {(unit, labels, count) for unit, labels, count in seen(FUNNEL, counts) if labels[0] == "acme"}
    assert ours == seen(FUNNEL, alone)


@settings(max_examples=60)
@given(COUNTS, st.sampled_from((10, 15, 50)))
def test_a_higher_minimum_shows_no_smaller_sum(counts: dict[Leaf, int], minimum: int) -> None:
    releases = released(FUNNEL, counts, minimum=minimum)
    assert all(count >= minimum for release in releases.values() for count in release.shown.values())
    for release in released(FUNNEL, counts).values():
        assert all(count >= minimum for _, count in still_shown(release, minimum))


def stood_for(
    table: Table, counts: Mapping[Leaf, int], releases: Mapping[Unit, Release]
) -> tuple[dict[tuple[Unit, Labels], int], dict[tuple[Unit, Labels], int]]:
    """The truth behind each row, and of each cell of the last rung what no row shows."""
    rows: dict[tuple[Unit, Labels], int] = defaultdict(int)
    unseen: dict[tuple[Unit, Labels], int] = defaultdict(int)
    for (day, labels), count in counts.items():
        places = [(unit_of(rung.span, day), table.merged(labels, rung)) for rung in table.ladder]
        row = next((place for place in places if place[1] in releases[place[0]].shown), None)
        if row:
            rows[row] += count
        else:
            unseen[places[-1]] += count
    return rows, unseen


NEARLY = st.sampled_from((0, 1, 1, 2, 8, 9, 9, 9, 10, 30))
MANY: Mapping[str, st.SearchStrategy[dict[Leaf, int]]] = {
    table.name: st.dictionaries(
        st.tuples(st.integers(0, 27).map(lambda day: MONTH.days[day]), st.tuples(*map(st.sampled_from, labels))),
        NEARLY,
        min_size=10,
        max_size=120,
    )
    for table, labels in (
        (CHECKS, (["acme"], ["web"], ["block"], ["enforce"], ["0", "1"], ["no"])),
        (FUNNEL, (["acme"], ["AR", "CL", "FI", "US", "ZZ"], ["es", "fi"], ["csam"], ["V1"], ["A"], ["0"], ["shown"])),
        (SERVICES, (["acme"], ["one"], ["AR", "CL", "PE", "FI", "SE", "US", "ZZ"], ["main"])),
    )
}


@pytest.mark.parametrize("name", MANY)
@settings(max_examples=100)
@given(data=st.data(), minimum=st.sampled_from((10, 10, 15, 50)))
def test_no_row_and_no_gap_hides_more_than_is_said(name: str, data: st.DataObject, minimum: int) -> None:
    table, counts = TABLES[name], data.draw(MANY[name])
    releases = released(table, counts, minimum)
    rows, unseen = stood_for(table, counts, releases)
    for (unit, labels), truth in rows.items():
        shown = releases[unit].shown[labels]
        beyond = most_beyond(shown, rungs_passed(table, unit.span, labels))
        assert -(ROUND_TO // 2) <= truth - shown <= ROUND_TO // 2 + beyond
    assert max(unseen.values(), default=0) <= most_unseen(table, minimum)


def largest(*countries: str) -> dict[Leaf, int]:
    """Of each two countries of a region as much as no rung before the last shows."""
    pairs = zip(countries[::2], countries[1::2], strict=True)
    return {
        leaf: count
        for one, other in pairs
        for leaf, count in {
            cell(0, one): 9,
            cell(1, one): 1,
            cell(0, one, "fi"): 1,
            cell(-7, one): 1,
            cell(0, other): 1,
        }.items()
    }


def test_no_lower_limit_would_hold_on_the_first_rung_that_merges_nor_on_the_last() -> None:
    days = {cell(day): 9 for day in range(5)}
    assert released(FUNNEL, days)[unit_of(Span.WEEK, MONDAY)].shown == {cell(0)[1]: 35}
    assert sum(days.values()) == 35 + ROUND_TO // 2 + most_beyond(35, 1)
    regions = largest("AR", "CL", "FI", "SE", "FR", "DE", "US", "CA", "IT", "ES")
    month = released(FUNNEL, regions)[MONTH].shown
    assert month == {cell(0, REST, REST)[1]: 35}
    passed = rungs_passed(FUNNEL, Span.MONTH, next(iter(month)))
    assert sum(regions.values()) == 35 + ROUND_TO // 2 + most_beyond(35, passed)
    alone = {**largest("AR", "CL"), cell(0, "FI"): 1}
    assert not released(FUNNEL, alone)[MONTH].shown
    assert sum(alone.values()) == most_unseen(FUNNEL, 10)


def test_a_minimum_below_the_rule_is_not_taken() -> None:
    assert disclose(FUNNEL, unit_of(Span.DAY, MONDAY), [(*cell(0), 9)], {}, 5) == Release(10, {})


def test_a_large_cell_is_shown_on_its_day_and_never_again() -> None:
    releases = released(FUNNEL, {cell(0): 12, cell(1): 13})
    rows = {(unit.span, unit.first, count) for unit, release in releases.items() for count in release.shown.values()}
    assert rows == {("day", "2026-11-16", 10), ("day", "2026-11-17", 15)}


def test_small_cells_are_shown_by_week_then_without_language_then_by_month_region_and_at_all() -> None:
    def one_row(*leaves: Leaf, each: int = 6) -> tuple[str, str, str, int]:
        releases = released(FUNNEL, dict.fromkeys(leaves, each))
        ((unit, labels, count),) = (
            (unit, labels, count) for unit, release in releases.items() for labels, count in release.shown.items()
        )
        return unit.span, labels[1], labels[2], count

    assert one_row(cell(0), cell(6)) == ("week", "AR", "es", 10)
    assert one_row(cell(0), cell(0, language="qu")) == ("week", "AR", REST, 10)
    assert one_row(cell(0), cell(-7)) == ("month", "AR", REST, 10)
    assert one_row(cell(0), cell(0, "CL")) == ("month", "005", REST, 10)
    assert one_row(cell(0), cell(0, "FI", "fi")) == ("month", REST, REST, 10)


def test_what_came_after_a_release_never_changes_it() -> None:
    before = released(FUNNEL, {cell(0): 12, cell(1): 6, cell(2): 6})
    week = unit_of(Span.WEEK, MONDAY)
    days = {unit: release for unit, release in before.items() if unit.span is Span.DAY}
    late = [(*cell(0), 500), (*cell(1), 6), (*cell(2), 6)]
    assert disclose(FUNNEL, week, late, days).shown == before[week].shown


def test_a_late_count_of_a_small_day_adds_no_more_than_a_small_day_could() -> None:
    days = {unit_of(Span.DAY, MONDAY + day): Release(10, {}) for day in range(7)}
    late = disclose(FUNNEL, unit_of(Span.WEEK, MONDAY), [(*cell(0), 5000), (*cell(1), 5)], days)
    assert list(late.shown.values()) == [15]


@pytest.mark.parametrize("table", TABLES.values(), ids=TABLES)
def test_every_table_is_shown_by_its_ladder(table: Table) -> None:
    labels = tuple({"platform": "acme", "country": "AR", "language": "es"}.get(name, "x") for name in table.dimensions)
    shown = [
        (unit.span, count)
        for unit, release in released(
            table, {(MONDAY, labels): 30, (MONDAY + 1, labels): 5, (MONDAY + 2, labels): 5}
        ).items()
        for count in release.shown.values()
    ]
    by_day = table.ladder[0].span is Span.DAY
    assert shown == ([("day", 30), ("week", 10)] if by_day else [("week", 40)])


def test_hours_are_summed_before_anything_is_shown() -> None:
    labels = ("acme", "web", "block", "enforce", "0", "no")
    day = disclose(CHECKS, unit_of(Span.DAY, MONDAY), [(MONDAY, labels, 4)] * 3, {})
    assert day.shown == {labels: 10}


@pytest.mark.parametrize(
    ("count", "shown"), [(0, None), (9, None), (10, 10), (12, 10), (13, 15), (17, 15), (18, 20), (1_000_002, 1_000_000)]
)
def test_small_cells_are_left_out_and_others_rounded_to_five(count: int, shown: int | None) -> None:
    assert publishable(count) == shown


def test_the_operators_rows_name_period_dimensions_and_count() -> None:
    today, line = DEVICES.period(MONDAY * 86400.0), "acme|AR|phone"
    assert list(rounded_rows(DEVICES, [(today, line, 12), (today - 1, line, 20), (today, "a|b|c", 9)])) == [
        {"day": "2026-11-15", "platform": "acme", "country": "AR", "device": "phone", "count": 20},
        {"day": "2026-11-16", "platform": "acme", "country": "AR", "device": "phone", "count": 10},
    ]
    (row,) = rounded_rows(CHECKS, [(CHECKS.period(MONDAY * 86400 + 46800), "acme|web|block|enforce|0|no", 10)])
    assert row["hour"] == "2026-11-16T13:00Z"
    assert tuple(row) == CHECKS.columns


def test_cells_of_an_earlier_version_are_not_shown() -> None:
    assert list(rounded_rows(SERVICES, [(SERVICES.period(0), "zorblax|AR|main", 50)])) == []
