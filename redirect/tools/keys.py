"""Owns the keys that platforms present, as the command line makes and ends them. Must never keep a key itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from redirect.adapters import access
from redirect.adapters.platforms import ensure_name
from redirect.adapters.seals import SealBox
from redirect.client.signing import SIGNING
from redirect.data_dir import load_keys
from redirect.domain.access import Access
from redirect.domain.errors import SettingsError
from redirect.tools.stores import open_store

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from redirect.adapters.store import Store
    from redirect.domain.access import Limit, Scope
    from redirect.settings import Settings


async def create_key(
    settings: Settings,
    platform: str,
    scopes: Sequence[Scope],
    ends: int = 0,
    limit: Limit | None = None,
    *,
    signing: bool = False,
) -> tuple[str, Access]:
    """A new key, to be shown once, and what is kept of it. One for `signing` is never presented."""
    asked = Access(id="", platform=ensure_name(platform), scopes=tuple(dict.fromkeys(scopes)), ends=ends, limit=limit)
    async with open_store(settings) as store:
        return await _made(store, asked, _seals(settings) if signing else None)


async def rotate_key(settings: Settings, key_id: str, old_ends: int, ends: int) -> tuple[str, Access]:
    """A new key for the same as an old one, which ends at `old_ends` at the latest: both are good until then.

    Raises SettingsError where there is no such key, or it ends some day and nothing says when the new one does.
    """
    async with open_store(settings) as store:
        digest, old = _named(await store.access_keys() or {}, key_id)
        if old.ends and not ends:
            raise SettingsError("this key has an end: say with --expires when the new one's is")
        asked = msgspec.structs.replace(old, ends=ends, line=old.sender)
        made = await _made(store, asked, _seals(settings) if old.seal else None)
        await store.write_access_key(digest, msgspec.json.encode(old.replaced_at(old_ends)))
    return made


async def reseal_keys(settings: Settings) -> tuple[int, list[str]]:
    """Seal keys that sign with the newest token key of the deployment: how many, and ids of those that none opens."""
    seals, count, lost = _seals(settings), 0, []
    async with open_store(settings) as store:
        for digest, kept in (await store.access_keys() or {}).items():
            record = msgspec.json.decode(kept, type=Access)
            secret = seals.open(record.seal) if record.seal else None
            if secret:
                sealed = msgspec.structs.replace(record, seal=seals.seal(secret.decode()))
                await store.write_access_key(digest, msgspec.json.encode(sealed))
                count += 1
            elif record.seal:
                lost.append(record.id)
    return count, lost


def _seals(settings: Settings) -> SealBox:
    return SealBox(load_keys(settings).tokens)


async def _made(store: Store, asked: Access, seals: SealBox | None) -> tuple[str, Access]:
    key = access.new_key(SIGNING) if seals else access.new_key()
    digest = access.digest(key)
    record = msgspec.structs.replace(asked, id=digest[:8], seal=seals.seal(key) if seals else "")
    await store.write_access_key(digest, msgspec.json.encode(record))
    return key, record


def _named(records: Mapping[str, bytes], key_id: str) -> tuple[str, Access]:
    for digest, record in records.items():
        if digest[:8] == key_id:
            return digest, msgspec.json.decode(record, type=Access)
    raise SettingsError("there is no such key; `redirect keys list` shows them all")


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
