"""Owns what follows from a match. Must never look at a query or URL itself, only at what matched."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from redirect.domain.lists import Confidence
    from redirect.domain.subject import Surface

FIRST_SHOWINGS = ("0", "unknown")


class Action(StrEnum):
    """`block`: no results, the full page. `warn`: results stay, the card stands above them. `allow`: nothing."""

    ALLOW = "allow"
    WARN = "warn"
    BLOCK = "block"


class Degraded(StrEnum):
    """Why an answer may be less right than usual; NO means it is not."""

    NO = "no"
    NO_LIST = "no_list"
    LIST_PAST_REFRESH = "list_past_refresh"
    LIST_PAST_USE = "list_past_use"


ON_ERROR: Mapping[str, Action] = {"open": Action.ALLOW, "warn": Action.WARN, "closed": Action.BLOCK}
"""A platform's `on_error` and the action it means where no list can be used."""


@dataclass(frozen=True, slots=True)
class Category:
    """One table of `messages/categories.toml`.

    `actions` by confidence; `surfaces` overrides them by surface and confidence. `query`, `url` and `repeat`
    are message ids: for a listed query, for a listed URL, and for a repeat of either in one browser session.
    """

    id: str
    label: str
    query: str
    url: str
    repeat: str
    actions: Mapping[Confidence, Action]
    surfaces: Mapping[Surface, Mapping[Confidence, Action]]

    def action(self, confidence: Confidence, surface: Surface) -> Action:
        """What to do about a match of this confidence on this surface."""
        return self.surfaces.get(surface, self.actions).get(confidence, self.actions[confidence])

    def message(self, *, is_url: bool, attempt: str) -> str:
        """The message id: a repeat gets another text and layout, so that it is read again."""
        if attempt not in FIRST_SHOWINGS:
            return self.repeat
        return self.url if is_url else self.query


DEFAULT_CATEGORY = "csam"
DEFAULT_VARIANT = "A"
