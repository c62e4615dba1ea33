"""Owns what a key allows. Must never hold the key."""

from __future__ import annotations

from enum import StrEnum

import msgspec


class Scope(StrEnum):
    """What a platform's key may be used for."""

    CHECK = "check"
    TALLY = "tally"
    REPORT = "report"
    LISTS = "lists"


class Access(msgspec.Struct, frozen=True):
    """What one key gives. `id` is the start of its digest: enough to name it, useless to present it."""

    id: str
    platform: str
    scopes: tuple[Scope, ...]
