"""Owns the counts of one worker between the moment of counting and the store. Must never lose or double one.

A batch is one memory-mapped file, `<spool>.<sequence>.batch`; what is written survives the end of the process.
Cells are added to the newest file only; older ones are sent in order under their sequence number and deleted
once the store has them. The store refuses a sequence that it has already applied, so sending twice is safe.
A file lock says that the owner lives; whoever finds a spool unlocked sends what it holds.

File: u64 bytes used, then records of u64 count, u64 length of the address, address padded to eight bytes.
A record's count and address are written before `used` moves past it, so a cut never shows half a record.
"""

from __future__ import annotations

import fcntl
import mmap
import os
import re
import secrets
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from redirect.domain.counts import SEPARATOR, TABLES, Cell

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator
    from pathlib import Path

    from redirect.domain.counts import Table
    from redirect.journeys.ports import Clock

CAPACITY = 1 << 18
BATCH = re.compile(r"[0-9a-f]+\.[0-9]{12}\.batch")
PERIOD = re.compile(r"[0-9]{1,12}")
WORD = 8


@dataclass(frozen=True, slots=True)
class SpooledBatch:
    """A sealed file of a spool: what `CountStore.apply` takes."""

    path: Path
    spool: str
    sequence: int
    cells: tuple[tuple[Cell, int], ...]


