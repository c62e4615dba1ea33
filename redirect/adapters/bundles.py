"""Owns bundles outside the domain: signing, checking, files. Must never take what is not signed by a trusted key.

On disk and in the store a bundle is two parts: the envelope (JSON: the manifest and an Ed25519 signature over
its exact bytes) and the body (`docs/bundle.md`).
"""

from __future__ import annotations

import base64
import hashlib
import mmap
from typing import TYPE_CHECKING

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from redirect.adapters.files import write_atomically
from redirect.domain.errors import ListError
from redirect.domain.manifest import BODY_LIMIT, Manifest

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

ENVELOPE_NAME = "manifest.json"
BODY_NAME = "list.bundle"
ENVELOPE_LIMIT = 1 << 16


class Envelope(msgspec.Struct, frozen=True):
    """A manifest as it was signed, byte for byte."""

    manifest: msgspec.Raw
    signature: str


def sign(manifest: Manifest, signing_key: bytes) -> bytes:
    """The envelope of a manifest."""
    raw = msgspec.json.encode(manifest)
    signature = Ed25519PrivateKey.from_private_bytes(signing_key).sign(raw)
    return msgspec.json.encode(Envelope(msgspec.Raw(raw), base64.b64encode(signature).decode()))


def verify(envelope: bytes, trust: Sequence[bytes]) -> Manifest:
    """The manifest in an envelope. Raises ListError unless one of the trusted keys signed it."""
    if len(envelope) > ENVELOPE_LIMIT:
        raise ListError("the manifest is too large to be one")
    try:
        opened = msgspec.json.decode(envelope, type=Envelope)
        signature = base64.b64decode(opened.signature, validate=True)
        manifest = msgspec.json.decode(opened.manifest, type=Manifest)
    except (msgspec.DecodeError, ValueError):
        raise ListError("the manifest cannot be read") from None
    if not any(_signed_by(key, signature, bytes(opened.manifest)) for key in trust):
        raise ListError("the manifest is not signed by a trusted key; see REDIRECT_LIST_TRUST")
    return manifest


def ensure_body(manifest: Manifest, body: bytes | memoryview | mmap.mmap) -> None:
    """Raise ListError unless this is the very body that the manifest was signed for."""
    if len(body) > BODY_LIMIT or len(body) != manifest.size:
        raise ListError(f"the bundle has {len(body)} bytes, its manifest says {manifest.size}")
    if hashlib.sha256(body).hexdigest() != manifest.sha256:
        raise ListError("the bundle is not the one that its manifest was signed for")


def write(directory: Path, envelope: bytes, body: bytes) -> None:
    """Put both parts into a directory, the envelope last."""
    write_atomically(directory / BODY_NAME, body)
    write_atomically(directory / ENVELOPE_NAME, envelope)


def read(directory: Path) -> tuple[bytes, bytes]:
    """Both parts from a directory. Raises ListError where they are not there."""
    try:
        return (directory / ENVELOPE_NAME).read_bytes(), (directory / BODY_NAME).read_bytes()
    except OSError as error:
        raise ListError(f"no bundle in {directory}: {error.strerror}; `redirect lists build` makes one") from None


def map_body(path: Path) -> mmap.mmap:
    """The body, mapped read-only: workers share the memory. Raises ListError for an empty file."""
    with path.open("rb") as file:
        try:
            return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        except ValueError:
            raise ListError("the bundle is an empty file") from None


def _signed_by(key: bytes, signature: bytes, raw: bytes) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(signature, raw)
    except InvalidSignature:
        return False
    return True
