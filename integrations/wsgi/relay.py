"""Owns an application that hands each request on to a platform as it came, with redirect before it: what the contract
is tested with. Must never change a byte."""

from __future__ import annotations

import os
import socket
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from redirect.client import Client
from redirect.middleware.wsgi import RedirectMiddleware

if TYPE_CHECKING:
    from collections.abc import Iterable
    from wsgiref.types import StartResponse, WSGIEnvironment


def relay(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    names = {name[5:].replace("_", "-"): value for name, value in environ.items() if name.startswith("HTTP_")}
    body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    target = quote(environ["PATH_INFO"]) + (environ["QUERY_STRING"] and "?" + environ["QUERY_STRING"])
    lines = [f"{environ['REQUEST_METHOD']} {target} HTTP/1.0", f"Content-Length: {len(body)}"]
    lines += [f"{name}: {value}" for name, value in names.items() if name != "CONNECTION"]
    with socket.create_connection(("127.0.0.1", int(os.environ["PLATFORM"]))) as connection:
        connection.sendall("\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body)
        with connection.makefile("rb") as stream:
            head, _, content = stream.read().partition(b"\r\n\r\n")
    status = HTTPStatus(int(head.split()[1]))
    start_response(f"{status.value} {status.phrase}", [("Content-Length", str(len(content)))])
    return [content]


options: dict[str, Any] = {"on_error": os.environ["ON_ERROR"]}
app = RedirectMiddleware(
    relay,
    redirect=Client(os.environ["REDIRECT_SERVICE"], os.environ["REDIRECT_KEY"], **options),
    paths={"/search": "web"},
)
