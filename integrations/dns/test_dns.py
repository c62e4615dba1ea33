"""Owns what the exports for resolvers promise, on the real programs. Must never ask anyone outside: the world is a
stand-in on loopback, and each resolver runs in the foreground from a directory of its own."""

from __future__ import annotations

import re
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from conftest import Service, eventually, needed
from integrations.conftest import ask
from integrations.dns import resolvers
from integrations.dns.world import BROKEN, World
from redirect.tools.live import SAMPLE
from tests.ports import free_port

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from integrations.dns.resolvers import Answer, Resolver

    Export = Callable[..., None]

HERE = Path(__file__).parent
README = (HERE / "README.md").read_text()
HEADER = "kind,value,category,confidence,language,source,expires,note\n"
LISTED = ("blocked.example", "under_score.example", "bücher.example")
SPARED = "garden.blocked.example"
BLOCKED = (
    "blocked.example",
    "www.BLOCKED.example",
    "a.b.c.blocked.example",
    "_dmarc.blocked.example",
    "under_score.example",
    "xn--bcher-kva.example",
    "shop.xn--bcher-kva.example",
)
UNTOUCHED = ("notblocked.example", "blocked.example.other.example", SPARED, f"deep.{SPARED}")
TYPES = ("A", "AAAA", "HTTPS", "TXT", "MX")
CANARY = "canaryvessik"

NOWHERE: tuple[str, ...] = ()
BY_NAME = ("--stop-name", "stop.example")
BY_ADDRESS = ("--stop-address", "192.0.2.80", "--stop-address", "2001:db8::80")
WAYS = {"nxdomain": NOWHERE, "name": BY_NAME, "address": BY_ADDRESS}


@dataclass(frozen=True)
class Kind:
    """One program, and what it reads."""

    make: Callable[[Path, Path, int], Resolver]
    format: str
    ways: tuple[str, ...] = tuple(WAYS)


KINDS = {
    "bind": Kind(resolvers.bind, "rpz"),
    "unbound": Kind(resolvers.unbound, "rpz"),
    "recursor": Kind(resolvers.recursor, "rpz"),
    "knot": Kind(resolvers.knot, "rpz", ("nxdomain", "address")),
    "unbound without a zone": Kind(resolvers.unbound_without_zone, "unbound"),
    "dnsmasq": Kind(resolvers.dnsmasq, "dnsmasq", ("nxdomain", "address")),
}
EVERY = [(name, way) for name, kind in KINDS.items() for way in kind.ways]


@pytest.fixture(scope="module")
def operator(make_service: Callable[..., Service]) -> Service:
    """Where lists are built; no service runs there."""
    return make_service(start=False)


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    with World() as stand_in:
        yield stand_in


@pytest.fixture(scope="module")
def export(operator: Service, tmp_path_factory: pytest.TempPathFactory) -> Export:
    """Export to a file. The first export of one kind is made once; one over another is always made."""
    texts: dict[object, bytes] = {}
    directory = tmp_path_factory.mktemp("lists", numbered=True)

    def write(format_: str, out: Path, *options: str, listed: tuple[str, ...] = LISTED) -> None:
        known = (format_, options, listed)
        if out.exists() or known not in texts:
            source = directory / "list.csv"
            rows = [f"host,{name},csam,high,,,,\n" for name in listed] + [f"except,{SPARED},csam,high,,,,\n"]
            source.write_text(HEADER + "".join(rows))
            operator.run("export", format_, str(source), "--out", str(out), *options)
            texts[known] = out.read_bytes()
        else:
            out.write_bytes(texts[known])

    return write


@pytest.fixture(scope="module")
def run(export: Export, world: World) -> Iterator[Callable[..., Resolver]]:
    """Run a resolver on a fresh export: `run(KINDS["bind"], "--stop-name", "stop.example")`."""
    running: list[Resolver] = []

    def start(kind: Kind, *options: str) -> Resolver:
        directory = Path(tempfile.mkdtemp(prefix="dns-"))
        export(kind.format, directory / "exported", *options)
        running.append(kind.make(directory, directory / "exported", world.port))
        return running[-1].start()

    yield start
    for resolver in running:
        resolver.stop()
        shutil.rmtree(resolver.directory)


@pytest.fixture(scope="module", params=EVERY, ids=[" ".join(each) for each in EVERY])
def case(request: pytest.FixtureRequest, run: Callable[..., Resolver]) -> tuple[Resolver, str]:
    """Each program with each way that it knows."""
    name, way = request.param
    return run(KINDS[name], *WAYS[way]), way


