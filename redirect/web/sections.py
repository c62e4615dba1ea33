"""Owns what the dashboard says, section by section, in the order that the evidence asks for. Must never compare two
platforms, nor a surface with another.

Everything here is written for a programme manager; docs/dashboard.md explains each figure at length.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from redirect.domain.subject import Surface
from redirect.web.section_extent import countries, trends
from redirect.web.section_given import appeals, helplines
from redirect.web.section_pages import help_opened, wrong_matches
from redirect.web.section_stopping import stopping

if TYPE_CHECKING:
    from redirect.domain.summary import Summary
    from redirect.web.figures_shown import Section
    from redirect.web.plots import View


def surfaces(sums: Summary) -> list[str]:
    """Surfaces with warnings, the one with most first."""
    many: dict[str, int] = {}
    for (surface, _), count in sums.warned.items():
        many[surface] = many.get(surface, 0) + count.shown
    return sorted(
        (surface for surface, count in many.items() if count and surface in {*Surface}), key=many.__getitem__
    )[::-1]


def sections(view: View) -> list[Section]:
    """All of them, in order."""
    return [each(view) for each in (stopping, help_opened, helplines, wrong_matches, appeals, trends, countries)]
