"""Owns where a node finds the live bundle when that is not the store: a directory, or an HTTPS address.

Must never tell the far side more than that somebody asks. Both hold what `redirect lists build` writes.
"""

from __future__ import annotations

import asyncio
from pathlib import Path

import httpx
import msgspec

from redirect.adapters import bundles
from redirect.domain.errors import ListError, StoreError
from redirect.domain.manifest import BODY_LIMIT

TIMEOUT = 30.0
UNREADABLE = -1


class DirectoryPlace:
    """A directory, perhaps on a disk that several nodes share."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    async def list_version(self) -> int:
        """The version that lies there, 0 where none does."""
        return claimed_version(await asyncio.to_thread(_read, self._directory / bundles.ENVELOPE_NAME))

    async def read_list(self) -> tuple[bytes, bytes] | None:
        """Envelope and body."""
        parts = (self._directory / name for name in (bundles.ENVELOPE_NAME, bundles.BODY_NAME))
        envelope, body = [await asyncio.to_thread(_read, path) for path in parts]
        return (envelope, body) if envelope and body else None


class HttpsPlace:
    """An address under which both files lie. Asks for the small one first, and only whether it has changed."""

    def __init__(self, url: str) -> None:
        self._url = url.rstrip("/")
        self._client = httpx.AsyncClient(timeout=TIMEOUT, headers={"User-Agent": "redirect"})
        self._etag = ""
        self._version = 0

    async def list_version(self) -> int:
        """The version that lies there. Raises StoreError where it cannot be asked."""
        conditional = {"If-None-Match": self._etag} if self._etag else {}
        answer = await self._get(bundles.ENVELOPE_NAME, conditional, bundles.ENVELOPE_LIMIT)
        if answer.status_code != httpx.codes.NOT_MODIFIED:
            self._version = claimed_version(answer.content)
            self._etag = answer.headers.get("ETag", "")
        return self._version

    async def read_list(self) -> tuple[bytes, bytes] | None:
        """Envelope and body. Raises StoreError where they cannot be had."""
        envelope = await self._get(bundles.ENVELOPE_NAME, {}, bundles.ENVELOPE_LIMIT)
        body = await self._get(bundles.BODY_NAME, {}, BODY_LIMIT)
        return envelope.content, body.content

    async def _get(self, name: str, headers: dict[str, str], limit: int) -> httpx.Response:
        try:
            async with self._client.stream("GET", f"{self._url}/{name}", headers=headers) as answer:
                if answer.status_code not in {httpx.codes.OK, httpx.codes.NOT_MODIFIED}:
                    raise StoreError(f"the place of the list answered with status {answer.status_code}")
                content = bytearray()
                async for part in answer.aiter_bytes():
                    content += part
                    if len(content) > limit:
                        raise StoreError("the place of the list sent more than a bundle may have")
        except httpx.HTTPError as error:
            raise StoreError(f"the place of the list did not answer ({type(error).__name__})") from None
        return httpx.Response(
            answer.status_code, headers={"ETag": answer.headers.get("ETag", "")}, content=bytes(content)
        )


ListPlace = DirectoryPlace | HttpsPlace


def place_of(source: str) -> ListPlace | None:
    """Where a directory or an https:// address says that the live bundle lies; None where it says nothing."""
    if source.startswith("https://"):
        return HttpsPlace(source)
    return DirectoryPlace(Path(source)) if source else None


def claimed_version(envelope: bytes) -> int:
    """What a manifest says of itself before anything of it is believed. 0 where there is none; UNREADABLE where there
    is one that says nothing."""
    try:
        return msgspec.json.decode(msgspec.json.decode(envelope, type=bundles.Envelope).manifest, type=_Claim).version
    except (msgspec.DecodeError, ValueError):  # bytes that are no UTF-8 are no DecodeError
        return UNREADABLE if envelope else 0


class _Claim(msgspec.Struct):
    version: int


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return b""
    except OSError as error:
        raise ListError(f"{path}: {error.strerror}") from None
