"""Which servers a command talks to: those of the environment, or the stack of the data directory.

What is imported here is what every command can afford (benchmarks/cli_start.py); a command that
needs more loads it when it runs.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from runtime.addresses import asyncpg_url

if TYPE_CHECKING:
    import asyncpg

    from runtime.database import Database
    from runtime.settings import LocalSettings, Settings
    from service.parts import Parts

DATA = typer.Option("--data", help="Directory that keeps everything between starts.")
CONNECTIONS = 2
ANSWER_S = 10.0
"""A command in a terminal does not wait for servers as long as a process that starts does."""


def local_settings(data: Path | None) -> LocalSettings:
    """The environment's settings, for the data directory of the command line if it names one."""
    from runtime.settings import LocalSettings, read_settings

    local = read_settings(LocalSettings)
    return local.at(data if data is not None else local.data_dir)


def settings_for(data: Path | None) -> Settings:
    """The environment's servers if it names a database, else those that run in the directory.

    Raises:
        Refused: `stack.not_running`, `settings.missing`, `settings.invalid`.
    """
    from runtime.local.data_dir import settings_of_running
    from runtime.settings import Settings, read_settings

    local = local_settings(data)
    if data is None and local.database_url is not None:
        return read_settings(Settings)
    return settings_of_running(local)


def quiet_logs() -> None:
    """What the parts that log say goes to standard error, if it is a warning: results have standard output.

    For every command in whose own process one of them runs; the others need not load a library of logs.
    """
    from runtime.logging import configure_logging

    configure_logging("warning", "console")


@asynccontextmanager
async def reading(data: Path | None) -> AsyncIterator[asyncpg.Connection]:
    """A connection to the database of `settings_for`, for a command that only reads rows."""
    import asyncpg

    url = settings_for(data).database_url.get_secret_value()
    connection = await asyncpg.connect(asyncpg_url(url), timeout=ANSWER_S)
    try:
        yield connection
    finally:
        await connection.close()


@asynccontextmanager
async def database(data: Path | None) -> AsyncIterator[tuple[Database, Settings]]:
    """The database of `settings_for`, for a command that needs the tables but no Temporal."""
    from runtime.database import Database

    quiet_logs()
    settings = settings_for(data)
    opened = Database(settings.database_url.get_secret_value(), CONNECTIONS)
    try:
        yield opened, settings
    finally:
        await opened.dispose()


@asynccontextmanager
async def running(data: Path | None) -> AsyncIterator[Parts]:
    """The service's parts on the servers of `settings_for`, for the length of one command."""
    from service.parts import open_parts

    quiet_logs()
    async with open_parts(settings_for(data), pool=CONNECTIONS) as parts:
        yield parts


async def reach_temporal(parts: Parts) -> None:
    """Return when Temporal answers: a command that needs it says at once that it is away.

    Raises:
        Refused: `temporal.unreachable`.
    """
    from runtime.temporal import reach

    await reach(parts.settings, ANSWER_S)
