"""Owns `/v1/forward`, the sub-request contract of reverse proxies. Must never answer 2xx to what must not pass.

200 with no body lets the request pass; 302 (for GET) or 303 sends the person to the page; with
`?style=nginx` 403 carries the same Location, since auth_request knows no other refusal. `warn` passes: a proxy
cannot put a card into somebody else's page.
"""

from __future__ import annotations

import itertools
from functools import partial
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlsplit

from starlette.responses import Response

from redirect.domain.decision import Action
from redirect.domain.errors import BadRequest
from redirect.domain.subject import TEXT_LIMIT, Subject, Surface
from redirect.web.http import header, text_header

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from starlette.types import Receive, Send
    from starlette.types import Scope as Request

    from redirect.domain.content import Platform
    from redirect.journeys.check import Checker
    from redirect.web.check import Caller, Count

URI_LIMIT = 1 << 16
SUBJECT_LIMIT = 16
"""Subjects looked at in one request; a request with more is decided by its first ones."""

ORIGINAL_URI = (b"x-original-uri", b"x-forwarded-uri")
ORIGINAL_METHOD = (b"x-original-method", b"x-forwarded-method")


class ForwardEndpoint:
    """Decides on the search, and on the address itself where its host is known, of another request."""

    def __init__(
        self,
        checker: Checker,
        caller: Caller,
        parameters: Sequence[str],
        public_url: str,
        count: Count,
    ) -> None:
        self._checker = checker
        self._caller = caller
        self._parameters = frozenset(parameters)
        public = urlsplit(public_url)
        self._public_host, self._pages = public.netloc.lower(), f"{public.path}/w/"
        self._count = count

    async def __call__(self, request: Request, receive: Receive, send: Send) -> None:
        """Answer one sub-request."""
        platform = self._caller.platform(request)
        options = dict(parse_qsl(request["query_string"].decode("latin-1")))
        page = None if self._is_own_page(request) else self._stop(request, platform, options)
        await _answer(request, page, nginx=options.get("style") == "nginx")(request, receive, send)

    def _is_own_page(self, request: Request) -> bool:
        """The stop page must not stop itself."""
        host = text_header(request, b"x-forwarded-host").lower()
        return (not host or host == self._public_host) and _uri(request).startswith(self._pages)

    def _stop(self, request: Request, platform: Platform, options: Mapping[str, str]) -> str | None:
        """The page to send the person to, or None to let the request pass."""
        for subject in itertools.islice(self._subjects(request, options), SUBJECT_LIMIT):
            answer = self._checker.check(subject, platform)
            self._count()
            if answer.action is Action.BLOCK:
                return answer.page
        return None

    def _subjects(self, request: Request, options: Mapping[str, str]) -> Iterator[Subject]:
        uri = _uri(request)
        subject = partial(
            Subject,
            languages=text_header(request, b"accept-language"),
            country=_two_letters(options.get("country", "")),
            surface=_surface(options.get("surface", "")),
        )
        for name, value in parse_qsl(urlsplit(uri).query, errors="replace"):
            if name in self._parameters:
                yield subject(query=_cut(value))
        if (address := _address(request, uri)) is not None:
            yield subject(url=_cut(address))


def _answer(request: Request, page: str | None, *, nginx: bool) -> Response:
    headers = {"Cache-Control": "no-store"}
    if page is None:
        return Response(status_code=200, headers=headers)
    method = _first(request, ORIGINAL_METHOD) or request["method"]
    status = 403 if nginx else 302 if method in {"GET", "HEAD"} else 303
    return Response(status_code=status, headers={**headers, "Location": page})


def _uri(request: Request) -> str:
    """The original request's address, or its path and query."""
    uri = _first(request, ORIGINAL_URI)
    if not uri:
        query = request["query_string"].decode(errors="replace")
        uri = request["path"] + (f"?{query}" if query else "")
    return uri


def _address(request: Request, uri: str) -> str | None:
    """The whole address where its host is known: a proxy for many sites says it, one for a single site need not."""
    if uri.lower().startswith(("http://", "https://")):
        return uri
    host = text_header(request, b"x-forwarded-host")
    return f"http://{host}{uri}" if host else None


def _first(request: Request, names: Sequence[bytes]) -> str:
    values = (header(request, name) for name in names)
    return next((value[:URI_LIMIT].decode(errors="replace") for value in values if value), "")


def _cut(text: str) -> str:
    """At most TEXT_LIMIT bytes; what is not Unicode is replaced, so that broken bytes are no way around."""
    whole = text.encode("utf-8", errors="replace")
    return text if len(whole) <= TEXT_LIMIT else whole[:TEXT_LIMIT].decode(errors="ignore")


def _two_letters(text: str) -> str | None:
    return text if len(text) == 2 and text.isascii() and text.isalnum() else None


def _surface(text: str) -> Surface:
    try:
        return Surface(text or Surface.WEB)
    except ValueError:
        raise BadRequest("invalid-request") from None
