"""Owns middleware for WSGI applications (Flask, Django, Pyramid …). Must never pass on a search that is blocked, nor a
request in another form than it came."""

from __future__ import annotations

import io
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

from redirect.middleware.searches import FORM_LIMIT, PARAMETERS, Asked, Searches, is_form, stop, strictest

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping
    from wsgiref.types import InputStream, StartResponse, WSGIApplication, WSGIEnvironment

    from redirect.client import Answer, Client
    from redirect.client.subject import Surface

ANSWER: Final = "redirect.answer"


class RedirectMiddleware:
    """Asks about each search before the application sees it.

        app.wsgi_app = RedirectMiddleware(app.wsgi_app, redirect=Client(service, key), paths={"/search": "web"})

    A search that is blocked becomes the page. All others reach the application with `environ["redirect.answer"]`;
    where its action is `warn`, show the card above the results. `tell` leaves blocked ones to the application, too,
    which then must not show results. `country` says where a person is, by the environ.
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
        if surface is not None:
            environ[ANSWER] = answer = self._answer(environ, surface)
            if answer is not None and answer.action == "block" and not self._tell:
                return _stop(answer, environ["REQUEST_METHOD"], start_response)
        return self._app(environ, start_response)

    def _answer(self, environ: WSGIEnvironment, surface: Surface) -> Answer | None:
        content_type = environ.get("CONTENT_TYPE", "")
        asked = Asked(
            environ.get("QUERY_STRING", "").encode("latin-1", "replace"),
            environ.get("HTTP_ACCEPT_LANGUAGE", ""),
            self._country(environ),
            content_type,
            _read_ahead(environ) if is_form(environ["REQUEST_METHOD"], content_type) else b"",
        )
        subjects = self._searches.subjects(asked, surface)
        return strictest(self._redirect.check_batch(subjects)) if subjects else None


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


def _stop(answer: Answer, method: str, start_response: StartResponse) -> Iterable[bytes]:
    status, headers, body = stop(answer, method)
    start_response(f"{status} {HTTPStatus(status).phrase}", headers)
    return [] if method == "HEAD" else [body]
