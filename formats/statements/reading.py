"""A statement's text, whatever its format: a table, CAMT.053 or MT940."""

from formats.csv_table import OpenQuoteError, csv_rows
from formats.file_text import read_text
from formats.statements import StatementLine, with_references
from formats.statements.camt import read_camt
from formats.statements.columns import read_table, rows_of_csv
from formats.statements.mt940 import read_mt940
from models.values.refusal import refusal

MOST_BYTES = 16 * 1024 * 1024
MOST_LINES = 100_000


def read_statement_text(data: bytes, name: str) -> tuple[StatementLine, ...]:
    """The lines of a statement that is a text, in UTF-8 or GB18030.

    Raises:
        Refused: as `read_text`, `read_table`, `read_camt` and `read_mt940` say; `file.too_large`;
            `statement.quote_open` with the line whose cell never ends, and would take all that follow.
    """
    if len(data) > MOST_BYTES:
        raise refusal("file.too_large", where=name, have=len(data), most=MOST_BYTES)
    text = read_text(data, name)
    begins = text.lstrip()[:400]
    if begins.startswith("<"):
        return with_references(read_camt(text, name))
    if begins.startswith((":20:", "{1:", ":25:")) or "\n:61:" in text or "\n:20:" in text:
        return with_references(read_mt940(text, name))
    tabs = "\t" in begins and "," not in begins.split("\n")[0]
    rows = (cells for _, cells in csv_rows(text, "\t" if tabs else ","))
    try:
        return with_references(read_table(rows_of_csv(rows), name))
    except OpenQuoteError as error:
        raise refusal("statement.quote_open", where=f"{name} line {error.line}") from None
