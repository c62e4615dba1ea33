"""Owns what an adapter adds to a search: the same program asked with and without it, in turns within one run. Must
never leave a program behind.

    python -m bench --adapters

Each adapter is one function in ADAPTERS: it starts its program before a platform that does nearly nothing, and gives
two calls, each of which makes one request over a connection that stays open: one that the adapter lets alone, one that
it asks redirect about. Adapters whose program is not installed are named as such.
"""

from __future__ import annotations

import http.client
import os
import shutil
import statistics
import sys
import time
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, NamedTuple

from rich.console import Console
from rich.table import Table

from bench.servers import BIN, free_port, running
from integrations.proxies import CADDY, ENVOY, HAPROXY
from integrations.squid.squids import Squids
from redirect.cli.shown import working

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from contextlib import AbstractContextManager

    from integrations.shipped import Shipped

INTEGRATIONS = Path(__file__).parents[1] / "integrations"
SEARCH = "/search?q=weather+tomorrow"
ROUNDS = 40
WARM_UP = 40
"""Rounds before the first that counts: a program that compiles as it runs is quicker afterwards."""
AT_ONCE = 25
"""Requests of one kind before the other has its turn: what else the machine does falls on both alike."""
REACH = {"nginx": 1.0}
"""Milliseconds that an adapter may add at the median."""


class Place(NamedTuple):
    """Where an adapter's program may write, and the port where redirect listens."""

    scratch: Path
    redirect: int

    @property
    def environ(self) -> dict[str, str]:
        """For programs that read it."""
        return {"REDIRECT_SERVICE": f"http://127.0.0.1:{self.redirect}", "REDIRECT_KEY": "demo"}


class Pair(NamedTuple):
    """One request without the adapter's question, and one with it."""

    without: Callable[[], None]
    asked: Callable[[], None]


@contextmanager
def nginx(place: Place) -> Iterator[Pair]:
    """The shipped files; /other has no `auth_request`."""
    port, platform = free_port(), free_port()
    shutil.copytree(INTEGRATIONS / "nginx", place.scratch, dirs_exist_ok=True)
    changes = {
        "/var/log/nginx/": f"{place.scratch}/",
        "/run/redirect-example.pid": f"{place.scratch}/pid",
        "127.0.0.1:8081": f"127.0.0.1:{port}",
        "127.0.0.1:8082": f"127.0.0.1:{platform}",
        "127.0.0.1:8080": f"127.0.0.1:{place.redirect}",
    }
    for file in place.scratch.rglob("*.conf"):
        file.write_text(_changed(file.read_text(), changes))
    command = [found("nginx"), "-p", str(place.scratch), "-e", "stderr", "-c", str(place.scratch / "nginx.conf")]
    with running(command, f"http://127.0.0.1:{port}/", {}, place.scratch), getting(port) as get:
        yield Pair(get("/other?q=weather+tomorrow"), get(SEARCH))


LET_ALONE: Mapping[str, Mapping[str, str]] = {
    "caddy": {},
    "haproxy": {"http-request lua.redirect open": "http-request lua.redirect open unless { path_beg /other }"},
    "envoy": {
        "                        - match: {prefix: /}\n                          route: {cluster: platform}\n": (
            "                        - match: {prefix: /other}\n                          route: {cluster: platform}\n"
            "                          typed_per_filter_config:\n"
            "                            envoy.filters.http.ext_authz:\n"
            '                              "@type": type.googleapis.com/envoy.extensions.filters.http.ext_authz.v3.'
            "ExtAuthzPerRoute\n                              disabled: true\n"
            "                        - match: {prefix: /}\n                          route: {cluster: platform}\n"
        )
    },
}
"""What to write so that /other is not asked about, where the example asks about everything."""


