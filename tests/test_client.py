"""Tests of redirect.client against the real service, and against everything else that may listen at its address."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import re
import socket
import ssl
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from hypothesis import given, settings
from hypothesis import strategies as st

from conftest import eventually
from integrations.conftest import StandIn, listening
from integrations.contract import BLOCK, NOT_WELL, NOT_WELL_IN_JSON, PAGE, STOPS, hung, ill_with, silent_port
from redirect.client import Action, Answer, AsyncClient, Client, Reason, Resource, Subject, cut, pieces
from redirect.client.answer import Unreadable, read_answers
from redirect.client.care import Care
from redirect.client.question import BATCH_BYTES, BATCH_SUBJECTS, batches
from redirect.journeys import check as answered
from tests.ports import free_port

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from conftest import Service

LISTED = "zorblax minku"
LIMIT = 0.1
DRIP = b"HTTP/1.1 200 OK\r\nX-Padding: " + b"x" * 1000
ALL_WRONG = {**NOT_WELL, **NOT_WELL_IN_JSON, "empty": {"body": b""}, "deep": {"body": b"[" * 100_000}}
MEANS = {"open": Action.ALLOW, "closed": Action.BLOCK, "warn": Action.WARN}
TEXTS = st.text(st.characters(exclude_categories=())) | st.binary()


@pytest.fixture
def redirect() -> Iterator[StandIn]:
    """A stand-in that blocks everything, until a test lets it do otherwise."""
    with listening(StandIn(**STOPS["check"])) as stand_in:
        yield stand_in


@pytest.fixture
def client(demo: Service) -> Iterator[Client]:
    with Client(demo.url, "demo", timeout=1.0) as client:
        yield client


@pytest.fixture(params=["sync", "async"])
def ask(request: pytest.FixtureRequest) -> Iterator[Callable[..., Answer]]:
    """Ask with either client: `ask(port, "query", on_error="closed")`; the same options mean the same client."""
    made: dict[Any, Any] = {}
    with asyncio.Runner() as runner:

        def ask(port: int, query: str = LISTED, **options: Any) -> Answer:
            key = (port, *options.items())
            if key not in made:
                kind = Client if request.param == "sync" else AsyncClient
                made[key] = kind(f"http://127.0.0.1:{port}", "demo", **options)
            answer = made[key].check(query)
            if request.param == "async":
                answer = runner.run(answer)
            assert isinstance(answer, Answer)
            return answer

        ask.made = made  # type: ignore[attr-defined]
        yield ask
        for client in made.values():
            if isinstance(client, Client):
                client.close()
            else:
                runner.run(client.aclose())


def quickest(ask: Callable[[], Answer]) -> tuple[Answer, float]:
    """An answer, and the seconds of the quickest of three: other work of a machine makes answers late, never early."""
    taken, answer = [], None
    for _ in range(3):
        began = time.monotonic()
        answer = ask()
        taken.append(time.monotonic() - began)
    assert answer is not None
    return answer, min(taken)


def test_an_answer_says_what_to_do_and_what_to_show(client: Client) -> None:
    answer = client.check(LISTED, country="GB", languages="en-GB,en;q=0.8", attempt=0, bucket=7)
    assert answer.action is Action.BLOCK
    assert not answer.degraded
    assert answer.category == "csam"
    assert answer.page
    assert answer.title
    assert answer.text
    assert all(place.url or place.phone for place in answer.resources)
    assert client.check("weather tomorrow") == Answer(action=Action.ALLOW, list_version=answer.list_version)


def test_a_client_drops_nothing_of_what_makes_an_answer_about_help_true() -> None:
    """Hours are by the clock of a place, and a service may pass on what it is told."""
    types = (Path(__file__).parents[1] / "integrations" / "node" / "index.d.ts").read_text()
    declared = re.findall(r"(\w+)\??: ", types.partition("interface Resource {")[2].partition("}")[0])
    assert list(answered.Resource.__struct_fields__) == list(Resource.__struct_fields__) == declared


def test_addresses_are_decided_as_queries_are(client: Client) -> None:
    assert client.check(url="http://blocked.example/room/42").action is Action.BLOCK
    assert client.check(url="http://blocked.example/").action is Action.ALLOW


def test_shadow_always_allows(client: Client) -> None:
    assert client.check(LISTED, mode="shadow").action is Action.ALLOW
    with Client(f"http://127.0.0.1:{free_port()}", "demo", on_error="closed") as gone:
        assert gone.check(LISTED, mode="shadow").action is Action.ALLOW


def test_a_batch_is_answered_in_order_however_long(client: Client) -> None:
    subjects = [Subject(query=LISTED if number % 7 == 0 else f"weather {number}") for number in range(2500)]
    answers = client.check_batch(subjects, timeout=10)
    assert [answer.action is Action.BLOCK for answer in answers] == [number % 7 == 0 for number in range(2500)]
    assert client.check_batch([]) == []


def test_a_batch_never_exceeds_what_the_service_takes() -> None:
    questions = list(batches(Subject(query="\x00" * 4096) for _ in range(300)))
    assert len(questions) > 1
    assert all(len(question.body) <= BATCH_BYTES for question in questions)
    assert sum(len(question.subjects) for question in questions) == 300
    for question in questions:
        assert len(json.loads(question.body)["subjects"]) == len(question.subjects)


async def test_many_ask_at_once_with_one_client(demo: Service) -> None:
    with Client(demo.url, "demo", timeout=5, connections=4) as client, ThreadPoolExecutor(16) as threads:
        answers = list(threads.map(client.check, [LISTED, "weather"] * 100))
        assert [answer.action for answer in answers] == [Action.BLOCK, Action.ALLOW] * 100
    async with AsyncClient(demo.url, "demo", timeout=5, connections=4) as client:
        answers = await asyncio.gather(*map(client.check, [LISTED, "weather"] * 100))
        assert [answer.action for answer in answers] == [Action.BLOCK, Action.ALLOW] * 100


async def test_connections_are_kept_and_limited(redirect: StandIn) -> None:
    with Client(f"http://127.0.0.1:{redirect.port}", "demo", timeout=5, connections=3) as client:
        for _ in range(20):
            client.check(LISTED)
        assert redirect.connections == 1
        with ill_with(redirect, {"delay": 0.02}), ThreadPoolExecutor(10) as threads:
            list(threads.map(client.check, [LISTED] * 30))
        assert redirect.connections <= 3
    async with AsyncClient(f"http://127.0.0.1:{redirect.port}", "demo", timeout=5, connections=3) as client:
        before = redirect.connections
        await asyncio.gather(*map(client.check, [LISTED] * 30))
        assert redirect.connections - before <= 3


@pytest.mark.parametrize("on_error", MEANS)
@pytest.mark.parametrize("wrong", ALL_WRONG)
def test_whatever_is_wrong_it_answers_as_configured_within_100_ms_and_recovers(
    ask: Callable[..., Answer], redirect: StandIn, wrong: str, on_error: str
) -> None:
    options = {"on_error": on_error, "pause": 0.02}
    with ill_with(redirect, {**STOPS["check"], **ALL_WRONG[wrong]}):
        answer, seconds = quickest(lambda: ask(redirect.port, **options))
    assert answer.action is MEANS[on_error]
    assert answer.degraded
    assert answer.degraded_reason in set(Reason)
    assert answer.page is None
    assert seconds < LIMIT
    eventually(lambda: ask(redirect.port, **options).page == PAGE)


def test_a_stopped_service_is_unreachable(ask: Callable[..., Answer]) -> None:
    answer, seconds = quickest(lambda: ask(free_port()))
    assert (answer.action, answer.degraded_reason) == (Action.ALLOW, Reason.UNREACHABLE)
    assert seconds < LIMIT


def test_a_machine_that_is_gone_is_waited_for_no_longer_than_anything_else(ask: Callable[..., Answer]) -> None:
    with silent_port() as silent:
        answer, seconds = quickest(lambda: ask(silent))
    assert answer.degraded_reason == Reason.TIMEOUT
    assert seconds < LIMIT


def test_a_service_that_sends_a_byte_now_and_then_is_waited_for_no_longer(
    ask: Callable[..., Answer], redirect: StandIn
) -> None:
    redirect.garbage, redirect.pause = DRIP, 0.02
    answer, seconds = quickest(lambda: ask(redirect.port))
    assert answer.degraded_reason == Reason.TIMEOUT
    assert seconds < LIMIT


def test_a_resolver_that_hangs_is_waited_for_no_longer(monkeypatch: pytest.MonkeyPatch) -> None:
    answered = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: answered.wait(5) and [])
    with Client("http://redirect.test:8080", "demo") as client:
        answer, seconds = quickest(lambda: client.check(LISTED))
    answered.set()
    assert answer.degraded_reason == Reason.TIMEOUT
    assert seconds < LIMIT


def test_each_address_of_a_name_gets_its_share_of_the_time(monkeypatch: pytest.MonkeyPatch, redirect: StandIn) -> None:
    found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (host, redirect.port)) for host in ("127.0.0.2", "127.0.0.1")]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)
    with Client(f"http://redirect.test:{redirect.port}", "demo") as client:
        eventually(lambda: client.check(LISTED).page == PAGE)


def test_a_hung_service_is_asked_again_once_it_is_back(make_service: Callable[..., Service]) -> None:
    service = make_service("--demo")
    with Client(service.url, "demo", pause=0.05) as client:
        eventually(lambda: client.check(LISTED).action is Action.BLOCK)
        with hung(service):
            answer, seconds = quickest(lambda: client.check(LISTED))
            assert answer.degraded_reason == Reason.TIMEOUT
            assert seconds < LIMIT
        eventually(lambda: client.check(LISTED).action is Action.BLOCK)


def test_after_some_outages_nobody_waits_and_one_looks_whether_it_is_back(
    ask: Callable[..., Answer], redirect: StandIn
) -> None:
    options = {"failures": 3, "pause": 0.5}
    with ill_with(redirect, {"delay": 0.2}):
        reasons = [ask(redirect.port, **options).degraded_reason for _ in range(10)]
        assert reasons == [Reason.TIMEOUT] * 3 + [Reason.PAUSED] * 7
        time.sleep(0.55)
        reasons = [ask(redirect.port, **options).degraded_reason for _ in range(3)]
        assert reasons == [Reason.TIMEOUT, Reason.PAUSED, Reason.PAUSED]
    eventually(lambda: ask(redirect.port, **options).page == PAGE)
    assert ask(redirect.port, **options).page == PAGE


async def test_a_batch_that_is_too_long_for_its_time_out_switches_nobody_off(redirect: StandIn) -> None:
    address, subjects = f"http://127.0.0.1:{redirect.port}", [Subject(query=LISTED)] * 3 * BATCH_SUBJECTS
    with Client(address, "demo", failures=2, pause=60.0, timeout=2.0) as client:
        with ill_with(redirect, {"delay": 0.5}):
            answers = client.check_batch(subjects, timeout=0.2)
        assert {answer.degraded_reason for answer in answers} == {Reason.TIMEOUT}
        assert (client.undecided, client.trouble) == ({"timeout": len(subjects)}, "")
        assert client.check(LISTED).page == PAGE
    async with AsyncClient(address, "demo", failures=2, pause=60.0, timeout=2.0) as waiting:
        with ill_with(redirect, {"delay": 0.5}):
            await waiting.check_batch(subjects, timeout=0.2)
        assert (await waiting.check(LISTED)).page == PAGE


def test_one_question_at_a_time_looks_whether_it_is_back() -> None:
    now = 0.0
    care = Care(2, 1.0, 0.1, "open", lambda: now)
    for _ in range(2):
        assert care.asks()
        care.missed(Reason.TIMEOUT, 1)
    assert [care.asks() for _ in range(3)] == [False] * 3
    now = 1.0
    assert [care.asks() for _ in range(3)] == [True, False, False]
    care.heard()
    assert [care.asks() for _ in range(3)] == [True] * 3


@pytest.mark.parametrize("status", [400, 401, 403, 404, 413, 429])
def test_a_refusal_is_no_outage_so_that_no_search_can_switch_it_off(
    ask: Callable[..., Answer], redirect: StandIn, caplog: pytest.LogCaptureFixture, status: int
) -> None:
    with ill_with(redirect, {"status": status, "body": b'{"type":"urn:redirect:problem:wrong-key"}'}):
        reasons = [ask(redirect.port, failures=3, timeout=1.0).degraded_reason for _ in range(10)]
    assert reasons == [Reason.REFUSED] * 10
    assert ask(redirect.port, failures=3, timeout=1.0).page == PAGE
    lines = [record.getMessage() for record in caplog.records if record.name == "redirect.client"]
    assert lines == [
        f"redirect does not decide (refused: {status} wrong-key): on_error=open applies",
        "redirect decides again",
    ]


def test_a_wrong_key_is_named_once_and_in_the_state(demo: Service, caplog: pytest.LogCaptureFixture) -> None:
    with Client(demo.url, "rd_unknown", timeout=1) as client:
        for _ in range(3):
            assert client.check(LISTED).action is Action.ALLOW
        assert client.trouble == "refused: 401 wrong-key"
        assert client.undecided == {"refused": 3}
    assert len([record for record in caplog.records if record.levelno == logging.ERROR]) == 1
    assert "rd_unknown" not in caplog.text


def test_undecided_subjects_are_counted_by_reason() -> None:
    with Client(f"http://127.0.0.1:{free_port()}", "demo", failures=1) as client:
        client.check_batch([Subject(query="a"), Subject(query="b")])
        client.check("c")
        assert client.undecided == {"unreachable": 2, "paused": 1}
        assert client.trouble == "unreachable"


@contextmanager
def closing(answers: int) -> Iterator[tuple[int, list[bytes]]]:
    """A server that closes each connection on the request after so many answers, as one may that restarts. Its port,
    and the requests that it left without an answer."""
    read: list[bytes] = []
    body = STOPS["check"]["body"]
    answer = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body)
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                with connection:
                    for _ in range(answers):
                        connection.recv(1 << 16)
                        connection.sendall(answer)
                    read.append(connection.recv(1 << 16))

        thread = threading.Thread(target=serve)
        thread.start()
        yield listener.getsockname()[1], read
        listener.shutdown(socket.SHUT_RDWR)
        thread.join()


def test_a_kept_connection_that_turns_out_closed_is_replaced_within_the_budget(ask: Callable[..., Answer]) -> None:
    with closing(answers=1) as (port, unanswered):
        pages = [ask(port, retries=0.0, timeout=1.0).page for _ in range(16)]
        assert pages == [PAGE] * 11 + [None, PAGE, None, PAGE, None]  # ten to begin with, and no more
        assert len(unanswered) == 13
        for client in ask.made.values():  # type: ignore[attr-defined]
            assert client.undecided == {"unreachable": 3}


def test_a_question_on_a_new_connection_is_asked_once_since_it_may_have_been_counted(
    ask: Callable[..., Answer],
) -> None:
    with closing(answers=0) as (port, unanswered):
        assert ask(port).degraded_reason == Reason.UNREACHABLE
    assert len(unanswered) == 1


async def test_many_time_outs_cost_no_connection(redirect: StandIn) -> None:
    async with AsyncClient(f"http://127.0.0.1:{redirect.port}", "demo", connections=2, failures=10**6) as client:
        with ill_with(redirect, {"delay": 0.1}):
            answers = await asyncio.gather(*(client.check(LISTED) for _ in range(50)))
            assert {answer.degraded_reason for answer in answers} == {Reason.TIMEOUT}
        answers = [await client.check(LISTED) for _ in range(20)]
        assert PAGE in {answer.page for answer in answers}


async def test_who_cancels_is_obeyed(redirect: StandIn) -> None:
    redirect.delay = 0.5
    async with AsyncClient(f"http://127.0.0.1:{redirect.port}", "demo", timeout=5) as client:
        asking = asyncio.create_task(client.check(LISTED))
        await asyncio.sleep(0.05)
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    """A Python program of its own, which must succeed."""
    environ = {**os.environ, "REDIRECT_KEY": "demo"}
    done = subprocess.run(
        [sys.executable, *arguments], capture_output=True, text=True, check=False, timeout=60, env=environ
    )
    assert done.returncode == 0, done.stderr
    return done


FORKED = """
import os, sys
from redirect.client import Client
client = Client(sys.argv[1], "demo", timeout=5)
assert client.check("zorblax minku").action == "block"
children = [os.fork() for _ in range(2)]
for _ in range(50):
    assert client.check("zorblax minku").action == "block"
    assert client.check("weather").action == "allow"
