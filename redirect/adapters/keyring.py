"""Owns this deployment's secret keys. Must never print one, nor lie in the same directory as a bundle.

Given by settings, or, where the embedded store builds and serves on one machine, made on first use in `keys/`
under the data directory, readable by the owner alone (design decision, see docs/threats.md).
"""

from __future__ import annotations

import base64
import binascii
import os
import secrets
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from redirect.domain.errors import SettingsError

if TYPE_CHECKING:
    from pathlib import Path

KEY_BYTES = 32
ACCEPTED = 2
"""Keys of one kind that may be in use at a time, for rotation."""


@dataclass(frozen=True)
class Keyring:
    """Raw keys of 32 bytes. `tokens` and `trust` hold one or two, the first is the newest; `signing` is empty
    on a node that only serves."""

    list_key: bytes = field(repr=False)
    tokens: tuple[bytes, ...] = field(repr=False)
    trust: tuple[bytes, ...]
    signing: bytes = field(repr=False, default=b"")


def encode(key: bytes) -> str:
    """A key as it stands in a setting: URL-safe base64 without padding."""
    return base64.urlsafe_b64encode(key).rstrip(b"=").decode()


def decode(name: str, text: str) -> bytes:
    """The key in a setting. Raises SettingsError naming the setting, never its value."""
    plain = text.strip().rstrip("=").replace("+", "-").replace("/", "_")
    try:
        key = base64.b64decode(plain + "=" * (-len(plain) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if len(key) != KEY_BYTES:
        raise SettingsError(f"{name}: not a key of {KEY_BYTES} bytes in base64; make one with `redirect keys generate`")
    return key


def decode_several(name: str, text: str) -> tuple[bytes, ...]:
    """One or two keys, separated by a comma."""
    keys = tuple(decode(name, part) for part in text.split(","))
    if len(keys) > ACCEPTED:
        raise SettingsError(f"{name}: at most {ACCEPTED} keys, the newest first")
    return keys


def public_key(signing: bytes) -> bytes:
    """The public half of a signing key."""
    key = Ed25519PrivateKey.from_private_bytes(signing).public_key()
    return key.public_bytes(Encoding.Raw, PublicFormat.Raw)


def generate() -> dict[str, str]:
    """Fresh keys for a deployment with its own store, by the name of their settings."""
    signing = secrets.token_bytes(KEY_BYTES)
    return {
        "REDIRECT_LIST_KEY": encode(secrets.token_bytes(KEY_BYTES)),
        "REDIRECT_TOKEN_KEY": encode(secrets.token_bytes(KEY_BYTES)),
        "REDIRECT_LIST_TRUST": encode(public_key(signing)),
        "REDIRECT_SIGNING_KEY": encode(signing),
    }


def given(list_key: str, token_key: str, trust: str, signing: str) -> Keyring:
    """The keys in settings. Raises SettingsError naming each one that is missing."""
    needed = {"REDIRECT_LIST_KEY": list_key, "REDIRECT_TOKEN_KEY": token_key, "REDIRECT_LIST_TRUST": trust}
    missing = [name for name, text in needed.items() if not text]
    if missing:
        raise SettingsError(
            f"{', '.join(missing)}: needed with REDIRECT_STORE_URL, since several nodes share them;"
            " make keys with `redirect keys generate`"
        )
    return Keyring(
        list_key=decode("REDIRECT_LIST_KEY", list_key),
        tokens=decode_several("REDIRECT_TOKEN_KEY", token_key),
        trust=decode_several("REDIRECT_LIST_TRUST", trust),
        signing=decode("REDIRECT_SIGNING_KEY", signing) if signing else b"",
    )


def kept(directory: Path, list_key: str, token_key: str, trust: str, signing: str) -> Keyring:
    """The keys of an embedded set-up: those in settings, the others from `directory`, made on first use."""
    signing_key = decode("REDIRECT_SIGNING_KEY", signing) if signing else b""
    if not trust and not signing_key:
        signing_key = _own(directory, "signing.key")
    return Keyring(
        list_key=decode("REDIRECT_LIST_KEY", list_key) if list_key else _own(directory, "list.key"),
        tokens=decode_several("REDIRECT_TOKEN_KEY", token_key) if token_key else (_own(directory, "token.key"),),
        trust=decode_several("REDIRECT_LIST_TRUST", trust) if trust else (public_key(signing_key),),
        signing=signing_key,
    )


def _own(directory: Path, name: str) -> bytes:
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = directory / name
    if not path.exists():
        _write_once(path, encode(secrets.token_bytes(KEY_BYTES)))
    return decode(str(path), path.read_bytes().decode("ascii", errors="replace"))


def _write_once(path: Path, text: str) -> None:
    """Write whole or not at all; where two processes race, the first one's key stays."""
    draft = path.with_suffix(f".{secrets.token_hex(4)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text + "\n")
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(draft, path)
    except FileExistsError:
        return
    finally:
        draft.unlink()
