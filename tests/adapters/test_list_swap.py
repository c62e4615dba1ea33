"""Tests of lists that come and go under a real service: swaps under load, bad bundles, and what a bundle gives away.

`SWAP_ENTRIES=1100000 pytest -s -k under_load` swaps lists of that size and prints what answers take meanwhile.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import os
import resource
import struct
import threading
import time
import zlib
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache, partial
from itertools import pairwise
from statistics import quantiles
from typing import TYPE_CHECKING, Any

import httpx
import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from redis import Redis

from conftest import PLAIN, eventually
from redirect.adapters import bundles, keyring
from redirect.adapters.list_places import DirectoryPlace
from redirect.adapters.live_list import LiveList
from redirect.adapters.watcher import LOOKS_BEFORE_RETRY, ListWatcher
from redirect.domain.build import build
from redirect.domain.bundle import HEADER_BYTES, U64, Bundle, checksum
from redirect.domain.fold import fold
from redirect.domain.lists import Confidence, Entry, Kind
from redirect.domain.manifest import Manifest
from redirect.domain.urls import canonicalize, expressions
from tests.urls import whole

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from conftest import Service

ENTRIES = int(os.environ.get("SWAP_ENTRIES", "50000"))
URLS_A_TERM = 10
SWAPS = 4
AT_EASE = 300
SWAPPED_WITHIN = 5.0
LIST_KEY, SIGNING, OTHER = bytes(range(32)), bytes(range(1, 33)), bytes(range(2, 34))
SETTINGS = {
    "REDIRECT_DEMO": "1",
    "REDIRECT_LIST_KEY": keyring.encode(LIST_KEY),
    "REDIRECT_LIST_TRUST": keyring.encode(keyring.public_key(SIGNING)),
    "REDIRECT_SIGNING_KEY": keyring.encode(SIGNING),
}
SYLLABLES = ("zor", "min", "quel", "dro", "vin", "tar", "bes", "pax", "lum", "gri", "hos", "ket", "wol", "nam", "cif",
             "jup")  # fmt: skip


def word(number: int) -> str:
    """A word that no language has, another one for each number below 2^20."""
    return "".join(SYLLABLES[number >> shift & 15] for shift in range(0, 20, 4)) + "x"


def term(number: int) -> str:
    return f"{word(number)} {word(number * 7 + 3 & 0xFFFFF)}"


def page(number: int) -> str:
    return f"http://{word(number // 4 & 0xFFFFF)}.example/room/{number}"


def entries(numbers: range) -> list[Entry]:
    """One term for every ten pages."""
    return [
        Entry(Kind.TERM, term(number), "csam", Confidence.HIGH)
        if number % (URLS_A_TERM + 1) == 0
        else Entry(Kind.URL, page(number), "csam", Confidence.HIGH)
        for number in numbers
    ]


def manifest(body: bytes, version: int) -> Manifest:
    """What a list owner would say of a body."""
    now = datetime.now(UTC)
    return Manifest(
        version=version,
        previous=0,
        created=now.isoformat(),
        refresh_by=(now + timedelta(days=7)).isoformat(),
        use_until=None,
        entries={"term": 1},
        size=len(body),
        sha256=hashlib.sha256(body).hexdigest(),
    )


def signed(body: bytes, version: int, key: bytes = SIGNING) -> tuple[bytes, bytes]:
    """Envelope and body."""
    return bundles.sign(manifest(body, version), key), body


# Swaps under load.


@dataclass
class Load:
    """Asks in a thread of its own until told to stop; keeps how long each answer took, and every wrong one."""

    service: Service
    probes: Sequence[tuple[dict[str, str], Callable[[int], str]]]
    """What is asked, and what has to be answered by the list of a version."""
    taken: list[float] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    version: int = 0
    _stop: threading.Event = field(default_factory=threading.Event)

    def __enter__(self) -> Load:
        self._thread = threading.Thread(target=self._ask)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join(30)

    def has_seen(self, version: int) -> bool:
        """Whether the last answer was by this list."""
        return self.version == version

    def _ask(self) -> None:
        headers = {"Authorization": f"Bearer {self.service.key}"}
        with httpx.Client(base_url=self.service.url, headers=headers, verify=PLAIN) as client:
            while not self._stop.is_set():
                for subject, right in self.probes:
                    self._ask_one(client, subject, right)

    def _ask_one(self, client: httpx.Client, subject: dict[str, str], right: Callable[[int], str]) -> None:
        began = time.perf_counter()
        try:
            response = client.post("/v1/check", json=subject)
            answer = response.json()
            self.version = answer["list_version"]
            if response.status_code != 200 or answer["action"] != right(self.version) or answer.get("degraded"):
                self.wrong.append(f"{response.status_code} {answer}")
        except (httpx.HTTPError, ValueError, KeyError) as error:
            self.wrong.append(repr(error))
        self.taken.append(time.perf_counter() - began)


def p99(taken: Sequence[float]) -> float:
    """In milliseconds."""
    return quantiles(taken, n=100)[98] * 1000


def test_a_worker_under_load_swaps_lists_with_no_failed_and_no_wrong_answer(
    make_service: Callable[..., Service], tmp_path: Path
) -> None:
    half = ENTRIES // 2
    bodies = [build(entries(range(first, first + ENTRIES)), LIST_KEY) for first in (0, half)]
    both, first_only, second_only = (-(-number // 11) * 11 for number in (half + half // 2, 0, ENTRIES + half // 2))
    by_turn = {0: lambda _: "block", 1: lambda version: ("allow", "block")[version % 2]}
    probes: list[tuple[dict[str, str], Callable[[int], str]]] = [
        ({"query": term(both)}, by_turn[0]),
        ({"query": f"where is {term(both).upper()} today"}, by_turn[0]),
        ({"url": page(both + 1)}, by_turn[0]),
        ({"query": "chocolate cake with strawberries"}, lambda _: "allow"),
        ({"url": f"{page(both + 1)}/other"}, lambda _: "allow"),
        ({"query": term(first_only)}, by_turn[1]),
        ({"query": term(second_only)}, lambda version: ("block", "allow")[version % 2]),
        ({"url": page(first_only + 1)}, by_turn[1]),
    ]
    live = tmp_path / "live"
    bundles.write(live, *signed(bodies[0], 1))
    service = make_service(REDIRECT_LIST_SOURCE=str(live), **SETTINGS)
    eventually(lambda: service.check("chocolate cake")["list_version"] == 1, 30)
    swaps: list[float] = []
    with Load(service, probes) as load:
        eventually(lambda: len(load.taken) >= AT_EASE, 30)
        before = list(load.taken)
        for version in range(2, 2 + SWAPS):
            bundle = signed(bodies[(version + 1) % 2], version)
            began = time.monotonic()
            bundles.write(live, *bundle)
            eventually(partial(load.has_seen, version), SWAPPED_WITHIN + ENTRIES / 100_000)
            swaps.append(time.monotonic() - began)
        during = load.taken[len(before) :]
    assert load.wrong == []
    print(
        f"\n{ENTRIES:,} entries, swapped in {', '.join(f'{swap:.1f}' for swap in swaps)} s;"
        f" {len(during)} answers meanwhile: p99 {p99(during):.1f} ms, at most {max(during) * 1000:.0f};"
        f" before: p99 {p99(before):.1f} ms, at most {max(before) * 1000:.0f}"
    )
    assert max(swaps) < SWAPPED_WITHIN


class CountingPlace(DirectoryPlace):
    """Knows how often a whole bundle was fetched."""

    fetched = 0

    async def read_list(self) -> tuple[bytes, bytes] | None:
        self.fetched += 1
        await asyncio.sleep(0.05)
        return await super().read_list()


async def test_one_worker_of_a_node_fetches_a_bundle_and_the_others_map_it(tmp_path: Path) -> None:
    place, trust = CountingPlace(tmp_path / "live"), [keyring.public_key(SIGNING)]
    workers = [LiveList(tmp_path / "lists", LIST_KEY, trust, time.time) for _ in range(4)]
    watchers = [ListWatcher(place, lists) for lists in workers]
    for version in (1, 2):
        bundles.write(tmp_path / "live", *signed(GOOD, version))
        for _ in range(2):
            await asyncio.gather(*(watcher.look() for watcher in watchers))
        assert [lists.live.version for lists in workers] == [version] * 4
        assert place.fetched == version


@contextmanager
def no_room() -> Iterator[None]:
    """No file of this process may grow: the same error as on a full disk, without one."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


