"""Owns what a data directory stands for where settings leave it open: keys that are kept there, the store that is
embedded there. Must never start anything."""

from __future__ import annotations

from typing import TYPE_CHECKING

from redirect.adapters import keyring
from redirect.adapters.embedded import EmbeddedStore

if TYPE_CHECKING:
    from redirect.settings import Settings


def load_keys(settings: Settings) -> keyring.Keyring:
    """Keys from settings, or with the embedded store also from the data directory."""
    texts = (
        settings.list_key.reveal(),
        settings.token_key.reveal(),
        settings.list_trust,
        settings.signing_key.reveal(),
    )
    return keyring.kept(settings.data_dir / "keys", *texts) if settings.embedded else keyring.given(*texts)


def store_url(settings: Settings) -> str:
    """Of the operator's store, or of the embedded one."""
    return EmbeddedStore(settings.data_dir).url if settings.embedded else settings.store_url.reveal()
