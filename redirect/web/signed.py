"""Owns calls that are signed instead of carrying a key. Must never let one in whose body is not the one that was
signed, nor slow down those that carry a key.

A layer of its own, before the router: what stands behind it finds the signer in the request, as it would find a key.
"""

from __future__ import annotations

import hashlib
import hmac
from typing import TYPE_CHECKING, Protocol

from redirect.domain import signatures
from redirect.domain.errors import BadRequest
from redirect.web.check import BATCH_LIMIT
from redirect.web.http import header, read_body
from redirect.web.security import SIGNER

if TYPE_CHECKING:
    from collections.abc import Iterator

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from redirect.domain.access import Access
    from redirect.domain.signatures import Signature
    from redirect.journeys.ports import Clock

ASKED_BY_HEADER = ("x-original-uri", "x-forwarded-uri", "x-forwarded-host", "x-original-method", "x-forwarded-method")
"""What `/v1/forward` decides on besides its own address."""


class Signers(Protocol):
    """Finds the secret and the access of a key that signs."""

    def signer(self, key_id: str) -> tuple[bytes, Access] | None: ...


class SignedCalls:
    """The layer. `base` is the path of the public address, which a proxy may have left on or taken off."""

    def __init__(self, router: ASGIApp, signers: Signers, base: str, clock: Clock) -> None:
        self._router = router
        self._signers = signers
        self._base = base
        self._clock = clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on with its signer, or with what is wrong with its signature: a call that needs no key is not
        refused for it. Raises BadRequest for a body that is not the one that was signed."""
        if _is_signed(scope):
            try:
                signature = signatures.read(_whole(scope, b"signature-input"), _whole(scope, b"signature"))
                scope[SIGNER] = self._access(scope, signature)
            except BadRequest as error:
                scope[SIGNER] = error
            else:
                receive = _again(await _body(scope, receive, signature), receive)
        await self._router(scope, receive, send)

    def _access(self, scope: Scope, signature: Signature) -> Access:
        found = self._signers.signer(signature.key_id)
        if found is None:
            raise BadRequest("wrong-key")
        signature.ensure_timely(self._clock())
        signature.ensure_covers(list(_needed(scope)))
        secret, access = found
        for path in self._paths(scope):
            text = signature.text(_values(scope, path))
            if hmac.compare_digest(hmac.digest(secret, text, "sha256"), signature.value):
                return access
        raise BadRequest("signature-wrong")

    def _paths(self, scope: Scope) -> Iterator[str]:
        path = scope["raw_path"].decode("latin-1")
        yield path
        if self._base:
            yield self._base + path


def _is_signed(scope: Scope) -> bool:
    return bool(
        scope["path"].startswith("/v1/")
        and header(scope, b"signature-input")
        and not header(scope, b"authorization")  # what others sign besides, such as a network's own crawlers
    )


def _needed(scope: Scope) -> Iterator[str]:
    yield from ("@method", "@path")
    if scope["query_string"]:
        yield "@query"
    present = {name for name, _ in scope["headers"]}
    yield from (name for name in ASKED_BY_HEADER if name.encode() in present)


def _values(scope: Scope, path: str) -> dict[str, str]:
    """Components that can be covered, by name: the request's own parts, and every header."""
    fields: dict[str, list[str]] = {}
    for name, value in scope["headers"]:
        fields.setdefault(name.decode("latin-1"), []).append(value.decode("latin-1").strip())
    return {
        **{name: ", ".join(values) for name, values in fields.items()},
        "@method": scope["method"],
        "@path": path,
        "@query": "?" + scope["query_string"].decode("latin-1"),
        "@authority": header(scope, b"host").decode("latin-1").lower(),
    }


async def _body(scope: Scope, receive: Receive, signature: Signature) -> bytes:
    body = await read_body(receive, BATCH_LIMIT)
    if not body and "content-digest" not in signature.covered:
        return body
    signature.ensure_covers(["content-digest"])
    digest = signatures.digest_in(_whole(scope, b"content-digest"))
    if not hmac.compare_digest(hashlib.sha256(body).digest(), digest):
        raise BadRequest("digest-wrong")
    return body


def _again(body: bytes, receive: Receive) -> Receive:
    """What was read, once more for whoever comes next."""
    messages: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def replayed() -> Message:
        return messages.pop() if messages else await receive()

    return replayed


def _whole(scope: Scope, name: bytes) -> str:
    """All values of a header, as one (RFC 9421, 2.1)."""
    return ", ".join(value.decode("latin-1").strip() for key, value in scope["headers"] if key == name)
