"""Owns the sample pages that tests look at: real services of `facts/`, real messages, freshly compiled
catalogues. Must never invent a number."""

from __future__ import annotations

import importlib.util
import json
import shutil
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from redirect.adapters.catalogues import Catalogues, load_catalogues
from redirect.adapters.content import load_texts
from redirect.domain.content import Door, Platform, Texts
from redirect.domain.services import Card, Crisis, Service
from redirect.domain.views import Help, LanguageBar, Link, PageView
from redirect.web.render import Renderer

ROOT = Path(__file__).parents[1]
SEALED = "kQ7xSampleTokenWithoutMeaningOfAboutTheRightLength0123456789abcdefghijklmnop"
ADULT = ("troubled-desire", "redirection", "find-a-helpline")
COUNTRIES = {
    "GB": {
        Door.MAIN: ("stop-it-now-uk", *ADULT),
        Door.UNDER_18: ("childline-gb", "child-helpline-international-members", "find-a-helpline"),
        Door.SOMEONE_ELSE: ("stop-it-now-uk", "find-a-helpline"),
        Door.HAPPENED_TO_ME: ("childline-gb", "find-a-helpline"),
        Door.WORK_OR_MISTAKE: ("iwf-uk", "stop-it-now-uk", "find-a-helpline"),
    },
    "AR": {
        Door.MAIN: ADULT,
        Door.UNDER_18: ("ar-linea-102", "child-helpline-international-members", "find-a-helpline"),
        Door.SOMEONE_ELSE: ("find-a-helpline",),
        Door.HAPPENED_TO_ME: ("ar-linea-102", "find-a-helpline"),
        Door.WORK_OR_MISTAKE: ("iwf-portal-ar", "find-a-helpline"),
    },
    "MA": {
        Door.MAIN: ADULT,
        Door.UNDER_18: ("child-helpline-international-members", "find-a-helpline"),
        Door.SOMEONE_ELSE: ("find-a-helpline",),
        Door.HAPPENED_TO_ME: ("child-helpline-international-members", "find-a-helpline"),
        Door.WORK_OR_MISTAKE: ("iwf-portal-ma", "find-a-helpline"),
    },
}
CRISIS = {"GB": ("samaritans-gb", ""), "AR": ("", "emergency-ar"), "MA": ("", "")}
REPORT = {"GB": "iwf-uk", "AR": "iwf-portal-ar", "MA": "iwf-portal-ma"}
HOME = {"en": "GB", "es": "AR", "ar": "MA"}
DOORS = {
    "V5": Door.UNDER_18,
    "V6": Door.SOMEONE_ELSE,
    "V7": Door.HAPPENED_TO_ME,
    "V8": Door.WORK_OR_MISTAKE,
}
NEAR = ("en", "es", "ar")
REPORTING = ("V3", "V6", "V7")
OPERATOR = Platform(
    "acme",
    shown_name="Acme",
    blocked_by="Example Networks",
    blocked_by_address="https://networks.example/blocking",
    appeal="appeals@networks.example",
    privacy_notice="https://networks.example/privacy",
)


@dataclass(frozen=True)
class Pages:
    """Sample pages: `view` says what stands on one, `html` is its text."""

    texts: Texts
    catalogues: Catalogues
    renderer: Renderer
    services: dict[str, Service]

    def card(self, id_: str, **changes: Any) -> Card:
        service = replace(self.services[id_], **changes)
        return Card(service, service.url, service.phone, service.phone_display)

    def help(self, id_: str, **changes: Any) -> Help:
        return Help(self.card(id_, **changes), f"/w/{SEALED}/go/{len(id_):x}7")

    def view(self, message: str, tag: str = "en", country: str = "", **changes: Any) -> PageView:
        country, door = country or HOME[tag], DOORS.get(message, Door.MAIN)
        line, emergency = CRISIS[country]
        doors = (
            ()
            if door is not Door.MAIN
            else tuple(
                Link(f"/w/{SEALED}{place}", text.label, text.door) for place, text in enumerate(self.texts.doors)
            )
        )
        bar = [Link(f"?lang={each.tag}", each.name, lang=each.tag) for each in self.catalogues.locales]
        view = PageView(
            message=self.texts.messages[message, "A"],
            door=door,
            locale=next(locale for locale in self.catalogues.locales if locale.tag == tag),
            platform=OPERATOR,
            country=country,
            help=tuple(self.help(id_) for id_ in COUNTRIES[country][door]),
            crisis=Crisis(
                self.card(line) if line else None,
                self.card(emergency) if emergency else None,
                self.card("find-a-helpline"),
            ),
            exit=f"/w/{SEALED}/leave",
            report=self.help(REPORT[country]) if message in REPORTING else None,
            wrong=f"/w/{SEALED}/wrong" if door is Door.WORK_OR_MISTAKE else "",
            back="" if door is Door.MAIN else f"/w/{SEALED}",
            doors=doors,
            languages=LanguageBar(near=tuple(each for each in bar if each.lang in NEAR), others=tuple(bar)),
        )
        return replace(view, **changes)

    def html(self, message: str, tag: str = "en", country: str = "", **changes: Any) -> str:
        return self.renderer.page(self.view(message, tag, country, **changes)).decode()


def build_hook() -> Any:
    """`hatch_build.py`, which is no module of the package."""
    spec = importlib.util.spec_from_file_location("hatch_build", ROOT / "hatch_build.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _services() -> dict[str, Service]:
    """The records of `facts/` by id; of one id in two files the first wins, which is enough for a sample."""
    services: dict[str, Service] = {}
    for name in ("crisis_lines", "help_services", "report_services"):
        for line in (ROOT / "facts" / f"{name}.jsonl").read_text(encoding="utf-8").splitlines():
            service = _service(json.loads(line))
            services.setdefault(service.id, service)
    return services


def _service(record: dict[str, Any]) -> Service:
    kind = record["kind"]
    return Service(
        id=record["id"],
        name=record["name"],
        operator=record["operator"] or "",
        audience=tuple(record.get("audience") or ()),
        kind=(kind,) if isinstance(kind, str) else tuple(kind or ()),
        countries=tuple(record["countries"] or ()),
        languages=tuple(record["languages"] or ()),
        confidence=record["confidence"],
        sources=tuple(record["source_urls"]),
        native_name=record["native_name"],
        url=record["url"],
        phone=record["phone"],
        phone_display=record.get("phone_display") or record["phone"],
        hours=record["hours"],
        free=record["free"],
        anonymous=record.get("anonymous", record.get("anonymous_reporting")),
    )


@pytest.fixture(scope="session")
def locales_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of `locales/`, compiled by the build hook."""
    directory = tmp_path_factory.mktemp("compiled") / "locales"
    shutil.copytree(ROOT / "locales", directory, ignore=shutil.ignore_patterns("*.mo"))
    build_hook().compile_catalogues(directory)
    return directory


@pytest.fixture(scope="session")
def pages(locales_dir: Path) -> Pages:
    texts, services = load_texts(ROOT / "messages"), _services()
    catalogues = load_catalogues(locales_dir, texts.strings(), drafts=True)
    assert not catalogues.left_out, f"these languages need a translator: {catalogues.left_out}; see `make messages`"
    general = services["find-a-helpline"]
    directory = [Card(general, general.url, general.phone, general.phone_display)]
    renderer = Renderer(catalogues.locales, catalogues.translations, directory)
    return Pages(texts, catalogues, renderer, services)
