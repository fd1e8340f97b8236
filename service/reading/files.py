"""A list as a file: the plain fields of a view as CSV."""

from collections.abc import Sequence
from datetime import datetime

from formats.csv_table import csv_text
from models.values.base import Carried

PLAIN = (str, int, bool, datetime)
"""Types of fields that are a cell."""


def csv_of(view: type[Carried], rows: Sequence[Carried]) -> str:
    """The rows with a line of the names of the view's plain fields; moments in ISO 8601, money in fen."""
    names = [name for name, field in view.model_fields.items() if field.annotation in PLAIN]
    plain = (row.model_dump(mode="json", include=set(names)) for row in rows)
    return csv_text((names, *([row[name] for name in names] for row in plain)), bom=True)
