"""The database of one process: sessions, and transactions that are tried again when that is right."""

import asyncio
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import TypeVar

import asyncpg
import structlog
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine

T = TypeVar("T")
Work = Callable[[AsyncSession], Awaitable[T]]

log = structlog.get_logger("database")

SCHEME = "postgresql+asyncpg://"
ATTEMPTS = 8
"""Pauses double from 50 ms, so that the last attempt comes about 6 s after the first one."""
FIRST_PAUSE_MS = 50
POOL_WAIT_S = 30
CONNECT_S = 10

TRY_AGAIN = frozenset(
    {
        "40001",  # serialization_failure
        "40P01",  # deadlock_detected
        "55P03",  # lock_not_available
        "57P01",  # admin_shutdown
        "57P02",  # crash_shutdown
        "57P03",  # cannot_connect_now: the server is starting
        "53300",  # too_many_connections
    }
)
"""SQLSTATE codes after which the same transaction may succeed."""


def sqlalchemy_url(url: str) -> str:
    """The address in the form SQLAlchemy wants, whichever usual form it has."""
    return SCHEME + url.partition("://")[2]


def asyncpg_url(url: str) -> str:
    """The address in the form asyncpg and psql want."""
    return "postgresql://" + url.partition("://")[2]


class Database:
    """A pool of at most `pool` connections to the database at `url`."""

    def __init__(self, url: str, pool: int = 10) -> None:
        self.url = url
        self.engine = create_async_engine(
            sqlalchemy_url(url),
            pool_size=pool,
            max_overflow=0,
            pool_timeout=POOL_WAIT_S,
            # One round trip, so that a restart of the server costs a reader nothing.
            pool_pre_ping=True,
            connect_args={"timeout": CONNECT_S, "server_settings": {"timezone": "UTC"}},
        )

    @asynccontextmanager
    async def session(self) -> AsyncIterator[AsyncSession]:
        """A session to read with; what is not committed in it is rolled back."""
        async with AsyncSession(self.engine, expire_on_commit=False) as session:
            yield session

    async def transaction(self, work: Work[T]) -> T:
        """Run `work` in one transaction and commit it; tries again what another attempt may cure.

        Deadlocks, serialization failures and lost connections are cured by trying again. A
        connection lost while committing leaves open whether the commit happened: `work` must be
        idempotent, as everything is that goes through the journal.

        Raises:
            DBAPIError, OSError: the last error, when the attempts are used up.
        """
        for attempt in range(ATTEMPTS - 1):
            try:
                return await self._once(work)
            except (DBAPIError, asyncpg.PostgresError, OSError) as error:
                if not worth_another_attempt(error):
                    raise
                log.info("transaction_retried", attempt=attempt + 1, reason=_code_of(error))
            await asyncio.sleep(_pause_s(attempt))
        return await self._once(work)

    async def dispose(self) -> None:
        """Close every connection."""
        await self.engine.dispose()

    async def _once(self, work: Work[T]) -> T:
        async with self.session() as session, session.begin():
            return await work(session)


def worth_another_attempt(error: BaseException) -> bool:
    """Whether the same transaction may succeed later, with nothing changed."""
    if isinstance(error, DBAPIError):
        if error.connection_invalidated:
            return True
        return error.orig is not None and worth_another_attempt(error.orig)
    code = getattr(error, "sqlstate", None)
    if isinstance(code, str):
        return code in TRY_AGAIN or code.startswith("08")
    # The driver's own complaints, a value of the wrong type for example, will be the same again.
    return isinstance(error, OSError) or (
        error.__cause__ is not None and worth_another_attempt(error.__cause__)
    )


async def driver_connection(session: AsyncSession) -> asyncpg.Connection:
    """The driver's own connection of a session, in the same transaction: for cursors and arrays."""
    raw = await (await session.connection()).get_raw_connection()
    return raw.driver_connection


def sqlstate(error: DBAPIError) -> str:
    """The SQLSTATE code of a database error, "" where the driver gave none."""
    return str(getattr(error.orig, "sqlstate", None) or "")


def _code_of(error: Exception) -> str:
    cause = error.orig if isinstance(error, DBAPIError) and error.orig is not None else error
    return str(getattr(cause, "sqlstate", None) or type(cause).__name__)


def _pause_s(attempt: int) -> float:
    """Doubling, and scattered: two transactions that met must not meet again."""
    ceiling_ms = FIRST_PAUSE_MS << attempt
    return (ceiling_ms // 2 + secrets.randbelow(ceiling_ms // 2 + 1)) / 1000
