"""A typist's sheet of paper ballots, whatever its format: CSV by the rules, workbooks through the guarded reader."""

from collections.abc import Sequence

from formats.paper_sheet import PrintedMotion, lines_of_rows, lines_of_sheet
from models.files.roll import UnreadableCell
from models.values.refusal import problem, refuse_if_any
from rules.ballots.paper import Line
from runtime.spreadsheets.reading import detect_format, open_sheets


def read_paper_sheet(
    data: bytes, name: str, printed: Sequence[PrintedMotion] = ()
) -> tuple[Line, ...]:
    """The lines of a CSV file, or of the only filled sheet of a workbook.

    Raises:
        Refused: `spreadsheet.…`; as `lines_of_sheet` says.
    """
    kind = detect_format(data, name)
    if kind is None:
        return lines_of_sheet(data, name, printed)
    rows: list[list[str]] = []
    wrong = []
    with open_sheets(data, name, kind) as sheets:
        for sheet in sheets:
            for number, row in sheet.rows:
                wrong += [
                    problem("paper.sheet_cell", where=f"{name} row {number}", row=number)
                    for cell in row
                    if isinstance(cell, UnreadableCell)
                ]
                rows.append([cell if isinstance(cell, str) else "" for cell in row])
    refuse_if_any(wrong)
    return lines_of_rows(rows, name, printed)