if 0 not in children:
    sys.exit(any(os.waitpid(child, 0)[1] for child in children))
"""


def test_a_client_made_before_a_fork_serves_every_process(demo: Service) -> None:
    assert run("-c", FORKED, demo.url).stderr == ""


def test_no_proxy_of_the_environment_learns_of_a_query(redirect: StandIn, monkeypatch: pytest.MonkeyPatch) -> None:
    with listening(StandIn()) as proxy:
        for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
        with Client(f"http://127.0.0.1:{redirect.port}", "demo", timeout=1) as client:
            assert client.check(LISTED).page == PAGE
        assert proxy.seen == []


@pytest.fixture
def secured(tmp_path: Path) -> Iterator[tuple[int, ssl.SSLContext]]:
    """A service that speaks TLS with a certificate of its own authority: its port, and a context that trusts it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    made = x509.CertificateBuilder(name, name, key.public_key(), 1, now - timedelta(1), now + timedelta(1))
    named = made.add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
    certificate = named.sign(key, SHA256()).public_bytes(Encoding.PEM)
    (tmp_path / "key.pem").write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    (tmp_path / "certificate.pem").write_bytes(certificate)
    theirs = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    theirs.load_cert_chain(tmp_path / "certificate.pem", tmp_path / "key.pem")
    with listening(StandIn(**STOPS["check"]), theirs) as stand_in:
        yield stand_in.port, ssl.create_default_context(cadata=certificate.decode())


