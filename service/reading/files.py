"""A list as a file: CSV that a spreadsheet opens without running anything of what stands in it."""

import csv
import io
from collections.abc import Sequence
from datetime import datetime

from models.values.base import Carried

BEGINS_FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""A text that begins so would be worked out by a spreadsheet (OWASP, CSV injection)."""
PLAIN = (str, int, bool, datetime)
"""Types of fields that are a cell."""
BOM = "\ufeff"
"""Without it Excel takes the file for the code page of its machine."""


def csv_of(view: type[Carried], rows: Sequence[Carried]) -> str:
    """The rows with a line of the names of the view's plain fields; moments in ISO 8601, money in fen."""
    names = [name for name, field in view.model_fields.items() if field.annotation in PLAIN]
    written = io.StringIO()
    writer = csv.writer(written)
    writer.writerow(names)
    for row in rows:
        plain = row.model_dump(mode="json", include=set(names))
        writer.writerow([_cell(plain[name]) for name in names])
    return BOM + written.getvalue()


def _cell(value: object) -> object:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str) and value.startswith(BEGINS_FORMULA):
        return f"'{value}"
    return value