def leads_as_wanted(answer: Answer, kind: str, way: str) -> bool:
    if way == "nxdomain":
        return answer[:2] == ("NXDOMAIN", ())
    if way == "name":
        return answer.records[:1] == ("CNAME stop.example.",)
    wanted = {"A": ("A 192.0.2.80",), "AAAA": ("AAAA 2001:db8::80",)}.get(kind, ())
    return answer[:2] == ("NOERROR", wanted)


def test_a_listed_name_and_all_below_it_lead_where_the_export_says_whatever_is_asked(
    case: tuple[Resolver, str], world: World
) -> None:
    resolver, way = case
    before = len(world.asked)
    questions = [(name, kind) for name in BLOCKED for kind in TYPES]
    for question, answer in zip(questions, resolver.ask_all(questions), strict=True):
        assert leads_as_wanted(answer, question[1], way), (question, answer)
    assert {name for name in world.asked[before:] if "blocked" in name or "score" in name} == set()


def test_any_other_name_and_one_that_is_spared_are_answered_as_ever(case: tuple[Resolver, str]) -> None:
    resolver, _ = case
    records = ("A 203.0.113.9", "AAAA 2001:db8::9", "HTTPS 1 . ipv4hint=203.0.113.9")
    wanted = [(name, record) for name in UNTOUCHED for record in records]
    answers = resolver.ask_all([(name, record.partition(" ")[0]) for name, record in wanted])
    for (name, record), answer in zip(wanted, answers, strict=True):
        assert answer.records == (record,), name


@pytest.mark.parametrize("name", KINDS)
def test_a_new_export_is_taken_up_and_an_old_entry_let_go(
    export: Export, run: Callable[..., Resolver], name: str
) -> None:
    resolver = run(KINDS[name])
    assert resolver.ask("new.example").status == "NOERROR"
    assert resolver.ask("blocked.example").status == "NXDOMAIN"
    export(KINDS[name].format, resolver.exported, listed=("new.example", *LISTED[1:]))
    resolver.renew()
    eventually(lambda: resolver.ask("new.example").status == "NXDOMAIN", 20, "the new export never came")
    assert resolver.ask("blocked.example").status == "NOERROR"


@pytest.mark.parametrize("name", KINDS)
def test_a_resolver_writes_nothing_of_what_it_was_asked_for(run: Callable[..., Resolver], name: str) -> None:
    resolver = run(KINDS[name], *WAYS[KINDS[name].ways[-1]])
    names = [f"{CANARY}.{ending}" for ending in ("blocked.example", SPARED, "example", f"{BROKEN}.example", "test")]
    odd = (f"{CANARY}\\013\\010.example", f"{CANARY}.{'x' * 60}.{'y' * 60}.example")
    resolver.ask_all([(asked, kind) for asked in (*names, *odd) for kind in ("A", "AAAA", "HTTPS", "ANY", "DNSKEY")])
    resolver.renew()
    resolver.stop()
    written = list(resolver.written())
    assert written
    for file in written:
        content = file.read_bytes()
        assert CANARY.encode() not in content, file.name
        assert b"blocked.example" not in content, file.name


LOUD = {
    "bind": {"policy given log no": "policy given log yes", "category default { null; };": "category rpz { plain; };"},
    "unbound": {"log-local-actions: no": "log-queries: yes"},
    "recursor": {"quiet=yes\nloglevel=3": "quiet=no\nloglevel=6"},
    "dnsmasq": {"log-facility=/dev/null": "log-facility=-"},
}