async def test_over_tls_it_asks_whom_it_trusts_alone(secured: tuple[int, ssl.SSLContext]) -> None:
    port, trust = secured
    address = f"https://localhost:{port}"
    with Client(address, "demo", timeout=5, tls=trust) as client:
        assert [client.check(LISTED).page for _ in range(3)] == [PAGE] * 3
    with Client(address, "demo", timeout=5) as client:
        assert client.check(LISTED).degraded_reason == Reason.UNREACHABLE
    async with AsyncClient(address, "demo", timeout=5, tls=trust) as asking:
        assert [(await asking.check(LISTED)).page for _ in range(3)] == [PAGE] * 3
    async with AsyncClient(address, "demo", timeout=5) as asking:
        assert (await asking.check(LISTED)).degraded_reason == Reason.UNREACHABLE


async def test_a_handshake_that_hangs_is_waited_for_no_longer() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        address = f"https://127.0.0.1:{listener.getsockname()[1]}"
        with Client(address, "demo") as client:
            answer, seconds = quickest(lambda: client.check(LISTED))
        assert answer.degraded_reason == Reason.TIMEOUT
        assert seconds < LIMIT
        async with AsyncClient(address, "demo") as asking:
            began = time.monotonic()
            assert (await asking.check(LISTED)).degraded_reason == Reason.TIMEOUT
            assert time.monotonic() - began < 1


