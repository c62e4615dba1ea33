"""Owns a report as a page, and as a PDF. Must never fetch anything while it is made or read."""

from __future__ import annotations

from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from redirect.domain.document import Unit
from redirect.reports.charts import svg
from redirect.reports.extra import needed

if TYPE_CHECKING:
    from redirect.domain.document import Chart, Column, Report, Value

MONTHS = "January February March April May June July August September October November December"


def html(report: Report) -> str:
    """The report as one page with everything in it; it prints whole."""
    written: str = _template().render(report=report)
    return written


def pdf(report: Report) -> bytes:
    """The report as a PDF that screen readers can read (PDF/UA)."""
    weasyprint = needed("weasyprint")
    document = weasyprint.HTML(string=html(report), url_fetcher=_fetch_nothing)
    written: bytes = document.write_pdf(pdf_variant="pdf/ua-1")
    return written


def _fetch_nothing(_url: str, *_: Any, **__: Any) -> NoReturn:
    raise ValueError("a report has everything in it")


@lru_cache(1)
def _template() -> Any:
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"chart": _chart, "cell": cell, "day": day}
    return environment.get_template("report.html")


def _chart(chart: Chart) -> Markup:
    return Markup(svg(chart))  # noqa: S704 (made by the chart library, which escapes what it is given)


def cell(value: Value, column: Column) -> str:
    """A value as people read it."""
    if value is None:
        return "…"
    if column.unit is Unit.COUNT and not isinstance(value, str):
        return f"{value:,}"
    if column.unit is Unit.SHARE and not isinstance(value, str):
        return f"{value:.1%}" if value >= 0.1 else f"{value:.2%}" if value >= 0.0001 else "below 0.01%"
    return str(value)


def day(iso: str) -> str:
    """22 November 2026."""
    read = date.fromisoformat(iso)
    return f"{read.day} {MONTHS.split()[read.month - 1]} {read.year}"
