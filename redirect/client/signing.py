"""Owns how a question is signed (RFC 9421, RFC 9530), for keys that are not to travel. Must never let such a key leave
this process: only its digest's beginning, by which the service knows which one was used."""

from __future__ import annotations

import base64
import hashlib
import hmac
from typing import Final

SIGNING: Final = "rds_"
"""What a key that signs begins with; any other is presented as it is."""


def signed(key: str, method: str, path: str, body: bytes, created: int) -> dict[str, str]:
    """Headers that sign a request with a body and without a query. `path` as it is sent; `created` is now, in seconds
    since 1970-01-01 UTC: the service takes a minute's difference."""
    secret = key.encode()
    digest = f"sha-256=:{_base64(hashlib.sha256(body).digest())}:"
    named = (
        '("@method" "@path" "content-digest")'
        f';created={created};keyid="{hashlib.sha256(secret).hexdigest()[:8]}";alg="hmac-sha256"'
    )
    text = f'"@method": {method}\n"@path": {path}\n"content-digest": {digest}\n"@signature-params": {named}'
    signature = _base64(hmac.digest(secret, text.encode(), "sha256"))
    return {"Content-Digest": digest, "Signature-Input": f"sig={named}", "Signature": f"sig=:{signature}:"}


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()
