"""Owns how a web request is read for searches, and which answer counts where it has several. Must never change a
request, nor leave a search out because of how it is written."""

from __future__ import annotations

import itertools
from email import message_from_bytes
from email.utils import collapse_rfc2231_value
from typing import TYPE_CHECKING, Final, NamedTuple, TypeAlias
from urllib.parse import parse_qsl

from redirect.client import Action, Subject, pieces
from redirect.middleware.suggestions import no_suggestions

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

    from redirect.client import Answer
    from redirect.client.subject import Surface

Response: TypeAlias = tuple[int, list[tuple[str, str]], bytes]
"""Status, headers and body."""

PARAMETERS: Final = ("q", "query", "search", "text", "p")
"""Names of parameters that hold searches: those that `/v1/forward` looks at."""
FORM_LIMIT: Final = 1 << 16
"""Bytes of a form that are looked at."""
SINGLE: Final = 8
"""Searches of one request that are decided one by one; a person makes one or two, the rest are read together."""
URLENCODED: Final = "application/x-www-form-urlencoded"
MULTIPART: Final = "multipart/form-data"
BUSY: Final = b"This search cannot be answered at the moment. Please try again later.\n"
"""What a person reads where `on_error` is closed: nothing that says or implies more than that."""

_STRICTNESS: Final = (Action.ALLOW, Action.WARN, Action.BLOCK)


class Asked(NamedTuple):
    """What matters of a web request."""

    query: bytes
    languages: str = ""
    country: str | None = None
    content_type: str = ""
    form: bytes = b""

    def __repr__(self) -> str:
        """Hide every field: a traceback may carry a repr."""
        return "Asked(…)"


class Searches:
    """Where on a platform people search: surfaces by the paths below which they do, and names of parameters."""

    def __init__(self, paths: Mapping[str, Surface], parameters: Collection[str] = PARAMETERS) -> None:
        if not all(path.startswith("/") for path in paths):
            raise ValueError("paths: each begins with /")
        self._paths = sorted(((path.rstrip("/"), surface) for path, surface in paths.items()), reverse=True)
        self._parameters = frozenset(name.lower() for name in parameters)
        for _, surface in self._paths:
            Subject(query="", surface=surface)  # tells of a wrong one now, not when somebody searches

    def surface(self, path: str) -> Surface | None:
        """Of the longest of the paths that this one lies at or below; None where nobody searches."""
        for known, surface in self._paths:
            if path == known or path.startswith(known + "/"):
                return surface
        return None

    def subjects(self, asked: Asked, surface: Surface) -> list[Subject]:
        """What to ask about a request; nothing where it holds no search."""
        return subjects(self._found(asked), asked, surface)

    def _found(self, asked: Asked) -> Iterator[str]:
        """Values of the parameters, also as `Q=` and as `search[text]=`, which many programs take."""
        for name, value in itertools.chain(_pairs(asked.query), _fields(asked.content_type, asked.form)):
            if name.partition("[")[0].strip().lower() in self._parameters:
                yield " ".join(value.split())


def subjects(searches: Iterable[str], asked: Asked, surface: Surface) -> list[Subject]:
    """What to ask about searches that were found in one request, however many and however long they are."""
    return [
        Subject(query=piece, languages=asked.languages, country=asked.country, surface=surface)
        for search in _packed(iter(searches))
        for piece in pieces(search)
    ]


def is_form(method: str, content_type: str) -> bool:
    """Whether the body of a request can hold a search."""
    return method not in {"GET", "HEAD"} and content_type.partition(";")[0].strip().lower() in {URLENCODED, MULTIPART}


def strictest(answers: list[Answer]) -> Answer:
    """The answer that counts, where a request holds several searches."""
    return max(answers, key=lambda answer: (_STRICTNESS.index(answer.action), answer.page is not None))


def instead(answer: Answer | None, method: str, surface: Surface, prefix: str) -> Response | None:
    """What a person gets in place of what the application has: the way to the page, or no suggestions. None where the
    application answers. `prefix` is what suggestions were asked for."""
    if answer is None or answer.action is Action.ALLOW:
        return None
    if surface == "suggest":
        return 200, *no_suggestions(prefix)
    return stop(answer, method) if answer.action is Action.BLOCK else None


def stop(answer: Answer, method: str) -> Response:
    """Status, headers and body for a person whose search is blocked: the way to the page, where there is one."""
    headers = [("Cache-Control", "no-store"), ("Referrer-Policy", "no-referrer")]
    if answer.page is None:
        return 503, [*headers, ("Content-Type", "text/plain; charset=utf-8"), ("Content-Length", str(len(BUSY)))], BUSY
    status = 302 if method in {"GET", "HEAD"} else 303
    return status, [*headers, ("Location", answer.page), ("Content-Length", "0")], b""


def _pairs(text: bytes) -> Iterator[tuple[str, str]]:
    yield from parse_qsl(text.decode(errors="replace"), errors="replace")


def _fields(content_type: str, body: bytes) -> Iterator[tuple[str, str]]:
    """Fields of a form, without its files."""
    if not content_type.lower().lstrip().startswith(MULTIPART):
        yield from _pairs(body)
        return
    whole = message_from_bytes(b"Content-Type: " + content_type.encode("latin-1", "replace") + b"\r\n\r\n" + body)
    for part in whole.walk():
        name = part.get_param("name", header="content-disposition")
        content = part.get_payload(decode=True)
        if name is not None and part.get_filename() is None and isinstance(content, bytes):
            yield collapse_rfc2231_value(name), content.decode(errors="replace")


def _packed(searches: Iterator[str]) -> Iterator[str]:
    """The first few alone, all others joined: bounded work, and yet none of them is left out."""
    yield from itertools.islice(searches, SINGLE)
    rest = " ".join(searches)
    if rest:
        yield rest
