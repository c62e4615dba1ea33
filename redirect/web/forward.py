"""Owns `/v1/forward`, the sub-request contract of reverse proxies. Must never answer 2xx to what must not pass.

200 with no body lets the request pass; 302 (for GET) or 303 sends the person to the page; with
`?style=nginx` 403 carries the same Location, since auth_request knows no other refusal. `warn` passes: a proxy
cannot put a card into somebody else's page.

Some proxies pass on whatever headers a person sends. So every address that a request names is looked at: naming
one more can only stop a request, never free it.
"""

from __future__ import annotations

import asyncio
import itertools
import re
from functools import partial
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import parse_qsl, unquote_plus, urlsplit

from starlette.responses import Response

from redirect.domain.decision import Action
from redirect.domain.errors import BadRequest
from redirect.domain.subject import TEXT_LIMIT, Subject, Surface, is_address
from redirect.web.http import header, text_header

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from starlette.types import Receive, Send
    from starlette.types import Scope as Request

    from redirect.domain.content import Platform
    from redirect.journeys.check import Checker
    from redirect.web.check import Caller, Count

PATH = b"/v1/forward"
NGINX = "nginx"
OVERLAP = 512
"""Bytes that two pieces of a long search share: longer than any phrase on a list."""
SINGLE = 8
"""Searches in one address that are decided one by one; a person makes one or two, the rest are read together."""

ORIGINAL_URI = (b"x-original-uri", b"x-forwarded-uri")
ORIGINAL_METHOD = (b"x-original-method", b"x-forwarded-method")


class Asked(NamedTuple):
    """What a sub-request asks about: addresses, each a path and query or whole, and what the proxy adds."""

    addresses: Sequence[str]
    options: Mapping[str, str]


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
        self._parameters = frozenset(name.lower() for name in parameters)
        self._own_page = _own_page(public_url)
        self._count = count

    async def __call__(self, request: Request, receive: Receive, send: Send) -> None:
        """Answer one sub-request."""
        platform = self._caller.platform(request)
        asked = _asked(request, self._parameters)
        page = await self._stop(self._subjects(request, asked), platform)
        await _answer(request, page, nginx=asked.options.get("style") == NGINX)(request, receive, send)

    async def _stop(self, subjects: Iterable[Subject], platform: Platform) -> str | None:
        """The page to send the person to, or None to let the request pass."""
        for subject in subjects:
            answer = self._checker.check(subject, platform)
            self._count()
            if answer.action is Action.BLOCK:
                return answer.page
            await asyncio.sleep(0)  # a long address takes several decisions; others wait meanwhile
        return None

    def _subjects(self, request: Request, asked: Asked) -> Iterator[Subject]:
        subject = partial(
            Subject,
            languages=text_header(request, b"accept-language"),
            country=_two_letters(asked.options.get("country", "")),
            surface=_surface(asked.options.get("surface", "")),
        )
        host = text_header(request, b"x-forwarded-host")
        for address in asked.addresses:
            for search in _packed(self._searches(address)):
                yield from (subject(query=window) for window in _windows(search))
            url = _whole(address, host)
            # The search in a page's own address was decided above; the address itself must not stop itself.
            if url and not self._own_page.fullmatch(url):
                yield subject(url=_cut(url))

    def _searches(self, address: str) -> Iterator[str]:
        """Values of the search parameters, also as `Q=` and as `search[text]=`, which many programs take. One by one:
        of a long address the first are decided before the others are read, and others wait meanwhile."""
        for field in address.partition("?")[2].split("&"):
            name, _, value = field.partition("=")
            if value and _plain(_decoded(name)) in self._parameters:
                yield " ".join(_decoded(value).split())


def _asked(request: Request, parameters: Collection[str]) -> Asked:
    """Raises BadRequest where the proxy names no address, nor a search: it would pass everything and nobody would
    know."""
    addresses = [_text(value) for key, value in request["headers"] if key in ORIGINAL_URI and value]
    query = _text(request["query_string"])
    behind = _text(request["raw_path"].partition(PATH)[2])
    if behind:  # our path put before the original one, whose query is a person's and tells us no options
        return Asked([*addresses, f"{behind}?{query}"], {})
    options = dict(parse_qsl(query, errors="replace"))
    if addresses and options.get("style", NGINX) != NGINX:  # without an address the query may be a person's
        raise BadRequest("invalid-request")
    if not addresses and not any(_plain(name) in parameters for name in options):
        raise BadRequest("invalid-request")
    return Asked(addresses or [f"?{query}"], options)


def _decoded(text: str) -> str:
    """A name or a value of a query string."""
    return unquote_plus(text, errors="replace") if "%" in text or "+" in text else text


def _plain(name: str) -> str:
    """The name of a parameter without what programs add to it."""
    return name.partition("[")[0].strip().lower()


def _answer(request: Request, page: str | None, *, nginx: bool) -> Response:
    headers = {"Cache-Control": "no-store"}
    if page is None:
        return Response(status_code=200, headers=headers)
    named = (header(request, name).decode("latin-1") for name in ORIGINAL_METHOD)
    method = next(filter(None, named), request["method"])
    status = 403 if nginx else 302 if method in {"GET", "HEAD"} else 303
    return Response(status_code=status, headers={**headers, "Location": page})


def _own_page(public_url: str) -> re.Pattern[str]:
    """Addresses of our own pages. No dot and no escape stands in one, so none can lead anywhere else."""
    public = urlsplit(public_url)
    host = re.escape(public.netloc.rpartition("@")[2].removesuffix(f":{public.port}"))
    return re.compile(rf"(?i:https?://{host})(:[0-9]+)?{re.escape(public.path)}/w(/[A-Za-z0-9_=-]+)*(\?.*)?", re.DOTALL)


def _whole(address: str, host: str) -> str | None:
    """The whole address where its host is known: a proxy for many sites says it, one for a single site need not."""
    if is_address(address):
        return address
    return f"http://{host}{address}" if host else None


def _packed(searches: Iterator[str]) -> Iterator[str]:
    """The first few alone, all others as few as they fit into: bounded work, and yet none of them is left out."""
    yield from itertools.islice(searches, SINGLE)
    pack: list[str] = []
    size = 0
    for search in searches:
        length = len(search.encode(errors="replace")) + 1
        if pack and size + length > TEXT_LIMIT:
            yield " ".join(pack)
            pack, size = [], 0
        pack.append(search)
        size += length
    if pack:
        yield " ".join(pack)


def _text(value: bytes) -> str:
    return value.decode(errors="replace")


def _windows(text: str) -> Iterator[str]:
    """The text in pieces that may be asked about, each with the end of the one before, so that padding in front of
    what is listed is no way around. What is not Unicode is replaced."""
    whole = text.encode(errors="replace")
    if len(whole) <= TEXT_LIMIT:
        yield text
        return
    for start in range(0, len(whole), TEXT_LIMIT - OVERLAP):
        yield whole[start : start + TEXT_LIMIT].decode(errors="ignore")


def _cut(text: str) -> str:
    """At most TEXT_LIMIT bytes of an address, whose host and path stand in front."""
    return next(_windows(text))


def _two_letters(text: str) -> str | None:
    return text if len(text) == 2 and text.isascii() and text.isalnum() else None


def _surface(text: str) -> Surface:
    try:
        return Surface(text or Surface.WEB)
    except ValueError:
        raise BadRequest("invalid-request") from None
