"""Owns the figures of one node that the model of scale reckons with. Must never load anything but this machine, nor for
longer than it says."""

from __future__ import annotations

import asyncio
import random
import socket
import time
from typing import TYPE_CHECKING, Any

import msgspec

from bench import corpus
from bench.load import BROWSER, Target, once
from bench.model import Figures
from bench.processes import private_bytes
from bench.traffic import BENIGN
from redirect.adapters.store import Store
from redirect.domain.build import build
from redirect.domain.counts import CHECKS, Cell, Sums

if TYPE_CHECKING:
    from pathlib import Path

    from bench.fleet import Node
    from bench.scale_out import Trial
    from bench.valkeys import Valkey

SECONDS = 4
BATCH = 1000
ROUNDS = 300
"""Batches and looks whose cost at the store is measured."""
CELLS = 12
"""Of a batch: two platforms, two surfaces, three actions."""
FEW, MANY = 2_200, 22_000
"""Entries of two lists, of which one is so much longer: ten addresses for each term."""


def measure(trial: Trial, scratch: Path) -> Figures:
    """Load the first node of a trial whose traffic has ended."""
    node, rng = trial.serving[0], random.Random(7)
    page = trial.page_of(node)
    plain = _check(BENIGN)
    batch = msgspec.json.encode({"subjects": [{"query": BENIGN}] * BATCH})
    check_rate, check_seconds = _load(node, Target(f"{node.url}/v1/check", (plain,), trial.key), scratch)
    _, batch_seconds = _load(node, Target(f"{node.url}/v1/check/batch", (batch,), trial.key, 2), scratch)
    _, page_seconds = _load(node, Target(page), scratch)
    store = asyncio.run(_store(trial))
    lists = [_list(size, rng) for size in (FEW, MANY)]
    return Figures(
        check_seconds=check_seconds,
        subject_seconds=batch_seconds / BATCH,
        page_seconds=page_seconds,
        checks_per_second=check_rate,
        check_bytes=_exchanged(node, _request("/v1/check", trial.key, plain)),
        subject_bytes=_exchanged(node, _request("/v1/check/batch", trial.key, batch)) / BATCH,
        page_bytes=_exchanged(node, _browse(page)),
        worker_bytes=max(map(private_bytes, node.workers())),
        entry_bytes=(len(lists[1]) - len(lists[0])) / (MANY - FEW),
        **store,
    )


def _list(size: int, rng: random.Random) -> bytes:
    terms = size // 11
    return build(corpus.entries(corpus.invented_terms(terms, rng), corpus.urls(size - terms, rng)), bytes(32))


def _load(node: Node, target: Target, scratch: Path) -> tuple[float, float]:
    """Requests per second, and CPU seconds of the worker for each."""
    before = node.cpu_seconds()
    rate = once(target, SECONDS, scratch).rate
    return rate, (node.cpu_seconds() - before) / (rate * SECONDS)


def _check(query: str) -> bytes:
    return msgspec.json.encode({"query": query, "country": "GB"})


def _request(path: str, key: str, body: bytes) -> bytes:
    head = f"POST {path} HTTP/1.1\r\nHost: redirect.internal\r\nAuthorization: Bearer {key}\r\n"
    return f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body


def _browse(page: str) -> bytes:
    path = "/" + page.partition("://")[2].partition("/")[2]
    lines = b"".join(b"%b: %b\r\n" % header for header in BROWSER)
    return f"GET {path} HTTP/1.1\r\nHost: search.example\r\n".encode() + lines + b"\r\n"


def _exchanged(node: Node, request: bytes) -> int:
    """Bytes of a request and of its answer."""
    with socket.create_connection(("127.0.0.1", node.port), timeout=5) as line:
        line.sendall(request)
        answer = bytearray()
        line.settimeout(0.5)
        while True:
            try:
                part = line.recv(65536)
            except TimeoutError:
                break
            if not part:
                break
            answer += part
    return len(request) + len(answer)


async def _store(trial: Trial) -> dict[str, Any]:
    """What one batch and one look cost the primary, and what they leave there."""
    hour = CHECKS.period(time.time()) + 50  # to come, where nothing else counts
    counts, applied = f"counts:{{checks:{hour}}}", f"applied:{{checks:{hour}}}"
    primary = trial.cluster.primary(counts)
    labels = [
        (platform, surface, action, "enforce", "0", "no")
        for platform in ("acme", "zorb")
        for surface in ("web", "image")
        for action in ("allow", "warn", "block")
    ]
    cells = tuple((Cell("checks", hour, each), 1000) for each in labels)
    async with Store(trial.cluster.url) as store:
        await asyncio.sleep(1)
        idle = await _used(primary, asyncio.sleep(2))
        sent = _received(primary)
        began = time.monotonic()
        batches = await _used(primary, _apply(store, cells))
        batches -= idle / 2 * (time.monotonic() - began)
        received = _received(primary) - sent
        found = await _looks(trial, store)
    return {
        "batch_seconds": batches / ROUNDS,
        "batch_bytes": received // ROUNDS,
        "look_seconds": found,
        "cell_bytes": primary.ask("MEMORY", "USAGE", counts, "SAMPLES", 0) / CELLS,
        "mark_bytes": primary.ask("MEMORY", "USAGE", applied, "SAMPLES", 0) / ROUNDS,
    }


async def _apply(store: Store, cells: tuple[tuple[Cell, int], ...]) -> None:
    for number in range(ROUNDS):
        await store.apply(Sums(f"{number:016x}", 1, cells))


async def _looks(trial: Trial, store: Store) -> float:
    """CPU seconds of all primaries together for what a worker asks each second."""
    servers = [server for server in trial.cluster.servers if server.answers()]
    before = sum(map(_cpu, servers))
    began = time.monotonic()
    for _ in range(ROUNDS):
        await store.list_version()
        await store.access_keys()
        await store.pauses()
        await store.stops()
    busy, lasted = sum(map(_cpu, servers)) - before, time.monotonic() - began
    await asyncio.sleep(lasted)
    return max(0.0, busy - (sum(map(_cpu, servers)) - before - busy)) / ROUNDS


async def _used(server: Valkey, work: Any) -> float:
    before = _cpu(server)
    await work
    return _cpu(server) - before


def _cpu(server: Valkey) -> float:
    found = server.ask("INFO", "cpu")
    return float(found["used_cpu_sys"]) + float(found["used_cpu_user"])


def _received(server: Valkey) -> int:
    return int(server.ask("INFO", "stats")["total_net_input_bytes"])