async def test_a_list_that_finds_no_room_is_said_to_be_refused_and_taken_once_there_is_room(tmp_path: Path) -> None:
    place = CountingPlace(tmp_path / "live")
    lists = LiveList(tmp_path / "lists", LIST_KEY, [keyring.public_key(SIGNING)], time.time)
    watcher = ListWatcher(place, lists)
    bundles.write(tmp_path / "live", *signed(GOOD, 1))
    with no_room():
        for _ in range(LOOKS_BEFORE_RETRY):
            await watcher.look()
    assert (lists.live.version, place.fetched) == (0, 1)
    assert lists.refused == "File too large"
    await watcher.look()
    assert (lists.live.version, lists.refused) == (1, "")


async def test_what_lies_on_disk_is_proven_before_it_is_mapped(tmp_path: Path) -> None:
    lists = LiveList(tmp_path / "lists", LIST_KEY, [keyring.public_key(SIGNING)], time.time)
    for version, bundle in (
        (1, signed(GOOD, 1, OTHER)),
        (2, (signed(GOOD, 2)[0], _flipped(GOOD))),
        (3, signed(GOOD, 4)),
    ):
        bundles.write(tmp_path / "lists" / str(version), *bundle)
        assert not lists.take_kept(version)
    assert lists.live.version == 0


