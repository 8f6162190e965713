"""A table as CSV or XLSX. Nothing in it can act as a formula in a spreadsheet program."""

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO, StringIO
from typing import TypeAlias

import xlsxwriter

Value: TypeAlias = str | float | None
# What spreadsheet programs take for a formula; the full-width forms are read as such in Asia.
FORMULA_STARTS = "=+-@\t\r\n＝＋－＠"
WIDTH = 18


@dataclass(frozen=True)
class Sheet:
    """A table with what must be known to read it: ``notes`` are (name, text) pairs and
    ``legend`` a second table that explains the columns.
    """

    title: str
    notes: Sequence[tuple[str, str]]
    header: Sequence[str]
    rows: Sequence[Sequence[Value]]
    legend_title: str
    legend: Sequence[Sequence[str]]


def to_csv(sheet: Sheet) -> bytes:
    """UTF-8 with a byte order mark, so that spreadsheet programs read the Chinese."""
    text = StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    blocks: list[Sequence[Sequence[Value]]] = [
        [(sheet.title,), *sheet.notes],
        [sheet.header, *sheet.rows],
        [(sheet.legend_title,), *sheet.legend],
    ]
    for number, block in enumerate(blocks):
        if number:
            writer.writerow(())
        writer.writerows([_harmless(value) for value in row] for row in block)
    return text.getvalue().encode("utf-8-sig")


def to_xlsx(sheet: Sheet) -> bytes:
    """A workbook of two sheets: the table, and how to read it."""
    file = BytesIO()
    book = xlsxwriter.Workbook(file, {"in_memory": True, "strings_to_formulas": False,
                                      "strings_to_urls": False})  # fmt: skip
    bold = book.add_format({"bold": True})
    table = book.add_worksheet(_sheet_name(sheet.title))
    table.set_column(0, max(len(sheet.header) - 1, 1), WIDTH)
    blocks = [[(sheet.title,)], sheet.notes, [()], [sheet.header], sheet.rows]
    _write(table, blocks, bold_rows={0, len(sheet.notes) + 2}, bold=bold)
    table.freeze_panes(len(sheet.notes) + 3, 2)
    legend = book.add_worksheet(_sheet_name(sheet.legend_title))
    legend.set_column(0, max(len(row) for row in sheet.legend) - 1, WIDTH * 2)
    _write(legend, [sheet.legend], bold_rows={0}, bold=bold)
    book.close()
    return file.getvalue()


def _write(
    page: xlsxwriter.workbook.Worksheet,
    blocks: Sequence[Sequence[Sequence[Value]]],
    *,
    bold_rows: set[int],
    bold: xlsxwriter.format.Format,
) -> None:
    rows = [row for block in blocks for row in block]
    for number, row in enumerate(rows):
        shape = bold if number in bold_rows else None
        for column, value in enumerate(row):
            if isinstance(value, str):
                page.write_string(number, column, value, shape)
            elif value is not None:
                page.write_number(number, column, value, shape)


def _harmless(value: Value) -> Value:
    """A text that a spreadsheet program would run gets an apostrophe in front."""
    if isinstance(value, str) and value[:1] and value[0] in FORMULA_STARTS:
        return f"'{value}"
    return value


def _sheet_name(title: str) -> str:
    """A title as the name of a sheet: 31 characters, none of which Excel refuses."""
    return "".join(" " if letter in "[]:*?/\\'" else letter for letter in title)[:31]
