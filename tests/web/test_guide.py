"""The guided conversation through the front door: every way, with a way back and out on every step."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urljoin

import httpx
import pytest

from conftest import LISTED, LISTED_URL, PLAIN, Html, Service, eventually

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

INVITE = "Find the help that fits you"


@dataclass(frozen=True)
class Step:
    """A page of the conversation as a person meets it. `answers` are the labels that were tapped to get there."""

    answers: tuple[str, ...]
    address: str
    text: str

    @property
    def read(self) -> Html:
        return Html(self.text)

    def way(self, label: str) -> str:
        """Where the link with this label leads, empty where there is none."""
        found = re.search(rf'href="([^"]+)"[^>]*>{re.escape(label)}</a>', self.text)
        return urljoin(self.address, found[1]) if found else ""

    @property
    def choices(self) -> dict[str, str]:
        """Addresses of the buttons by their label."""
        (buttons,) = re.findall(r'<nav class="choices".*?</nav>', self.text, re.DOTALL) or [""]
        return {
            label: urljoin(self.address, href) for href, label in re.findall(r'href="([^"]+)">([^<]+)</a>', buttons)
        }

    @property
    def first_contact(self) -> str:
        """The service that the page puts first, as its main button names it."""
        (section,) = re.findall(r'<section class="first".*?</section>', self.text, re.DOTALL)
        return Html(section).links[0]


def invitation(service: Service, **asked: str) -> str:
    """The way in from the first page, empty where there is none."""
    asked = {"query": LISTED, "country": "GB", "languages": "en", **asked}
    page = service.check(**{name: text for name, text in asked.items() if text})["page"]
    return Step((), page, service.get(page).text).way(INVITE)


def steps(service: Service, **asked: str) -> Iterator[Step]:
    """Every page that taps lead to, the first one first."""
    with httpx.Client(verify=PLAIN) as person:
        waiting: list[tuple[tuple[str, ...], str]] = [((), invitation(service, **asked))]
        while waiting:
            answers, address = waiting.pop()
            step = Step(answers, address, person.get(address).text)
            yield step
            waiting += [((*answers, label), onward) for label, onward in step.choices.items()]


@pytest.fixture(scope="module")
def every(demo: Service) -> list[Step]:
    return list(steps(demo))


def by_answers(every: list[Step], *answers: str) -> Step:
    (step,) = [step for step in every if step.answers == answers]
    return step


def test_a_person_can_take_every_way_to_its_end(every: list[Step]) -> None:
    assert len(every) == 45
    ends = [step for step in every if not step.choices]
    assert len(ends) == 34
    assert all(step.read.contacts for step in every)


def test_every_step_has_the_exit_first_a_way_back_and_a_crisis_line(demo: Service, every: list[Step]) -> None:
    first = demo.check(LISTED, country="GB", languages="en")["page"]
    for step in every:
        assert step.read.links[0].endswith("/leave")
        assert step.way("Back to the first page") == first
        assert "If it feels too much" in step.read.words
        assert "116 123" in step.read.words
        assert len(step.read.all("h1")) == 1


def test_one_step_back_undoes_the_last_answer(every: list[Step]) -> None:
    for step in every:
        back = step.way("One step back")
        assert bool(back) == bool(step.answers)
        if len(step.answers) > 1:
            assert back == by_answers(every, *step.answers[:-1]).address


def test_the_first_question_looks_the_same_however_one_comes_to_it(demo: Service, every: list[Step]) -> None:
    second = by_answers(every, "What I look at worries me")
    again = by_answers(every, "I came here by accident").way("Start again")
    assert again == second.way("One step back")
    returned = Step((), again, demo.get(again).text)
    assert list(returned.choices) == list(by_answers(every).choices)
    assert returned.choices == by_answers(every).choices


def test_a_step_says_which_it_is_and_no_address_or_title_says_anything(every: list[Step]) -> None:
    for step in every:
        number = len(step.answers) + 1
        assert (f"Step {number} of 3" in step.read.words) == bool(step.choices)
        assert "<title>Information and help</title>" in step.text
    assert len({len(step.address) for step in every}) == 1
    assert not any("?" in link for step in every for link in (*step.choices.values(), step.address))


def test_buttons_are_plain_links(every: list[Step]) -> None:
    for step in every:
        assert not step.read.all("form")
        assert not step.read.all("button")
        assert not step.read.all("script")


def test_accident_ends_with_the_exit_and_help_below(every: list[Step]) -> None:
    end = by_answers(every, "I came here by accident")
    main = end.text.partition("<main>")[2]
    assert "There is nothing more that you need to do." in main
    links = [link for link in Html(main).links if "/go/" in link or link.endswith("/leave")]
    assert links[0].endswith("/leave")
    assert "/go/" in links[1]


def test_something_else_ends_at_the_doors(every: list[Step]) -> None:
    end = by_answers(every, "Something else")
    assert list(end.read.doors) == ["under-18", "someone-else", "happened-to-me", "work-or-mistake"]


def test_other_ends_name_one_service_with_its_code_and_keep_the_rest_below(demo: Service, every: list[Step]) -> None:
    for step in every:
        if len(step.answers) == 3:
            assert demo.get(urljoin(demo.url, step.first_contact)).status_code == 303
            assert "To open it on another device, scan this code:" in step.read.words
            assert "Other help" in step.read.words
            assert step.way("Start again")
            assert step.text.count('<li class="card">') >= 3


def leads_to(service: Service, *answers: str, **asked: str) -> str:
    """The address or number of the service at the end of a way."""
    (end,) = [step for step in steps(service, **asked) if step.answers == answers]
    link = end.first_contact
    return link if link.startswith("tel:") else service.get(urljoin(service.url, link)).headers["location"]


def test_the_answers_choose_the_service(demo: Service) -> None:
    talk = ("What I look at worries me", "Talk with someone", "Not paying")
    alone = ("My thoughts or wishes worry me", "On my own, online", "Not giving my name")
    assert leads_to(demo, *talk) == "https://www.stopitnow.org.uk/helpline/"
    assert leads_to(demo, *alone) == "https://www.stopitnow.org.uk/"
    assert leads_to(demo, *talk, country="US") == "tel:+18887738368"
    assert leads_to(demo, *alone, country="US").startswith("https://troubled-desire.com/")


def test_only_pages_for_adults_invite_to_it(demo: Service) -> None:
    assert invitation(demo)
    assert invitation(demo, query="quellfen drovic")
    assert invitation(demo, query="", url=LISTED_URL)
    page = demo.page(demo.check(LISTED, country="GB", languages="en")["page"])
    for door in page.doors.values():
        assert INVITE not in demo.page(door).words


def test_it_goes_on_in_the_language_that_was_chosen(demo: Service) -> None:
    start = f"{invitation(demo)}?lang=ar"
    step = Step((), start, demo.get(start).text)
    onward = next(iter(step.choices.values()))
    assert Html(demo.get(onward, headers={"Accept-Language": "en"}).text).all("html") == [{"lang": "ar", "dir": "rtl"}]


def test_opening_it_is_counted_once_and_no_answer_ever_is(make_service: Callable[..., Service]) -> None:
    quiet = make_service("--demo")
    for _ in range(15):
        way = ("What I look at worries me", "Talk with someone", "Not paying")
        step = Step((), start := invitation(quiet), quiet.get(start).text)
        for answer in way:
            step = Step((), step.choices[answer], quiet.get(step.choices[answer]).text)
        quiet.get(step.way("One step back"))
        quiet.get(step.way("Start again"))
        quiet.get(urljoin(quiet.url, step.first_contact))
    expected = {"shown": 15, "guide": 15, "help_opened": 15}
    eventually(lambda: {row["step"]: row["count"] for row in quiet.counts("funnel")} == expected)
    (opened,) = quiet.counts("services")
    assert (opened["service"], opened["audience"]) == ("stop-it-now-uk", "main")
