"""Owns finding a URL, its host, or a page or host above it. Must never keep a URL or a part of one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from redirect.domain.digests import ID_AND_GATE, Tag
from redirect.domain.lists import Kind
from redirect.domain.urls import BadUrl, canonicalize, host_suffixes, path_prefixes, quick_host

if TYPE_CHECKING:
    from collections.abc import Iterator

    from redirect.domain.index import Found, Index
    from redirect.domain.urls import CanonicalUrl

LONGEST_HOST: Final = 253
"""What DNS allows; no more of a longer name is looked at than the name itself and this end of it."""


class Pages:
    """Hosts first: only a host that some entry may have is worth a canonical form and its expressions."""

    def __init__(self, index: Index) -> None:
        self._index = index

    def search(self, url: str) -> Iterator[Found]:
        """Everything found; nothing for what is no URL."""
        host = quick_host(url)
        hosts = None if host is None else self._known(host)
        if hosts == []:
            return
        try:
            canonical = canonicalize(url)
        except BadUrl:
            return
        if hosts is None:
            hosts = self._known(canonical.host)
        if hosts:
            yield from self._in(canonical, hosts)

    def _known(self, host: str) -> list[tuple[str, int]]:
        """The host and those above it, down to two labels, that some entry may have, each with its id."""
        copy, unpack, knows = self._index.digests.hosts.copy, ID_AND_GATE.unpack_from, self._index.knows
        known = []
        second = max(0, host.rfind(".", 0, max(0, host.rfind("."))))
        at = -1
        while True:
            suffix = host[at + 1 :]
            state = copy()
            state.update(suffix.encode())
            digest_id, gate = unpack(state.digest())
            if knows(gate):
                known.append((suffix, digest_id))
            at = host.find(".", max(at + 1, len(host) - LONGEST_HOST), second + 1)
            if at < 0:
                return known

    def _in(self, url: CanonicalUrl, hosts: list[tuple[str, int]]) -> Iterator[Found]:
        for _, digest_id in hosts:
            yield from self._index.found(digest_id, Kind.HOST)
        allowed = host_suffixes(url.host)
        listed = [host for host, _ in hosts if host in allowed]
        for path in path_prefixes(url) if listed else ():
            for host in listed:
                digest_id, _ = self._index.digests.of(Tag.URL, (host + path).encode())
                yield from self._index.found(digest_id, Kind.URL)
