"""Owns a web application that treats a request, its plugins and its engines in SearXNG's order. Its one engine, and
its completer, ask the platform of the test. Must never ask them for anything but the query."""

from __future__ import annotations

import html
import http.client
import json
import os
from typing import Any
from urllib.parse import urlencode

from flask import Flask, Response, redirect, request, url_for

from searx import settings
from searx.plugins import STORAGE
from searx.query import RawTextQuery

app = Flask(__name__)


@app.before_request
def pre_request() -> None:
    form = {**request.args.to_dict(), **request.form.to_dict()}
    request.form = form  # type: ignore[assignment]
    disabled = request.cookies.get("disabled_plugins", "").split(",")
    request.user_plugins = [plugin.id for plugin in STORAGE if plugin.active and plugin.id not in disabled]  # type: ignore[attr-defined]


@app.route("/", methods=["GET", "POST"])
def index() -> Any:
    if request.form.get("q"):
        return redirect(url_for("search") + "?" + request.query_string.decode(), 308)
    sections = [plugin.info.preference_section for plugin in STORAGE]
    return f"<title>SearXNG</title><form action=/search><input name=q></form>{json.dumps(sections)}"


@app.route("/search", methods=["GET", "POST"])
def search() -> Any:
    typed = request.form.get("q")
    if not typed:
        return "<title>SearXNG</title>"
    query = RawTextQuery(typed, []).getQuery()
    results = _ask("/search", query) if STORAGE.pre_search(request, query) else b""
    if request.form.get("format") == "json":
        return Response(json.dumps({"query": query, "results": [results.decode()]}), mimetype="application/json")
    return b"<title>SearXNG</title>" + results


@app.route("/autocompleter", methods=["GET", "POST"])
def autocompleter() -> Any:
    prefix = RawTextQuery(request.form.get("q", ""), []).getQuery()
    completions = json.loads(_ask("/complete", prefix) or "[]")
    by_itself = request.headers.get("X-Requested-With") == "XMLHttpRequest"
    suggestions = json.dumps(completions if by_itself else [prefix, completions])
    kind = "application/json" if by_itself else "application/x-suggestions+json"
    return Response(html.escape(suggestions, quote=False), mimetype=kind)


def _ask(path: str, query: str) -> bytes:
    """What the engine says; nothing where it is out of reach, of which SearXNG tells the person."""
    connection = http.client.HTTPConnection("127.0.0.1", int(os.environ["PLATFORM"]), timeout=2)
    try:
        connection.request("GET", f"{path}?{urlencode({'q': query})}")
        return connection.getresponse().read()
    except OSError:
        return b""
    finally:
        connection.close()


STORAGE.load_settings(settings["plugins"])
STORAGE.init(app)
