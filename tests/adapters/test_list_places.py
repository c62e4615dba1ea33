"""Tests of bundles that come from a directory or an address instead of the store."""

from __future__ import annotations

import functools
import threading
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

import pytest

from conftest import eventually
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


async def test_an_address_that_does_not_answer_or_has_nothing_is_a_store_error(web: str) -> None:
    with pytest.raises(StoreError, match="404"):
        await HttpsPlace(f"{web}/nothing").list_version()
    with pytest.raises(StoreError, match="did not answer"):
        await HttpsPlace("http://127.0.0.1:9").list_version()


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
