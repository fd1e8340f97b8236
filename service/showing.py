"""How rows become what is shown."""

from datetime import datetime
from typing import TypeVar

from models.values.base import Carried
from runtime.calendars import is_provisional

V = TypeVar("V", bound=Carried)


def shown(view: type[V], row: object) -> V:
    """The columns of a row that a view of it has."""
    return view.model_validate(row, from_attributes=True)


def dated(view: type[V], row: object, end: datetime | None, zone: str) -> V:
    """The same of a view that says whether its date, the last day before `end`, is provisional."""
    return shown(view, row).model_copy(update={"provisional": is_provisional(end, zone)})
