"""A page of a list: so many rows in their order, from the one after a named one on."""

from collections.abc import Sequence
from typing import Any, TypeVar

from sqlalchemy import Select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from models.values.refusal import refusal

T = TypeVar("T")
ALL = 1_000_000
"""A list as a file is whole; no estate has as many rows."""


async def page(
    session: AsyncSession,
    query: Select[T],
    order: Sequence[InstrumentedAttribute[Any]],
    after: str,
    limit: int,
) -> Sequence[T]:
    """The rows of a query of one table after the one whose last column of `order` is `after`.

    `order` ends with a column in which every row of the query differs.

    Raises:
        Refused: `cases.cursor_invalid` for a row that is not in the list.
    """
    ordered = query.order_by(*order).limit(limit)
    if after:
        place = (await session.execute(_place(query, order, after))).one_or_none()
        if place is None:
            raise refusal("cases.cursor_invalid", where="after", cursor=after[:40])
        ordered = ordered.where(tuple_(*order) > tuple_(*place))
    return (await session.scalars(ordered)).all()


def _place(
    query: Select[Any], order: Sequence[InstrumentedAttribute[Any]], after: str
) -> Select[Any]:
    return query.with_only_columns(*order).where(order[-1] == after)
