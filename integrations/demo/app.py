"""A small search page, wired as a platform would. Must never be taken for a search engine: its results are made up."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from redirect.client import AsyncClient
from redirect.middleware.asgi import RedirectMiddleware
from redirect.middleware.suggestions import MEDIA_TYPE

if TYPE_CHECKING:
    from starlette.requests import Request

RESULTS = ("A page that we made up", "Another one", "Something to read tomorrow")
COMPLETIONS = ("weather tomorrow", "walking shoes", "zorblax minku")
templates = Environment(loader=FileSystemLoader(Path(__file__).parent), autoescape=True, undefined=StrictUndefined)
redirect = AsyncClient(os.environ["REDIRECT_SERVICE"], os.environ["REDIRECT_KEY"])


async def page(request: Request) -> HTMLResponse:
    """The form, and results where something was searched for; a form may also be sent by POST."""
    form = dict(parse_qsl((await request.body()).decode(errors="replace")))
    text = request.query_params.get("q") or form.get("q", "")
    answer = request.scope.get("redirect.answer")
    shown = {"text": text, "results": RESULTS if text else (), "kind": request.url.path.strip("/") or "search"}
    return HTMLResponse(templates.get_template("page.html").render(**shown, answer=answer))


async def suggest(request: Request) -> Response:
    """What browsers show while somebody types."""
    return JSONResponse([request.query_params.get("q", ""), list(COMPLETIONS)], media_type=MEDIA_TYPE)


app = Starlette(
    routes=[
        Route("/", page),
        Route("/search", page, methods=["GET", "POST"]),
        Route("/images", page),
        Route("/suggest", suggest),
    ],
    middleware=[
        Middleware(RedirectMiddleware, redirect=redirect, paths={"/search": "web", "/suggest": "suggest"}),
    ],
)
