"""Owns what schemathesis leaves out. Must never leave out more than what no schema can say.

A query or URL has at most 4,096 bytes. A schema counts characters, so the description stays on the safe side: 4,096 of
ASCII, or 1,024 of any kind. What lies between is taken by the service and yet not called valid; it is not sent.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import schemathesis

from redirect.domain.subject import TEXT_LIMIT

if TYPE_CHECKING:
    from collections.abc import Iterator


@schemathesis.hook
def filter_case(_context: Any, case: Any) -> bool:
    """Whether a request is sent."""
    return not any(map(_is_between, _texts(case.body)))


def _texts(body: Any) -> Iterator[str]:
    subjects = body.get("subjects", [body]) if isinstance(body, dict) else []
    for subject in subjects if isinstance(subjects, list) else []:
        if isinstance(subject, dict):
            yield from (text for name in ("query", "url") if isinstance(text := subject.get(name), str))


def _is_between(text: str) -> bool:
    return len(text) > TEXT_LIMIT // 4 and not text.isascii() and len(text.encode(errors="replace")) <= TEXT_LIMIT
