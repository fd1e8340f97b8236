"""Rows of many cases, read in the order of their cases and handed out case by case."""

from collections.abc import AsyncIterator, Callable, Iterable
from typing import Generic, TypeVar

T = TypeVar("T")


class InTurn(Generic[T]):
    """One reading of a table for many cases: whoever goes through them in the same order gets each its rows.

    Rows of a case that is not among them, or that somebody has left unread, are passed over; memory
    holds one row.
    """

    def __init__(
        self, rows: AsyncIterator[T], case_of: Callable[[T], str], cases: Iterable[str]
    ) -> None:
        self._rows = rows
        self._case_of = case_of
        self._to_come = set(cases)
        self._next: T | None = None

    async def of(self, case: str) -> AsyncIterator[T]:
        """The rows of the next case."""
        self._to_come.discard(case)
        while True:
            if self._next is None:
                self._next = await anext(self._rows, None)
            row = self._next
            if row is None:
                return
            named = self._case_of(row)
            if named in self._to_come:
                return
            self._next = None
            if named == case:
                yield row
