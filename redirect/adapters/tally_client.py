"""Owns the way of a local checker's sums to the service. Must never send anything but sums."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import httpx
import msgspec

from redirect.client.signing import SIGNING, signed
from redirect.domain.errors import StoreError

if TYPE_CHECKING:
    from redirect.journeys.ports import Batch

PATH = "/v1/tallies"
TIMEOUT = 10.0


class TallyClient:
    """Implements `SumTaker` over `POST /v1/tallies`."""

    def __init__(self, service: str, key: str) -> None:
        self._key = key
        self._path = urlsplit(service).path.rstrip("/") + PATH
        self._client = httpx.AsyncClient(
            base_url=service, timeout=TIMEOUT, headers={"Content-Type": "application/json", "User-Agent": "redirect"}
        )

    async def apply(self, batch: Batch) -> None:
        """Send a batch. Raises StoreError, and it is sent again, unless the service says that it has it."""
        cells = [
            # The service puts in the platform that the key belongs to.
            {"table": cell.table, "period": cell.period, "labels": cell.labels[1:], "count": count}
            for cell, count in batch.cells
        ]
        body = msgspec.json.encode({"spool": batch.spool, "sequence": batch.sequence, "cells": cells})
        try:
            answer = await self._client.post(PATH, content=body, headers=self._shown(body))
        except httpx.HTTPError as error:
            raise StoreError(f"the service did not take sums ({type(error).__name__})") from None
        if answer.status_code != httpx.codes.OK:
            raise StoreError(f"the service did not take sums (status {answer.status_code})")

    def _shown(self, body: bytes) -> dict[str, str]:
        """The headers by which the service knows whose sums these are."""
        if self._key.startswith(SIGNING):
            return signed(self._key, "POST", self._path, body, int(time.time()))
        return {"Authorization": f"Bearer {self._key}"}

    async def close(self) -> None:
        """Give the connections back."""
        await self._client.aclose()
