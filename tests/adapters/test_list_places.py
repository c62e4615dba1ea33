"""Tests of bundles that come from a directory or an address instead of the store."""

from __future__ import annotations

import asyncio
import functools
import os
import threading
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

import pytest

from bench.endure import open_files
from conftest import eventually
from redirect.adapters.bundles import ENVELOPE_NAME
from redirect.adapters.https_place import HttpsPlace
from redirect.adapters.list_places import UNREADABLE, DirectoryPlace, claimed_version
from redirect.domain.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from conftest import Service

HEADER = "kind,value,category,confidence,language,source,expires,note"


def write_list(path: Path, *terms: str) -> str:
    """A list file with these terms."""
    path.write_text("\n".join([HEADER, *(f"term,{term},csam,high,,own,,invented" for term in terms)]))
    return str(path)


@pytest.fixture
def web(tmp_path: Path) -> Iterator[str]:
    """The address of a real server on loopback that gives out `tmp_path`."""

    class Quiet(SimpleHTTPRequestHandler):
        protocol_version = "HTTP/1.1"  # so that connections are kept

        def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(tmp_path)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def test_a_list_put_into_a_directory_is_live_within_seconds(
    make_service: Callable[..., Service], tmp_path: Path
) -> None:
    service = make_service("--demo", REDIRECT_LIST_SOURCE=str(tmp_path / "live"))
    assert service.check("gronfel dasp")["action"] == "allow"
    service.run("lists", "build", write_list(tmp_path / "own.csv", "gronfel dasp"), "--out", str(tmp_path / "live"))
    eventually(lambda: service.check("gronfel dasp")["action"] == "block", 6)


def test_a_list_in_a_directory_serves_while_the_directory_is_gone(
    make_service: Callable[..., Service], tmp_path: Path
) -> None:
    live = tmp_path / "live"
    service = make_service(REDIRECT_LIST_SOURCE=str(live), REDIRECT_DEMO="1", start=False)
    service.run("lists", "build", write_list(tmp_path / "own.csv", "gronfel dasp"), "--out", str(live))
    service.start()
    eventually(lambda: service.check("gronfel dasp")["action"] == "block", 6)
    live.rename(tmp_path / "elsewhere")
    service.stop()
    service.start()
    assert service.check("gronfel dasp")["action"] == "block"


async def test_an_address_gives_version_and_both_parts(web: str, tmp_path: Path, demo: Service) -> None:
    demo.run("lists", "build", write_list(tmp_path / "own.csv", "gronfel dasp"), "--out", str(tmp_path / "live"))
    place = HttpsPlace(f"{web}/live")
    assert await place.list_version() == await DirectoryPlace(tmp_path / "live").list_version() > 0
    assert await place.read_list() == await DirectoryPlace(tmp_path / "live").read_list()
    await place.close()


async def test_an_address_that_does_not_answer_or_has_nothing_is_a_store_error(web: str) -> None:
    for address, said in ((f"{web}/nothing", "404"), ("http://127.0.0.1:9", "did not answer")):
        place = HttpsPlace(address)
        with pytest.raises(StoreError, match=said):
            await place.list_version()
        await place.close()


async def test_a_place_that_is_closed_leaves_no_connection_open(web: str, tmp_path: Path) -> None:
    (tmp_path / ENVELOPE_NAME).write_text("{}")
    place, before = HttpsPlace(web), open_files(os.getpid())
    assert await place.list_version() == UNREADABLE
    assert open_files(os.getpid()) > before
    await place.close()
    for _ in range(100):
        if open_files(os.getpid()) <= before:
            break
        await asyncio.sleep(0.05)
    else:
        pytest.fail("a connection is left")


async def test_a_directory_without_a_list_has_version_0(tmp_path: Path) -> None:
    assert await DirectoryPlace(tmp_path).list_version() == 0
    assert await DirectoryPlace(tmp_path).read_list() is None


@pytest.mark.parametrize(
    "envelope", [b"", b"{}", b"[]", b'{"manifest":{"version":"x"},"signature":""}', b"\xff", b'{"manifest":"\xff"}']
)
def test_a_manifest_that_is_none_claims_no_version(envelope: bytes) -> None:
    assert claimed_version(envelope) == (UNREADABLE if envelope else 0)


def test_a_rollback_brings_back_the_list_before_within_seconds(
    make_service: Callable[..., Service], tmp_path: Path
) -> None:
    service = make_service("--demo")
    out = str(tmp_path / "bundle")
    service.run("lists", "build", write_list(tmp_path / "own.csv", "gronfel dasp"), "--out", out)
    service.run("lists", "publish", out, "--accept-change")
    eventually(lambda: service.check("gronfel dasp")["action"] == "block", 6)
    before = service.check("zorblax minku")["list_version"]
    service.run("lists", "rollback")
    eventually(lambda: service.check("zorblax minku")["action"] == "block", 6)
    assert service.check("gronfel dasp")["action"] == "allow"
    assert service.check("zorblax minku")["list_version"] > before
