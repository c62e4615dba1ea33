"""Fuzzes the bundle reader: whatever stands in a bundle, it is refused with ListError, or every question is answered.

An index into a `memoryview` beyond its end raises, so that a read outside a bundle would show as a crash.
"""

from __future__ import annotations

import base64
import hashlib
import struct

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tests.fuzz.driver import instrumented, run

with instrumented():
    from redirect.adapters import bundles, keyring
    from redirect.adapters.list_places import claimed_version
    from redirect.domain.build import build
    from redirect.domain.bundle import HEADER_BYTES, Bundle, checksum
    from redirect.domain.errors import ListError
    from redirect.domain.fold_table import packaged
    from redirect.domain.lists import Confidence, Entry, Kind
    from redirect.domain.manifest import HIGHEST_VERSION, Manifest, staleness
    from redirect.domain.matching import Matcher

KEY = bytes(range(32))
SIGNING = Ed25519PrivateKey.from_private_bytes(KEY)
TRUST = (keyring.public_key(KEY),)
ENTRIES = (
    Entry(Kind.TERM, "zorblax minku", "csam", Confidence.HIGH, source="a"),
    Entry(Kind.TERM, "quellfen drovic vintro tarmel", "csam-ai", Confidence.MEDIUM, language="en", source="b"),
    Entry(Kind.TERM, "早上好世界", "csam", Confidence.LOW),
    Entry(Kind.ALL, "vintro paxel", "csam", Confidence.LOW),
    Entry(Kind.STEM, "dramolin velt", "csam", Confidence.LOW),
    Entry(Kind.EXCEPT, "zorblax minku museum", "csam", Confidence.HIGH),
    Entry(Kind.URL, "http://blocked.example/room/42", "csam", Confidence.HIGH),
    Entry(Kind.HOST, "bad.example", "csam", Confidence.HIGH, expires="2027-01-31"),
)
QUERIES = (
    "zorblax minku",
    "a zorblax minku museum",
    "Z.0.r.b.l.a.x  mmmiiinkkku 2026",
    "minku zorblaxs quellfen drovic vintro tarmel",
    "paxel of dramolinest velten vintro",
    "他说早上好世界了 zorblax",
    "zorblax " * 60,
)
PAGES = ("http://blocked.example/room/42", "https://www.bad.example/", "HTTP:\\\\user@bad.example/%2e./x?y#z")
FOLD = bytes(packaged().data)
LIST = build(ENTRIES, KEY, edits=True)
SOURCE = LIST[: len(LIST) - len(FOLD)]
MANIFEST = Manifest(
    version=20261122010203,
    previous=0,
    created="2026-11-22T01:02:03+00:00",
    refresh_by="2026-11-29T01:02:03+00:00",
    use_until="2027-11-29T01:02:03+00:00",
    entries={"term": 3},
    size=len(LIST),
    sha256=hashlib.sha256(LIST).hexdigest(),
)

AS_IT_IS, REPAIRED, FOLD_PATCHED, ENVELOPE, SIGNED = range(5)
_TOTAL_AT = 16
_CHECKSUM_AT = HEADER_BYTES - 16
_LABELS_SIZE_AT = _CHECKSUM_AT - 4 - 5 * 8
_PATCH = struct.Struct("<IB")


def target(data: bytes) -> None:
    """The first byte says what is done to the rest; no mutation would ever find a checksum or a signature by itself."""
    way, data = data[0] % 5 if data else AS_IT_IS, data[1:]
    if way == AS_IT_IS:
        _ask(data + FOLD)
        _ask(data)
    elif way == REPAIRED:
        _ask(_repaired(data + FOLD))
    elif way == FOLD_PATCHED:
        _ask(SOURCE + _patched(data))
    elif way == ENVELOPE:
        claimed_version(data)
        _verify(data)
    else:
        _verify(_signed(data))


def _ask(body: bytes) -> None:
    try:
        matcher = Matcher(Bundle(body), KEY, lambda: 20_000)
    except ListError:
        return
    for query in QUERIES:
        matcher.match_query(query)
    for page in PAGES:
        matcher.match_url(page)


def _repaired(body: bytes) -> bytes:
    """With the length, and the checksum of header and labels, that a forger would compute."""
    if len(body) - len(FOLD) < HEADER_BYTES:
        return body
    whole = bytearray(body)
    struct.pack_into("<Q", whole, _TOTAL_AT, len(whole))
    (labels,) = struct.unpack_from("<Q", whole, _LABELS_SIZE_AT)
    end = HEADER_BYTES + min(labels, len(whole))
    whole[_CHECKSUM_AT:HEADER_BYTES] = checksum(memoryview(whole)[:_CHECKSUM_AT], memoryview(whole)[HEADER_BYTES:end])
    return bytes(whole)


def _patched(patches: bytes) -> bytes:
    """The fold table with some of its bytes changed; the first of them stand at its beginning more often."""
    fold = bytearray(FOLD)
    for place, value in _PATCH.iter_unpack(patches[: len(patches) // _PATCH.size * _PATCH.size]):
        fold[place % len(fold)] = value
    return bytes(fold)


def _verify(envelope: bytes) -> None:
    """What is verified can also be lived with: its times are read every second."""
    try:
        manifest = bundles.verify(envelope, TRUST)
    except ListError:
        return
    staleness(manifest, 1_800_000_000)
    assert manifest.version <= HIGHEST_VERSION, "a version that the store cannot compare"
    assert claimed_version(envelope) == manifest.version, "two readers see two versions"


def _signed(raw: bytes) -> bytes:
    """The envelope that a trusted key makes when it signs whatever it is given."""
    signature = base64.b64encode(SIGNING.sign(raw))
    return b'{"manifest":%b,"signature":"%b"}' % (raw, signature)


def seeds() -> list[bytes]:
    """One for each way, and for each kind of entry."""
    small = [build([entry], KEY) for entry in ENTRIES]
    sources = [SOURCE, *(body[: len(body) - len(FOLD)] for body in small)]
    return [
        *(bytes([way]) + source for way in (AS_IT_IS, REPAIRED) for source in sources),
        bytes([AS_IT_IS]),
        bytes([FOLD_PATCHED]) + _PATCH.pack(16, 1) + _PATCH.pack(len(FOLD) - 9, 200),
        bytes([ENVELOPE]) + bundles.sign(MANIFEST, KEY),
        bytes([SIGNED]) + msgspec.json.encode(MANIFEST),
    ]


def main() -> None:
    """See `driver`."""
    run("bundles", target, seeds())


if __name__ == "__main__":
    main()
