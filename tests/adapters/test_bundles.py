"""Owns signed bundles: only what a trusted key signed, whole and unchanged, is ever taken."""

from __future__ import annotations

import base64
import hashlib
import json
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from redirect.adapters import bundles, keyring
from redirect.domain.errors import ListError
from redirect.domain.manifest import Manifest

if TYPE_CHECKING:
    from pathlib import Path

SIGNING, OTHER = bytes(range(32)), bytes(range(1, 33))
TRUST = (keyring.public_key(SIGNING),)
BODY = b"not a list, but bytes"
MANIFEST = Manifest(
    version=20261122010203,
    previous=0,
    created="2026-11-22T01:02:03+00:00",
    refresh_by="2026-11-29T01:02:03+00:00",
    use_until=None,
    entries={"term": 3},
    size=len(BODY),
    sha256=hashlib.sha256(BODY).hexdigest(),
)
ENVELOPE = bundles.sign(MANIFEST, SIGNING)


def test_a_signed_manifest_opens_to_itself() -> None:
    assert bundles.verify(ENVELOPE, TRUST) == MANIFEST


def test_during_a_rotation_both_keys_are_trusted() -> None:
    both = (keyring.public_key(OTHER), *TRUST)
    assert bundles.verify(ENVELOPE, both) == bundles.verify(bundles.sign(MANIFEST, OTHER), both) == MANIFEST


def test_a_manifest_of_nobody_we_trust_is_refused() -> None:
    for envelope in (bundles.sign(MANIFEST, OTHER), ENVELOPE):
        with pytest.raises(ListError, match="not signed by a trusted key"):
            bundles.verify(envelope, () if envelope == ENVELOPE else TRUST)


@given(at=st.integers(0, len(ENVELOPE) - 1), bit=st.integers(0, 7))
def test_one_changed_bit_never_changes_what_is_said(at: int, bit: int) -> None:
    changed = bytearray(ENVELOPE)
    changed[at] ^= 1 << bit
    try:
        assert bundles.verify(bytes(changed), TRUST) == MANIFEST
    except ListError:
        return


@given(st.binary(max_size=200))
def test_any_other_bytes_are_refused(envelope: bytes) -> None:
    with pytest.raises(ListError):
        bundles.verify(envelope, TRUST)


def test_a_signature_moved_to_another_manifest_is_refused() -> None:
    signature = json.loads(ENVELOPE)["signature"]
    newer = json.loads(ENVELOPE)["manifest"] | {"version": 99999999999999}
    with pytest.raises(ListError):
        bundles.verify(json.dumps({"manifest": newer, "signature": signature}).encode(), TRUST)
    short = base64.b64encode(base64.b64decode(signature)[:-1]).decode()
    with pytest.raises(ListError):
        bundles.verify(json.dumps({"manifest": newer, "signature": short}).encode(), TRUST)


def test_an_envelope_that_is_far_too_large_is_not_even_read() -> None:
    with pytest.raises(ListError, match="too large"):
        bundles.verify(ENVELOPE + b" " * (1 << 16), TRUST)


@pytest.mark.parametrize("body", [b"", BODY[:-1], BODY + b"\0", BODY.swapcase()])
def test_another_body_is_refused(body: bytes) -> None:
    bundles.ensure_body(MANIFEST, BODY)
    with pytest.raises(ListError):
        bundles.ensure_body(MANIFEST, body)


def test_what_is_written_reads_back_and_belongs_to_its_owner(tmp_path: Path) -> None:
    bundles.write(tmp_path / "bundle", ENVELOPE, BODY)
    assert bundles.read(tmp_path / "bundle") == (ENVELOPE, BODY)
    assert bytes(bundles.map_body(tmp_path / "bundle" / bundles.BODY_NAME)) == BODY
    assert all(path.stat().st_mode & 0o077 == 0 for path in (tmp_path / "bundle").iterdir())
    bundles.write(tmp_path / "bundle", ENVELOPE, b"new")
    assert sorted(path.name for path in (tmp_path / "bundle").iterdir()) == ["list.bundle", "manifest.json"]


def test_an_empty_directory_is_no_bundle_and_what_to_do_is_said(tmp_path: Path) -> None:
    with pytest.raises(ListError, match="redirect lists build"):
        bundles.read(tmp_path)
