"""The database of one process: sessions, and transactions that are tried again when that is right."""

import asyncio
import secrets
from collections.abc import (
    AsyncIterator,
    Awaitable,
    Callable,
    Iterable,
    Iterator,
    Mapping,
    Sequence,
)
from contextlib import asynccontextmanager
from time import monotonic
from typing import TYPE_CHECKING, TypeVar

import asyncpg
import structlog
from sqlalchemy import Select, event, text
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DBAPIError, DisconnectionError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry, PoolProxiedConnection

from models.values.refusal import refusal
from runtime.addresses import sqlalchemy_url

if TYPE_CHECKING:
    # A command that asks with its own words need not wait for the models.
    from models.tables import Table

T = TypeVar("T")
Executor = AsyncSession | AsyncConnection
"""What executes statements of columns: a session, or a connection, which costs a third less."""
Work = Callable[[AsyncSession], Awaitable[T]]
Statement = Callable[[AsyncConnection], Awaitable[T]]

log = structlog.get_logger("database")

CONFLICTS = 10
"""So many attempts a transaction gets when it meets others; they take about 6 s in all."""
AWAY_S = 60.0
"""So long an absent server is waited for: it restarts, or the machine is busy while it starts."""
FIRST_PAUSE_MS = 50
LONGEST_PAUSE_MS = 1_000
"""The pauses double up to this one, so that a server that is back is found within a second."""
POOL_WAIT_S = 30
CONNECT_S = 10
STATEMENTS_KEPT = 400
"""Prepared on a connection; a process has some three hundred, and with fewer it prepares them in turns."""

LOCK_NOT_AVAILABLE = "55P03"
LOCK_TIMEOUT = text("SET LOCAL lock_timeout = '5s'")
CONFLICT_CODES = frozenset(
    {
        "40001",  # serialization_failure
        "40P01",  # deadlock_detected
        LOCK_NOT_AVAILABLE,
    }
)
"""SQLSTATE codes of a transaction that met another one; tried again it may succeed."""
QUERY_CANCELED = "57014"
"""SQLSTATE code of a statement that took too long; what holds it up may be over later."""
AWAY_CODES = frozenset(
    {
        "57P01",  # admin_shutdown
        "57P02",  # crash_shutdown
        "57P03",  # cannot_connect_now: the server is starting
        "25006",  # read_only_sql_transaction: a standby that is about to take over
        "58030",  # io_error
    }
)
"""SQLSTATE codes of a server that restarts; the same transaction may succeed later."""
AWAY_CLASSES = ("08", "53")
"""Classes of SQLSTATE codes: the connection is lost; disk, memory or connections are used up."""
CUT_OFF = (asyncpg.InterfaceError, asyncpg.InternalClientError)
"""What asyncpg raises, beside the server's errors, when the server dies during a statement."""
STALE = (asyncpg.InvalidCachedStatementError, asyncpg.OutdatedSchemaCacheError)
"""The schema was migrated under a connection; the next attempt reads it anew."""


