"""Owns the addresses of pages. Must never tell anything to whoever reads one, nor accept one that is not ours.

A statement is packed to one length and encrypted with AES-SIV (RFC 5297), which is deterministic: the same
statement has the same address, so an address identifies a situation and no person.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from functools import lru_cache
from typing import TYPE_CHECKING

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV

from redirect.domain.content import Statement

if TYPE_CHECKING:
    from collections.abc import Sequence

PLAIN_BYTES = 119
TOKEN_CHARACTERS = (PLAIN_BYTES + 16) * 4 // 3
_SEPARATOR = "\x1f"
_FIELDS = 10
_AS_BASE64 = bytes.maketrans(b"-_+/", b"+/!!")  # one address for one statement
_ENROLLED = "1"
_CODE_BYTES = 9
OPENED_KEPT = 1024


class _NotOursError(ValueError):
    """No key of ours sealed it."""


class TokenBox:
    """Implements `Tokens` with one or two keys of 32 bytes; the first one seals."""

    def __init__(self, keys: Sequence[bytes]) -> None:
        self._boxes = [AESSIV(key) for key in keys]
        # The oldest key, so that a page rendered just before a new key came keeps its links.
        self._code_key = hashlib.blake2b(keys[-1], person=b"redirect-code").digest()
        # What opens is an address that we made, and the same for everyone in its situation; what does not, somebody may
        # have typed, and is not kept: a call that raises is forgotten.
        self._opened = lru_cache(OPENED_KEPT)(self._open)

    def seal(self, statement: Statement) -> str:
        """One path segment, always of TOKEN_CHARACTERS. Raises ValueError for a statement that is too long."""
        text = _SEPARATOR.join(
            (
                statement.platform,
                statement.category,
                statement.message,
                statement.variant,
                statement.country,
                statement.attempt,
                statement.language,
                str(statement.day),
                statement.step,
                _ENROLLED if statement.enrolled else "",
            )
        )
        plain = text.encode()
        if len(plain) > PLAIN_BYTES:
            raise ValueError("the names in this statement are too long for an address")
        sealed = self._boxes[0].encrypt(plain.ljust(PLAIN_BYTES, b"\0"), None)
        return base64.urlsafe_b64encode(sealed).decode()

    def open(self, token: str) -> Statement | None:
        """The statement, or None for anything that no key of ours sealed."""
        if len(token) != TOKEN_CHARACTERS:
            return None
        try:
            return self._opened(token)
        except ValueError:
            return None

    def code(self, token: str, service: str) -> str:
        """A service's name within one page; says nothing elsewhere."""
        digest = hmac.digest(self._code_key, f"{token}/{service}".encode(), "sha256")
        return base64.urlsafe_b64encode(digest[:_CODE_BYTES]).decode()

    def _open(self, token: str) -> Statement:
        sealed = binascii.a2b_base64(token.encode("ascii").translate(_AS_BASE64), strict_mode=True)
        return _statement(self._decrypt(sealed))

    def _decrypt(self, sealed: bytes) -> bytes:
        for box in self._boxes:
            try:
                return box.decrypt(sealed, None)
            except InvalidTag:
                continue
        raise _NotOursError


def _statement(plain: bytes) -> Statement:
    fields = plain.rstrip(b"\0").decode().split(_SEPARATOR)
    if len(fields) != _FIELDS:
        raise _NotOursError
    platform, category, message, variant, country, attempt, language, day, step, enrolled = fields
    situation = (platform, category, message, variant, country, attempt, language, int(day), step)
    return Statement(*situation, enrolled=enrolled == _ENROLLED)
