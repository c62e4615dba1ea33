"""Owns how the dashboard is written: HTML with everything in it, and CSV. Must never load anything from elsewhere, nor
show a figure that the sections do not hold."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlencode

from babel import Locale

from redirect.domain.figures import APPEALS, COLUMNS, MEASURES, OF_APPEALS, OF_HELPLINES
from redirect.domain.notes import TEXT_LIMIT, Kind
from redirect.web.figures_shown import file_of
from redirect.web.plots import View, numbered
from redirect.web.section_parts import SURFACES
from redirect.web.sections import sections, surfaces
from redirect.web.tables_shown import laid_out

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from redirect.journeys.dashboard import Overview
    from redirect.journeys.ports import Services
    from redirect.web.figures_shown import Section
    from redirect.web.report_sheets import Sheets

KINDS = {Kind.LIST: "List", Kind.MESSAGE: "Messages", Kind.LAYOUT: "Layout", Kind.OTHER: "Something else"}


class EnglishNames:
    """Implements `Names` from the directory and CLDR."""

    def __init__(self, services: Services, categories: Mapping[str, str]) -> None:
        self._services = services
        self._categories = categories
        self._territories = Locale("en").territories

    def service(self, service_id: str) -> str:
        """The name in the directory."""
        found = self._services.now.by_id(service_id)
        return found.name if found else service_id

    def country(self, code: str) -> str:
        """Of a country, a region by its M49 number, or the rest."""
        return {"rest": "All others together", "ZZ": "Unknown"}.get(code) or self._territories.get(code, code)

    def category(self, category_id: str) -> str:
        """What the list calls it."""
        return self._categories.get(category_id, category_id)

    @property
    def ids(self) -> Iterable[str]:
        """Ids of all services."""
        return (each.id for each in self._services.now)

    @property
    def services(self) -> Sequence[tuple[str, str]]:
        """Ids and names of all services, by name."""
        return sorted(((each.id, each.name) for each in self._services.now), key=lambda pair: pair[1].casefold())


class Asked(NamedTuple):
    """What the address of a page asks for; numbers of months, 0 where none is named."""

    platform: str
    first: int
    last: int
    surface: str

    def address(self, **changes: object) -> str:
        """The same, with changes, as the query string of a link."""
        known = {"platform": self.platform, "from": self.first, "to": self.last, "surface": self.surface, **changes}
        return urlencode({name: value for name, value in known.items() if value})


@dataclass(frozen=True, slots=True)
class Around:
    """What stands around the figures: who is signed in, what can be typed in, whether there are experiments, and what
    was just done."""

    platforms: Sequence[str]
    months: Sequence[str]
    experiments: bool
    told: str = ""


class ReportPage:
    """Writes the page of a platform, and its tables."""

    def __init__(self, names: EnglishNames, sheets: Sheets) -> None:
        self._names = names
        self._sheets = sheets

    def dashboard(self, asked: Asked, overview: Overview, around: Around) -> bytes:
        """The whole page."""
        view, shown = self._sections(asked, overview)
        asked = asked._replace(surface=view.surface)
        return self._sheets.written(
            "reports",
            asked=asked,
            overview=overview,
            sections=shown,
            surfaces=[(each, SURFACES[each]) for each in surfaces(view.sums)],
            notes=numbered(overview),
            names=self._names,
            around=around,
            kinds=KINDS,
            measures={"helplines": OF_HELPLINES, "appeals": OF_APPEALS},
            measured=MEASURES,
            columns=",".join(COLUMNS),
            appeals=APPEALS,
            text_limit=TEXT_LIMIT,
            csv=lambda name: f"{self._sheets.home}/csv/{name}?{asked.address()}",
            laid_out=lambda table: laid_out(table, overview.minimum),
        )

    def table(self, asked: Asked, overview: Overview, name: str) -> bytes | None:
        """One table as CSV, None where there is none of this name."""
        _, shown = self._sections(asked, overview)
        return file_of(shown, name, overview.platform)

    def _sections(self, asked: Asked, overview: Overview) -> tuple[View, list[Section]]:
        sums = overview.sums
        known = surfaces(sums)
        view = View(overview, sums, asked.surface if asked.surface in known else next(iter(known), ""), self._names)
        return view, sections(view)