def test_the_service_is_told_what_the_platform_said_and_nothing_else(redirect: StandIn) -> None:
    with Client(f"http://127.0.0.1:{redirect.port}/below/", "demo", timeout=1) as client:
        client.check(LISTED, languages="es", country="AR", surface="image", attempt=5, bucket=12_345)
        client.check("plain")
    first, second = redirect.seen
    assert first.target == "/below/v1/check"
    assert json.loads(first.body) == {
        "query": LISTED, "languages": "es", "country": "AR", "surface": "image", "attempt": 2, "bucket": 2345,
    }  # fmt: skip
    assert json.loads(second.body) == {"query": "plain"}
    assert second.headers == {
        "host": f"127.0.0.1:{redirect.port}", "authorization": "Bearer demo", "content-type": "application/json",
        "content-length": str(len(second.body)),
    }  # fmt: skip


def test_nothing_of_a_query_is_shown_or_written(
    demo: Service, redirect: StandIn, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    canary = "canaryvessik"
    redirect.body = b"not json " + canary.encode()
    for port in (demo.port, redirect.port, free_port()):
        with Client(f"http://127.0.0.1:{port}", "demo-key", failures=2) as client:
            answers = [client.check(canary + LISTED, languages=canary) for _ in range(4)]
            answers += [client.check(url=f"http://{canary}.example/?{canary}")]
            shown = repr(client) + repr(answers) + repr(Subject(query=canary)) + str(vars(client))
            assert canary not in shown
            assert "demo-key" not in repr(client)
    with pytest.raises(ValueError, match="exactly one") as raised:
        Subject(query=canary, url=canary)
    assert canary not in str(raised.value)
    assert canary not in caplog.text


def test_mistakes_in_the_platforms_own_code_are_told_at_once() -> None:
    for address in ("", "redirect.test", "ftp://redirect.test", "http://", "http://user:word@redirect.test"):
        with pytest.raises(ValueError, match="service: "):
            Client(address, "demo")
    for key in ("", "two words", "ké"):
        with pytest.raises(ValueError, match="key: ") as raised:
            Client("http://redirect.test", key)
        assert not key or key not in str(raised.value)
    with pytest.raises(ValueError, match="on_error: "):
        Client("http://redirect.test", "demo", on_error="maybe")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="surface: "):
        Subject(query="a", surface="radio")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="mode: "):
        Subject(query="a", mode="maybe")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="exactly one"):
        Subject()


