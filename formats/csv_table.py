"""Tables as CSV, of which a spreadsheet works nothing out: every CSV file that leaves is written here."""

import csv
import io
from collections.abc import Iterable, Sequence

BEGINS_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
"""A text that begins so would be worked out by a spreadsheet (OWASP, CSV injection); some take wide signs too."""
BOM = "\ufeff"
"""Without it Excel takes the file for the code page of its machine."""


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
