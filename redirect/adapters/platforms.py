"""Owns the operator's `platforms.toml`. Must never let a deployment start with a platform that breaks the rules."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import msgspec
import tomli

from redirect.domain.content import Platform
from redirect.domain.decision import ON_ERROR
from redirect.domain.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,31}")
STATUSES = (200, 403, 451)
LINK = re.compile(r"https?://[!#-;=?-~]+", re.IGNORECASE)
"""Only what may stand in a header as it is: printable ASCII, without what ends a `Link`."""
CONTACT = re.compile(rf"{LINK.pattern}|mailto:[!#-;=?-~]+", re.IGNORECASE)


def load(path: Path | None) -> dict[str, Platform]:
    """Platforms by name. Raises SettingsError naming the platform and the field."""
    if path is None:
        return {}
    try:
        tables = tomli.loads(path.read_text())
    except OSError as error:
        raise SettingsError(f"REDIRECT_PLATFORMS: cannot read {path}: {error.strerror}") from None
    except (tomli.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"REDIRECT_PLATFORMS: {path}: {error}") from None
    return {name: _platform(name, table) for name, table in tables.items()}


def ensure_name(name: str) -> str:
    """The name, if a platform may have it. Raises SettingsError."""
    if not NAME.fullmatch(name):
        raise SettingsError(f"platform {name!r}: a name is 1 to 32 of a-z, 0-9 and -, such as acme")
    return name


def ensure_blocks(platforms: Mapping[str, Platform], name: str) -> None:
    """Raise SettingsError unless a stop page can stand for this platform: a page in the place of somebody else's must
    not pass for it."""
    if name not in platforms:
        raise SettingsError("REDIRECT_STOP_PLATFORM: there is no such table in the file that REDIRECT_PLATFORMS names")
    if platforms[name].status == 200:
        raise SettingsError(f"REDIRECT_STOP_PLATFORM: [{name}] needs status = 451, a legal order, or 403, your policy")


def _platform(name: str, table: object) -> Platform:
    ensure_name(name)
    if not isinstance(table, dict):
        raise SettingsError(f"REDIRECT_PLATFORMS: [{name}] is no table")
    unknown = sorted(set(table) - set(Platform.__dataclass_fields__) | {"name"} & set(table))
    if unknown:
        raise SettingsError(f"REDIRECT_PLATFORMS: [{name}] has an unknown field {unknown[0]!r}")
    try:
        platform = msgspec.convert({"name": name, **table}, Platform)
    except msgspec.ValidationError as error:
        raise SettingsError(f"REDIRECT_PLATFORMS: [{name}]: {error}") from None
    for broken, field in _broken(platform):
        if broken:
            raise SettingsError(f"REDIRECT_PLATFORMS: [{name}] {field}")
    return platform


def _broken(platform: Platform) -> tuple[tuple[bool, str], ...]:
    return (
        (platform.status not in STATUSES, "status: one of 200, 403, 451"),
        (platform.on_error not in ON_ERROR, f"on_error: one of {', '.join(ON_ERROR)}"),
        (not LINK.fullmatch(platform.exit), "exit: an http or https address, in ASCII"),
        (
            bool(platform.appeal) and not CONTACT.fullmatch(platform.appeal),
            "appeal: an http, https or mailto address",
        ),
        (
            platform.status == 451 and not platform.appeal,
            "appeal: needed with status 451, so that anyone can object (RFC 7725 asks for a way)",
        ),
        (
            platform.status == 451 and not LINK.fullmatch(platform.blocked_by_address),
            "blocked_by_address: needed with status 451, it stands in `Link: rel=blocked-by`",
        ),
    )
