"""Owns what a browser keeps of a sign-in to the dashboard. Must never hold a key, nor accept what it did not make.

A pass is encrypted and authenticated by Fernet (`cryptography`), under keys drawn from those of the addresses of pages:
so it turns with them, and every node reads what another made.
"""

from __future__ import annotations

import base64
import hashlib
import secrets
from typing import TYPE_CHECKING

import msgspec
from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from redirect.domain.access import Pass

if TYPE_CHECKING:
    from collections.abc import Sequence


class PassBox:
    """Implements `Passes` with one or two keys of 32 bytes; the first one seals."""

    def __init__(self, keys: Sequence[bytes]) -> None:
        drawn = (hashlib.blake2b(key, digest_size=32, person=b"redirect-pass").digest() for key in keys)
        self._box = MultiFernet([Fernet(base64.urlsafe_b64encode(key)) for key in drawn])

    def name(self) -> str:
        """A name that no other pass has; it says nothing."""
        return secrets.token_hex(16)

    def seal(self, issued: Pass) -> str:
        """A pass as text that stands in a cookie."""
        return self._box.encrypt(msgspec.json.encode(issued)).decode()

    def open(self, text: str) -> Pass | None:
        """The pass, or None for anything that no key of ours sealed."""
        try:
            return msgspec.json.decode(self._box.decrypt(text.encode()), type=Pass)
        except (InvalidToken, msgspec.DecodeError, UnicodeError):
            return None
