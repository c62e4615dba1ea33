"""Owns the baseline: the least that a JSON service on the same server does. Must never do more."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import Route

if TYPE_CHECKING:
    from starlette.requests import Request


async def echo(request: Request) -> Response:
    """Decode, encode, answer."""
    return Response(msgspec.json.encode(msgspec.json.decode(await request.body())))


app = Starlette(routes=[Route("/echo", echo, methods=["POST"])])
