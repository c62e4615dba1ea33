"""Owns what every adapter that sees searches is held to, with the real program and the real service. Must never know
one adapter from another but by what the adapter's own test file says of it.

An adapter's test file says how to start it, and what it can see:

    from integrations.contract import CheckAdapter, Front, MakeFront

    @pytest.fixture(scope="module")
    def make_front(service: Service, platform: StandIn) -> Iterator[MakeFront]:
        made = []
        def make(asked=None, *, on_error="open", key="demo", behind=None) -> Front: ...  # start one, add it to made
        yield make
        ...                                                                                # stop each in made

    class TestContract(CheckAdapter):  # or SearchAdapter, for those that ask /v1/forward
        takes_40_kilobytes = False

`make_front` starts a new front and returns when it answers:

- `asked` is the port where it asks redirect; None means that of the `service` fixture.
- `on_error` is "open" or "closed".
- `key` is presented to redirect; "demo" is known to the service.
- `behind` is the port of the platform; None means that of the `platform` fixture.

conftest.py has the fixtures `service`, `platform`, `stand_in`, `disguise`, and `front`, which `make_front()` makes. A
`Front` says where it listens, and keeps all that it and its host program write, standard streams included, in one
directory, logs as `*.log`. What is peculiar to an adapter is a class attribute of SearchAdapter, or a method of either,
to override; what it promises beyond this stands as further tests in its own file. Adapters that see hosts and no
searches (DNS) use `assert_unwritten` alone.
"""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal, NamedTuple

import pytest

from conftest import eventually
from integrations.conftest import PAGES, RESULTS, Reply, StandIn, ask, listening
from tests.ports import free_port

if TYPE_CHECKING:
    from conftest import Service

MakeFront = Callable[..., "Front"]

LISTED = b"q=zorblax+minku"
UNLISTED = b"q=weather+tomorrow&b=%C3%28&c=%2541"
ONLY_LIKELY = b"q=morquil+besh+tarn"
PERSON = "127.0.0.77"
CANARY = "canaryvessik"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
LIMIT = 0.1
"""Seconds in which everything is answered, whatever is wrong with redirect. The quickest of three counts, since other
work of a machine makes answers late and never early."""

PAGE = PAGES + "A" * 160
BLOCK = {"action": "block", "list_version": 1, "degraded": False, "category": "csam", "message": "V1", "variant": "A",
         "page": PAGE, "title": "Stop", "text": "Help is there.", "resources": []}  # fmt: skip
JSON = {"Content-Type": "application/json"}
STOPS: Mapping[str, dict[str, Any]] = {
    "nginx": {"status": 403, "headers": {"Location": PAGE}},
    "forward": {"status": 302, "headers": {"Location": PAGE}},
    "check": {"status": 200, "headers": JSON, "body": json.dumps(BLOCK).encode()},
}
"""How redirect says stop, by what it is asked: /v1/forward?style=nginx, /v1/forward, or /v1/check."""

NOT_WELL: Mapping[str, dict[str, Any]] = {
    "slow": {"delay": 1.5},
    "not our request": {"status": 400, "headers": {}},
    "wrong key": {"status": 401, "headers": {"WWW-Authenticate": "Bearer"}},
    "wrong scope": {"status": 403, "headers": {}},
    "no such path": {"status": 404},
    "too large": {"status": 413},
    "teapot": {"status": 418},
    "too many": {"status": 429, "headers": {"Retry-After": "3600"}},
    "broken": {"status": 500},
    "restarting": {"status": 503},
    "cut off": {"garbage": b"HTTP/1.1 403 Forb"},
    "no HTTP": {"garbage": b"220 mail.example ESMTP\r\n"},
    "nothing": {"garbage": b"\r\n"},
}
"""What becomes of a stop where redirect is not well, in whatever way it is asked."""

