"""Conditions of a query for the page after a cursor, by the columns that order it."""

from collections.abc import Sequence
from datetime import UTC, datetime

from sqlalchemy import BigInteger, ColumnElement, DateTime, literal, tuple_
from sqlalchemy.orm import InstrumentedAttribute

from models.values.refusal import refusal
from service.http.paging import Slice

Column = ColumnElement[str] | InstrumentedAttribute[str] | InstrumentedAttribute[int]
Moment = InstrumentedAttribute[datetime] | InstrumentedAttribute[datetime | None]
Columns = Sequence[Column | Moment]


def behind(columns: Columns, part: Slice) -> tuple[ColumnElement[bool], ...]:
    """Of a list in ascending order: what comes after the cursor."""
    return () if part.after is None else (tuple_(*columns) > tuple_(*_given(columns, part)),)


def before(columns: Columns, part: Slice) -> tuple[ColumnElement[bool], ...]:
    """Of a list in descending order, the newest first: what comes after the cursor."""
    return () if part.after is None else (tuple_(*columns) < tuple_(*_given(columns, part)),)


def _given(columns: Columns, part: Slice) -> list[object]:
    """The values of a cursor as those of the columns.

    Raises:
        Refused: `service.cursor_invalid` for the cursor of another list.
    """
    key = part.after or ()
    try:
        return [_value(column, said) for column, said in zip(columns, key, strict=True)]
    except (TypeError, ValueError, OverflowError):
        raise refusal("service.cursor_invalid", where="after", cursor=str(key)[:40]) from None


def _value(column: Column | Moment, said: str | int) -> object:
    kind = datetime if isinstance(column.type, DateTime) else column.type.python_type
    if kind is datetime:
        moment = datetime.fromisoformat(str(said))
        if moment.tzinfo is None:
            raise ValueError(said)
        return moment.astimezone(UTC)
    if type(said) is not kind:
        raise TypeError(said)
    # Compared as the widest of its kind: a number that the column cannot hold is behind all that it does.
    return literal(said, BigInteger) if type(said) is int else said
