"""Owns who takes part in an experiment, in which arm, and what no experiment may do."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path
from timeit import timeit
from typing import TYPE_CHECKING, Any

import pytest

from redirect.adapters.categories import load_categories
from redirect.adapters.content import load_texts
from redirect.adapters.experiments import load_experiments
from redirect.domain.content import Element, Texts
from redirect.domain.decision import Action
from redirect.domain.errors import ContentError
from redirect.domain.experiments import SEATS, Arm, Assign, Experiment
from redirect.domain.law import Question, Says
from redirect.domain.subject import Subject, Surface
from tests.domain.test_verdicts import experiment

if TYPE_CHECKING:
    from collections.abc import Callable

MESSAGES = Path(__file__).parents[2] / "messages"
WRITTEN = """
[harm-first]
question = "Do more people stop?"
message = "V1"
arms = { A = 50, B = 50 }
assign = "bucket"
platforms = ["acme"]
surfaces = ["web"]
start = 2027-01-04
end = 2027-03-28
primary = "stopped"
smallest = 2.0
guardrails = ["wrong_match", "crisis_opened"]
"""


@pytest.fixture(scope="module")
def texts() -> Texts:
    return load_texts(MESSAGES, drafts=True)


def load(tmp_path: Path, texts: Texts, *changes: tuple[str, str], platforms: tuple[str, ...] = ()) -> Experiment:
    """The experiment above, with some of it written otherwise."""
    written = WRITTEN
    for before, after in changes:
        assert before in written
        written = written.replace(before, after)
    path = tmp_path / "experiments.toml"
    path.write_text(written)
    categories = load_categories(MESSAGES / "categories.toml", texts)
    (found,) = load_experiments(path, texts, categories.values(), platforms)
    return found


def arm(of: Experiment, action: Action = Action.BLOCK, message: str = "V1", **fields: Any) -> str | None:
    subject = Subject(query="zorblax minku", **{"attempt": 0, "bucket": 7, **fields})
    return of.arm(subject, message, "V2", action, lambda: 9_999)


def test_each_arm_has_exactly_its_share_of_the_seats() -> None:
    arms = (Arm("A", 62), Arm("B", 33), Arm("C", 5))
    assert Counter(experiment(arms=arms).seats) == {"A": 6200, "B": 3300, "C": 500}


def test_an_arm_follows_from_the_bucket_and_two_experiments_deal_differently() -> None:
    one, other = experiment(), experiment(name="quellfen")
    assert experiment().seats == one.seats
    alike = sum(a == b for a, b in zip(one.seats, other.seats, strict=True))
    assert abs(alike - SEATS / 2) < 300


def test_a_person_keeps_an_arm_from_the_first_showing_to_every_repeat() -> None:
    of = experiment()
    for bucket in range(0, SEATS, 97):
        first = arm(of, bucket=bucket)
        assert first in {"A", "B"}
        assert first == arm(of, message="V2", attempt=1, bucket=bucket)
        assert first == arm(of, message="V2", attempt=5, bucket=bucket)
        assert first == arm(of, Action.WARN, message="V2", attempt=1, bucket=bucket)


@pytest.mark.parametrize(
    "otherwise",
    [
        {"bucket": None},
        {"attempt": None},
        {"surface": Surface.IMAGE},
        {"message": "V3"},
        {"action": Action.WARN},
    ],
    ids=str,
)
def test_who_takes_no_part_is_in_no_arm(otherwise: dict[str, Any]) -> None:
    assert arm(experiment(), **otherwise) is None


def test_an_experiment_of_some_countries_takes_nobody_else_in() -> None:
    of = experiment(countries=frozenset({"AR"}))
    assert [arm(of, country=country) is not None for country in ("AR", "ar", "CL", None)] == [True, True, False, False]


def test_drawn_arms_take_first_showings_alone_with_or_without_a_bucket() -> None:
    of = experiment(assign=Assign.RANDOM)
    assert arm(of, bucket=None) == of.seats[9_999]
    assert arm(of, message="V2", attempt=1) is None


def test_finding_an_arm_takes_less_than_a_microsecond() -> None:
    """Of a machine that calls a function in 50 ns: this one may be busy."""
    of, subject = experiment(), Subject(query="zorblax minku", attempt=0, bucket=7)
    tries = (
        (_seconds(lambda: of.arm(subject, "V1", "V2", Action.BLOCK, int)), _seconds(lambda: None)) for _ in range(1000)
    )
    assert any(arm < 1e-6 * max(1, call / 50e-9) for arm, call in tries)


def _seconds(work: Callable[[], object]) -> float:
    return timeit(work, number=1000) / 1000


def test_what_is_written_is_what_runs(tmp_path: Path, texts: Texts) -> None:
    found = load(tmp_path, texts)
    assert (found.name, found.message, found.smallest) == ("harm-first", "V1", 0.02)
    assert found.arms == (Arm("A", 50), Arm("B", 50))
    assert found.last - found.first == 12 * 7 - 1


def test_no_experiment_runs_as_shipped_and_the_example_in_the_file_is_one(tmp_path: Path, texts: Texts) -> None:
    shipped = (MESSAGES / "experiments.toml").read_text()
    categories = load_categories(MESSAGES / "categories.toml", texts).values()
    assert load_experiments(MESSAGES / "experiments.toml", texts, categories) == ()
    path = tmp_path / "experiments.toml"
    example = shipped[shipped.index("# [harm-first]") :]
    path.write_text("\n".join(line.removeprefix("# ") for line in example.splitlines()))
    assert [found.name for found in load_experiments(path, texts, categories)] == ["harm-first"]


REFUSED = {
    "one arm": (("A = 50, B = 50", "A = 100"), "2 to 8"),
    "a tiny arm": (("A = 50, B = 50", "A = 96, B = 4"), "at least 5"),
    "arms that do not add up": (("A = 50, B = 50", "A = 50, B = 40"), "100 together"),
    "no default": (("A = 50, B = 50", "B = 50, C = 50"), "needs A"),
    "no such wording": (("A = 50, B = 50", "A = 50, Q = 50"), "no V1.Q"),
    "a door": (('"V1"', '"V5"'), "behind a door"),
    "a repeat": (('"V1"', '"V2"'), "shown first"),
    "no platform": (('["acme"]', "[]"), "at least one"),
    "another platform": (('["acme"]', '["zorblax"]'), "platforms.toml"),
    "no surface": (('["web"]', "[]"), "at least one"),
    "an unknown surface": (('["web"]', '["crisis"]'), "surface"),
    "an end before its start": (("2027-03-28", "2026-03-28"), "before start"),
    "26 weeks and a day": (("2027-03-28", "2027-07-05"), "26 weeks at most"),
    "no guardrail": (('"wrong_match", "crisis_opened"', '"wrong_match"'), "guardrails needs both"),
    "a wish for certainty": (("2.0", "0.01"), "0.1"),
    "stopping at random": (('"bucket"', '"random"'), "cannot be stopped"),
    "an unknown field": (("smallest = 2.0", 'smallest = 2.0\nexit = "https://a.example"'), "unknown field"),
    "a name for the log": (("[harm-first]", '["harm first"]'), "small letters"),
}


@pytest.mark.parametrize("name", sorted(REFUSED))
def test_what_no_experiment_may_do_stops_the_start(name: str, tmp_path: Path, texts: Texts) -> None:
    change, why = REFUSED[name]
    with pytest.raises(ContentError, match=why):
        load(tmp_path, texts, change, platforms=("acme",))


def test_an_experiment_may_take_26_weeks(tmp_path: Path, texts: Texts) -> None:
    found = load(tmp_path, texts, ("2027-03-28", "2027-07-04"))
    assert found.last - found.first + 1 == 26 * 7


def test_one_platform_runs_one_experiment_at_a_time(tmp_path: Path, texts: Texts) -> None:
    second = WRITTEN.replace("harm-first", "second")
    with pytest.raises(ContentError, match="one at a time"):
        load(tmp_path, texts, (WRITTEN, WRITTEN + second))


def without(texts: Texts, element: Element) -> Texts:
    """The arm B drops an element."""
    arm = texts.messages["V1", "B"]
    kept = tuple(paragraph for paragraph in arm.paragraphs if paragraph.element is not element)
    return replace(texts, messages={**texts.messages, ("V1", "B"): replace(arm, paragraphs=kept)})


@pytest.mark.parametrize("element", ["crime", "consequences", "harm", "help"])
def test_no_arm_drops_one_of_the_four_elements(element: str, tmp_path: Path, texts: Texts) -> None:
    with pytest.raises(ContentError, match=f"V1.B drops {element}"):
        load(tmp_path, without(texts, Element(element)))


def test_no_arm_says_less_of_the_law_than_another_where_a_country_has_it(tmp_path: Path, texts: Texts) -> None:
    """The second paragraph on crime makes the sentence on the law stand beside another one."""
    arm = texts.messages["V1", "B"]
    said = next(iter(texts.laws.sentences.values()))
    more = tuple(
        replace(paragraph, text=said, element=Element.HARM) if paragraph.element is Element.HARM else paragraph
        for paragraph in arm.paragraphs
    )
    changed = replace(texts, messages={**texts.messages, ("V1", "B"): replace(arm, paragraphs=more)})
    with pytest.raises(ContentError, match="the law line differs"):
        load(tmp_path, changed)


def test_an_experiment_names_the_countries_where_a_message_loses_elements_to_the_law(
    tmp_path: Path, texts: Texts
) -> None:
    """Where images made by computer are known to be lawful, that message says nothing of a crime."""
    country, law = next((c, law) for c, law in texts.laws.countries.items() if law.affirms(Question.AI))
    laws = replace(
        texts.laws,
        countries={**texts.laws.countries, country: replace(law, answers={**law.answers, Question.AI: Says.NO})},
    )
    second = replace(texts.messages["V4", "A"], variant="B")
    changed = replace(texts, laws=laws, messages={**texts.messages, ("V4", "B"): second})
    with pytest.raises(ContentError, match=f"drops crime, consequences in {country}"):
        load(tmp_path, changed, ('"V1"', '"V4"'))
    found = load(tmp_path, changed, ('"V1"', '"V4"'), ("start", 'countries = ["ZZ"]\nstart'))
    assert found.countries == {"ZZ"}
