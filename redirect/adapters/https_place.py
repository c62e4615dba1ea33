"""Owns where a node finds the live bundle when that is an HTTPS address. Must never tell the far side more than that
somebody asks."""

from __future__ import annotations

import httpx

from redirect.adapters import bundles
from redirect.adapters.list_places import claimed_version
from redirect.domain.errors import StoreError
from redirect.domain.manifest import BODY_LIMIT

TIMEOUT = 30.0


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

    async def close(self) -> None:
        """Give the connections back."""
        await self._client.aclose()

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
