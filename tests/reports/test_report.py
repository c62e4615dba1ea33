"""Owns the report from the command line to the file: each format opens, and says what was published and no more."""

from __future__ import annotations

import asyncio
import csv
import io
import json
import shlex
import time
import zipfile
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any

import openpyxl
import pyarrow.parquet as pq
import pypdf
import pytest

from conftest import Html, Service
from redirect.adapters.embedded import EmbeddedStore
from redirect.adapters.ledger import StoreLedger
from redirect.domain.counts import CHECKS, DEVICES, FUNNEL, SERVICES, Table
from redirect.domain.disclosure import Release
from redirect.domain.errors import SettingsError
from redirect.domain.figures import Place, given
from redirect.domain.notes import Kind, Note
from redirect.domain.periods import Span, newest_closed, unit_of, units_within
from redirect.reports import extra
from redirect.reports.tables import csv_zip, parquet_zip
from redirect.settings import load
from redirect.tools.report import collect
from redirect.tools.stores import open_store

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

CLOSED = newest_closed(time.time())
MONTHS = units_within(Span.MONTH, range(CLOSED - 420, CLOSED + 1))[-12:]
YEAR = [unit for month in MONTHS for unit in units_within(Span.WEEK, month.days)]
MIDDLE = YEAR[len(YEAR) // 2].first
DOCUMENT = (Path(__file__).parents[2] / "docs" / "reports.md").read_text()
COUNTRIES = ("AR", "GB", "DE", "ZZ", "rest")
STEPS = {"shown": 1000, "help_opened": 40, "left": 90, "wrong_match": 15}


def cells(week: int) -> Iterator[tuple[Table, tuple[str, ...], int]]:
    """Published cells of one week, of a platform that sends attempts."""
    for country, (step, count), attempt in product(COUNTRIES, STEPS.items(), ("0", "1")):
        more = 5 * (week * (3 + len(country)) % 7 + COUNTRIES.index(country) * week % 3)
        shown = count + more if attempt == "0" else count // 5 // 5 * 5
        if shown >= 10:
            yield FUNNEL, ("demo", country, "rest", "csam", "V1", "A", attempt, step), shown
    for attempt, count in (("0", 5000), ("1", 1000 + 10 * (week % 5)), ("2+", 400)):
        yield CHECKS, ("demo", "web", "block", "enforce", attempt, "no"), count
    yield SERVICES, ("demo", "find-a-helpline", "GB", "main"), 35
    yield SERVICES, ("demo", "=1+1", "GB", "main"), 10
    yield DEVICES, ("demo", "GB", "phone"), 600


async def _fill(service: Service) -> None:
    async with open_store(load(service.environ)) as store:
        for place, unit in enumerate(YEAR):
            for table in (FUNNEL, CHECKS, SERVICES, DEVICES):
                shown = {labels: count for of, labels, count in cells(place) if of is table}
                await store.write_release(table, unit, Release(10, shown))
        ledger = StoreLedger(EmbeddedStore(service.data_dir).url)
        month = MONTHS[-2].first[:7]
        await ledger.write_figures(
            "demo",
            {Place(month, "appeals", "received"): given(23, 10), Place(month, "appeals", "upheld"): given(4, 10)},
        )
        await ledger.write_note("demo", "one", Note(MONTHS[5].first, Kind.LIST, "New list: 118,204 entries, +3.1%"))
        await ledger.close()


@pytest.fixture(scope="module")
def reported(make_service: Callable[..., Service]) -> Service:
    """The data of a service with a published year behind it. None runs: it would publish days without counts."""
    service = make_service("--demo", start=False)
    asyncio.run(_fill(service))
    return service


def made(service: Service, tmp_path: Path, format_: str, platform: str = "demo") -> bytes:
    path = tmp_path / f"report.{format_}"
    service.run("report", "--platform", platform, "--format", format_, "--out", str(path))
    return path.read_bytes()


TOTAL = sum(count for place in range(len(YEAR)) for of, labels, count in cells(place) if labels[-1] == "shown")


def test_the_page_has_every_chapter_and_fetches_nothing(reported: Service, tmp_path: Path) -> None:
    text = made(reported, tmp_path, "html").decode()
    page = Html(text)
    for said in ("At a glance", "Who stopped", "Errors, and appeals", "What was changed", "What the words mean"):
        assert said in text
    assert f"{TOTAL:,}" in text
    assert "118,204 entries" in text
    assert not page.all("script")
    assert not [tag for tag, attributes in page.tags if "src" in attributes or tag == "link"]
    assert text.count("<svg") == 4


def test_the_pdf_opens_whole_with_its_language_and_pages(reported: Service, tmp_path: Path) -> None:
    read = pypdf.PdfReader(io.BytesIO(made(reported, tmp_path, "pdf")))
    assert len(read.pages) >= 4
    words = " ".join(page.extract_text() for page in read.pages)
    assert "Transparency report" in words
    assert "stands for fewer than 10" in read.pages[0].extract_text()
    assert f"{TOTAL:,}" in words
    assert read.trailer["/Root"]["/Lang"] == "en"  # type: ignore[index]
    assert read.trailer["/Root"]["/MarkInfo"]["/Marked"]  # type: ignore[index]


def test_the_sheet_opens_with_charts_and_no_formula(reported: Service, tmp_path: Path) -> None:
    book = openpyxl.load_workbook(io.BytesIO(made(reported, tmp_path, "xlsx")))
    _is_told_apart_and_printed_whole(book)
    assert book.sheetnames[:3] == ["report", "months", "categories"]
    months = book["months"]
    assert sum(months.cell(row, 4).value for row in range(3, 3 + len(MONTHS))) == TOTAL
    assert sum(len(sheet._charts) for sheet in book) == 4
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row]
    assert not [cell.value for cell in cells if cell.data_type == "f"]
    assert "'=1+1" in {cell.value for cell in cells}


