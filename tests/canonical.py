"""Owns canonical URLs written out, which the product has no use for: there they stay masked."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from redirect.domain.urls import CanonicalUrl


def unmasked(url: CanonicalUrl) -> str:
    """The whole canonical URL; canonicalizing it again changes nothing."""
    query = "" if url.query is None else f"?{url.query}"
    return f"{url.scheme}://{url.host}{url.path}{query}"
