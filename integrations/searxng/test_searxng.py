"""Owns what the plugin for SearXNG promises, in a stand-in with SearXNG's interface for plugins, on the real gunicorn
and the real service. Must never start it with other settings than those that the README shows."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from integrations.conftest import RESULTS, Reply, StandIn, ask, listening
from integrations.contract import FORM, UNLISTED, CheckAdapter, Front, MakeFront, decided, leads_to_page
from integrations.programs import program

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conftest import Service

HERE = Path(__file__).parent
STAND_IN = HERE / "stand_in"
SERVER = [sys.executable, "-m", "gunicorn", "--threads", "4", "--limit-request-line", "0", "--log-level", "critical",
          "searx.webapp:app"]  # fmt: skip
COMPLETIONS = ["weather", "zorblax minku", "morquil besh tarn", "a < b"]
COMMANDS = (b"q=zorblax+!images+minku", b"q=!!g+zorblax+minku", b"q=:de+zorblax+<3+minku")


def shown_settings() -> dict[str, Any]:
    """The settings.yml of the README."""
    settings: dict[str, Any] = yaml.safe_load((HERE / "README.md").read_text().split("```yaml\n")[1].split("```")[0])
    return settings


@pytest.fixture(scope="module")
def make_front(service: Service, platform: StandIn) -> Iterator[MakeFront]:
    with ExitStack() as running, tempfile.TemporaryDirectory() as directory:

        def make(
            asked: int | None = None, *, on_error: str = "open", key: str = "demo", behind: int | None = None
        ) -> Front:
            settings = shown_settings()
            address = f"http://127.0.0.1:{asked or service.port}"
            settings["redirect"] |= {"service": address, "key": key, "on_error": on_error}
            file = Path(tempfile.mkstemp(".yml", dir=directory)[1])
            file.write_text(yaml.safe_dump(settings))
            environ = {"SEARXNG_SETTINGS_PATH": str(file), "PLATFORM": str(behind or platform.port)}
            return running.enter_context(
                program(lambda port: [*SERVER, "--bind", f"127.0.0.1:{port}"], environ, STAND_IN)
            )

        yield make


class TestContract(CheckAdapter):
    """As everywhere, but that SearXNG searches for the first `q` alone, and that engines get nothing but that."""

    def passes(self, reply: Reply) -> bool:
        return reply.status == 200 and RESULTS in reply.body

    def test_any_other_search_reaches_the_platform_as_it_was(self, front: Front, platform: StandIn) -> None:
        sent = {"Cookie": "a=b", "User-Agent": "reader", "Referer": "http://a.example/"}
        assert self.passes(front.search(UNLISTED, headers=sent))
        seen = platform.seen[-1]
        assert seen.target == "/search?q=weather+tomorrow"
        assert not {"cookie", "referer"} & seen.headers.keys()

    def test_no_disguise_of_a_listed_search_passes(self, front: Front, platform: StandIn, disguise: bytes) -> None:
        assert _no_engine_is_asked(front, platform, disguise, "GET")

    def test_a_form_is_decided_where_the_adapter_sees_bodies(
        self, front: Front, platform: StandIn, disguise: bytes
    ) -> None:
        assert _no_engine_is_asked(front, platform, disguise, "POST")

    @pytest.mark.parametrize("length", [1, 40_000, 400_000])
    def test_any_other_body_reaches_the_platform_as_it_was(self, front: Front, platform: StandIn, length: int) -> None:
        before = len(platform.seen)
        assert self.passes(front.search(UNLISTED + b"&n=%FF%00" + b"x" * length, "POST"))
        assert front.search(b"x" * length, "POST", {"Content-Type": "application/octet-stream"}).status == 200
        assert [seen.target for seen in platform.seen[before:]] == ["/search?q=weather+tomorrow"]


def _no_engine_is_asked(front: Front, platform: StandIn, query: bytes, method: str) -> bool:
    """But for the innocent search that stands before the listed one in two of the disguises."""
    reached: set[str] = set()

    def search() -> Reply:
        before = len(platform.seen)
        reply = front.search(query, method)
        reached.clear()
        reached.update(seen.target for seen in platform.seen[before:])
        return reply

    def holds(_: Reply) -> bool:
        return reached <= {"/search?q=weather"}

    return holds(decided(search, holds))


@pytest.mark.parametrize("query", COMMANDS)
def test_a_search_is_decided_as_engines_would_get_it(front: Front, platform: StandIn, query: bytes) -> None:
    before = len(platform.seen)
    assert leads_to_page(decided(lambda: front.search(query), leads_to_page))
    assert not any("zorblax" in seen.target for seen in platform.seen[before:])


def test_every_format_is_decided(front: Front) -> None:
    assert leads_to_page(decided(lambda: front.search(b"q=zorblax+minku&format=json"), leads_to_page))
    assert json.loads(front.search(b"q=weather&format=json").body)["results"] == [RESULTS.decode()]


def test_nobody_can_switch_it_off(front: Front) -> None:
    off = {"Cookie": "disabled_plugins=redirect"}
    assert leads_to_page(decided(lambda: front.search(b"q=zorblax+minku", headers=off), leads_to_page))
    assert b"[null]" in ask(front.port, "/").body, "preferences offer no switch"


def test_a_search_at_the_front_page_is_decided_where_it_is_sent_on_to(front: Front) -> None:
    reply = ask(front.port, "/?q=zorblax+minku")
    assert (reply.status, reply.headers["location"]) == (308, "/search?q=zorblax+minku")


@pytest.fixture(scope="module")
def suggesting(make_front: MakeFront, completer: StandIn) -> Front:
    return make_front(behind=completer.port)


@pytest.fixture(scope="module")
def completer() -> Iterator[StandIn]:
    with listening(StandIn(body=json.dumps(COMPLETIONS).encode())) as stand_in:
        yield stand_in


def test_listed_completions_are_not_suggested(suggesting: Front) -> None:
    in_browsers = decided(
        lambda: ask(suggesting.port, "/autocompleter?q=weath"), lambda reply: b"zorblax" not in reply.body
    )
    assert in_browsers.headers["content-type"] == "application/x-suggestions+json"
    assert json.loads(in_browsers.body) == ["weath", ["weather", "a &lt; b"]]
    own = {"X-Requested-With": "XMLHttpRequest", **FORM}
    by_itself = decided(
        lambda: ask(suggesting.port, "/autocompleter", "POST", b"q=weath", headers=own),
        lambda reply: b"zorblax" not in reply.body,
    )
    assert json.loads(by_itself.body) == ["weather", "a &lt; b"]


@pytest.mark.parametrize("query", ["zorblax+minku", "zorblax+!images+minku", "morquil+besh+tarn"])
def test_a_listed_beginning_is_never_sent_to_a_completer(suggesting: Front, completer: StandIn, query: str) -> None:
    before = len(completer.seen)
    asked: list[int] = []

    def suggest() -> Reply:
        asked.append(len(completer.seen))
        return ask(suggesting.port, f"/autocompleter?q={query}")

    reply = decided(suggest, lambda reply: json.loads(reply.body)[1:] == [[], [], []])
    assert reply.status == 200
    assert len(completer.seen) == asked[-1] >= before


def test_the_search_box_of_searxng_shows_nothing_for_a_listed_beginning(suggesting: Front) -> None:
    own = {"X-Requested-With": "XMLHttpRequest", **FORM}
    search = partial(ask, suggesting.port, "/autocompleter", "POST", b"q=zorblax+minku", headers=own)
    assert decided(search, lambda reply: reply.body == b"[]").body == b"[]"


@pytest.mark.parametrize(
    "wrong",
    [{}, {"service": "http://127.0.0.1:8080"}, {"service": "ftp://a.example", "key": "demo"},
     {"service": "http://127.0.0.1:8080", "key": "demo", "on_error": "maybe"},
     {"service": "http://127.0.0.1:8080", "key": "demo", "onerror": "closed"}],
)  # fmt: skip
def test_wrong_settings_end_the_start(wrong: dict[str, str], tmp_path: Path) -> None:
    assert "ValueError" in _failure("import searx.webapp", {**shown_settings(), "redirect": wrong}, tmp_path)


def test_it_does_not_start_where_searches_have_other_names(tmp_path: Path) -> None:
    imports = "import flask, redirect.middleware.searxng as plugin; from searx.plugins import PluginCfg; "
    code = imports + "plugin.SXNGPlugin(PluginCfg()).init(flask.Flask('other'))"
    assert "RuntimeError: this SearXNG names" in _failure(code, shown_settings(), tmp_path)


def _failure(code: str, settings: dict[str, Any], directory: Path) -> str:
    """What a program says that ends with an error."""
    file = directory / "settings.yml"
    file.write_text(yaml.safe_dump(settings))
    environ = {**os.environ, "SEARXNG_SETTINGS_PATH": str(file)}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=STAND_IN, env=environ, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    return done.stderr