class Spool:
    """Implements `Tally`: one integer in one cell, in a file of this worker's own."""

    def __init__(self, directory: Path, clock: Clock, on_lost: Callable[[], object]) -> None:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._directory = directory
        self._clock = clock
        self._id, self._lock = _claim_new(directory)
        self._sequence = 0
        self._on_lost = on_lost
        try:
            self._open_file()
        except OSError:
            _lock_path(directory, self._id).unlink(missing_ok=True)
            os.close(self._lock)
            raise

    def add(self, table: Table, labels: tuple[str, ...]) -> None:
        """Add one to a cell of the open period."""
        key = (table.name, int(self._clock()) // table.grain, labels)
        at = self._cells.get(key)
        if at is None:
            try:
                at = self._append(key)
            except OSError:
                # A full disk: an answer must not fail for a count. How many were lost shows in /metrics.
                self._on_lost()
                return
        self._words[at] += 1

    def seal(self) -> list[SpooledBatch]:
        """Close the newest file if it holds anything and nothing older waits; all that waits, oldest first."""
        waiting = sealed(self._directory, self._id, before=self._sequence)
        if not waiting and self._cells:
            self._roll()
            waiting = sealed(self._directory, self._id, before=self._sequence)
        return [read_batch(path) for path in waiting]

    def close(self) -> None:
        """Give the spool up. What it still holds stays on disk for whoever adopts it."""
        if not self._cells:
            self._path.unlink(missing_ok=True)
        self._words.release()
        self._map.close()
        if not sealed(self._directory, self._id):
            _lock_path(self._directory, self._id).unlink(missing_ok=True)
        os.close(self._lock)

    def _append(self, key: tuple[str, int, tuple[str, ...]]) -> int:
        address = SEPARATOR.join((key[0], str(key[1]), *key[2])).encode()
        size = 2 * WORD + (len(address) + WORD - 1) // WORD * WORD
        if self._words[0] + size > CAPACITY:
            self._roll()
        start = self._words[0]
        self._map[start + 2 * WORD : start + 2 * WORD + len(address)] = address
        self._words[start // WORD + 1] = len(address)
        self._words[0] = start + size
        self._cells[key] = start // WORD
        return start // WORD

    def _roll(self) -> None:
        words, mapped = self._words, self._map
        self._open_file()
        words.release()
        mapped.close()

    def _open_file(self) -> None:
        path = self._directory / f"{self._id}.{self._sequence + 1:012d}.batch"
        self._map = _map_new(path)
        self._path = path
        self._sequence += 1
        self._words = memoryview(self._map).cast("Q")
        self._words[0] = WORD
        self._cells: dict[tuple[str, int, tuple[str, ...]], int] = {}


class LateSpool:
    """Stands in where no spool can be opened yet: the service answers, and every count is said to be lost, until there
    is room for one. It looks each time it is asked for what waits."""

    def __init__(self, open_: Callable[[], Spool], on_lost: Callable[[], object]) -> None:
        self._open = open_
        self._on_lost = on_lost
        self._spool: Spool | None = None

    def add(self, table: Table, labels: tuple[str, ...]) -> None:
        """As a spool does, or lose one."""
        if self._spool is None:
            self._on_lost()
        else:
            self._spool.add(table, labels)

    def seal(self) -> list[SpooledBatch]:
        """As a spool does. Raises OSError while there is no room."""
        if self._spool is None:
            self._spool = self._open()
        return self._spool.seal()

    def close(self) -> None:
        """As a spool does."""
        if self._spool is not None:
            self._spool.close()


def open_spool(
    directory: Path, clock: Clock, on_lost: Callable[[], object], kind: type[Spool] = Spool
) -> Spool | LateSpool:
    """A spool, or what stands in while the disk has no room for one."""
    open_ = partial(kind, directory, clock, on_lost)
    try:
        return open_()
    except OSError:
        return LateSpool(open_, on_lost)


def adopt(directory: Path) -> Generator[SpooledBatch]:
    """Batches of every spool whose owner is gone, oldest first. The spool is dropped once all are deleted."""
    for lock in sorted(directory.glob("*.lock")):
        descriptor = _try_lock(lock)
        if descriptor is None:
            continue
        try:
            for path in sealed(directory, lock.stem):
                yield read_batch(path)
            if not sealed(directory, lock.stem):
                lock.unlink(missing_ok=True)
        finally:
            os.close(descriptor)


def holding(directory: Path) -> set[Path]:
    """Files that hold counts now, of any spool."""
    return {path for path in directory.glob("*.batch") if _used(path) > WORD}


def sealed(directory: Path, spool: str, *, before: int | None = None) -> list[Path]:
    """Files of a spool in order of their sequence, without those from `before` on."""
    paths = sorted(path for path in directory.glob(f"{spool}.*.batch") if BATCH.fullmatch(path.name))
    return [path for path in paths if before is None or _sequence(path) < before]


def read_batch(path: Path) -> SpooledBatch:
    """The cells of one file. A record that is cut short ends the reading, and what stands before it counts; one that
    means nothing, such as a cell of a table that an earlier version had, is passed over."""
    return SpooledBatch(path, path.name.partition(".")[0], _sequence(path), tuple(_records(path.read_bytes())))


def _records(data: bytes) -> Iterator[tuple[Cell, int]]:
    def word(at: int) -> int:
        return int.from_bytes(data[at : at + WORD], "little")

    at, used = WORD, min(word(0), len(data))
    while at + 2 * WORD <= used:
        count, length = word(at), word(at + WORD)
        if at + 2 * WORD + length > used:
            return
        cell = _cell(data[at + 2 * WORD : at + 2 * WORD + length])
        if cell is not None and count:
            yield cell, count
        at += 2 * WORD + (length + WORD - 1) // WORD * WORD


def _cell(address: bytes) -> Cell | None:
    name, _, rest = address.decode(errors="replace").partition(SEPARATOR)
    period, *labels = rest.split(SEPARATOR)
    table = TABLES.get(name)
    if table is None or not PERIOD.fullmatch(period) or len(labels) != len(table.dimensions):
        return None
    return Cell(name, int(period), tuple(labels))


def _used(path: Path) -> int:
    try:
        with path.open("rb") as file:
            return int.from_bytes(file.read(WORD), "little")
    except FileNotFoundError:
        return 0


def _sequence(path: Path) -> int:
    return int(path.name.split(".")[1])


def _map_new(path: Path) -> mmap.mmap:
    """Map a new file of CAPACITY bytes. Raises OSError, and leaves no file, where the disk has no room."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        # Reserved on disk now, because a full disk under a sparse map would end the process later.
        os.posix_fallocate(descriptor, 0, CAPACITY)
        return mmap.mmap(descriptor, CAPACITY)
    except OSError:
        path.unlink()
        raise
    finally:
        os.close(descriptor)


def _claim_new(directory: Path) -> tuple[str, int]:
    """A new spool name and the descriptor that holds its lock, until the process ends."""
    while True:
        name = secrets.token_hex(8)
        path = _lock_path(directory, name)
        path.touch(mode=0o600, exist_ok=False)
        descriptor = _try_lock(path)
        # An adopter may have seen the file before it was locked, and deleted it.
        if descriptor is not None and os.fstat(descriptor).st_nlink:
            return name, descriptor


def _lock_path(directory: Path, spool: str) -> Path:
    return directory / f"{spool}.lock"


def _try_lock(path: Path) -> int | None:
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    return descriptor
