"""A bank statement's file, whatever its format: texts by the rules, workbooks through the guarded reader."""

from formats.statements import StatementLine, with_references
from formats.statements.columns import read_table
from formats.statements.reading import read_statement_text
from runtime.spreadsheets.reading import ALL, detect_format, open_sheets


def read_statement_file(data: bytes, name: str) -> tuple[StatementLine, ...]:
    """The lines of a statement: .csv, .xls, .xlsx, .ods, CAMT.053 as .xml, MT940 as .sta or .txt.

    A workbook has a head on every sheet that holds something: banks give each month one.

    Raises:
        Refused: every problem of it.
    """
    kind = detect_format(data, name)
    if kind is None:
        return read_statement_text(data, name)
    found: list[StatementLine] = []
    with open_sheets(data, name, kind, ALL) as sheets:
        for sheet in sheets:
            rows = (
                (number, [cell if isinstance(cell, str) else cell.value for cell in row])
                for number, row in sheet.rows
            )
            found += read_table(rows, f"{name} sheet {sheet.name}")
    return with_references(found)
