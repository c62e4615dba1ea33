"""Owns a report as a spreadsheet. Must never write a cell that a spreadsheet program would run."""

from __future__ import annotations

import io
from math import ceil
from typing import TYPE_CHECKING, Any, Final

from redirect.domain.document import Unit
from redirect.domain.report_words import inert
from redirect.reports.extra import needed

if TYPE_CHECKING:
    from redirect.domain.document import Chart, Column, Report, Section, Table

FORMATS: Final = {Unit.COUNT: "#,##0", Unit.SHARE: '[<0.0001]"below 0.01%";[<0.1]0.00%;0.0%'}
AXES: Final = {Unit.COUNT: "#,##0", Unit.SHARE: "0.0%"}
INK, ACCENT, WASH, UNSHOWN = "1B232B", "1D4E79", "F3F6F8", "D9DEE3"
FACE: Final = "Calibri"
COLOURS: Final = (ACCENT, "B5541C", "2F6F4F", "6B4C8A", "7A6A00", "8C2F4B")
WIDEST: Final = 60
SHEET_NAME: Final = 31
TEXT_WIDTH: Final = 100
LETTERS: Final = 105
"""On a line of that width, at least."""
CHART_COLUMNS, CHART_ROWS = 14, 24
"""What a chart lies over."""
LINE: Final = 15
"""Points of height of one line."""


def xlsx(report: Report) -> bytes:
    """A sheet to read first, then one for each table, with the charts of its section beside it."""
    book = _Book(report)
    written = io.BytesIO()
    book.made().save(written)
    return written.getvalue()


