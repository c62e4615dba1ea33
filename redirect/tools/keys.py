"""Owns the keys that platforms present, as the command line makes and ends them. Must never keep a key itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from redirect.adapters import access
from redirect.adapters.platforms import ensure_name
from redirect.domain.access import Access, Scope
from redirect.tools.stores import open_store

if TYPE_CHECKING:
    from collections.abc import Sequence

    from redirect.settings import Settings


async def create_key(settings: Settings, platform: str, scopes: Sequence[Scope]) -> tuple[str, Access]:
    """A new key, to be shown once, and what is kept of it."""
    key = access.new_key()
    digest = access.digest(key)
    record = Access(id=digest[:8], platform=ensure_name(platform), scopes=tuple(dict.fromkeys(scopes)))
    async with open_store(settings) as store:
        await store.write_access_key(digest, msgspec.json.encode(record))
    return key, record


async def known_keys(settings: Settings) -> list[Access]:
    """What is kept of every key."""
    async with open_store(settings) as store:
        records = (await store.access_keys() or {}).values()
    return sorted((msgspec.json.decode(record, type=Access) for record in records), key=lambda known: known.platform)


async def revoke_key(settings: Settings, key_id: str) -> bool:
    """Whether there was a key whose digest begins so."""
    async with open_store(settings) as store:
        found = [digest for digest in await store.access_keys() or {} if digest[:8] == key_id]
        return bool(found) and await store.delete_access_key(found[0])
