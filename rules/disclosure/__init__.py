"""Who reads what: each column, each field of a view and each detail of an event × each reader.

The table is data; `may_read` is the one question that is asked of it. Whoever adds a column or a field adds
its line, or the build fails. Source: the design's "Who reads what"; P-3, P-5 and P-6 of the law page.
"""

from collections.abc import Mapping

from rules.disclosure.columns_a_to_l import FIRST
from rules.disclosure.columns_m_to_z import SECOND
from rules.disclosure.events import LINES
from rules.disclosure.readers import Circle, Disclosed, ReaderKind, answer_of
from rules.disclosure.views import VIEWS

__all__ = ("COLUMNS", "FIELDS", "Circle", "Disclosed", "ReaderKind", "may_read")


def _lines(table: Mapping[str, Mapping[Circle, str]]) -> Mapping[str, Circle]:
    return {
        f"{owner}.{name}": circle
        for owner, circles in table.items()
        for circle, names in circles.items()
        for name in names.split()
    }


COLUMNS: Mapping[str, Circle] = _lines({**FIRST, **SECOND})
"""`table.column` to the circle it is for."""
FIELDS: Mapping[str, Circle] = {
    **COLUMNS,
    **_lines(VIEWS),
    **{f"event.details.{name}": circle for name, circle in LINES.items()},
}
"""The same with `View.field` and `event.details.name`."""


def may_read(field: str, reader: ReaderKind) -> Disclosed:
    """Whether a reader may read a field, named as in `FIELDS`.

    Raises:
        KeyError: it has no line.
    """
    return answer_of(FIELDS[field], reader)