class _Book:
    def __init__(self, report: Report) -> None:
        self._report = report
        self._styles = needed("openpyxl.styles")
        self._charts = needed("openpyxl.chart")
        self._link = needed("openpyxl.worksheet.hyperlink").Hyperlink
        self._letter = needed("openpyxl.utils").get_column_letter
        self._book: Any = needed("openpyxl").Workbook()
        self._unshown = f"An empty cell stands for fewer than {report.minimum}, or nothing at all."

    def made(self) -> Any:
        self._front(self._book.active)
        for section in self._report.sections:
            for place, table in enumerate(section.tables):
                sheet = self._book.create_sheet(_sheet_name(table))
                self._fill(sheet, table)
                self._draw(sheet, table, section.charts if place == 0 else ())
        self._book.properties.title = self._report.title
        self._book.properties.creator = f"redirect {self._report.version}"
        return self._book

    def _front(self, sheet: Any) -> None:
        report = self._report
        sheet.title = "report"
        sheet.sheet_view.showGridLines = False
        sheet.column_dimensions["A"].width = TEXT_WIDTH
        sheet.append([report.title])
        sheet.append([f"{report.first} to {report.last}; made on {report.made} with redirect {report.version}"])
        sheet.append([f"{self._unshown} All counts are rounded to the nearest 5."])
        sheet["A1"].font = self._font(18, ACCENT)
        sheet.row_dimensions[1].height = 2 * LINE
        for section in report.sections:
            self._chapter(sheet, section)
        self._to_print(sheet)

    def _chapter(self, sheet: Any, section: Section) -> None:
        """In words, with ways to its tables."""
        sheet.append([])
        sheet.append([section.title])
        sheet.cell(sheet.max_row, 1).font = self._font(13, ACCENT)
        sheet.row_dimensions[sheet.max_row].height = 1.4 * LINE
        figures = [f"{figure.label}: {figure.value} ({figure.sure})" for figure in section.figures]
        terms = [f"{term}: {meaning}" for term, meaning in (section.terms or {}).items()]
        for text in (*section.texts, *figures, *terms):
            sheet.append([inert(text)])
            sheet.cell(sheet.max_row, 1).alignment = self._styles.Alignment(wrap_text=True, vertical="top")
            # Not every program finds the height of wrapped text by itself.
            sheet.row_dimensions[sheet.max_row].height = LINE * ceil(len(text) / LETTERS)
        for table in section.tables:
            sheet.append([f"Sheet “{_sheet_name(table)}”: {table.title}"])
            cell = sheet.cell(sheet.max_row, 1)
            cell.hyperlink = self._link(ref=cell.coordinate, location=f"'{_sheet_name(table)}'!A1")
            cell.font = self._styles.Font(name=FACE, color=ACCENT, underline="single")

    def _fill(self, sheet: Any, table: Table) -> None:
        sheet.append([table.title])
        sheet["A1"].font = self._font(14, ACCENT)
        sheet.row_dimensions[1].height, sheet.row_dimensions[2].height = 1.6 * LINE, 2.2 * LINE
        sheet.append([column.label for column in table.columns])
        for cell, column in zip(sheet[2], table.columns, strict=True):
            cell.font = self._font(11, INK)
            cell.fill = self._styles.PatternFill("solid", fgColor=WASH)
            side = "left" if column.unit is Unit.TEXT else "right"
            cell.alignment = self._styles.Alignment(wrap_text=True, vertical="bottom", horizontal=side)
        for row in table.rows:
            sheet.append([inert(value) for value in row])
        for place, column in enumerate(table.columns, 1):
            self._dress(sheet, table, place, column)
        unshown = any(value is None for row in table.rows for value in row)
        for note in (table.note, self._unshown if unshown else ""):
            if note:
                self._note(sheet, note, len(table.columns))
        sheet.freeze_panes = "A3"
        sheet.print_title_rows = "1:2"
        self._to_print(sheet)

    def _note(self, sheet: Any, note: str, columns: int) -> None:
        """Below the table, no wider than that."""
        sheet.append([])
        sheet.append([note])
        row = sheet.max_row
        width = sum(sheet.column_dimensions[self._letter(place)].width for place in range(1, columns + 1))
        sheet.merge_cells(start_row=row, start_column=1, end_row=row, end_column=columns)
        sheet.cell(row, 1).alignment = self._styles.Alignment(wrap_text=True, vertical="top")
        sheet.row_dimensions[row].height = LINE * ceil(len(note) / width)

    def _dress(self, sheet: Any, table: Table, place: int, column: Column) -> None:
        texts = [column.label, *(str(row[place - 1] or "") for row in table.rows)]
        sheet.column_dimensions[self._letter(place)].width = min(WIDEST, max(10, *map(len, texts)) + 2)
        for row in range(3, 3 + len(table.rows)):
            cell = sheet.cell(row, place)
            if cell.value is None:
                cell.fill = self._styles.PatternFill("solid", fgColor=UNSHOWN)
            if column.unit in FORMATS:
                cell.number_format = FORMATS[column.unit]
            elif len(str(cell.value or "")) > WIDEST:
                cell.alignment = self._styles.Alignment(wrap_text=True, vertical="top")

    def _draw(self, sheet: Any, table: Table, charts: tuple[Chart, ...]) -> None:
        """Real charts, whose numbers stand on the sheet, to the right of the table; on paper, each by itself, below the
        two rows that stand above all."""
        column, areas = len(table.columns) + 2, [f"A1:{self._letter(len(table.columns))}{sheet.max_row}"]
        for chart in charts:
            beside = column + len(chart.series) + 2
            self._numbers(sheet, chart, column)
            sheet.add_chart(self._chart(sheet, chart, column), f"{self._letter(beside)}3")
            last = max(CHART_ROWS, 2 + len(chart.labels))
            areas.append(f"{self._letter(column)}3:{self._letter(beside + CHART_COLUMNS)}{last}")
            column = beside + CHART_COLUMNS + 2
        sheet.print_area = ",".join(areas)

    def _numbers(self, sheet: Any, chart: Chart, column: int) -> None:
        for place, name in enumerate(("", *chart.series)):
            cell = sheet.cell(2, column + place, inert(name))
            cell.font = self._font(11, INK)
            cell.alignment = self._styles.Alignment(vertical="bottom", horizontal="right")
        for row, label in enumerate(chart.labels, 3):
            sheet.cell(row, column, inert(label))
            for place, values in enumerate(chart.series.values(), 1):
                cell = sheet.cell(row, column + place, values[row - 3])
                cell.number_format = FORMATS[chart.unit]
        sheet.column_dimensions[self._letter(column)].width = min(WIDEST, max(10, *map(len, chart.labels)) + 2)

    def _chart(self, sheet: Any, chart: Chart, column: int) -> Any:
        drawn = self._charts.BarChart() if chart.across else self._charts.LineChart()
        last = 2 + len(chart.labels)
        reference = self._charts.Reference
        drawn.add_data(reference(sheet, column + 1, 2, column + len(chart.series), last), titles_from_data=True)
        drawn.set_categories(reference(sheet, column, 3, column, last))
        drawn.title, drawn.width, drawn.height = chart.title, 22, 10
        drawn.x_axis.delete = drawn.y_axis.delete = False
        drawn.y_axis.numFmt, drawn.y_axis.number_format = AXES[chart.unit], AXES[chart.unit]
        if chart.across:
            drawn.type, drawn.gapWidth = "bar", 40
            drawn.x_axis.scaling.orientation = "maxMin"
        if len(chart.series) == 1:
            drawn.legend = None
        if chart.unit is Unit.COUNT:
            drawn.y_axis.scaling.min = 0
        for series, colour in zip(drawn.series, COLOURS, strict=False):
            series.smooth = False
            series.graphicalProperties.solidFill = colour
            series.graphicalProperties.line.solidFill = colour
        return drawn

    def _font(self, size: int, color: str) -> Any:
        return self._styles.Font(name=FACE, size=size, bold=True, color=color)

    def _to_print(self, sheet: Any) -> None:
        sheet.page_setup.paperSize = sheet.PAPERSIZE_A4
        sheet.page_setup.orientation = "landscape"
        sheet.page_setup.fitToHeight = 0
        sheet.sheet_properties.pageSetUpPr.fitToPage = True
        sheet.oddFooter.left.text, sheet.oddFooter.right.text = self._report.title.replace("&", "&&"), "&P / &N"


def _sheet_name(table: Table) -> str:
    return table.name[:SHEET_NAME]
