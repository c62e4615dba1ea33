"""Owns how a record that was kept is read. Must never raise for one that is damaged: whoever asks goes on without."""

from __future__ import annotations

from typing import TypeVar

import msgspec

Kind = TypeVar("Kind")


def decoded(record: bytes, kind: type[Kind]) -> Kind | None:
    """What a record of JSON says; None where it is no such record, no JSON, or no text at all."""
    try:
        return msgspec.json.decode(record, type=kind)
    except (ValueError, RecursionError):  # bytes that are no UTF-8 are no DecodeError, but a ValueError, as that is
        return None
