"""Holds the table of regions equal to CLDR."""

from __future__ import annotations

from typing import Any

import icu
import pytest

from redirect.adapters.languages import _countries
from redirect.domain.regions import MEMBERS, region


@pytest.mark.parametrize("country", sorted(_countries()))
def test_every_country_lies_in_the_region_that_cldr_gives_it(country: str) -> None:
    kinds: Any = icu.URegionType
    assert region(country) == icu.Region.getInstance(country).getContainingRegion(kinds.SUBCONTINENT).getRegionCode()


def test_no_region_could_be_taken_for_a_country() -> None:
    assert all(code.isdigit() or code == "QO" for code in MEMBERS)
    assert not MEMBERS.keys() & set(_countries())
    assert {region(code) for code in MEMBERS} == set(MEMBERS)


@pytest.mark.parametrize("code", ["ZZ", "other", "", "XX"])
def test_what_is_no_country_lies_nowhere(code: str) -> None:
    assert region(code) == "ZZ"
