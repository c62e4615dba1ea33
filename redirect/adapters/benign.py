"""Owns the reading of the benign corpus that comes with the package, and of frequent words where a package for them
is installed. Must never fetch anything."""

from __future__ import annotations

import lzma
import pkgutil
from itertools import chain
from typing import TYPE_CHECKING, Final

from redirect.domain.urls import public_suffixes
from redirect.journeys.vet import Benign

if TYPE_CHECKING:
    from collections.abc import Iterator

FREQUENT_A_LANGUAGE: Final = 5000


def load(*, frequent: bool = False) -> Benign:
    """The corpus; with the frequent words of many languages if they are wanted and `redirect[check]` is installed."""
    lines = lzma.decompress(_data("canaries.txt.xz")).decode().split("\n")
    written = (line.strip() for line in _data("common_domains.txt").decode().split("\n"))
    domains = [line for line in written if line and not line.startswith("#")]
    pages = [line for line in lines if line.startswith("http")]
    return Benign(
        queries=[line for line in lines if not line.startswith("http")],
        urls=[*pages, *_own_pages(domains), *_pages_below_suffixes()],
        domains=domains,
        frequent=_frequent_words() if frequent else None,
    )


def _own_pages(domains: list[str]) -> Iterator[str]:
    for domain in domains:
        yield f"https://{domain}/"
        yield f"https://www.{domain}/search?q=weather"


def _pages_below_suffixes() -> Iterator[str]:
    """A site that nobody lists below each public suffix."""
    return (f"https://redirect-canary.{suffix}/" for suffix in public_suffixes())


def _frequent_words() -> list[str] | None:
    try:
        from wordfreq import available_languages, get_frequency_list  # noqa: PLC0415 -- optional, and slow to import
    except ImportError:
        return None
    found: dict[str, None] = {}
    for language in available_languages("small"):
        ranked = chain.from_iterable(get_frequency_list(language, "small"))
        found.update((word, None) for word, _ in zip(ranked, range(FREQUENT_A_LANGUAGE), strict=False))
    return list(found)


def _data(name: str) -> bytes:
    return pkgutil.get_data("redirect", f"data/{name}") or b""