NOT_WELL_IN_JSON: Mapping[str, dict[str, Any]] = {
    "sign-in page": {"status": 302, "headers": {"Location": "https://login.example/"}},
    "a page of something else": {"headers": {"Content-Type": "text/html"}, "body": b"<p>It works!"},
    "no object": {"body": b"[]"},
    "no action": {"body": b"{}"},
    "unknown action": {"body": json.dumps({**BLOCK, "action": "dance"}).encode()},
    "no page": {"body": json.dumps({**BLOCK, "page": None}).encode()},
    "no end": {"garbage": b"HTTP/1.1 200 OK\r\nX-Padding: " + b"x" * 1000, "pause": 0.02},
}


class Ill(NamedTuple):
    """A stand-in for a service that is not well, and two fronts that ask it."""

    redirect: StandIn
    open: Front
    closed: Front


@dataclass
class Front:
    """A running adapter. `directory` takes every file that it and its host program write, and what they print;
    `origin` stands before paths where the adapter expects whole addresses, such as b"http://search.example"."""

    port: int
    directory: Path
    origin: bytes = b""
    path: bytes = b"/search"

    def search(
        self, query: bytes, method: str = "GET", headers: Mapping[str, str] | None = None, source: str = "127.0.0.1"
    ) -> Reply:
        """A person's search: the query string in the address, or for POST in the body as a form."""
        target = self.origin + self.path
        if method == "POST":
            return ask(self.port, target, "POST", query, source, {**FORM, **(headers or {})})
        return ask(self.port, target + b"?" + query, method, b"", source, headers)

    def announced(self) -> str:
        """What is written down for the operator about searches that could not be decided: in any log, by default."""
        logs = (file for file in files_in(self.directory) if file.suffix == ".log")
        return "".join(file.read_text(errors="replace") for file in logs)