@pytest.mark.parametrize("name", LOUD)
def test_with_another_setting_it_would_have_written_them(
    run: Callable[..., Resolver], monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    shipped = resolvers._shipped

    def louder(file: str, changes: dict[str, str]) -> str:
        text = shipped(file, changes)
        for quiet, loud in LOUD[name].items():
            text = text.replace(quiet, loud)
        return text

    monkeypatch.setattr(resolvers, "_shipped", louder)
    resolver = run(KINDS[name])
    resolver.ask("blocked.example")
    assert any(b"blocked.example" in file.read_bytes() for file in resolver.written() if file.suffix == ".log")


def test_nobody_can_read_the_list_from_bind(run: Callable[..., Resolver]) -> None:
    resolver = run(KINDS["bind"])
    assert resolver.ask("blocked.example.rpz.invalid", "CNAME").status == "REFUSED"
    assert "blocked" not in str(resolver.ask("rpz.invalid", "AXFR"))


def test_why_a_name_is_gone_is_said_by_those_that_can_say_it(run: Callable[..., Resolver]) -> None:
    said = {name: run(KINDS[name]).ask("blocked.example").extended for name in ("bind", "unbound", "knot", "recursor")}
    assert said["recursor"] == "16 (Censored): (https://networks.example/blocking)"
    assert said["knot"].startswith("15 (Blocked)")
    assert (said["bind"], said["unbound"]) == ("", "")


def test_a_hosts_file_stops_the_name_and_its_www_and_nothing_else(run: Callable[..., Resolver]) -> None:
    resolver = run(Kind(resolvers.dnsmasq_with_hosts, "hosts"), *BY_ADDRESS)
    for name in ("blocked.example", "www.blocked.example"):
        assert resolver.ask(name).records == ("A 192.0.2.80",)
        assert resolver.ask(name, "AAAA").records == ("AAAA 2001:db8::80",)
        assert resolver.ask(name, "HTTPS").records == ("HTTPS 1 . ipv4hint=203.0.113.9",)
    assert resolver.ask("a.blocked.example").records == ("A 203.0.113.9",)


def test_knot_resolver_would_ignore_a_name_to_lead_to(run: Callable[..., Resolver]) -> None:
    assert run(KINDS["knot"], *BY_NAME).ask("blocked.example").records == ("A 203.0.113.9",)


@pytest.mark.parametrize("options", [*WAYS.values(), ("--origin", "x", "--ttl", "0")])
def test_bind_finds_the_zone_in_order(export: Export, tmp_path: Path, options: tuple[str, ...]) -> None:
    out = tmp_path / "zone"
    export("rpz", out, *options)
    origin = "x" if "--origin" in options else "rpz.invalid"
    checked = [needed("named-checkzone"), "-i", "none", "-k", "ignore", origin, str(out)]
    done = subprocess.run(checked, capture_output=True, text=True, check=False, timeout=30)
    assert done.returncode == 0, done.stdout
    assert re.search(r"loaded serial \d{10}\nOK\n\Z", done.stdout)


def test_who_was_sent_to_the_stop_page_meets_it(
    make_service: Callable[..., Service], run: Callable[..., Resolver]
) -> None:
    port = free_port()
    make_service(
        "--demo",
        REDIRECT_STOP_PORT=str(port),
        REDIRECT_STOP_PLATFORM="networks",
        REDIRECT_PLATFORMS=str(HERE / "platforms.toml"),
    )
    (record,) = run(KINDS["unbound"], "--stop-address", "127.0.0.1").ask("www.blocked.example").records
    assert record == "A 127.0.0.1"
    reply = ask(port, "/room/42?q=1", headers={"Host": "www.blocked.example"})
    assert reply.status == 451
    assert 'rel="blocked-by"' in reply.headers["link"]


def test_what_the_readme_says_first_works(operator: Service, tmp_path: Path) -> None:
    port = free_port()
    operator.run("export", "rpz", str(SAMPLE), "--out", str(tmp_path / "redirect.rpz"))
    conf = tmp_path / "try.conf"
    conf.write_text((HERE / "try.conf").read_text().replace("127.0.0.1@5300", f"127.0.0.1@{port}"))
    process = subprocess.Popen([needed("unbound"), "-d", "-c", str(conf)], cwd=tmp_path)
    try:
        resolver = resolvers.Resolver([], tmp_path, port, tmp_path / "redirect.rpz")
        eventually(lambda: resolver.ask("www.wholly-blocked.example").status == "NXDOMAIN")
        assert "-p 5300 www.wholly-blocked.example" in README
    finally:
        process.terminate()
        process.wait(20)


def test_the_readme_speaks_of_what_is_shipped(operator: Service) -> None:
    for file in re.findall(r"(?:cp|<|-c) (integrations/dns/[\w.]+)", README):
        assert (HERE.parents[1] / file).exists(), file
    shipped = "".join(file.read_text() for file in HERE.glob("*.conf")) + (HERE / "recursor.lua").read_text()
    for path in re.findall(r"--out (/\S+\.rpz)", README):
        assert path in shipped, path
    known = operator.run("export", "--help").stdout
    for option in re.findall(r"^\| `(--[a-z-]+)", README, re.MULTILINE):
        assert option in known, option
