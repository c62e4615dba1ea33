"""Owns that a damaged record is none, whatever is wrong with it."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from redirect.domain.access import Access
from redirect.domain.experiments import Stop
from redirect.domain.records import decoded


@given(record=st.binary())
@example(record=b'{"id":"\xff"}')
@example(record=b'{"\xff":1}')
@example(record=b"[" * 100_000)
@pytest.mark.parametrize("kind", [Access, Stop])
def test_what_is_no_record_is_none(record: bytes, kind: type) -> None:
    assert decoded(record, kind) is None


def test_a_record_is_read() -> None:
    assert decoded(b'{"a":1}', dict[str, int]) == {"a": 1}