class SearchAdapter:
    """The contract. Subclass it as `TestContract`, and say what the adapter is like."""

    asks: ClassVar[Literal["nginx", "forward", "check"]] = "forward"
    """How it asks redirect: by a sub-request in the style of nginx or of others, or by /v1/check."""
    sees_bodies: ClassVar[bool] = True
    """Whether a search in the body of a POST is decided; else it passes, and the README says so."""
    takes_40_kilobytes: ClassVar[bool] = True
    """Whether the host program takes an address of that length; else it refuses it itself, with 4xx."""
    statuses: ClassVar[tuple[int, int]] = (302, 303)
    """Of a stop, for GET and for POST."""
    refusals: ClassVar[frozenset[int]] = frozenset({503})
    """Status of a search that could not be decided, where `on_error` is closed."""
    gives_up_at: ClassVar[frozenset[str]] = frozenset()
    """Cases of NOT_WELL that the host program itself answers with 5xx, whatever is set. Its README says so."""
    names_status: ClassVar[bool] = True
    """Whether what is written down about a wrong key names 401."""

    def is_stopped(self, reply: Reply, method: str = "GET") -> bool:
        """Whether a person is sent to the page, by an address that says nothing of the search."""
        return leads_to_page(reply, self.statuses[method == "POST"])

    def stops(self, front: Front) -> bool:
        """Whether a listed search is stopped there now."""
        return self.is_stopped(front.search(LISTED))

    def passes(self, reply: Reply) -> bool:
        """Whether what the platform said came back."""
        return reply.status == 200 and reply.body == RESULTS

    def is_refused(self, reply: Reply) -> bool:
        """Whether the person is told to come back later, and neither sees results nor is taken for blocked."""
        return reply.status in self.refusals and PAGES not in reply.headers.get("location", "")

    @pytest.fixture(scope="class")
    @classmethod
    def ill(cls, make_front: MakeFront) -> Iterator[Ill]:
        """Fronts of a redirect that each test makes ill."""
        with listening(StandIn(**STOPS[cls.asks])) as redirect:
            yield Ill(redirect, make_front(redirect.port), make_front(redirect.port, on_error="closed"))

    def test_a_listed_search_becomes_the_page_and_never_reaches_the_platform(
        self, front: Front, platform: StandIn
    ) -> None:
        reached: list[int] = []

        def search() -> Reply:
            before = len(platform.seen)
            reply = front.search(LISTED)
            reached.append(len(platform.seen) - before)
            return reply

        reply = decided(search, self.is_stopped)
        assert self.is_stopped(reply)
        assert reply.headers["cache-control"] == "no-store"
        assert b"zorblax" not in reply.body
        assert reached[-1] == 0

    def test_any_other_search_reaches_the_platform_as_it_was(self, front: Front, platform: StandIn) -> None:
        sent = {"Cookie": "a=b", "User-Agent": "reader", "Referer": "http://a.example/"}
        assert self.passes(front.search(UNLISTED, headers=sent))
        seen = platform.seen[-1]
        assert seen.target.encode().endswith(front.path + b"?" + UNLISTED)
        assert {name.lower(): value for name, value in sent.items()}.items() <= seen.headers.items()

    def test_no_disguise_of_a_listed_search_passes(self, front: Front, platform: StandIn, disguise: bytes) -> None:
        before = len(platform.seen)

        def holds(reply: Reply) -> bool:
            reached = {seen.target.encode() for seen in platform.seen[before:]}
            refused = 400 <= reply.status < 500 and not reached  # by the host program, which takes no such bytes
            return self.is_stopped(reply) or refused or reached == {_without_fragment(front, disguise)}

        assert holds(decided(lambda: front.search(disguise), holds))

    def test_what_is_only_likely_passes(self, front: Front) -> None:
        assert self.passes(front.search(ONLY_LIKELY))

    def test_broken_bytes_alone_stop_nobody(self, front: Front) -> None:
        assert self.passes(front.search(b"q=%FF%C3+%80weather%ED%A0%80"))
        assert self.passes(front.search(b"%ZZ&q=%&=&&q"))

    def test_head_is_decided_as_get_is(self, front: Front) -> None:
        assert self.is_stopped(decided(lambda: front.search(LISTED, "HEAD"), self.is_stopped))
        assert front.search(UNLISTED, "HEAD").status == 200

    @pytest.mark.parametrize("length", [4096, 40_000])
    def test_padding_is_no_way_around(self, front: Front, length: int) -> None:
        for query in (LISTED + b"+x" * (length // 2), b"q=" + b"x+" * (length // 2) + LISTED[2:]):
            stopped = partial(self._is_decided_or_too_long, length, self.is_stopped)
            assert stopped(decided(partial(front.search, query), stopped))
        assert self._is_decided_or_too_long(length, self.passes, front.search(UNLISTED + b"+x" * (length // 2)))

    def _is_decided_or_too_long(self, length: int, holds: Callable[[Reply], bool], reply: Reply) -> bool:
        if length <= 4096 or self.takes_40_kilobytes:
            return holds(reply)
        return 400 <= reply.status < 500

    def test_a_form_is_decided_where_the_adapter_sees_bodies(
        self, front: Front, platform: StandIn, disguise: bytes
    ) -> None:
        if self.sees_bodies:
            stopped = partial(self.is_stopped, method="POST")
            assert stopped(decided(lambda: front.search(disguise, "POST"), stopped))
        else:
            assert self.passes(front.search(disguise, "POST"))
            assert platform.seen[-1].body == disguise

    @pytest.mark.parametrize("length", [1, 40_000, 1_000_000])
    def test_any_other_body_reaches_the_platform_as_it_was(self, front: Front, platform: StandIn, length: int) -> None:
        body = UNLISTED + b"&n=\xff\x00" + b"x" * length
        for kind in (FORM["Content-Type"], "application/octet-stream"):
            assert self.passes(front.search(body, "POST", {"Content-Type": kind}))
            assert platform.seen[-1].body == body

    def test_only_what_the_decision_needs_reaches_redirect(self, ill: Ill) -> None:
        private = {"Cookie": "aa=cookie", "User-Agent": "reader", "Referer": "http://referrer.example/",
                   "X-Forwarded-For": "192.0.2.1", "Authorization": "Basic cGVyc29u"}  # fmt: skip
        before = len(ill.redirect.seen)
        search = partial(ill.open.search, LISTED, headers=private, source=PERSON)
        assert self.is_stopped(decided(search, self.is_stopped))
        told = repr(ill.redirect.seen[before:])
        assert "zorblax" in told
        for value in ("aa=cookie", "reader", "referrer.example", "192.0.2.1", "cGVyc29u", PERSON):
            assert value not in told

    @pytest.mark.parametrize("wrong", NOT_WELL)
    def test_whatever_is_wrong_it_does_as_configured_soon_and_recovers(self, ill: Ill, wrong: str) -> None:
        gives_up = wrong in self.gives_up_at
        self._fails_as_configured(ill, NOT_WELL[wrong], _gives_up if gives_up else None)

    def _fails_as_configured(
        self, ill: Ill, answer: Mapping[str, Any], otherwise: Callable[[Reply], bool] | None = None
    ) -> None:
        with ill_with(ill.redirect, {**STOPS[self.asks], **answer}):
            assert_soon(ill.open, otherwise or self.passes)
            assert_soon(ill.closed, otherwise or self.is_refused)
        for front in (ill.open, ill.closed):
            eventually(partial(self.stops, front))

    def test_a_stopped_service_fails_as_configured(self, make_front: MakeFront) -> None:
        nobody = free_port()
        assert_soon(make_front(nobody), self.passes)
        assert_soon(make_front(nobody, on_error="closed"), self.is_refused)

    def test_a_service_that_takes_no_connection_fails_as_configured(self, make_front: MakeFront) -> None:
        with silent_port() as silent:
            assert_soon(make_front(silent), self.passes)
            assert_soon(make_front(silent, on_error="closed"), self.is_refused)

    def test_a_hung_service_lets_searches_pass_and_decides_again_once_it_is_back(
        self, front: Front, service: Service
    ) -> None:
        with hung(service):
            assert_soon(front, self.passes)
        eventually(partial(self.stops, front))

    def test_a_wrong_key_is_no_outage_and_is_written_down(self, make_front: MakeFront) -> None:
        front = make_front(key="rd_unknown")
        assert self.passes(front.search(LISTED))
        if self.names_status:  # after a search that was answered in time
            eventually(lambda: self.passes(front.search(UNLISTED)) and "401" in front.announced())
        assert self.passes(front.search(UNLISTED))
        assert "rd_unknown" not in front.announced()

    def test_neither_program_writes_query_or_address_whatever_happens(
        self, make_front: MakeFront, service: Service, stand_in: Callable[..., StandIn]
    ) -> None:
        nobody, broken = free_port(), stand_in(status=500)
        fronts = [make_front(), make_front(nobody), make_front(nobody, on_error="closed"),
                  make_front(broken.port), make_front(behind=nobody)]  # fmt: skip
        for front in fronts:
            _search_for_canaries(front)
        assert_unwritten([service.data_dir.parent, *(front.directory for front in fronts)])


class CheckAdapter(SearchAdapter):
    """The contract of those that ask /v1/check, whose answer has more to say, and more that can be wrong."""

    asks = "check"

    @pytest.mark.parametrize("wrong", NOT_WELL_IN_JSON)
    def test_an_answer_that_is_none_of_ours_decides_nothing(self, ill: Ill, wrong: str) -> None:
        self._fails_as_configured(ill, NOT_WELL_IN_JSON[wrong])


class SampleApplication:
    """The contract of a sample search page, which shows the card. Its test file owns the fixture `sample`."""

    def test_the_sample_shows_results(self, sample: Front) -> None:
        reply = sample.search(UNLISTED)
        assert reply.status == 200
        assert b"Results of your platform." in reply.body
        assert b"<aside" not in reply.body

    def test_the_sample_stops_a_listed_search(self, sample: Front) -> None:
        assert leads_to_page(decided(lambda: sample.search(LISTED), leads_to_page))
        by_form = partial(leads_to_page, status=303)
        assert by_form(decided(lambda: sample.search(LISTED, "POST"), by_form))

    def test_the_sample_shows_the_card_above_results_that_are_only_likely(self, sample: Front) -> None:
        reply = decided(lambda: sample.search(ONLY_LIKELY), lambda reply: b"<aside" in reply.body)
        card, _, results = reply.body.partition(b"</aside>")
        assert f'href="{PAGES}'.encode() in card
        assert b'<li><a href="http' in card
        assert b"Results of your platform." in results
        assert b"morquil" not in reply.body

    def test_the_sample_writes_nothing_of_a_search(self, sample: Front) -> None:
        _search_for_canaries(sample)
        assert_unwritten([sample.directory])


def _without_fragment(front: Front, query: bytes) -> bytes:
    """What is left of an address where the host program drops its fragment, which the platform then never sees."""
    kept, mark, _ = query.partition(b"#")
    return front.path + b"?" + kept if mark else b""


def leads_to_page(reply: Reply, status: int = 302) -> bool:
    """Whether an answer is the way to a page, and says nothing of the search."""
    where = reply.headers.get("location", "")
    return reply.status == status and re.fullmatch(re.escape(PAGES) + "[A-Za-z0-9_=-]{100,}", where) is not None


def _gives_up(reply: Reply) -> bool:
    return reply.status >= 500


def _search_for_canaries(front: Front) -> None:
    texts = ("zorblax+minku+" + CANARY, CANARY, f"%FF{CANARY}", CANARY + "x" * 40_000)
    for query in (f"q={text}".encode() for text in texts):
        for method in ("GET", "HEAD", "POST"):
            with suppress(OSError):  # a program may close on what is too long for it
                front.search(query, method, {"Referer": f"http://{CANARY}.example/", "User-Agent": CANARY}, PERSON)
    for target in (f"/{CANARY} /?q={CANARY}", f"/safety/w/{CANARY}?q={CANARY}"):
        with suppress(OSError):
            ask(front.port, front.origin + target.encode(), source=PERSON)


def assert_unwritten(directories: list[Path], texts: tuple[str, ...] = (CANARY, PERSON, "zorblax")) -> None:
    """Nothing that a person sent stands in any file there."""
    for directory in directories:
        for file in files_in(directory):
            with suppress(FileNotFoundError):  # a running service put it away meanwhile
                content = file.read_bytes()
                assert not [text for text in texts if text.encode() in content], file.name


def files_in(directory: Path) -> list[Path]:
    """Every file below a directory."""
    return [file for file in directory.rglob("*") if file.is_file()]


def decided(search: Callable[[], Reply], holds: Callable[[Reply], bool], limit: float = 5.0) -> Reply:
    """What comes back within `limit` seconds of asking again: on a busy machine a decision may be late, and is none."""
    deadline, reply = time.monotonic() + limit, search()
    while not holds(reply) and time.monotonic() < deadline:
        time.sleep(0.1)
        reply = search()
    return reply


def assert_soon(front: Front, holds: Callable[[Reply], bool]) -> None:
    """Each of three listed searches is answered as it should be, and the quickest of them within LIMIT."""
    replies = [front.search(LISTED) for _ in range(3)]
    for reply in replies:
        assert holds(reply), (reply.status, reply.headers)
    assert min(reply.seconds for reply in replies) < LIMIT


@contextmanager
def ill_with(redirect: StandIn, answer: Mapping[str, Any]) -> Iterator[None]:
    """Let a stand-in answer otherwise for a while."""
    well = {name: getattr(redirect, name) for name in answer}
    for name, value in answer.items():
        setattr(redirect, name, value)
    try:
        yield
    finally:
        for name, value in well.items():
            setattr(redirect, name, value)


@contextmanager
def hung(service: Service) -> Iterator[None]:
    """Let the real service take connections, and answer none."""
    workers = service.workers()
    for worker in workers:
        os.kill(worker, signal.SIGSTOP)
    eventually(lambda: all(_is_stopped(worker) for worker in workers))  # a signal is taken a moment after it is sent
    try:
        yield
    finally:
        for worker in workers:
            os.kill(worker, signal.SIGCONT)


def _is_stopped(process: int) -> bool:
    """By what the kernel says of its state, which stands behind its name in brackets."""
    return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] == "T"


@contextmanager
def silent_port() -> Iterator[int]:
    """A port whose queue is full: whoever connects gets no answer at all, as from a machine that is gone."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        waiting = [_connecting(listener.getsockname()) for _ in range(4)]
        try:
            yield listener.getsockname()[1]
        finally:
            for one in waiting:
                one.close()


def _connecting(address: tuple[str, int]) -> socket.socket:
    one = socket.socket()
    one.setblocking(False)
    with suppress(BlockingIOError):
        one.connect(address)
    return one
