"""Owns the way of a local checker's sums to the service. Must never send anything but sums."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx

from redirect.domain.errors import StoreError

if TYPE_CHECKING:
    from redirect.journeys.ports import Batch

TIMEOUT = 10.0


class TallyClient:
    """Implements `SumTaker` over `POST /v1/tallies`."""

    def __init__(self, service: str, key: str) -> None:
        self._client = httpx.AsyncClient(
            base_url=service, timeout=TIMEOUT, headers={"Authorization": f"Bearer {key}", "User-Agent": "redirect"}
        )

    async def apply(self, batch: Batch) -> None:
        """Send a batch. Raises StoreError, and it is sent again, unless the service says that it has it."""
        cells = [
            # The service puts in the platform that the key belongs to.
            {"table": cell.table, "period": cell.period, "labels": cell.labels[1:], "count": count}
            for cell, count in batch.cells
        ]
        body = {"spool": batch.spool, "sequence": batch.sequence, "cells": cells}
        try:
            answer = await self._client.post("/v1/tallies", json=body)
        except httpx.HTTPError as error:
            raise StoreError(f"the service did not take sums ({type(error).__name__})") from None
        if answer.status_code != httpx.codes.OK:
            raise StoreError(f"the service did not take sums (status {answer.status_code})")

    async def close(self) -> None:
        """Give the connections back."""
        await self._client.aclose()
