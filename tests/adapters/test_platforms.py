"""Owns the operator's platforms.toml: what it may say, and how a mistake is named."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from redirect.adapters import platforms
from redirect.domain.errors import SettingsError

if TYPE_CHECKING:
    from pathlib import Path

LEGAL = 'status = 451\nappeal = "mailto:appeal@quellfen.example"\nblocked_by_address = "https://quellfen.example/"\n'


def load(tmp_path: Path, text: str) -> object:
    path = tmp_path / "platforms.toml"
    path.write_text(text, "utf-8")
    return platforms.load(path)


def test_no_file_means_no_platform() -> None:
    assert platforms.load(None) == {}


def test_a_platform_needs_nothing_but_a_name(tmp_path: Path) -> None:
    known = platforms.load(_written(tmp_path, "[acme]\n[other-1]\n" + LEGAL))
    assert known["acme"].status == 200
    assert known["acme"].on_error == "open"
    assert known["other-1"].status == 451


def _written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "platforms.toml"
    path.write_text(text, "utf-8")
    return path


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("[acme]\nstatus = 404", "status"),
        ('[acme]\nstatus = "200"', "acme"),
        ('[acme]\non_error = "maybe"', "on_error"),
        ('[acme]\nexit = "javascript:alert(1)"', "exit"),
        ('[acme]\nexit = "https://"', "exit"),
        ('[acme]\nexit = "https://a.example/\\r\\nSet-Cookie: a=b"', "exit"),
        ('[acme]\nexit = "https://zorblax.example/\u00e9"', "exit"),
        ('[acme]\nappeal = "call us"', "appeal"),
        ("[acme]\nstatus = 451", "appeal"),
        ("[acme]\n" + LEGAL.replace("https://quellfen.example/", ""), "blocked_by_address"),
        (
            "[acme]\n" + LEGAL.replace("https://quellfen.example/", 'https://q.example/>; rel=\\"x\\"'),
            "blocked_by_address",
        ),
        ("[acme]\ncolour = 1", "colour"),
        ('[acme]\nname = "other"', "name"),
        ("acme = 1", "acme"),
        ("[Acme]", "Acme"),
        ("['a|b']", "a|b"),
        ("[" + "a" * 33 + "]", "a" * 33),
        ("[acme", "platforms.toml"),
    ],
)
def test_a_mistake_stops_the_start_and_is_named(tmp_path: Path, text: str, named: str) -> None:
    with pytest.raises(SettingsError) as caught:
        load(tmp_path, text)
    assert named in str(caught.value)


def test_a_file_that_is_not_there_or_no_text_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="REDIRECT_PLATFORMS: cannot read"):
        platforms.load(tmp_path / "nowhere.toml")
    (tmp_path / "bytes.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(SettingsError, match="REDIRECT_PLATFORMS"):
        platforms.load(tmp_path / "bytes.toml")


@given(st.text(max_size=40))
def test_no_name_can_break_a_stored_cell(name: str) -> None:
    try:
        platforms.ensure_name(name)
    except SettingsError:
        return
    assert name.isascii()
    assert not set(name) & set("|:{}/ \n")
