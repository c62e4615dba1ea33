"""Owns `GET /v1/counts`. Must never answer with anything but what has been released, nor for another platform than
the key's."""

from __future__ import annotations

import asyncio
import csv
import io
from typing import TYPE_CHECKING

import msgspec
from starlette.responses import Response

from redirect.domain.access import Scope
from redirect.domain.errors import BadRequest, StoreError
from redirect.journeys.report import published
from redirect.web.http import header
from redirect.web.security import KnownKeys, admit

if TYPE_CHECKING:
    from starlette.requests import Request

    from redirect.journeys.ports import Clock, ReleaseStore
    from redirect.journeys.report import Published

CSV, JSON = "text/csv", "application/json"
FORMATS = {"csv": CSV, "json": JSON}
PARAMETERS = frozenset(("table", "from", "to", "format"))
HEADERS = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff", "Vary": "Accept, Authorization"}


class Counts(msgspec.Struct, frozen=True, kw_only=True):
    """Published counts. `from` and `to` are what was asked for, as far as it has closed (by `closed_to`) and is kept.

    Rows never overlap, so any sum of them is right; `total` is that of all. A row names the first and the last day that
    it covers, its span (day, week or month), every dimension of the table, and its count. What has no row is
    suppressed, not zero: it may be anything below `minimum_cell`.
    """

    table: str
    platform: str
    from_: str = msgspec.field(name="from")
    to: str
    closed_to: str
    minimum_cell: int
    rounded_to: int
    total: int
    rows: list[dict[str, str | int]]


class CountsEndpoint:
    """Answers in JSON, or in CSV where `format` or else the Accept header asks for it."""

    def __init__(self, store: ReleaseStore, keys: KnownKeys, clock: Clock, minimum: int) -> None:
        self._store = store
        self._keys = keys
        self._clock = clock
        self._minimum = minimum

    async def answer(self, request: Request) -> Response:
        """Answer one request."""
        access, asked = admit(request.scope, self._keys, Scope.REPORT), request.query_params
        media_type = _media_type(asked.get("format", ""), header(request.scope, b"accept"))
        empty = [name for name, text in asked.items() if not text and name != "table"]
        if not PARAMETERS.issuperset(asked) or empty or media_type is None:
            raise BadRequest("bad-parameter")
        when = asked.get("from", ""), asked.get("to", "")
        try:
            found = await published(
                self._store, self._clock, asked.get("table", ""), access.platform, *when, self._minimum
            )
        except StoreError:
            raise BadRequest("store-unreachable") from None
        # Beside other work: a year of rows takes longer than a decision may wait.
        body = await asyncio.to_thread(_csv if media_type == CSV else _json, found)
        return Response(body, media_type=media_type, headers=HEADERS | _name(found, media_type))


def _media_type(wanted: str, accept: bytes) -> str | None:
    if wanted:
        return FORMATS.get(wanted)
    return CSV if CSV.encode() in accept.lower() else JSON


def _name(found: Published, media_type: str) -> dict[str, str]:
    """What a browser calls the file."""
    if media_type == JSON:
        return {}
    return {"Content-Disposition": f'attachment; filename="redirect-{found.table}-{found.first}-{found.last}.csv"'}


def _json(found: Published) -> bytes:
    return msgspec.json.encode(
        Counts(
            table=found.table,
            platform=found.platform,
            from_=found.first,
            to=found.last,
            closed_to=found.closed_to,
            minimum_cell=found.minimum_cell,
            rounded_to=found.rounded_to,
            total=found.total,
            rows=[row.as_dict(found.dimensions) for row in found.rows],
        )
    )


def _csv(found: Published) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(found.columns)
    writer.writerows((*row.unit.named, *row.labels, row.count) for row in found.rows)
    return text.getvalue().encode()
