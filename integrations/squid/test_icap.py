"""Owns what redirect promises as an ICAP server, on the real Squid, on c-icap's client, and on the real service."""

from __future__ import annotations

import re
import signal
import socket
import subprocess
import time
from typing import TYPE_CHECKING

import pytest

from conftest import eventually, needed
from integrations.contract import LIMIT, LISTED, SearchAdapter
from integrations.squid.squids import Squids

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from conftest import Service
    from integrations.conftest import StandIn
    from integrations.squid.squids import Squid

SEARCH = "http://search.example/search"


@pytest.fixture(scope="module")
def make_front(service: Service, platform: StandIn) -> Iterator[Callable[..., Squid]]:
    squids = Squids("icap", service.port, platform.port)
    yield squids.make
    squids.stop()


class TestContract(SearchAdapter):
    asks = "forward"
    sees_bodies = True
    takes_40_kilobytes = False


def test_while_the_icap_server_is_gone_everything_passes_and_after_it_is_back_searches_are_decided(
    make_front: Callable[..., Squid],
) -> None:
    squid, contract = make_front(), TestContract()
    eventually(lambda: contract.stops(squid))
    squid.stop_icap()
    replies = [squid.search(LISTED) for _ in range(15)]
    assert all(map(contract.passes, replies))
    assert min(reply.seconds for reply in replies) < LIMIT
    squid.start_icap()
    eventually(lambda: contract.stops(squid))


def test_an_icap_server_that_hangs_is_waited_for_some_seconds_and_decides_again_once_it_is_back(
    make_front: Callable[..., Squid],
) -> None:
    squid, contract = make_front(), TestContract()
    eventually(lambda: contract.stops(squid))
    assert squid.icap is not None
    squid.icap.send_signal(signal.SIGSTOP)
    reply = squid.search(LISTED)
    squid.icap.send_signal(signal.SIGCONT)
    assert contract.passes(reply)
    assert reply.seconds < 15
    eventually(lambda: contract.stops(squid))


def test_a_form_that_comes_slowly_is_decided_all_the_same(front: Squid) -> None:
    head = b"POST http://search.example/ HTTP/1.1\r\nHost: search.example\r\nConnection: close\r\n"
    with socket.create_connection(("127.0.0.1", front.port), timeout=10) as connection:
        connection.sendall(head + b"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 15\r\n\r\nq=zor")
        time.sleep(3)
        connection.sendall(b"blax+minku")
        assert connection.recv(1000).startswith(b"HTTP/1.1 303 ")


def test_where_closed_is_set_nothing_passes_while_the_icap_server_is_gone(make_front: Callable[..., Squid]) -> None:
    squid = make_front(on_error="closed")
    eventually(lambda: TestContract().stops(squid))
    squid.stop_icap()
    assert squid.search(LISTED).status == 500


@pytest.mark.parametrize("options", [
    ["-w", "1024"], ["-w", "4"], ["-w", "4", "-no204"], ["-nopreview"], ["-nopreview", "-no204"],
], ids=" ".join)  # fmt: skip
def test_another_icap_client_gets_every_form_decided_in_every_way_of_sending_it(
    front: Squid, tmp_path: Path, options: list[str]
) -> None:
    for content in (b"a=b&q=zorblax+minku", b"x" * 30_000 + b"&q=zorblax+minku"):
        assert re.search(
            r"HTTP/1\.1 303 See Other\s+Location: https://\S+/w/", _client(front, tmp_path, content, *options)
        )
    for content in (b"a=b&q=weather", b"x" * 300_000):
        said = _client(front, tmp_path, content, *options)
        assert "ICAP/1.0 204 No Modifications" in said or content.decode() in said
        assert ("ICAP/1.0 200 OK" in said) is ("-no204" in options)


def test_another_icap_client_reads_the_options(front: Squid) -> None:
    said = _icap_client(front)
    for line in ("Allow 204: Yes", "Preview: 49152", "Keep alive: Yes", "Methods: REQMOD"):
        assert line in said


def _client(front: Squid, tmp_path: Path, content: bytes, *options: str) -> str:
    (tmp_path / "form").write_bytes(content)
    return _icap_client(front, "-method", "POST", "-req", SEARCH, "-f", str(tmp_path / "form"), "-v", *options)


def _icap_client(front: Squid, *options: str) -> str:
    command = [needed("c-icap-client"), "-i", "127.0.0.1", "-p", str(front.icap_port), "-s", "reqmod", *options]
    done = subprocess.run(command, capture_output=True, timeout=20, check=True)
    return (done.stdout + done.stderr).decode()
