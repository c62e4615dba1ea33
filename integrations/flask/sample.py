"""A search page of Flask with redirect before it. Try it: README.md, "See it work"."""

from __future__ import annotations

import os

from flask import Flask, render_template_string, request

from redirect.client import Client
from redirect.middleware.wsgi import RedirectMiddleware

PAGE = """<!doctype html><title>Search</title>
<form action="/search"><input name="q"> <button>Search</button></form>
{% if answer and answer.action == "warn" and answer.page %}
<aside dir="auto">
  <h2><a href="{{ answer.page }}">{{ answer.title }}</a></h2>
  {% for paragraph in answer.text.split("\n\n") %}<p>{{ paragraph }}</p>{% endfor %}
  <ul>
    {% for place in answer.resources if place.url %}<li><a href="{{ place.url }}">{{ place.name }}</a>{% endfor %}
  </ul>
</aside>
{% endif %}
{% if results %}<p>Results of your platform.</p>{% endif %}
"""

app = Flask(__name__)
redirect = Client(os.environ.get("REDIRECT_SERVICE", "http://127.0.0.1:8080"), os.environ["REDIRECT_KEY"])
app.wsgi_app = RedirectMiddleware(app.wsgi_app, redirect=redirect, paths={"/search": "web"})  # type: ignore[method-assign]


@app.route("/")
def home() -> str:
    return render_template_string(PAGE)


@app.route("/search", methods=["GET", "POST"])
def search() -> str:
    answer = request.environ["redirect.answer"]  # None where no search was found
    return render_template_string(PAGE, answer=answer, results=True)
