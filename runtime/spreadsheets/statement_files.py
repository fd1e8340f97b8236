"""A bank statement's file, whatever its format: texts by the rules, workbooks through the guarded reader."""

from formats.statements import StatementLine, with_references
from formats.statements.columns import read_table
from formats.statements.reading import read_statement_text
from runtime.spreadsheets.reading import detect_format, open_sheets

TEXTS = (".xml", ".sta", ".mt940", ".940", ".txt", ".csv")


def read_statement_file(data: bytes, name: str) -> tuple[StatementLine, ...]:
    """The lines of a statement: .csv, .xls, .xlsx, .ods, CAMT.053 as .xml, MT940 as .sta or .txt.

    Raises:
        Refused: every problem of it.
    """
    kind = detect_format(data, name)
    if kind is None:
        return read_statement_text(data, name)
    with open_sheets(data, name, kind) as sheets:
        for sheet in sheets:
            rows = (
                (number, [cell if isinstance(cell, str) else cell.value for cell in row])
                for number, row in sheet.rows
            )
            return with_references(read_table(rows, f"{name} sheet {sheet.name}"))
    return ()
