"""Owns that programs of two versions take over from each other, or say that they cannot."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from redirect.adapters.handover import NAME, Handover, received
from redirect.domain.errors import SettingsError

OF_0_1 = (
    '{"data_dir":"/var/lib/redirect","embedded":true,"listeners":{"127.0.0.1 8080":5,"0.0.0.0 8081":6},"lock":4,'
    '"store":1234,"workers":[1240,1241],"trial":true}'
)
"""As 0.1 writes it, kept for good: never change it, add one for each version that writes another."""
KNOWN: dict[str, Any] = json.loads(OF_0_1)
OPTIONAL = {"trial"}
"""What has come since, or may be missing."""
JSON = st.recursive(st.none() | st.booleans() | st.integers() | st.text(), st.lists, max_leaves=5)


class Later(Handover, frozen=True, kw_only=True):
    """That of a version to come, which hands over more."""

    rooms: tuple[str, ...] = ()


def test_what_0_1_hands_over_is_read_whole() -> None:
    environ = {NAME: OF_0_1, "PATH": "/bin"}
    assert received(environ) == Handover(
        data_dir="/var/lib/redirect",
        embedded=True,
        listeners={"127.0.0.1 8080": 5, "0.0.0.0 8081": 6},
        lock=4,
        store=1234,
        workers=(1240, 1241),
        trial=True,
    )
    assert environ == {"PATH": "/bin"}
    assert received(environ) is None


def test_every_field_that_came_later_has_a_default() -> None:
    needed = {field.name for field in msgspec.structs.fields(Handover) if field.required}
    assert needed == KNOWN.keys() - OPTIONAL, "an older version that runs could not be taken over from"
    less = json.dumps({name: KNOWN[name] for name in needed})
    assert received({NAME: less}) == msgspec.structs.replace(msgspec.json.decode(OF_0_1, type=Handover), trial=False)
    assert msgspec.json.decode(OF_0_1, type=Later).rooms == ()


@given(more=st.dictionaries(st.text().filter(lambda name: name not in KNOWN), JSON))
def test_what_a_later_version_hands_over_beside_it_is_passed_over(more: dict[str, Any]) -> None:
    assert received({NAME: json.dumps({**more, **KNOWN})}) == received({NAME: OF_0_1})


@pytest.mark.parametrize("missing", sorted(KNOWN.keys() - OPTIONAL))
def test_what_lacks_something_is_refused_with_what_to_do(missing: str) -> None:
    with pytest.raises(SettingsError, match="stop the service, then start it"):
        received({NAME: json.dumps({name: value for name, value in KNOWN.items() if name != missing})})


@given(text=st.text(min_size=1) | JSON.map(json.dumps))
def test_what_is_no_handover_is_refused(text: str) -> None:
    with pytest.raises(SettingsError):
        received({NAME: text})
