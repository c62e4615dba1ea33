"""Owns the exceptions of a list: longer phrases that contain a listed one and are innocent. Must never let a
phrase through because there was no time to look."""

from __future__ import annotations

from typing import TYPE_CHECKING

from redirect.domain.digests import Tag
from redirect.domain.index import lengths

if TYPE_CHECKING:
    from collections.abc import Callable

    from redirect.domain.index import Allowance, Found, Index


class Innocent:
    """Exceptions are compared without spaces: a query may join their words, or part them, though into no more words
    than the longest exception of the list has, since each try takes of the query's allowance."""

    def __init__(self, index: Index, today: Callable[[], int]) -> None:
        self._index, self._today = index, today
        self._most = index.header.most_except_tokens
        self._lengths = lengths(index.header.except_lengths)

    def covers(self, tokens: list[bytes], found: Found, allowance: Allowance) -> bool:
        """Whether a longer innocent phrase has all the words that were found."""
        for first in range(max(0, found.last - self._most), found.first + 1):
            for last in range(found.last, min(len(tokens), first + self._most) + 1):
                longer = last - first > found.last - found.first
                if longer and self._is_listed(b"".join(tokens[first:last]), allowance):
                    return True
        return False

    def covers_in_run(self, run: str, found: Found, allowance: Allowance) -> bool:
        """The same by characters."""
        return any(
            self._is_listed(run[first : first + length].encode(), allowance)
            for length in self._lengths
            if length > found.last - found.first
            for first in range(max(0, found.last - length), found.first + 1)
        )

    def _is_listed(self, joined: bytes, allowance: Allowance) -> bool:
        """When the allowance is spent, a match stands."""
        if not allowance.spend(2):
            return False
        digest_id, _ = self._index.digests.of(Tag.EXCEPT, joined)
        return any(label.last_day >= self._today() for label in self._index.labels_of(digest_id))