# Bad bundles.


GOOD = build([Entry(Kind.TERM, "zorblax minku", "csam", Confidence.HIGH)], LIST_KEY)
FIRST = 100


def _repaired(body: bytearray) -> bytes:
    """With the length and the checksum that a forger would compute."""
    struct.pack_into("<Q", body, 16, len(body))
    (labels,) = struct.unpack_from("<Q", body, HEADER_BYTES - 16 - 4 - 5 * 8)
    head = HEADER_BYTES - 16
    body[head:HEADER_BYTES] = checksum(bytes(body[:head]), bytes(body[HEADER_BYTES : HEADER_BYTES + labels]))
    return bytes(body)


def _with_labels(labels: bytes) -> bytes:
    """A bundle whose labels are replaced by others of the same length."""
    body = bytearray(GOOD)
    (size,) = struct.unpack_from("<Q", body, HEADER_BYTES - 16 - 4 - 5 * 8)
    body[HEADER_BYTES : HEADER_BYTES + size] = labels[:size].ljust(size)
    return _repaired(body)


def _buckets_astray() -> bytes:
    """A bundle whose first bucket ends far behind its digests."""
    body = bytearray(GOOD)
    at = GOOD.index(bytes(Bundle(GOOD).buckets))
    struct.pack_into("<I", body, at + 4, 1 << 31)
    return bytes(body)


def _signed_as_it_is(body: bytes, version: int, **changed: Any) -> tuple[bytes, bytes]:
    """What a trusted key signed without looking."""
    raw = msgspec.json.encode(msgspec.to_builtins(manifest(body, version)) | changed)
    signature = base64.b64encode(Ed25519PrivateKey.from_private_bytes(SIGNING).sign(raw))
    return b'{"manifest":%b,"signature":"%b"}' % (raw, signature), body


def _flipped(body: bytes) -> bytes:
    at = len(body) // 2
    return body[:at] + bytes([body[at] ^ 4]) + body[at + 1 :]


