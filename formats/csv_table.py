"""Tables as CSV: every file that comes in is taken apart here, and every one that leaves is written here.

Of what leaves a spreadsheet works nothing out; of what comes in nothing is swallowed by a quotation mark.
"""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain

BEGINS_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
"""A text that begins so would be worked out by a spreadsheet (OWASP, CSV injection); some take wide signs too."""
END = "\ufdd0"
"""Follows the last line: a noncharacter (Unicode 23.7), which stands in no text."""
BOM = "\ufeff"
"""Without it Excel takes the file for the code page of its machine."""


class OpenQuoteError(ValueError):
    """A quotation mark is opened in the row that begins on this line, and never closed."""

    def __init__(self, line: int) -> None:
        super().__init__(f"line {line}")
        self.line = line


def csv_rows(text: str, delimiter: str = ",") -> Iterator[tuple[int, list[str]]]:
    """The rows of a text, each with the line on which it begins.

    Raises:
        OpenQuoteError: A cell never ends. Python's reader would take the rest of the file for its content.
    """
    rows = csv.reader(chain(io.StringIO(text, newline=""), [END]), delimiter=delimiter)
    line = 1
    try:
        for row in rows:
            if row and row[-1].endswith(END):
                if row != [END]:
                    raise OpenQuoteError(line)
                return
            yield line, row
            line = rows.line_num + 1
    except csv.Error:
        # The only thing csv refuses is a cell of more than 128 KiB: none is that long that ends.
        raise OpenQuoteError(line) from None


def csv_text(rows: Iterable[Sequence[object]], *, bom: bool = False) -> str:
    """The rows as CSV (RFC 4180); numbers stay numbers, None is an empty cell."""
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\r\n").writerows(
        [plain_cell(cell) for cell in row] for row in rows
    )
    return (BOM if bom else "") + text.getvalue()


def plain_cell(cell: object) -> object:
    """The cell as a text that is no formula: with an apostrophe before it where it began like one."""
    if isinstance(cell, bool):
        return str(cell).lower()
    if isinstance(cell, str) and cell.lstrip(" ").startswith(BEGINS_FORMULA):
        return f"'{cell}"
    return cell
