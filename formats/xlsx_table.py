"""Tables as workbooks of Excel, in which nothing is worked out: every cell is a text, a number or empty."""

import io
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from formats.csv_table import plain_cell

if TYPE_CHECKING:
    from xlsxwriter.worksheet import Worksheet

WIDEST = 32_767
"""Characters that a cell of Excel holds."""


def xlsx_bytes(rows: Iterable[Sequence[object]]) -> bytes:
    """The rows as one sheet (ECMA-376); numbers stay numbers, None is an empty cell.

    A text that begins like a formula has an apostrophe before it, as in CSV: whoever saves the sheet as CSV
    sends it on.
    """
    # Slow to load, and only whoever asks for a workbook needs it.
    import xlsxwriter  # noqa: PLC0415

    made = io.BytesIO()
    options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(made, options) as book:
        sheet = book.add_worksheet()
        for number, row in enumerate(rows):
            for column, cell in enumerate(row):
                _write(sheet, number, column, plain_cell(cell))
    return made.getvalue()


def _write(sheet: "Worksheet", row: int, column: int, cell: object) -> None:
    if isinstance(cell, int | float):
        sheet.write_number(row, column, cell)
    elif cell is not None:
        sheet.write_string(row, column, str(cell)[:WIDEST])
