"""Every text that an operator, a reviewer or a service can write, made hostile, through every page and answer that
shows it: none becomes markup, a header, a formula of a template, or a link to elsewhere."""

from __future__ import annotations

import dataclasses
import json
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from conftest import LISTED, LISTED_URL, Html
from redirect import app, data_dir
from redirect.adapters import bundles
from redirect.adapters.board import Board
from redirect.domain.content import Platform
from redirect.domain.notes import Kind, Note
from redirect.domain.services import Directory, Service
from redirect.domain.summary import together
from redirect.journeys.dashboard import Overview
from redirect.settings import Secret
from redirect.web.desk import HOME
from redirect.web.report_page import Around, Asked, EnglishNames, ReportPage
from redirect.web.report_sheets import Sheets
from tests.promises.conftest import NOBODY, Worker

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.promises.conftest import Parts

HOSTILE = (
    "Zorblax\"'><zorblax onload=alert(1)></style></title>{{7777*7777}}&lt;zorblax&gt;\u202e%0d%0aX-Zorblax: 1\x1b]0;"
)
ADDRESS = "https://quellfen.example/\"'><zorblax onload=alert(1)>"
FREE = {"shown_name", "blocked_by", "name", "native_name", "operator", "network", "region", "phone_display", "force"}
"""Fields that hold a text of somebody's own, beside all that are sentences."""
LINKS = {"url", "exit", "appeal", "privacy_notice", "link"}
PLATFORM = Platform("demo", "Acme", "Acme", "https://acme.example", "mailto:a@acme.example", privacy_notice="https://a")
FACES = ("text/html,*/*", "text/plain", "application/json")
TYPES = ("text/html", "text/plain", "application/json")


def hostile(value: Any, field: str = "") -> Any:
    """The same with every text of somebody's own made hostile. Names by which things find each other stay."""
    if type(value) is str:
        if field in LINKS and value.startswith(("http", "mailto:")):
            return ADDRESS
        return f"{value} {HOSTILE}" if field in FREE or " " in value else value
    if isinstance(value, tuple) and type(value) is tuple:
        return tuple(hostile(each, field) for each in value)
    if isinstance(value, dict):
        return {key: hostile(each, field) for key, each in value.items()}
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = [each.name for each in dataclasses.fields(value) if each.init]
        return dataclasses.replace(value, **{name: hostile(getattr(value, name), name) for name in fields})
    return value


def service(record: Service) -> Service:
    """A record of the directory, hostile where a page shows it; what chains are built by stays."""
    made: Service = hostile(record)
    return dataclasses.replace(
        made, id=record.id, hours=record.hours, time_zone=record.time_zone, sources=record.sources
    )


@pytest.fixture(scope="module")
def infested(parts: Parts, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Worker]:
    """A worker all of whose content is hostile. Loaders would refuse most of it; here they are not asked."""
    content = parts.content
    languages = dataclasses.replace(
        content,
        texts=hostile(content.texts),
        categories=hostile(dict(content.categories)),
        directory=Directory(map(service, content.directory)),
        videos=hostile(content.videos),
        platforms={"demo": dataclasses.replace(hostile(PLATFORM), name="demo")},
    )
    directory = tmp_path_factory.mktemp("infested")
    settings = dataclasses.replace(parts.settings, data_dir=directory, store_url=Secret(NOBODY))
    made = app.Worker(settings, data_dir.load_keys(parts.settings), languages, Board(1), "http://127.0.0.1:8080")
    made.lists.take(*bundles.read(parts.bundle))
    yield Worker(made.site.app, made.anomalies, directory / "spool")
    made.spool.close()


class Seen(NamedTuple):
    address: str
    accept: str
    status: int
    headers: dict[str, str]
    text: str


def look(worker: Worker, address: str) -> Iterator[Seen]:
    for accept in FACES:
        status, headers, body = worker.call("GET", address, accept=accept)
        yield Seen(address, accept, status, headers, body.decode())


def walk(worker: Worker) -> Iterator[Seen]:
    """Both kinds of pages, everything that they lead to, the directory, and answers as platforms get them."""
    found = []
    for subject in ({"query": LISTED}, {"url": LISTED_URL}, {"query": LISTED, "attempt": 2}):
        for face in (None, "card", "matrix"):
            asked = {**subject, "country": "GB", "languages": "en", **({"face": face} if face else {})}
            status, headers, body = worker.call("POST", "/v1/check", json.dumps(asked).encode())
            yield Seen("/v1/check", str(face), status, headers, body.decode())
            found.append(json.loads(body)["page"].partition("8080")[2])
    seen: set[str] = set()
    while found:
        address = found.pop()
        if address in seen or len(seen) > 60 or "/go/" in address or address.endswith("/leave"):
            continue
        seen.add(address)
        for each in look(worker, address):
            yield each
            if each.accept.startswith("text/html"):
                found += [link for link in Html(each.text).links if link.startswith("/w/")]
    for address in ("/en/help", "/en/help/GB", "/v1/resources?country=GB", "/w/unreadable"):
        yield from look(worker, address)


def test_no_text_of_anybody_is_ever_markup(infested: Worker) -> None:
    shown: set[str] = set()
    for seen in walk(infested):
        where = (seen.address[:30], seen.accept)
        assert seen.status == 200, where
        assert "60481729" not in seen.text, where
        assert "x-zorblax" not in seen.headers, where
        assert not [value for value in seen.headers.values() if "zorblax" in value.lower()], where
        kind = seen.headers["content-type"].partition(";")[0]
        if "Zorblax" in seen.text:
            shown.add(kind)
        if kind == "text/html":
            page = Html(seen.text)
            assert "zorblax" not in dict(page.tags), where
            assert not [tag for tag, attributes in page.tags if "onload" in attributes], where
            assert seen.text.count("</style>") == seen.text.count("</title>") == 1, where
            assert not [link for link in page.links if not link.startswith(("/", "?", "https://", "tel:", "mailto:"))]
        elif kind == "text/plain":
            assert not [one for one in seen.text if one != "\n" and (not one.isprintable() or one == "\u202e")], where
        else:
            json.loads(seen.text)
    assert shown == set(TYPES), "or nothing was tried"
    assert not infested.notes, "a page that breaks shows help without any of it"


def test_nor_is_it_in_the_dashboard(parts: Parts) -> None:
    """Names of services, categories and platforms, and what managers note."""
    names = EnglishNames(Directory(map(service, parts.content.directory)), {"csam": HOSTILE})
    note = Note("2026-11-16", next(iter(Kind)), HOSTILE)
    overview = Overview(HOSTILE, (), (), together(()), {}, {"1": note}, "2026-11-20", 10)
    asked, around = (
        Asked(HOSTILE, 0, 0, HOSTILE),
        Around((HOSTILE, "demo"), ("2026-10",), experiments=False, told=HOSTILE),
    )
    text = ReportPage(names, Sheets(HOME)).dashboard(asked, overview, around).decode()
    page = Html(text)
    assert text.count("Zorblax") > 10
    assert "60481729" not in text
    assert "zorblax" not in dict(page.tags)
    assert not [tag for tag, attributes in page.tags if "onload" in attributes]
    assert text.count("</style>") == text.count("</title>") == 1
    assert not [link for link in page.links if not link.startswith(("/reports", "?", "#"))]