@settings(max_examples=60)
@given(
    text=TEXTS,
    languages=st.text(st.characters(exclude_categories=()), max_size=2000),
    country=st.none() | st.text(max_size=4),
    attempt=st.none() | st.integers() | st.text(max_size=3),
    bucket=st.none() | st.integers(),
)
def test_nothing_that_came_from_a_person_makes_the_service_refuse(
    demo: Service, text: Any, languages: str, country: str | None, attempt: Any, bucket: int | None
) -> None:
    situation: dict[str, Any] = {"languages": languages, "country": country, "attempt": attempt, "bucket": bucket}
    with Client(demo.url, "demo", timeout=5) as client:
        assert not client.check(text, **situation).degraded
        assert not client.check(url=text, **situation).degraded
        answers = client.check_batch([Subject(query=text, **situation)] * 2)
        assert not any(answer.degraded for answer in answers)


@given(TEXTS, st.integers(4, 5000))
def test_a_text_is_cut_in_whole_characters(text: Any, limit: int) -> None:
    short = cut(text, limit)
    whole = text.decode(errors="replace") if isinstance(text, bytes) else cut(text, 1 << 30)
    assert len(short.encode()) <= limit
    assert whole.startswith(short)
    assert short == whole or len(short.encode()) > limit - 4


@given(TEXTS, st.sampled_from(["a", "é", "字", "🌦", "\ud800"]), st.integers(0, 3 * 4096))
def test_pieces_hold_every_phrase_whole_wherever_it_stands(around: Any, filler: str, front: int) -> None:
    around = around.decode(errors="replace") if isinstance(around, bytes) else around
    text = filler * front + LISTED + around
    found = list(pieces(text))
    assert any(LISTED in piece for piece in found)
    assert all(len(piece.encode()) <= 4096 for piece in found)
    assert found[0] == cut(text)