Bad = dict[str, tuple["Callable[[int], tuple[bytes, bytes]]", str]]
DAMAGED: Bad = {
    "truncated": (lambda n: (signed(GOOD, n)[0], GOOD[:-9]), "its manifest says"),
    "one bit flipped": (lambda n: (signed(GOOD, n)[0], _flipped(GOOD)), "not the one that its manifest was signed"),
    "signed by nobody we trust": (lambda n: signed(GOOD, n, OTHER), "not signed by a trusted key"),
    "of another list key": (lambda n: signed(build([], OTHER), n), "another list key"),
    "oversized": (lambda n: (signed(GOOD, n)[0], GOOD + bytes(4096)), "its manifest says"),
}
MALICIOUS: Bad = {
    "too much of it signed": (lambda n: signed(GOOD + bytes(4096), n), "something stands behind its end"),
    "a manifest of megabytes": (lambda n: (signed(GOOD, n)[0] + b" " * (1 << 21), GOOD), "too large"),
    "a manifest with a later version": (
        lambda n: (signed(GOOD, 3)[0].replace(b'"version":3', b'"version":%d' % n), GOOD),
        "not signed by a trusted key",
    ),
    "labels nested without end": (lambda n: signed(_with_labels(b"[" * 400), n), "labels cannot be read"),
    "buckets beyond the end": (lambda n: signed(_buckets_astray(), n), "bucket table is out of order"),
    "a fold table that points outside": (
        lambda n: signed(GOOD[:-150_000] + b"\xff" * 150_000, n),
        "the fold table points outside itself",
    ),
    "no date": (lambda n: _signed_as_it_is(GOOD, n, refresh_by="soon"), "manifest cannot be read"),
    "a date without a zone": (lambda n: _signed_as_it_is(GOOD, n, created="2026-11-22"), "manifest cannot be read"),
    "fewer entries than none": (lambda n: _signed_as_it_is(GOOD, n, entries={"term": -1}), "manifest cannot be read"),
}
IN_STORE: Bad = {
    "one bit flipped": DAMAGED["one bit flipped"],
    "signed by nobody we trust": DAMAGED["signed by nobody we trust"],
    "older than it claims": (lambda _: signed(GOOD, FIRST - 1), f"not newer than {FIRST}, which is live"),
}


def ensure_refused(service: Service, reason: str) -> None:
    """The old list serves on, and whoever keeps the service running is told."""
    eventually(lambda: reason in service.get("/readyz").json()["refused"], 6, f"never said: {reason}")
    ready = service.get("/readyz")
    assert (ready.status_code, ready.json()["ready"], ready.json()["list_version"]) == (200, True, FIRST)
    assert "zorblax" not in ready.text
    assert "\nredirect_list_refused 1.0\n" in service.get("/metrics").text
    answer = service.check("zorblax minku")
    assert (answer["action"], answer["list_version"]) == ("block", FIRST)
    assert service.check("chocolate cake")["action"] == "allow"


def _logs(service: Service, said: str) -> bool:
    return said in service.log.read_text()


def _serves(service: Service, version: int) -> bool:
    return bool(service.check("zorblax minku")["list_version"] == version)


def ensure_all_refused_then_a_good_one_taken(
    service: Service, put: Callable[[int, bytes, bytes], None], bad: Bad
) -> None:
    """One after the other, each under a higher version."""
    eventually(partial(_serves, service, FIRST), 10)
    assert "\nredirect_list_refused 0.0\n" in service.get("/metrics").text
    for version, (make, reason) in enumerate(bad.values(), FIRST + 1):
        put(version, *make(version))
        said = f"list {version} is refused, {FIRST} stays live"
        eventually(partial(_logs, service, said), 6, f"never said: {said}")
        ensure_refused(service, reason)
    good = FIRST + len(bad) + 1
    put(good, *signed(GOOD, good))
    eventually(partial(_serves, service, good), 6)
    assert service.get("/readyz").json()["refused"] == ""
    assert "\nredirect_list_refused 0.0\n" in service.get("/metrics").text


