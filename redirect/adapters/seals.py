"""Owns how a key that signs is kept. Must never write one that whoever reads the store could use.

Who checks an HMAC needs the secret itself, no digest of it will do. So it is encrypted and authenticated by Fernet
(`cryptography`), under keys drawn from REDIRECT_TOKEN_KEY, which every node has and the store has not.
"""

from __future__ import annotations

import base64
import hashlib
from typing import TYPE_CHECKING

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

if TYPE_CHECKING:
    from collections.abc import Sequence


class SealBox:
    """Seals secrets with the first of one or two keys of 32 bytes, opens them with any."""

    def __init__(self, keys: Sequence[bytes]) -> None:
        drawn = (hashlib.blake2b(key, digest_size=32, person=b"redirect-seal").digest() for key in keys)
        self._box = MultiFernet([Fernet(base64.urlsafe_b64encode(key)) for key in drawn])

    def seal(self, secret: str) -> str:
        """A secret, as it may lie in the store."""
        return self._box.encrypt(secret.encode()).decode()

    def open(self, sealed: str) -> bytes | None:
        """The secret, or None for anything that no key of ours sealed."""
        try:
            return self._box.decrypt(sealed)
        except InvalidToken:
            return None