@contextmanager
def _proxy(shipped: Shipped, place: Place) -> Iterator[Pair]:
    """The shipped files, with the platform that the example brings along."""
    name = shipped.folder.name
    found(name)
    example = replace(shipped, without="")
    with example.running(place.redirect, free_port(), changes=LET_ALONE[name]) as front, getting(front.port) as get:
        yield Pair(get("/other?q=weather+tomorrow"), get(SEARCH))


@contextmanager
def _application(command: list[str], place: Place, port: int, folder: str) -> Iterator[Pair]:
    """A sample search page: without a search it asks nobody."""
    environ = {**place.environ, "PORT": str(port), "PYTHONPATH": str(INTEGRATIONS / folder)}
    with running(command, f"http://127.0.0.1:{port}/", environ, place.scratch), getting(port) as get:
        yield Pair(get("/search"), get(SEARCH))


def asgi(place: Place) -> AbstractContextManager[Pair]:
    """Middleware in uvicorn."""
    port = free_port()
    command = [str(BIN / "uvicorn"), "--no-access-log", "--log-level", "error", "--port", str(port), "sample:app"]
    return _application(command, place, port, "asgi")


def wsgi(place: Place) -> AbstractContextManager[Pair]:
    """Middleware in gunicorn, whose threads keep connections open."""
    port = free_port()
    command = [str(BIN / "gunicorn"), "--threads", "2", "--log-level", "critical", "--bind", f"127.0.0.1:{port}",
               "sample:app"]  # fmt: skip
    return _application(command, place, port, "wsgi")


def node(place: Place) -> AbstractContextManager[Pair]:
    """Middleware in Express."""
    return _application([found("node"), str(INTEGRATIONS / "node" / "sample.js")], place, free_port(), "node")


@contextmanager
def searxng(place: Place) -> Iterator[Pair]:
    """The stand-in for SearXNG, without the plugin and with it; its engine is whatever answers at redirect's port."""
    redirect = f"redirect: {{service: 'http://127.0.0.1:{place.redirect}', key: demo}}\n"
    plugin = "plugins: {redirect.middleware.searxng.SXNGPlugin: {active: true}}\n"
    with _stand_in(place, "without", "plugins: {}\n") as without, _stand_in(place, "with", plugin + redirect) as asked:
        yield Pair(without, asked)


@contextmanager
def _stand_in(place: Place, name: str, settings: str) -> Iterator[Callable[[], None]]:
    port, file = free_port(), place.scratch / f"{name}.yml"
    file.write_text(settings)
    environ = {"SEARXNG_SETTINGS_PATH": str(file), "PLATFORM": str(place.redirect),
               "PYTHONPATH": str(INTEGRATIONS / "searxng" / "stand_in")}  # fmt: skip
    command = [str(BIN / "gunicorn"), "--threads", "2", "--log-level", "critical", "--bind", f"127.0.0.1:{port}",
               "searx.webapp:app"]  # fmt: skip
    with running(command, f"http://127.0.0.1:{port}/", environ, place.scratch), getting(port) as get:
        yield get(SEARCH)


UNASKED = {
    "icap": "adaptation_access redirect allow all",
    "rewrite": "url_rewrite_program ",
    "acl": "http_access deny redirect_stop",
}
"""Where squid.conf says who is asked about, by way."""


@contextmanager
def _squid(way: str, place: Place) -> Iterator[Pair]:
    """The shipped files; whoever asks for `unasked` is let alone, and redirect's own /livez stands for a platform."""
    found("squid")
    squids, rule = Squids(way, place.redirect, place.redirect), UNASKED[way]
    without = {
        "icap": f"adaptation_access redirect deny unasked\n{rule}",
        "rewrite": f"url_rewrite_access deny unasked\n{rule}",
        "acl": "http_access deny !unasked redirect_stop",
    }[way]
    try:
        squid = squids.make(changes={rule: f"acl unasked urlpath_regex unasked\n{without}"})
        with getting(squid.port) as get:
            yield Pair(get("http://a.example/livez?unasked"), get("http://a.example/livez?q=weather+tomorrow"))
    finally:
        squids.stop()


