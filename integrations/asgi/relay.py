"""Owns an application that hands each request on to a platform as it came, with redirect before it: what the contract
is tested with. Must never change a byte."""

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING, Any

from redirect.client import AsyncClient
from redirect.middleware.asgi import RedirectMiddleware

if TYPE_CHECKING:
    from redirect.middleware.asgi import Receive, Scope, Send


async def relay(scope: Scope, receive: Receive, send: Send) -> None:
    assert scope["type"] == "http", "no lifespan here"
    body = await _whole(receive)
    target = scope["raw_path"] + (b"?" + scope["query_string"] if scope["query_string"] else b"")
    lines = [scope["method"].encode() + b" " + target + b" HTTP/1.0"]
    lines += [name + b": " + value for name, value in scope["headers"] if name != b"connection"]
    reader, writer = await asyncio.open_connection("127.0.0.1", int(os.environ["PLATFORM"]))
    writer.write(b"\r\n".join(lines) + b"\r\n\r\n" + body)
    head, _, content = (await reader.read()).partition(b"\r\n\r\n")
    writer.close()
    await send({"type": "http.response.start", "status": int(head.split()[1]), "headers": []})
    await send({"type": "http.response.body", "body": content})


async def _whole(receive: Receive) -> bytes:
    body, more = b"", True
    while more:
        message = await receive()
        body, more = body + message.get("body", b""), message.get("more_body", False)
    return body


options: dict[str, Any] = {"on_error": os.environ["ON_ERROR"]}
app = RedirectMiddleware(
    relay,
    redirect=AsyncClient(os.environ["REDIRECT_SERVICE"], os.environ["REDIRECT_KEY"], **options),
    paths={"/search": "web"},
)
