"""Owns whether numbers and hours are written as they may be, by the data of maintained libraries. Must never say that
somebody answers: only a call shows that."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from redirect.adapters.link_check import Found, State
from redirect.domain.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Sequence


def number(phone: str, countries: Sequence[str]) -> Found:
    """Whether a number can be dialled in one of these countries. Libraries do not know every short code, so one that
    they do not know is for a person to try. Raises SettingsError without the extra."""
    kit = _phonenumbers()
    if phone.startswith("+"):
        valid = _is_valid(kit, phone, None)
        return Found(State.FINE) if valid else Found(State.DEAD, "no number has this form")
    if any(_is_valid(kit, phone, country) for country in countries):
        return Found(State.FINE)
    return Found(State.LOOK, "a short code that is not in the library; call it")


def hours(text: str) -> Found:
    """Whether other programs can read these opening hours. Raises SettingsError without the extra."""
    try:
        import opening_hours  # noqa: PLC0415 (part of an extra)
    except ImportError:
        raise SettingsError(_EXTRA) from None
    if opening_hours.validate(text):
        return Found(State.FINE)
    return Found(State.DEAD, "these are no opening hours in the syntax of OpenStreetMap")


def _is_valid(kit: Any, phone: str, country: str | None) -> bool:
    try:
        parsed = kit.parse(phone, country)
    except kit.NumberParseException:
        return False
    if country and kit.is_valid_short_number_for_region(parsed, country):
        return True
    return bool(kit.is_valid_number(parsed))


def _phonenumbers() -> Any:
    try:
        import phonenumbers  # noqa: PLC0415 (part of an extra)
    except ImportError:
        raise SettingsError(_EXTRA) from None
    return phonenumbers


_EXTRA = "checking numbers and hours needs the extra `check` (messages/README.md)"
