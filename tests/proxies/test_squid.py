"""The helper as Squid starts it: a process that is asked over a pipe or a socket."""

from __future__ import annotations

import socket
import subprocess
import time
from pathlib import Path
from typing import IO, TYPE_CHECKING, NamedTuple

import pytest

from conftest import PROGRAM, Service
from tests.ports import free_port

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

CANARY = "canaryvessik"


class Helper(NamedTuple):
    """A running one."""

    process: subprocess.Popen[bytes]
    asked: IO[bytes]
    answers: IO[bytes]

    def ask(self, line: str) -> str:
        """One line, and the next answer."""
        self.asked.write(line.encode() + b"\n")
        self.asked.flush()
        return self.answers.readline().decode()

    def decided(self, line: str) -> str:
        """The first answer that is one: a machine with other work may make the service late."""
        deadline = time.monotonic() + 10
        while (answer := self.ask(line)).endswith(" redirect=undecided\n"):
            assert time.monotonic() < deadline
            time.sleep(0.05)
        return answer


@pytest.fixture
def key_file(tmp_path: Path) -> Path:
    path = tmp_path / "key"
    path.write_text("demo\n")
    return path


@pytest.fixture
def start(key_file: Path, tmp_path: Path) -> Iterator[Callable[..., Helper]]:
    """Start one: `start("rewrite", port)`."""
    started: list[Helper] = []

    def make(way: str, port: int, *options: str) -> Helper:
        command = [*PROGRAM, "squid-helper", way, "--service", f"http://127.0.0.1:{port}", "--key-file", str(key_file)]
        with (tmp_path / "errors").open("ab") as errors:
            process = subprocess.Popen(
                [*command, *options], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors
            )
        assert process.stdin is not None
        assert process.stdout is not None
        started.append(Helper(process, process.stdin, process.stdout))
        return started[-1]

    yield make
    for helper in started:
        helper.asked.close()
        helper.process.kill()
        helper.process.wait(10)
        helper.answers.close()


def test_each_way_answers_on_the_channel_it_was_asked_on_and_ends_with_squid(
    demo: Service, start: Callable[..., Helper]
) -> None:
    rewrite, acl = start("rewrite", demo.port), start("acl", demo.port, "--country", "GB")
    listed, unlisted = "http://search.example/search?q=zorblax+minku", "http://search.example/search?q=weather"
    stopped = rewrite.decided(f"0 {listed} method=GET languages=es")
    assert stopped.startswith(f'0 OK status=302 url="{demo.url}/w/')
    assert stopped.endswith('" redirect=stopped\n')
    assert rewrite.decided(f"1 {unlisted} method=GET languages=-") == "1 ERR redirect=decided\n"
    assert rewrite.decided(f"{unlisted} method=GET languages=-") == "ERR redirect=decided\n"
    assert rewrite.ask("2 ") == "2 BH message=no-question\n"
    assert rewrite.ask("") == "BH message=no-question\n"
    assert acl.decided(f"7 {listed} POST es -").startswith("7 OK message=")
    assert acl.decided(f"8 {unlisted} GET - -") == "8 ERR redirect=decided\n"
    for helper in (rewrite, acl):
        helper.asked.close()
        assert helper.process.wait(10) == 0


def test_a_thousand_lines_at_once_are_all_answered_each_once(demo: Service, start: Callable[..., Helper]) -> None:
    helper = start("rewrite", demo.port)
    helper.ask("0 http://search.example/?q=weather method=GET languages=-")
    lines = [f"{number} http://search.example/?q=weather method=GET languages=-\n" for number in range(1500)]
    helper.asked.write("".join(lines).encode())
    helper.asked.flush()
    answers = [helper.answers.readline().split() for _ in lines]
    assert sorted(int(answer[0]) for answer in answers) == list(range(1500))
    assert {answer[1] for answer in answers} == {b"ERR"}


def test_what_was_asked_before_squid_closed_its_end_is_still_answered(
    demo: Service, start: Callable[..., Helper]
) -> None:
    helper = start("rewrite", demo.port)
    said, _ = helper.process.communicate(b"5 http://search.example/?q=weather method=GET languages=-\n", timeout=20)
    assert said.startswith(b"5 ERR redirect=")
    assert said.count(b"\n") == 1


def test_one_socket_for_both_ways_is_no_trouble(demo: Service, key_file: Path) -> None:
    squid, end = socket.socketpair()
    command = [*PROGRAM, "squid-helper", "acl", "--service", demo.url, "--key-file", str(key_file)]
    with (
        squid,
        end,
        subprocess.Popen(command, stdin=end.fileno(), stdout=end.fileno(), stderr=subprocess.DEVNULL) as process,
    ):
        end.close()
        with squid.makefile("rwb") as stream:
            for number in range(3):
                stream.write(b"%d http://search.example/?q=weather GET - -\n" % number)
                stream.flush()
                assert stream.readline().startswith(b"%d ERR redirect=" % number)
            squid.shutdown(socket.SHUT_WR)
            assert process.wait(10) == 0


def test_while_the_service_is_gone_answers_come_soon_and_say_so_without_naming_anything(
    start: Callable[..., Helper], tmp_path: Path
) -> None:
    helper = start("rewrite", free_port())
    took = []
    for number in range(9):
        began = time.monotonic()
        line = f"{number} http://{CANARY}.example/?q={CANARY} method={CANARY} languages={CANARY}"
        assert helper.ask(line) == f"{number} ERR redirect=undecided\n"
        took.append(time.monotonic() - began)
    assert min(took) < 0.1
    helper.ask(f"{CANARY} {CANARY}")
    helper.asked.close()
    helper.process.wait(10)
    written = (tmp_path / "errors").read_text()
    assert "redirect does not decide (unreachable)" in written
    assert CANARY not in written


def test_a_helper_that_cannot_begin_says_why(tmp_path: Path, key_file: Path) -> None:
    for options in (
        ["--key-file", str(tmp_path / "none")],
        ["--key-file", str(key_file), "--service", "ftp://a.example"],
    ):
        done = subprocess.run(
            [*PROGRAM, "squid-helper", "rewrite", *options], capture_output=True, text=True, timeout=20, check=False
        )
        assert done.returncode == 2
        assert done.stderr.startswith("redirect: ")
        assert done.stdout == ""


def test_the_key_is_no_argument_and_memory_reaches_no_disk(demo: Service, start: Callable[..., Helper]) -> None:
    helper = start("rewrite", demo.port)
    helper.ask("0 http://search.example/?q=weather method=GET languages=-")
    about = Path(f"/proc/{helper.process.pid}")
    assert b"demo\0" not in (about / "cmdline").read_bytes()
    limits = (about / "limits").read_text()
    assert [line.split()[4] for line in limits.splitlines() if line.startswith("Max core")] == ["0"]
