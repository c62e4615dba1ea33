"""A search page with redirect before it. Try it: README.md, "See it work"."""

from __future__ import annotations

import html
import os
from typing import TYPE_CHECKING

from redirect.client import Action, Client
from redirect.middleware.wsgi import RedirectMiddleware

if TYPE_CHECKING:
    from collections.abc import Iterable
    from wsgiref.types import StartResponse, WSGIEnvironment

    from redirect.client import Answer

FORM = '<!doctype html><title>Search</title><form action="/search"><input name="q"> <button>Search</button></form>'
redirect = Client(os.environ.get("REDIRECT_SERVICE", "http://127.0.0.1:8080"), os.environ["REDIRECT_KEY"])


def search(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    answer = environ.get("redirect.answer")  # None where no search was found
    start_response("200 OK", [("Content-Type", "text/html; charset=utf-8")])
    return [f"{FORM}{card(answer)}<p>Results of your platform.".encode()]


def card(answer: Answer | None) -> str:
    """What stands above the results of a search that is only likely, in the language of the person."""
    if answer is None or answer.action is not Action.WARN or answer.page is None:
        return ""
    title, text = html.escape(answer.title or ""), html.escape(answer.text or "").replace("\n\n", "<p>")
    places = "".join(f'<li><a href="{html.escape(p.url)}">{html.escape(p.name)}</a>' for p in answer.resources if p.url)
    page = html.escape(answer.page)
    return f'<aside dir="auto"><h2><a href="{page}">{title}</a></h2><p>{text}<ul>{places}</ul></aside>'


app = RedirectMiddleware(search, redirect=redirect, paths={"/search": "web"})
