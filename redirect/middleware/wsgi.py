"""Owns middleware for WSGI applications (Flask, Django, Pyramid …). Must never pass on a search that is blocked, nor a
request in another form than it came."""

from __future__ import annotations

import io
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

from redirect.middleware.searches import FORM_LIMIT, PARAMETERS, Asked, Searches, instead, is_form, strictest
from redirect.middleware.suggestions import is_suggestions, read_suggestions, with_length

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping
    from wsgiref.types import InputStream, StartResponse, WSGIApplication, WSGIEnvironment

    from redirect.client import Client
    from redirect.client.subject import Surface
    from redirect.middleware.searches import Response

ANSWER: Final = "redirect.answer"


class RedirectMiddleware:
    """Asks about each search before the application sees it.

        app.wsgi_app = RedirectMiddleware(app.wsgi_app, redirect=Client(service, key), paths={"/search": "web"})

    A search that is blocked becomes the page. All others reach the application with `environ["redirect.answer"]`;
    where its action is `warn`, show the card above the results. `tell` leaves blocked ones to the application, too,
    which then must not show results. `country` says where a person is, by the environ. Below a path of the surface
    `suggest` a prefix that is listed gets no suggestions, and those of the application come without the listed ones.
    """

    def __init__(
        self,
        app: WSGIApplication,
        *,
        redirect: Client,
        paths: Mapping[str, Surface],
        parameters: Collection[str] = PARAMETERS,
        country: Callable[[WSGIEnvironment], str | None] = lambda _: None,
        tell: bool = False,
    ) -> None:
        self._app = app
        self._redirect = redirect
        self._searches = Searches(paths, parameters)
        self._country = country
        self._tell = tell

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Handle one request."""
        surface = self._searches.surface(_path(environ))
        if surface is None:
            return self._app(environ, start_response)
        asked = self._asked(environ)
        subjects = self._searches.subjects(asked, surface)
        environ[ANSWER] = answer = strictest(self._redirect.check_batch(subjects)) if subjects else None
        if not self._tell:
            prefix = str(subjects[0].query) if subjects else ""
            response = instead(answer, environ["REQUEST_METHOD"], surface, prefix)
            if response is not None:
                return _send(response, environ["REQUEST_METHOD"], start_response)
            if surface == "suggest":
                return self._suggested(environ, start_response, asked)
        return self._app(environ, start_response)

    def _asked(self, environ: WSGIEnvironment) -> Asked:
        content_type = environ.get("CONTENT_TYPE", "")
        return Asked(
            environ.get("QUERY_STRING", "").encode("latin-1", "replace"),
            environ.get("HTTP_ACCEPT_LANGUAGE", ""),
            self._country(environ),
            content_type,
            _read_ahead(environ) if is_form(environ["REQUEST_METHOD"], content_type) else b"",
        )

    def _suggested(self, environ: WSGIEnvironment, start_response: StartResponse, asked: Asked) -> Iterable[bytes]:
        """What the application answers, suggestions without the listed ones."""
        (status, headers, *error), body = _whole(self._app, environ)
        suggestions = read_suggestions(body) if is_suggestions(_content_type(headers)) else None
        kept = suggestions and suggestions.kept(self._redirect.check_batch(suggestions.subjects(asked)))
        start_response(status, with_length(headers, len(kept)) if kept else headers, *error)
        return [kept or body]


def _whole(app: WSGIApplication, environ: WSGIEnvironment) -> tuple[list[Any], bytes]:
    """What an application started its answer with, and the body."""
    started: list[Any] = []
    body: list[bytes] = []

    def start(*said: Any) -> Callable[[bytes], object]:
        started[:] = said
        return body.append

    content = app(environ, start)
    try:
        body.extend(content)
    finally:
        getattr(content, "close", bool)()
    return started, b"".join(body)


class _Again(io.RawIOBase):
    """A body from its beginning: what was read of it, then the rest, of a known length or up to its end."""

    def __init__(self, begin: bytes, rest: InputStream, length: int | None) -> None:
        self._begin = begin
        self._rest = rest
        self._length = length

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        wanted = len(buffer)
        if self._begin:
            data, self._begin = self._begin[:wanted], self._begin[wanted:]
        else:
            data = self._rest.read(wanted if self._length is None else min(wanted, self._length))
            self._length = None if self._length is None else self._length - len(data)
        buffer[: len(data)] = data
        return len(data)


def _read_ahead(environ: WSGIEnvironment) -> bytes:
    """Read what is looked at of a body, and put a stream into its place that begins anew."""
    length = _length(environ)
    if length is None and not environ.get("wsgi.input_terminated"):
        return b""  # without a length or an end nobody may read
    stream = environ["wsgi.input"]
    begin = stream.read(FORM_LIMIT if length is None else min(length, FORM_LIMIT))
    rest = None if length is None else length - len(begin)
    environ["wsgi.input"] = io.BufferedReader(_Again(begin, stream, rest))
    return bytes(begin)


def _length(environ: WSGIEnvironment) -> int | None:
    said = environ.get("CONTENT_LENGTH") or ""
    return int(said) if said.isascii() and said.isdigit() else None


def _path(environ: WSGIEnvironment) -> str:
    """As people see it; the gateway leaves its bytes as latin-1."""
    raw: str = environ.get("SCRIPT_NAME", "") + environ.get("PATH_INFO", "")
    return raw.encode("latin-1", "replace").decode(errors="replace")


def _content_type(headers: list[tuple[str, str]]) -> str:
    return {name.lower(): value for name, value in headers}.get("content-type", "")


def _send(response: Response, method: str, start_response: StartResponse) -> Iterable[bytes]:
    status, headers, body = response
    start_response(f"{status} {HTTPStatus(status).phrase}", headers)
    return [] if method == "HEAD" else [body]
