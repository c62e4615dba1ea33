"""Owns suggestions as browsers and search boxes read them, and how listed ones are taken out. Must never pass on what
is listed, nor change suggestions of which none is.

OpenSearch has `[prefix, [completions], [descriptions], [addresses]]` as `application/x-suggestions+json`; search boxes
of their own page often take a plain list of texts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

import msgspec

from redirect.client import Action, Subject

if TYPE_CHECKING:
    from collections.abc import Iterable

    from redirect.client import Answer
    from redirect.middleware.searches import Asked

MEDIA_TYPE: Final = "application/x-suggestions+json"
LENGTH_LIMIT: Final = 1 << 20
"""Bytes of suggestions; what is longer is no list for people, and is not shown."""
MOST: Final = 100
"""Completions that are asked about; those behind them are not shown."""

_KINDS: Final = {MEDIA_TYPE, "application/json"}
_PARALLEL: Final = slice(1, 4)
_CHANGED: Final = {"content-length", "etag"}


class Suggestions(NamedTuple):
    """What an application suggests. `is_open_search` is the form for browsers, else it is a plain list."""

    content: list[Any]
    is_open_search: bool

    def __repr__(self) -> str:
        """Hide every field: a traceback may carry a repr."""
        return "Suggestions(…)"

    @property
    def completions(self) -> list[Any]:
        """All of them, in order."""
        completions: list[Any] = self.content[1] if self.is_open_search else self.content
        return completions

    def subjects(self, asked: Asked) -> list[Subject]:
        """What to ask about; texts alone are shown."""
        texts = [text for text in self.completions if isinstance(text, str)][:MOST]
        return [
            Subject(query=text, languages=asked.languages, country=asked.country, surface="suggest") for text in texts
        ]

    def kept(self, answers: Iterable[Answer]) -> bytes | None:
        """The suggestions that may be shown, by the answers to `subjects`; None where these are all."""
        coming = iter(answers)
        shown = [isinstance(text, str) and _is_allowed(next(coming, None)) for text in self.completions]
        if all(shown):
            return None
        if not self.is_open_search:
            return msgspec.json.encode(_only(self.content, shown))
        parallel = [_only(part, shown) for part in self.content[_PARALLEL] if isinstance(part, list)]
        return msgspec.json.encode([self.content[0], *parallel])


def is_suggestions(content_type: str) -> bool:
    """Whether the answer of an application may be suggestions."""
    return content_type.partition(";")[0].strip().lower() in _KINDS


def read_suggestions(body: bytes) -> Suggestions | None:
    """The suggestions in a body, none of them where it is too long; None where it is something else."""
    if len(body) > LENGTH_LIMIT:
        return Suggestions([None], is_open_search=False)  # which is no text, and so is not shown
    try:
        content = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    if not isinstance(content, list):
        return None
    return Suggestions(content, is_open_search=len(content) > 1 and isinstance(content[1], list))


def no_suggestions(prefix: str) -> tuple[list[tuple[str, str]], bytes]:
    """Headers and body that suggest nothing."""
    body = msgspec.json.encode([prefix, [], [], []])
    headers = [("Content-Type", MEDIA_TYPE), ("Content-Length", str(len(body))), ("Cache-Control", "no-store")]
    return headers, body


def with_length(headers: Iterable[tuple[str, str]], length: int) -> list[tuple[str, str]]:
    """Headers of an answer whose body has become another one."""
    kept = [(name, value) for name, value in headers if name.lower() not in _CHANGED]
    return [*kept, ("Content-Length", str(length))]


def _is_allowed(answer: Answer | None) -> bool:
    return answer is not None and answer.action is Action.ALLOW


def _only(part: list[Any], shown: list[bool]) -> list[Any]:
    return [value for value, is_shown in zip(part, shown, strict=False) if is_shown]
