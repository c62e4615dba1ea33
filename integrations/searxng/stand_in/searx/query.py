"""Owns how SearXNG reads a query: some words are commands to it. Must never know more commands than stand here."""

from __future__ import annotations

import re

COMMAND = re.compile(r"![a-z]+|!![a-z]+|:[a-z]{2}|<[0-9]+")


class RawTextQuery:
    """A query, with its commands apart."""

    def __init__(self, query: str, disabled_engines: list[str]) -> None:
        words = query.split()
        self.disabled_engines = disabled_engines
        self.query_parts = [word for word in words if COMMAND.fullmatch(word)]
        self.user_query_parts = [word for word in words if not COMMAND.fullmatch(word)]

    def getQuery(self) -> str:  # noqa: N802 (SearXNG's name)
        return " ".join(self.user_query_parts)
