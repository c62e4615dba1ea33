"""Owns what published cells come to: each counted once, and what may be hidden never forgotten."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import blake2b
from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from redirect.domain.counts import CHECKS, SERVICES, TABLES, Table
from redirect.domain.desistance import curve
from redirect.domain.disclosure import disclose
from redirect.domain.periods import Span, Unit, unit_of
from redirect.domain.regions import MEMBERS
from redirect.domain.summary import FORM, Summary, packed, summary, together, unpacked
from redirect.domain.sureness import Count

if TYPE_CHECKING:
    from collections.abc import Iterable

WEEK = unit_of(Span.WEEK, 20_780)
DAY = Unit(Span.DAY, WEEK.days[2])
MONTH = unit_of(Span.MONTH, DAY.number)

UNSEEN = 14
"""Of a cell of `funnel`, after its six rungs: 9 on the first, and one more on each that follows."""


@dataclass(frozen=True)
class Row:
    unit: Unit
    labels: tuple[str, ...]
    count: int


def made(minimum: int = 10, **tables: list[Row]) -> Summary:
    return summary({name: tables.get(name, []) for name in TABLES}, minimum)


def page(
    unit: Unit,
    step: str,
    count: int,
    country: str = "AR",
    attempt: str = "0",
    message: str = "V1",
    language: str = "es",
) -> Row:
    return Row(unit, ("acme", country, language, "csam", message, "A", attempt, step), count)


def check(action: str, attempt: str, count: int, mode: str = "enforce", surface: str = "web", unit: Unit = WEEK) -> Row:
    return Row(unit, ("acme", surface, action, mode, attempt, "no"), count)


def test_what_is_kept_of_a_summary_is_the_summary_and_nothing_else_is_taken_for_one() -> None:
    sums = made(funnel=[page(DAY, "shown", 40), page(MONTH, "left", 10)], checks=[check("block", "0", 25)])
    assert unpacked(packed(sums)) == sums
    assert unpacked(packed(Summary())) == Summary()
    for record in (b"", b"{}", b"[1,{}]", packed(sums).replace(b"[%d," % FORM, b"[%d," % (FORM + 1), 1), b"[1,2,3]"):
        assert unpacked(record) is None


def test_a_summary_that_comes_to_something_else_takes_another_form() -> None:
    """Where this fails, raise FORM: summaries that were kept before would else stay as they are for two years."""
    rows = [
        page(unit, step, 40, country)
        for unit in (DAY, WEEK, MONTH)
        for step in ("shown", "left")
        for country in ("AR", "CL")
    ]
    sums = made(funnel=rows, checks=[check("block", "0", 25), check("allow", "unknown", 900)])
    assert (FORM, blake2b(packed(sums), digest_size=8).hexdigest()) == (2, "5fd2ddf1413085af")


def test_days_weeks_and_months_add_up_and_only_weeks_are_shown_by_week() -> None:
    found = made(
        funnel=[page(DAY, "shown", 20), page(WEEK, "shown", 15), page(MONTH, "shown", 10, "005", language="rest")]
    )
    assert found.steps["shown",] == Count(45, 3, UNSEEN + 2 + 4)
    assert found.weeks == {(WEEK.first, "shown"): Count(35, 2, 2)}
    assert {country for country, _ in found.countries} == {"AR", "005"}


def test_what_disclosure_takes_from_cells_that_it_merges_is_within_what_may_be_hidden() -> None:
    """Nine on each day of a week; nine in each of forty countries."""
    days = [(day, check("block", "0", 0).labels, 9) for day in WEEK.days]
    countries = [country for members in MEMBERS.values() for country in members.split()][:40]
    month = [(DAY.number, ("acme", "one", country, "main"), 9) for country in countries]
    warned = made(checks=merged(CHECKS, WEEK, days)).warned["web", "0"]
    helped = made(services=merged(SERVICES, MONTH, month)).services["one", "main"]
    for found, truth in ((warned, 63), (helped, 360)):
        assert found.shown + found.give_or_take < truth <= found.shown + found.give_or_take + found.hidden


def merged(table: Table, unit: Unit, leaves: Iterable[tuple[int, tuple[str, ...], int]]) -> list[Row]:
    """What is shown of a week or month none of whose days show anything."""
    return [Row(unit, labels, count) for labels, count in disclose(table, unit, leaves, {}).shown.items()]


def test_a_step_that_is_not_shown_may_hide_one_cell_for_each_kind_of_warning() -> None:
    rows = [page(DAY, "shown", 900), page(DAY, "shown", 400, attempt="1", message="V2"), page(DAY, "help_opened", 10)]
    found = made(funnel=rows)
    assert found.steps["help_opened",] == Count(10, 1, 2 * UNSEEN)
    assert found.categories["csam", "help_opened"].hidden == 2 * UNSEEN
    assert made(20, funnel=rows).steps["help_opened",].hidden == 2 * (UNSEEN + 10)


def test_warnings_are_those_that_were_enforced() -> None:
    found = made(
        checks=[
            check("block", "0", 100),
            check("warn", "0", 50),
            check("block", "1", 30),
            check("allow", "0", 9000),
            check("block", "0", 70, mode="shadow"),
        ]
    )
    assert found.warned["web", "0"].shown == 150
    assert found.warned["web", "1"].shown == 30
    assert found.checked["web",].shown == 9180


def test_repeats_that_are_too_few_to_be_shown_are_not_taken_for_none() -> None:
    stopped = curve({attempt: made(checks=[check("block", "0", 100)]).warned["web", attempt] for attempt in ("0", "1")})
    assert stopped.stopped is not None
    assert stopped.stopped.value is None
    assert stopped.stopped.low < 0.9


def test_a_platform_that_does_not_say_which_warning_it_is_has_no_curve() -> None:
    found = made(checks=[check("block", "unknown", 100)])
    assert not curve({attempt: count for (_, attempt), count in found.warned.items()}).sent


CELLS = st.lists(
    st.builds(
        page,
        st.sampled_from([DAY, WEEK, MONTH]),
        st.sampled_from(["shown", "help_opened", "left"]),
        st.integers(2, 50).map(lambda fives: fives * 5),
        st.sampled_from(["AR", "FI", "005", "rest"]),
        st.sampled_from(["0", "1", "2+", "unknown"]),
        st.sampled_from(["V1", "V2"]),
    )
)


@given(CELLS, CELLS)
def test_no_cell_is_lost_or_counted_twice_however_it_is_looked_at(first: list[Row], second: list[Row]) -> None:
    both = together([made(funnel=first), made(funnel=second)])
    total = sum(row.count for row in (*first, *second))
    for pivot in (both.steps, both.countries, both.categories):
        assert sum(count.shown for count in pivot.values()) == total
        assert sum(count.cells for count in pivot.values()) == len(first) + len(second)
    by_week = sum(row.count for row in (*first, *second) if row.unit is not MONTH)
    assert sum(count.shown for count in both.weeks.values()) == by_week
