"""A search page of Django, whole in one file, with redirect before it. Try it: README.md, "See it work"."""

# mypy: disable-error-code="import-untyped"

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.http import HttpResponse
from django.template import engines
from django.urls import path

from redirect.client import Client
from redirect.middleware.wsgi import RedirectMiddleware

if TYPE_CHECKING:
    from django.http import HttpRequest

PAGE = """<!doctype html><title>Search</title>
<form action="/search"><input name="q"> <button>Search</button></form>
{% if answer.action == "warn" and answer.page %}
<aside dir="auto">
  <h2><a href="{{ answer.page }}">{{ answer.title }}</a></h2>
  {{ answer.text|linebreaks }}
  <ul>
    {% for place in answer.resources %}{% if place.url %}<li><a href="{{ place.url }}">{{ place.name }}</a>{% endif %}
    {% endfor %}
  </ul>
</aside>
{% endif %}
{% if results %}<p>Results of your platform.</p>{% endif %}
"""

settings.configure(
    ALLOWED_HOSTS=["*"],
    ROOT_URLCONF=__name__,
    TEMPLATES=[{"BACKEND": "django.template.backends.django.DjangoTemplates"}],
    LOGGING={"version": 1, "loggers": {"django.request": {"level": "CRITICAL"}}},  # README.md, "What Django writes"
)
django = get_wsgi_application()


def home(_: HttpRequest) -> HttpResponse:
    return HttpResponse(engines["django"].from_string(PAGE).render({}))


def search(request: HttpRequest) -> HttpResponse:
    answer = request.META["redirect.answer"]  # None where no search was found
    return HttpResponse(engines["django"].from_string(PAGE).render({"answer": answer, "results": True}))


urlpatterns = [path("", home), path("search", search)]

# These two lines are all of it; in a project of yours they stand in wsgi.py.
redirect = Client(os.environ.get("REDIRECT_SERVICE", "http://127.0.0.1:8080"), os.environ["REDIRECT_KEY"])
app = RedirectMiddleware(django, redirect=redirect, paths={"/search": "web"})