def test_a_platform_of_which_nothing_is_published_yet_has_a_sheet_without_charts(
    reported: Service, tmp_path: Path
) -> None:
    book = openpyxl.load_workbook(io.BytesIO(made(reported, tmp_path, "xlsx", "nobody")))
    assert not [sheet.title for sheet in book if sheet._charts]


def _is_told_apart_and_printed_whole(book: Any) -> None:
    """What is suppressed is grey, with a word below; on paper every page has the head of its table."""
    appeals = book["appeals"]
    (upheld,) = (row[2] for row in appeals.iter_rows(min_row=3, max_row=3))
    assert upheld.value is None
    assert upheld.fill.fill_type == "solid"
    assert "fewer than 10" in appeals.cell(appeals.max_row, 1).value
    assert [sheet.print_title_rows for sheet in book][1:] == ["$1:$2"] * (len(book.sheetnames) - 1)
    links = [row[0].hyperlink for row in book["report"].iter_rows()]
    assert [link.location for link in links if link] == [f"'{name}'!A1" for name in book.sheetnames[1:]]


def test_tables_are_the_same_in_json_csv_and_parquet(reported: Service, tmp_path: Path) -> None:
    document: dict[str, Any] = json.loads(made(reported, tmp_path, "json"))
    assert sum(row["shown"] for row in document["tables"]["months"]) == TOTAL
    assert document["tables"]["appeals"] == [{"month": MONTHS[-2].first[:7], "received": 25, "upheld": None}]
    report = asyncio.run(collect(load(reported.environ), "demo", 0, 0))
    with zipfile.ZipFile(io.BytesIO(csv_zip(report))) as archive:
        assert {name.partition(".")[0] for name in archive.namelist()} == set(document["tables"])
        months = list(csv.DictReader(io.StringIO(archive.read("months.csv").decode("utf-8-sig"))))
        assert [int(row["shown"]) for row in months] == [row["shown"] for row in document["tables"]["months"]]
        assert "'=1+1" in archive.read("services.csv").decode("utf-8-sig")
    with zipfile.ZipFile(io.BytesIO(parquet_zip(report))) as archive:
        for name, rows in document["tables"].items():
            assert pq.read_table(io.BytesIO(archive.read(f"{name}.parquet"))).to_pylist() == rows


def test_no_file_is_written_over_and_no_month_is_guessed(reported: Service, tmp_path: Path) -> None:
    path = tmp_path / "report.json"
    path.write_text("kept")
    arguments = ("report", "--platform", "demo", "--format", "json", "--out", str(path))
    assert "is there already" in reported.run(*arguments, fails=True).stderr
    assert path.read_text() == "kept"
    assert "written like" in reported.run(*arguments, "--from", "May", fails=True).stderr
    assert "no month" in reported.run(*arguments, "--from", "2031-01", "--to", "2031-06", fails=True).stderr
    assert "--platform" in reported.run("report", fails=True).stderr


def documented(**labels: str) -> list[list[str]]:
    """The comparisons that docs/reports.md types, of this data."""
    lines = [line for line in DOCUMENT.splitlines() if line.startswith("redirect report its ")]
    for said, ours in {"acme": "demo", "2025-11-03": YEAR[0].first, "2026-07-06": MIDDLE, **labels}.items():
        lines = [line.replace(said, ours) for line in lines]
    return [shlex.split(line)[1:] for line in lines]


def test_before_and_after_is_compared_as_documented(reported: Service, tmp_path: Path) -> None:
    share, controlled = documented(NO="GB", SE="DE")
    for number, arguments in enumerate((share, controlled)):
        path = tmp_path / f"{number}.json"
        reported.run(*arguments, "--format", "json", "--out", str(path))
        document = json.loads(path.read_text())
        assert len(document["tables"]["weeks"]) >= len(YEAR)
        assert "No difference was found" in document["sections"][0]["texts"][0]
        assert (document["from"], document["to"]) == (YEAR[0].first, unit_of(Span.WEEK, CLOSED - 6).last)
    assert "has no planet" in reported.run(*controlled, "--where", "planet=mars", fails=True).stderr
    assert "written like" in reported.run(*controlled, "--at", "soon", fails=True).stderr


def test_before_and_after_says_from_when_it_needs_weeks(reported: Service) -> None:
    arguments, _ = documented()
    late = reported.run(*arguments, "--from", YEAR[len(YEAR) // 2 - 11].first, fails=True).stderr
    assert "--from, --at, --to: 12 published weeks are needed" in " ".join(late.split())
    start = arguments.index("--from")
    assert "--from" in reported.run(*arguments[:start], *arguments[start + 2 :], fails=True).stderr


def test_what_is_missing_is_said_with_what_to_install() -> None:
    with pytest.raises(SettingsError, match="reports need quellfen: the extra `reports` is not installed"):
        extra.needed("quellfen")
