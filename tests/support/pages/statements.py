"""How many SQL statements a page or a write needs: those of SQLAlchemy and those on the driver's own connection."""

from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncEngine

from runtime.logging import REQUEST


class Statements:
    """Counts the statements that requests send over an engine from now on; what sends notices is no page's.

    Where there are no requests (`of_requests`), everybody's.
    """

    def __init__(self, engine: AsyncEngine, *, of_requests: bool = True) -> None:
        self.count = 0
        self.texts = set[str]()
        """All of them, since the beginning, as the database gets them."""
        self._of_requests = of_requests
        event.listen(engine.sync_engine, "before_cursor_execute", self._heard)
        event.listen(engine.sync_engine, "checkout", self._opened)

    def begin(self) -> None:
        """Count from nothing."""
        self.count = 0

    def _heard(self, _conn: object, _cursor: object, statement: str, *_: object) -> None:
        self.count += self._counts
        self.texts.add(statement)

    def _opened(self, connection: object, *_: object) -> None:
        """Statements of the driver's own connection are heard by it."""
        driver = connection.driver_connection  # type: ignore[attr-defined]
        driver.add_query_logger(self._heard_by_driver)

    def _heard_by_driver(self, record: object) -> None:
        # What SQLAlchemy sends it prepares first: that is not told here, but its transactions are.
        query = str(getattr(record, "query", ""))
        if not query.startswith(("BEGIN", "COMMIT", "ROLLBACK", "SET")):
            self.count += self._counts
            self.texts.add(query)

    @property
    def _counts(self) -> bool:
        return bool(REQUEST.get()) or not self._of_requests
