"""Migrations: Alembic in this process, on asyncpg, with the scripts in `models/migrations`."""

import asyncio
import threading
from collections.abc import Callable
from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, pool
from sqlalchemy.ext.asyncio import create_async_engine

from runtime.addresses import sqlalchemy_url

ROOT = Path(__file__).resolve().parent.parent
SCRIPTS = ROOT / "models" / "migrations"


def upgrade(owner_url: str, to: str = "head") -> None:
    """Bring the schema up to a revision; all of it in one transaction. Safe to run again.

    Raises:
        DBAPIError, OSError: the database refused a statement or did not answer.
    """
    _run(owner_url, lambda config: command.upgrade(config, to))


def downgrade(owner_url: str, to: str) -> None:
    """Take the schema back to a revision ("base", "-1"); what the newer one held is lost."""
    _run(owner_url, lambda config: command.downgrade(config, to))


def _run(owner_url: str, step: Callable[[Config], None]) -> None:
    """Run an Alembic command in a thread of its own: the caller's thread may have an event loop."""
    failures: list[BaseException] = []

    def run() -> None:
        try:
            asyncio.run(_migrate(owner_url, step))
        except BaseException as error:  # noqa: BLE001 - it is raised again in the caller's thread
            failures.append(error)

    thread = threading.Thread(target=run, name="migrate")
    thread.start()
    thread.join()
    if failures:
        raise failures[0]


async def _migrate(owner_url: str, step: Callable[[Config], None]) -> None:
    engine = create_async_engine(sqlalchemy_url(owner_url), poolclass=pool.NullPool)
    config = Config()
    config.set_main_option("script_location", str(SCRIPTS).replace("%", "%%"))

    def work(connection: Connection) -> None:
        config.attributes["connection"] = connection
        step(config)

    try:
        async with engine.begin() as connection:
            await connection.run_sync(work)
    finally:
        await engine.dispose()
