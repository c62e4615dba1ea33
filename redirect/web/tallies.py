"""Owns `POST /v1/tallies`. Must never answer that sums were taken before the store has them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from redirect.domain.access import Scope
from redirect.domain.errors import BadRequest, StoreError
from redirect.journeys.tally import TallyBatch, take
from redirect.web.check import BATCH_LIMIT, decode
from redirect.web.http import read_body, send_json
from redirect.web.security import KnownKeys, admit

if TYPE_CHECKING:
    from starlette.types import Receive, Send
    from starlette.types import Scope as Request

    from redirect.journeys.ports import Clock, SumTaker


class Taken(msgspec.Struct, frozen=True):
    """The sequence number that is now in the counts; the sender may forget the batch."""

    sequence: int


class TalliesEndpoint:
    """Takes numbered batches of sums."""

    def __init__(self, store: SumTaker, keys: KnownKeys, clock: Clock) -> None:
        self._store = store
        self._keys = keys
        self._clock = clock
        self._decoder = msgspec.json.Decoder(TallyBatch)

    async def __call__(self, request: Request, receive: Receive, send: Send) -> None:
        """Answer one request."""
        access = admit(request, self._keys, Scope.TALLY)
        batch = decode(self._decoder, await read_body(receive, BATCH_LIMIT))
        try:
            await take(self._store, self._clock, access, batch)
        except StoreError:
            raise BadRequest("store-unreachable") from None
        await send_json(send, msgspec.json.encode(Taken(batch.sequence)))