def test_an_answer_that_could_not_be_shown_is_none() -> None:
    for page in ("", "/w/abc", "javascript:alert(1)", "https://a.example/\r\nSet-Cookie: a=b", "https://a.example/ b"):
        with pytest.raises(Unreadable):
            read_answers(json.dumps({**BLOCK, "page": page}).encode(), 1, batch=False)


def test_it_is_imported_alone() -> None:
    script = "import sys, redirect.client; print(*sys.modules)"
    modules = set(run("-c", script).stdout.split())
    assert {"starlette", "uvicorn", "redis", "jinja2", "httpx", "babel", "cryptography"}.isdisjoint(modules)
    ours = {name for name in modules if name.startswith("redirect.")}
    assert all(name.startswith("redirect.client") for name in ours)


def test_the_examples_of_the_page_run(demo: Service, tmp_path: Path) -> None:
    page = (Path(__file__).parents[1] / "docs" / "client.md").read_text()
    examples = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    assert len(examples) >= 4
    for number, example in enumerate(examples):
        script = tmp_path / f"example_{number}.py"
        patient = example.replace('["REDIRECT_KEY"]', '["REDIRECT_KEY"], timeout=5')  # a busy machine may be late
        script.write_text(patient.replace("http://127.0.0.1:8080", demo.url))
        assert run("-W", "error", str(script)).stderr == "", example