@pytest.mark.parametrize("bad", [DAMAGED, MALICIOUS], ids=["damaged", "malicious"])
def test_a_bad_bundle_in_a_directory_is_refused_and_the_old_one_serves_on(
    make_service: Callable[..., Service], tmp_path: Path, bad: Bad
) -> None:
    def put(_version: int, envelope: bytes, body: bytes) -> None:
        bundles.write(tmp_path / "live", envelope, body)

    put(FIRST, *signed(GOOD, FIRST))
    service = make_service(REDIRECT_LIST_SOURCE=str(tmp_path / "live"), **SETTINGS)
    ensure_all_refused_then_a_good_one_taken(service, put, bad)


def test_an_older_list_or_a_manifest_that_is_none_is_refused_until_the_good_one_is_back(
    make_service: Callable[..., Service], tmp_path: Path
) -> None:
    live = tmp_path / "live"
    bundles.write(live, *signed(GOOD, FIRST))
    service = make_service(REDIRECT_LIST_SOURCE=str(live), **SETTINGS)
    eventually(partial(_serves, service, FIRST))
    envelope, body = signed(GOOD, FIRST)
    for bad, reason in (
        (bundles.sign(manifest(GOOD, FIRST - 1), SIGNING), f"not newer than {FIRST}, which is live"),
        (envelope[:-20], "manifest cannot be read"),
        (envelope.replace(b"manifest", b"\xff\xff"), "manifest cannot be read"),
    ):
        bundles.write(live, bad, body)
        ensure_refused(service, reason)
        bundles.write(live, envelope, body)
        eventually(lambda: service.get("/readyz").json()["refused"] == "", 6, "refused for ever")


def test_a_bad_bundle_in_the_store_is_refused_and_the_old_one_serves_on(
    make_service: Callable[..., Service], valkey: str
) -> None:
    def put(version: int, envelope: bytes, body: bytes) -> None:
        with Redis.from_url(valkey) as store:
            store.hset("list:{live}", mapping={"version": version, "manifest": envelope, "body": body})

    put(FIRST, *signed(GOOD, FIRST))
    token = {"REDIRECT_TOKEN_KEY": keyring.encode(OTHER)}
    service = make_service(REDIRECT_STORE_URL=valkey, **SETTINGS, **token)
    ensure_all_refused_then_a_good_one_taken(service, put, IN_STORE)


def test_a_bundle_damaged_on_disk_gives_way_to_the_one_before_it(
    make_service: Callable[..., Service], tmp_path: Path
) -> None:
    live = tmp_path / "live"
    bundles.write(live, *signed(GOOD, FIRST))
    service = make_service(REDIRECT_LIST_SOURCE=str(live), **SETTINGS)
    for version in (FIRST, FIRST + 1):
        bundles.write(live, *signed(GOOD, version))
        eventually(partial(_serves, service, version))
    service.stop()
    live.rename(tmp_path / "elsewhere")
    kept = service.data_dir / "lists" / str(FIRST + 1) / bundles.BODY_NAME
    kept.write_bytes(_flipped(GOOD))
    service.start()
    ensure_refused(service, "not the one that its manifest was signed for")


# What a bundle gives away.

SEARCHED = 50
SHORTEST_SEARCHED = 5
UNKEYED: tuple[Callable[[bytes], bytes], ...] = (
    *(
        lambda data, name=name: hashlib.new(name, data).digest()
        for name in ("md5", "sha1", "sha256", "sha512", "sha3_256", "blake2s", "blake2b")
    ),
    lambda data: hashlib.blake2b(data, digest_size=8).digest(),
    lambda data: hashlib.blake2b(data, digest_size=32).digest(),
    lambda data: hashlib.blake2b(b"t" + data).digest(),
    lambda data: struct.pack("<II", zlib.crc32(data), zlib.adler32(data)),
    lambda data: _fnv1a(data).to_bytes(8, "little"),
)
"""Besides the usual ones, what is as quick as xxHash: CRC and FNV; and our own digest with all but the key."""


