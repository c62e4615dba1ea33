"""The services as they are now: pauses taken from the store, kept on the disk, ended by the day."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from redirect.adapters.directory import load_directory
from redirect.adapters.live_directory import LiveDirectory
from redirect.adapters.store import Store
from redirect.adapters.watcher import PauseWatcher
from redirect.domain.services import FURTHER_NOTICE, PILLARS

FILES = load_directory(Path(__file__).parents[2] / "messages" / "resources")
LINE = "stop-it-now-uk"


class Clock:
    def __init__(self) -> None:
        self.today = date(2026, 11, 22)

    def __call__(self) -> float:
        return datetime(self.today.year, self.today.month, self.today.day, 12, tzinfo=UTC).timestamp()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def live(tmp_path: Path, clock: Clock) -> LiveDirectory:
    return LiveDirectory(FILES, tmp_path / "pauses.json", clock)


def shows(live: LiveDirectory, id_: str = LINE) -> bool:
    return any(card.service.id == id_ for card in live.now.shown)


def test_a_pause_takes_a_service_away_and_its_end_brings_it_back(live: LiveDirectory) -> None:
    assert shows(live)
    live.refresh({LINE: FURTHER_NOTICE.encode()})
    assert not shows(live)
    assert live.now.by_id(LINE), "its record stays, so that counts still know it"
    live.refresh({})
    assert shows(live)


def test_a_pause_outlives_the_store_and_the_process(tmp_path: Path, live: LiveDirectory, clock: Clock) -> None:
    live.refresh({LINE: b"2026-12-01"})
    again = LiveDirectory(FILES, tmp_path / "pauses.json", clock)
    assert not shows(again)


@pytest.mark.parametrize("damage", [b"", b"{", b"[1]", b'{"stop-it-now-uk": 1}', b"\xff"])
def test_a_damaged_copy_stops_nothing(tmp_path: Path, clock: Clock, damage: bytes) -> None:
    (tmp_path / "pauses.json").write_bytes(damage)
    assert shows(LiveDirectory(FILES, tmp_path / "pauses.json", clock))


def test_a_pause_ends_with_its_day_without_anyone_doing_anything(live: LiveDirectory, clock: Clock) -> None:
    live.refresh({LINE: b"2026-11-23"})
    live.tick()
    assert not shows(live)
    clock.today = date(2026, 11, 23)
    live.tick()
    assert shows(live)


@pytest.mark.parametrize("until", [b"soon", b"\xff\xfe", b"2026-13-45"])
def test_a_pause_that_cannot_be_read_is_one_until_further_notice(live: LiveDirectory, until: bytes) -> None:
    live.refresh({LINE: until})
    assert not shows(live)


def test_whoever_keeps_pages_is_told_of_each_change_and_of_nothing_else(live: LiveDirectory, clock: Clock) -> None:
    told = []
    live.when_changed.append(lambda: told.append(shows(live)))
    live.tick()
    live.refresh({})
    assert told == []
    live.refresh({LINE: b"further-notice"})
    live.refresh({LINE: b"further-notice"})
    assert told == [False]
    clock.today = date(2026, 11, 23)
    live.tick()
    assert told == [False, False]


def test_what_ends_the_chains_is_never_paused(live: LiveDirectory) -> None:
    live.refresh(dict.fromkeys((*PILLARS, LINE, "no-such-service"), b"further-notice"))
    assert all(shows(live, pillar) for pillar in PILLARS)
    assert not shows(live)


async def test_pauses_come_from_the_store_and_stay_when_it_is_empty(valkey: str, live: LiveDirectory) -> None:
    async with Store(valkey) as store:
        watcher = PauseWatcher(store, live)
        await watcher.look()
        assert shows(live)
        await store.write_pause(LINE, b"further-notice")
        await watcher.look()
        assert not shows(live)
        assert await store.pauses() == {LINE: b"further-notice"}
        assert await store.delete_pause(LINE)
        assert not await store.delete_pause(LINE)
        await watcher.look()
        assert shows(live)


async def test_a_store_that_has_lost_its_pauses_ends_none(valkey: str, live: LiveDirectory) -> None:
    live.refresh({LINE: b"further-notice"})
    async with Store(valkey) as store:
        await PauseWatcher(store, live).look()
    assert not shows(live)


async def test_a_store_that_does_not_answer_ends_none(live: LiveDirectory) -> None:
    live.refresh({LINE: b"further-notice"})
    async with Store("redis://127.0.0.1:1") as store:
        await PauseWatcher(store, live).look()
    assert not shows(live)
