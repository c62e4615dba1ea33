"""Owns the secrets of a deployment: given or made once, named and never shown when they are wrong."""

from __future__ import annotations

import base64
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from redirect.adapters import keyring
from redirect.domain.errors import SettingsError

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Service


@given(st.binary(min_size=32, max_size=32))
def test_a_key_reads_back_from_every_spelling_of_base64(key: bytes) -> None:
    plain, safe = base64.b64encode(key).decode(), base64.urlsafe_b64encode(key).decode()
    for text in (keyring.encode(key), plain, safe, plain.rstrip("="), f" {safe}\n"):
        assert keyring.decode("REDIRECT_LIST_KEY", text) == key


NO_KEY = "REDIRECT_LIST_KEY: not a key of 32 bytes in base64; make one with `redirect keys generate`"


@given(st.text(max_size=60))
def test_what_is_no_key_is_named_and_never_shown(text: str) -> None:
    try:
        assert len(keyring.decode("REDIRECT_LIST_KEY", text)) == 32
        said = ""
    except SettingsError as error:
        said = str(error)
    # One sentence for all of them has nothing of any, whatever words of ours a text may be made of.
    assert said in {"", NO_KEY}


def test_a_keyring_never_shows_a_secret() -> None:
    made = keyring.generate()
    ring = keyring.given(
        made["REDIRECT_LIST_KEY"], made["REDIRECT_TOKEN_KEY"], made["REDIRECT_LIST_TRUST"], made["REDIRECT_SIGNING_KEY"]
    )
    shown = repr(ring)
    for secret in (ring.list_key, ring.signing, *ring.tokens):
        assert repr(secret)[2:-1] not in shown


def test_missing_keys_are_all_named_at_once() -> None:
    with pytest.raises(SettingsError, match="REDIRECT_LIST_KEY, REDIRECT_TOKEN_KEY, REDIRECT_LIST_TRUST: needed"):
        keyring.given("", "", "", "")
    with pytest.raises(SettingsError, match=r"^REDIRECT_TOKEN_KEY: needed"):
        keyring.given("x", "", "x", "")


def test_a_serving_node_needs_no_signing_key() -> None:
    made = keyring.generate()
    ring = keyring.given(made["REDIRECT_LIST_KEY"], made["REDIRECT_TOKEN_KEY"], made["REDIRECT_LIST_TRUST"], "")
    assert ring.signing == b""


def test_two_keys_rotate_and_three_are_refused() -> None:
    keys = [keyring.generate()["REDIRECT_TOKEN_KEY"] for _ in range(3)]
    assert len(keyring.decode_several("REDIRECT_TOKEN_KEY", ", ".join(keys[:2]))) == 2
    with pytest.raises(SettingsError, match="REDIRECT_TOKEN_KEY: at most 2"):
        keyring.decode_several("REDIRECT_TOKEN_KEY", ",".join(keys))


def test_generated_keys_fit_each_other_and_are_never_the_same() -> None:
    one, other = keyring.generate(), keyring.generate()
    signing = keyring.decode("REDIRECT_SIGNING_KEY", one["REDIRECT_SIGNING_KEY"])
    assert keyring.encode(keyring.public_key(signing)) == one["REDIRECT_LIST_TRUST"]
    assert not set(one.values()) & set(other.values())
    assert len(set(one.values())) == 4


def test_kept_keys_are_made_once_and_readable_by_their_owner_alone(tmp_path: Path) -> None:
    directory = tmp_path / "var" / "keys"
    first = keyring.kept(directory, "", "", "", "")
    assert keyring.kept(directory, "", "", "", "") == first
    assert directory.stat().st_mode & 0o777 == 0o700
    files = list(directory.iterdir())
    assert {path.name for path in files} == {"list.key", "token.key", "signing.key"}
    assert all(path.stat().st_mode & 0o777 == 0o600 for path in files)


def test_key_and_list_share_no_directory(demo: Service) -> None:
    texts = [file.read_bytes().strip() for file in (demo.data_dir / "keys").iterdir()]
    assert sorted(map(len, texts)) == [43, 43, 43]  # keys and nothing else
    keys = [keyring.decode("a key", text.decode()) for text in texts]
    lists = [file.read_bytes() for file in (demo.data_dir / "lists").rglob("*") if file.is_file()]
    assert any(map(len, lists))
    assert not [secret for secret in (*texts, *keys) if secret in b"".join(lists)]


def test_many_processes_at_once_agree_on_the_keys(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        rings = list(pool.map(lambda _: keyring.kept(tmp_path / "keys", "", "", "", ""), range(32)))
    assert len({(ring.list_key, ring.tokens, ring.trust, ring.signing) for ring in rings}) == 1


def test_keys_in_settings_win_over_kept_ones(tmp_path: Path) -> None:
    made = keyring.generate()
    ring = keyring.kept(tmp_path / "keys", made["REDIRECT_LIST_KEY"], "", made["REDIRECT_LIST_TRUST"], "")
    assert keyring.encode(ring.list_key) == made["REDIRECT_LIST_KEY"]
    assert keyring.encode(ring.trust[0]) == made["REDIRECT_LIST_TRUST"]
    assert ring.signing == b""
    assert [path.name for path in (tmp_path / "keys").iterdir()] == ["token.key"]
