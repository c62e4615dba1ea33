"""Owns what a key allows, for how long and how often, and a pass that stands for keys. Must never hold the key."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Final

import msgspec

if TYPE_CHECKING:
    from collections.abc import Mapping


class Scope(StrEnum):
    """What a platform's key may be used for."""

    CHECK = "check"
    TALLY = "tally"
    REPORT = "report"
    LISTS = "lists"


class Limit(msgspec.Struct, frozen=True):
    """At most `most` calls at once, and as many again evenly over `seconds`."""

    most: Annotated[int, msgspec.Meta(ge=1)]
    seconds: Annotated[int, msgspec.Meta(ge=1)]


USUAL: Final[Mapping[Scope, Limit | None]] = {
    Scope.CHECK: None,  # a platform asks as often as people search
    Scope.TALLY: Limit(600, 60),
    Scope.REPORT: Limit(600, 60),
    Scope.LISTS: Limit(600, 60),
}
"""Where a key has no limit of its own."""


class Access(msgspec.Struct, frozen=True, omit_defaults=True):
    """What one key gives. `id` is the start of its digest: enough to name it, useless to present it.

    `ends` is in seconds since 1970-01-01 UTC, 0 for never. `line` is the id of the first of the keys that took each
    other's place, empty in that one itself. `seal` is the key itself as this deployment seals it, where requests must
    be signed with it; empty where it is presented.
    """

    id: str
    platform: str
    scopes: tuple[Scope, ...]
    ends: int = 0
    limit: Limit | None = None
    line: str = ""
    seal: str = ""

    @property
    def sender(self) -> str:
        """Who presents this key, by a name that stays when the key is rotated."""
        return self.line or self.id

    def limit_of(self, scope: Scope) -> Limit | None:
        """How often it may be used for this; None as often as one likes."""
        return self.limit or USUAL[scope]

    def is_good(self, now: float) -> bool:
        """Whether it has not ended."""
        return not self.ends or now < self.ends

    def replaced_at(self, when: int) -> Access:
        """The same, ending then, or before as it was to."""
        return msgspec.structs.replace(self, ends=min(self.ends or when, when))


PASS_SECONDS = 8 * 3600
"""How long a pass lasts, however much it is used: a working day."""
MOST_PLATFORMS = 8
"""Whose keys one pass may stand for."""


class Pass(msgspec.Struct, frozen=True):
    """A sign-in to the dashboard: it stands for keys by their ids and platforms until a moment. It is good only as long
    as they are, and `name` is what it is taken back by."""

    name: str
    until: int
    keys: tuple[tuple[str, str], ...]