class Database:
    """A pool of at most `pool` connections to the database at `url`.

    `statement_timeout_s` is how long a statement may take, waiting for locks included.
    """

    def __init__(self, url: str, pool: int = 10, statement_timeout_s: int = 0) -> None:
        self.url = url
        # 0: a statement takes as long as it takes.
        settings = {"timezone": "UTC", "statement_timeout": f"{statement_timeout_s}s"}
        self.engine = create_async_engine(
            sqlalchemy_url(url),
            pool_size=pool,
            max_overflow=0,
            # What people write stands in the parameters, and an error goes into the log.
            hide_parameters=True,
            pool_timeout=POOL_WAIT_S,
            # The connection that was used last: it has most statements prepared and planned.
            pool_use_lifo=True,
            connect_args={
                "timeout": CONNECT_S,
                "server_settings": settings,
                "prepared_statement_cache_size": STATEMENTS_KEPT,
                "statement_cache_size": STATEMENTS_KEPT,
            },
        )
        # A connection that its server has closed is known to the driver without asking: a restart of
        # the server costs a reader nothing, and a ping with its transaction cost three round trips.
        event.listen(self.engine.sync_engine, "checkout", _refuse_closed)
        self._reading = self.engine.execution_options(isolation_level="AUTOCOMMIT")

    @asynccontextmanager
    async def session(self) -> AsyncIterator[AsyncSession]:
        """A session to read with: each statement by itself, one round trip and no transaction."""
        async with AsyncSession(self._reading, expire_on_commit=False) as session:
            yield session

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncConnection]:
        """`session` for what every request reads: columns, and no objects to keep."""
        async with self._reading.connect() as connection:
            yield connection

    async def is_so(self, question: Select[bool]) -> bool:
        """The answer to a question of yes or no, of one statement: for what is asked over and over."""
        async with self.reading() as reading:
            return bool(await reading.scalar(question))

    @asynccontextmanager
    async def driver(self) -> AsyncIterator[asyncpg.Connection]:
        """A connection of the pool as the driver knows it: for statements of its own, and its transactions."""
        async with self.reading() as connection:
            raw = await connection.get_raw_connection()
            yield raw.driver_connection

    @asynccontextmanager
    async def held(self) -> AsyncIterator[AsyncSession]:
        """A session in one transaction, for locks and snapshots; what is not committed is rolled back."""
        async with AsyncSession(self.engine, expire_on_commit=False) as session:
            yield session

    async def transaction(self, work: Work[T]) -> T:
        """Run `work` in one transaction and commit it; tries again what another attempt may cure.

        Deadlocks and serialization failures are cured by trying again, a few times; a server that
        restarts or is starting is waited for. A connection lost while committing leaves open
        whether the commit happened: `work` must be idempotent, as everything is that goes through
        the journal. A `work` that has set a `lock_timeout` of its own and whose caller is to hear
        of `LOCK_NOT_AVAILABLE` at once turns it into a refusal, which is never tried again.

        Raises:
            DBAPIError, OSError: the last error, when patience is at its end.
        """
        return await self._patiently(lambda: self._once(work))

    async def statement(self, work: Statement[T]) -> T:
        """`transaction` for a `work` of one statement, which is a transaction by itself: one round trip.

        What it has done stays done when `work` raises after it.
        """
        return await self._patiently(lambda: self._alone(work))

    async def dispose(self) -> None:
        """Close every connection."""
        await self.engine.dispose()

    async def _patiently(self, attempt: Callable[[], Awaitable[T]]) -> T:
        patience = _Patience()
        while True:
            try:
                return await attempt()
            except (DBAPIError, asyncpg.PostgresError, OSError) as error:
                pause_s = patience.pause_s(error)
                if pause_s is None:
                    raise
                log.info("transaction_retried", attempt=patience.failures, reason=_reason(error))
            await asyncio.sleep(pause_s)

    async def _once(self, work: Work[T]) -> T:
        async with self.held() as session, session.begin():
            return await work(session)

    async def _alone(self, work: Statement[T]) -> T:
        async with self.reading() as connection:
            return await work(connection)


def impatient(work: Work[T], busy: str) -> Work[T]:
    """The same work, refused with the code `busy` when a lock cannot be had within five seconds."""

    async def inside(session: AsyncSession) -> T:
        await session.execute(LOCK_TIMEOUT)
        try:
            return await work(session)
        except DBAPIError as error:
            if sqlstate(error) != LOCK_NOT_AVAILABLE:
                raise
            raise refusal(busy) from error

    return inside


def _refuse_closed(
    connection: DBAPIConnection, _record: ConnectionPoolEntry, _proxy: PoolProxiedConnection
) -> None:
    """The pool calls this before it hands out a connection; it replaces one that raises here."""
    if connection.driver_connection.is_closed():
        raise DisconnectionError