ADAPTERS: dict[str, Callable[[Place], AbstractContextManager[Pair]]] = {
    "nginx": nginx,
    "Caddy": partial(_proxy, CADDY),
    "HAProxy": partial(_proxy, HAPROXY),
    "Envoy": partial(_proxy, ENVOY),
    "ASGI": asgi,
    "WSGI": wsgi,
    "Node": node,
    "SearXNG stand-in": searxng,
    "Squid, ICAP": partial(_squid, "icap"),
    "Squid, url_rewrite": partial(_squid, "rewrite"),
    "Squid, external_acl": partial(_squid, "acl"),
}


def main() -> None:
    """Measure each, print the table."""
    table = Table(title="Added to a search, milliseconds at the median", title_justify="left")
    for column in ("", "without", "with", "added", "to reach"):
        table.add_column(column, justify="left" if not column or column == "to reach" else "right")
    with ExitStack() as stack:
        progress = stack.enter_context(working())
        scratch = Path(stack.enter_context(TemporaryDirectory(prefix="rd-adapters-")))
        port = free_port()
        environ = {"REDIRECT_DATA_DIR": str(scratch / "var"), "REDIRECT_PORT": str(port), "REDIRECT_DEMO": "1"}
        stack.enter_context(
            running([str(BIN / "redirect"), "serve"], f"http://127.0.0.1:{port}/readyz", environ, scratch)
        )
        for number, (name, adapter) in enumerate(ADAPTERS.items()):
            progress("adapters", number, len(ADAPTERS))
            table.add_row(name, *_row(name, adapter, port))
    Console(width=None if sys.stdout.isatty() else 120).print(table)


def _row(name: str, adapter: Callable[[Place], AbstractContextManager[Pair]], port: int) -> list[str]:
    with TemporaryDirectory(prefix="rd-adapter-") as scratch:
        Path(scratch).chmod(0o711)  # nginx keeps its files for workers of another user there
        try:
            with adapter(Place(Path(scratch), port)) as pair:
                without, asked = measured(pair)
        except (OSError, RuntimeError) as error:
            return [f"not measured: {type(error).__name__}", "", "", ""]
    reach = f"≤ {REACH[name]:g}" if name in REACH else ""
    return [f"{without:.2f}", f"{asked:.2f}", f"{asked - without:.2f}", reach]


def measured(pair: Pair) -> tuple[float, float]:
    """Milliseconds at the median of both, taken in turns."""
    taken: tuple[list[float], list[float]] = ([], [])
    for _ in range(WARM_UP + ROUNDS):
        for call, times in zip(pair, taken, strict=True):
            for _ in range(AT_ONCE):
                began = time.perf_counter()
                call()
                times.append((time.perf_counter() - began) * 1e3)
    without, asked = (statistics.median(times[WARM_UP * AT_ONCE :]) for times in taken)
    return without, asked


def found(program: str) -> str:
    """The path of a program from the distribution. Raises FileNotFoundError."""
    path = shutil.which(program, path=os.environ.get("PATH", "") + f":/usr/sbin:/sbin:{BIN}")
    if path is None:
        raise FileNotFoundError(program)
    return path


@contextmanager
def getting(port: int) -> Iterator[Callable[[str], Callable[[], None]]]:
    """Make calls that GET a path over one connection. Each raises RuntimeError unless it is answered 200."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)

    def get(path: str) -> Callable[[], None]:
        def call() -> None:
            connection.request("GET", path)
            response = connection.getresponse()
            response.read()
            if response.status != 200:
                raise RuntimeError(f"answered {response.status}")

        return call

    try:
        yield get
    finally:
        connection.close()


def _changed(text: str, changes: Mapping[str, str]) -> str:
    for old, new in changes.items():
        text = text.replace(old, new)
    return text
