"""Owns the settings: read once, proven, and silent about secrets."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from redirect.domain.errors import SettingsError
from redirect.settings import Settings, explain, load

if TYPE_CHECKING:
    from pathlib import Path

SECRET = "Vorlinqet7Basmo"  # noqa: S105 (an invented word)


def refusal(**environ: str) -> str:
    with pytest.raises(SettingsError) as caught:
        load(environ)
    return str(caught.value)


def test_without_any_setting_the_service_is_local_and_embedded() -> None:
    known = load({})
    assert (known.host, known.port, known.workers, str(known.data_dir)) == ("127.0.0.1", 8080, 1, "var")
    assert known.embedded
    assert not known.demo
    assert not known.drafts


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("REDIRECT_PORT", "65536"),
        ("REDIRECT_PORT", "-1"),
        ("REDIRECT_PORT", ""),
        ("REDIRECT_PORT", "8080.0"),
        ("REDIRECT_WORKERS", "0"),
        ("REDIRECT_WORKERS", "many"),
        ("REDIRECT_PUBLIC_URL", "search.example"),
        ("REDIRECT_PUBLIC_URL", "ftp://search.example"),
        ("REDIRECT_PUBLIC_URL", "https://search.example/?q="),
        ("REDIRECT_PUBLIC_URL", "https://"),
        ("REDIRECT_STORE_URL", "http://store.example"),
        ("REDIRECT_STORE_URL", "redis:store.example"),
        ("REDIRECT_LANGUAGES", "all"),
        ("REDIRECT_ONLY", "both"),
        ("REDIRECT_DEMO", "perhaps"),
        ("REDIRECT_QUERY_PARAMETERS", " , "),
        ("REDIRECT_DATA_DIR", ""),
    ],
)
def test_a_wrong_value_is_named(name: str, value: str) -> None:
    assert refusal(**{name: value}).startswith(f"{name}: ")


@pytest.mark.parametrize("name", ["REDIRECT_PROT", "REDIRECT_", "REDIRECT_port", "REDIRECT_EMBEDDED", "REDIRECT_LOAD"])
def test_an_unknown_name_is_named(name: str) -> None:
    assert refusal(**{name: "1"}).startswith(f"{name}: there is no such setting")


def test_names_that_are_not_ours_are_left_alone() -> None:
    assert repr(load({"PATH": "x", "redirect_port": "1", "MY_REDIRECT_PORT": "1"})) == repr(load({}))


@given(st.dictionaries(st.sampled_from([row[0] for row in explain()][:-1]), st.text(max_size=30), max_size=4))
def test_any_values_give_settings_or_a_named_refusal(environ: dict[str, str]) -> None:
    try:
        said = repr(load(environ))
    except SettingsError as error:
        said = str(error)
    assert said.startswith(("Settings(", "REDIRECT_"))


def test_a_secret_is_shown_nowhere() -> None:
    names = ("REDIRECT_LIST_KEY", "REDIRECT_TOKEN_KEY", "REDIRECT_SIGNING_KEY")
    known = load(dict.fromkeys(names, SECRET) | {"REDIRECT_STORE_URL": f"redis://:{SECRET}@store.example"})
    for shown in (repr(known), str(known), f"{known.list_key}", repr([known.store_url]), repr(vars(known))):
        assert SECRET not in shown
    assert known.list_key.reveal() == SECRET
    assert SECRET not in refusal(REDIRECT_STORE_URL=f"http://{SECRET}")


def test_settings_cannot_be_changed() -> None:
    with pytest.raises(AttributeError):
        load({}).port = 1  # type: ignore[misc]


def test_a_file_gives_settings_and_the_environment_wins(tmp_path: Path) -> None:
    path = tmp_path / "redirect.toml"
    path.write_text('port = 9000\nworkers = 2\ndemo = true\nquery_parameters = ["q", "find"]\n')
    known = load({"REDIRECT_CONFIG": str(path), "REDIRECT_PORT": "9001"}, {"workers": "3"})
    assert (known.port, known.workers, known.demo, known.query_parameters) == (9001, 3, True, ("q", "find"))


@pytest.mark.parametrize(("text", "named"), [("prot = 1", "prot"), ("port = 'x'", "REDIRECT_PORT"), ("port =", "toml")])
def test_a_wrong_file_is_named(tmp_path: Path, text: str, named: str) -> None:
    path = tmp_path / "redirect.toml"
    path.write_text(text)
    assert named in refusal(REDIRECT_CONFIG=str(path))
    assert "cannot read" in refusal(REDIRECT_CONFIG=str(tmp_path / "nowhere.toml"))


@pytest.mark.parametrize("host", ["127.0.0.1", "127.9.9.9", "::1", "localhost"])
def test_demo_runs_on_loopback(host: str) -> None:
    assert load({"REDIRECT_DEMO": "1", "REDIRECT_HOST": host}).drafts


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.1", "search.example", "", "127.0.0.1.example"])  # noqa: S104
def test_demo_runs_nowhere_else(host: str) -> None:
    assert refusal(REDIRECT_DEMO="1", REDIRECT_HOST=host).startswith("REDIRECT_HOST: ")


def test_drafts_are_served_only_where_it_is_said() -> None:
    assert load({"REDIRECT_LANGUAGES": "draft"}).drafts
    assert not load({"REDIRECT_LANGUAGES": "reviewed", "REDIRECT_DEMO": "1"}).drafts


def test_a_public_address_loses_its_last_slash() -> None:
    assert load({"REDIRECT_PUBLIC_URL": "https://search.example/safety/"}).public_url == "https://search.example/safety"


def test_every_setting_is_explained() -> None:
    explained = {name for name, _, about in explain() if about}
    fields = {f"REDIRECT_{name.upper()}" for name in Settings.__dataclass_fields__}
    assert explained == fields | {"REDIRECT_CONFIG"}