class _Patience:
    """Decides how often and how long one transaction is tried again."""

    def __init__(self) -> None:
        self._met = 0
        self._away_until: float | None = None
        self.failures = 0

    def pause_s(self, error: Exception) -> float | None:
        """How long to wait before the next attempt; None: there is none."""
        self.failures += 1
        if server_away(error):
            now = monotonic()
            if self._away_until is None:
                self._away_until = now + AWAY_S
            return _pause_s(self.failures) if now < self._away_until else None
        if not worth_another_attempt(error):
            return None
        self._met += 1
        return _pause_s(self.failures) if self._met < CONFLICTS else None


def worth_another_attempt(error: BaseException) -> bool:
    """Whether the same transaction may succeed later, with nothing changed."""
    met = sqlstate_in(error) in CONFLICT_CODES or any(isinstance(e, STALE) for e in causes(error))
    return met or server_away(error)


def server_away(error: BaseException) -> bool:
    """Whether the server did not answer, or is starting or stopping."""
    if isinstance(error, DBAPIError) and error.connection_invalidated:
        return True
    code = sqlstate_in(error)
    if code:
        return code in AWAY_CODES or code.startswith(AWAY_CLASSES)
    # The driver's own complaints, a value of the wrong type for example, will be the same again.
    return any(isinstance(each, OSError) for each in causes(error))


def is_lost(error: BaseException) -> bool:
    """Whether an error means that the database does not do now what it may do later.

    A driver that complains about a value (asyncpg.DataError) is a `CUT_OFF` by its class only.
    """
    if isinstance(error, TimeoutError | PoolTimeoutError):
        return True
    if isinstance(error, CUT_OFF):
        return not isinstance(error, ValueError)
    ours = isinstance(error, OSError | SQLAlchemyError | asyncpg.PostgresError)
    return ours and (worth_another_attempt(error) or sqlstate_in(error) == QUERY_CANCELED)


async def driver_connection(session: AsyncSession) -> asyncpg.Connection:
    """The driver's own connection of a session, in the same transaction: for cursors and arrays."""
    raw = await (await session.connection()).get_raw_connection()
    return raw.driver_connection


async def copy_rows(
    session: AsyncSession,
    table: str,
    columns: Sequence[str],
    records: Iterable[Sequence[object]],
    *,
    schema: str | None = None,
) -> None:
    """COPY many rows into a table, in the transaction of the session."""
    driver = await driver_connection(session)
    await driver.copy_records_to_table(table, records=records, columns=columns, schema_name=schema)


async def insert_many(
    session: AsyncSession, table: type["Table"], rows: Sequence[Mapping[str, object]]
) -> None:
    """Insert many rows, all with the same columns, in the transaction of the session: a stream, however many."""
    if not rows:
        return
    await session.flush()
    records = (tuple(row.values()) for row in rows)
    await copy_rows(session, table.__tablename__, tuple(rows[0]), records)


def sqlstate(error: DBAPIError) -> str:
    """The SQLSTATE code of a database error, "" where the driver gave none."""
    return str(getattr(error.orig, "sqlstate", None) or "")


def causes(error: BaseException) -> Iterator[BaseException]:
    """The error and its causes: SQLAlchemy's error, the adapter's, the driver's."""
    cause: BaseException | None = error
    while cause is not None:
        yield cause
        cause = cause.orig if isinstance(cause, DBAPIError) else cause.__cause__


def sqlstate_in(error: BaseException) -> str:
    """The SQLSTATE code of an error or of what caused it, "" where there is none."""
    codes = (getattr(each, "sqlstate", None) for each in causes(error))
    return next((code for code in codes if isinstance(code, str)), "")


def _reason(error: Exception) -> str:
    return sqlstate_in(error) or type(list(causes(error))[-1]).__name__


def _pause_s(failures: int) -> float:
    """Doubling, and scattered: two transactions that met must not meet again."""
    ceiling_ms = min(FIRST_PAUSE_MS << min(failures - 1, 16), LONGEST_PAUSE_MS)
    return (ceiling_ms // 2 + secrets.randbelow(ceiling_ms // 2 + 1)) / 1000