def _fnv1a(data: bytes) -> int:
    value = 0xCBF29CE484222325
    for byte in data:
        value = (value ^ byte) * 0x100000001B3 & U64
    return value


def _texts(entry: Entry) -> set[str]:
    """All that stands for an entry before it is digested, whole and in parts."""
    value = entry.value
    if entry.kind is Kind.TERM:
        folded = fold(value)
        words = folded.split()
        found = {value, folded, " ".join(sorted(words)), folded.replace(" ", ""), *words, *value.split()}
    else:
        url = canonicalize(value)
        found = {value, whole(url), url.host, *expressions(url)}
    return {text for text in found if len(text) >= SHORTEST_SEARCHED}


def _spellings(text: str) -> Iterator[bytes]:
    """A text as a careless program may leave it in a file."""
    for spelling in {text, text[::-1], text.upper(), text.title(), text.swapcase()}:
        for encoding in ("utf-8", "utf-16-le", "utf-16-be"):
            yield spelling.encode(encoding)
    plain = text.encode()
    yield plain.hex().encode()
    for shift in range(3):  # base64 of a text depends on where it begins
        yield base64.b64encode(bytes(shift) + plain)[4 if shift else 0 : -4]


def _is_looked_up(bundle: Bundle, digest: bytes) -> bool:
    """Whether a digest would be found as the matcher looks for its own, in either byte order."""
    bits = bundle.header.bucket_bits
    codes = (1 << bits) - 1
    held = _words(bundle)
    return any(
        (number >> 64 - bits, number << bits & U64 & ~codes) in held
        for number in (int.from_bytes(digest[:8], "little"), int.from_bytes(digest[:8], "big"))
    )


@cache
def _words(bundle: Bundle) -> frozenset[tuple[int, int]]:
    codes = (1 << bundle.header.bucket_bits) - 1
    return frozenset(
        (bucket, bundle.words[place] & ~codes)
        for bucket, (first, end) in enumerate(pairwise(bundle.buckets))
        for place in range(first, end)
    )


def test_a_bundle_searched_for_any_entry_in_any_unkeyed_form_shows_nothing(tmp_path: Path, demo: Service) -> None:
    listed = entries(range(11 * SEARCHED))[:: URLS_A_TERM // 2]
    source = tmp_path / "list.csv"
    lines = [f"{entry.kind},{entry.value},csam,high" for entry in listed]
    source.write_text("\n".join(["kind,value,category,confidence", *lines]))
    demo.run("lists", "build", str(source), "--out", str(tmp_path / "bundle"))
    envelope, body = bundles.read(tmp_path / "bundle")
    bundle = Bundle(body)
    assert bundle.total == len(listed)
    everything = envelope + body
    for text in set().union(*map(_texts, listed)):
        for form in _spellings(text):
            assert form not in everything, "an entry can be read"
        for digest in (unkeyed(text.encode()) for unkeyed in UNKEYED):
            for form in (digest[:6], digest[:8][::-1][:6], digest.hex()[:12].encode(), base64.b64encode(digest)[:8]):
                assert form not in everything, "an entry can be guessed"
            assert not _is_looked_up(bundle, digest), "an entry can be guessed"


def test_the_search_finds_what_is_there() -> None:
    """So that finding nothing means something: a text that is put there is found, and a digest with the key."""
    body = build([Entry(Kind.URL, page(7), "csam", Confidence.HIGH, source="quellfen")], LIST_KEY)
    assert any(form in body for form in _spellings("quellfen"))
    expression = expressions(canonicalize(page(7)))[0].encode()
    assert _is_looked_up(Bundle(body), hashlib.blake2b(LIST_KEY + b"u" + expression).digest())
    assert not _is_looked_up(Bundle(body), hashlib.blake2b(OTHER + b"u" + expression).digest())
