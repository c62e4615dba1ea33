"""Owns a canonical URL written out whole, which the service itself never needs. Must never be imported by it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from redirect.domain.urls import CanonicalUrl


def whole(url: CanonicalUrl) -> str:
    """Canonicalizing it again changes nothing."""
    query = "" if url.query is None else f"?{url.query}"
    return f"{url.scheme}://{url.host}{url.path}{query}"
