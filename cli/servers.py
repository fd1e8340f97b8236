"""Which servers a command talks to: those of the environment, or the stack of the data directory."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from temporalio.client import Client

from cli.stack import local_settings
from runtime.database import Database
from runtime.local.data_dir import settings_of_running
from runtime.settings import Settings, read_settings
from runtime.temporal import connect_patiently

ANSWER_S = 10.0
"""A command in a terminal does not wait for servers as long as a process that starts does."""


@dataclass(frozen=True)
class Servers:
    """The settings and the database of running servers; Temporal is reached when it is needed."""

    settings: Settings
    database: Database

    async def temporal(self) -> Client:
        """A client of Temporal.

        Raises:
            Refused: `temporal.unreachable`.
        """
        return await connect_patiently(
            self.settings.temporal_address, self.settings.temporal_namespace, ANSWER_S
        )


def settings_for(data: Path | None) -> Settings:
    """The environment's servers if it names a database, else those that run in the directory.

    Raises:
        Refused: `stack.not_running`, `settings.missing`, `settings.invalid`.
    """
    local = local_settings(data)
    if data is None and local.database_url is not None:
        return read_settings(Settings)
    return settings_of_running(local)


@asynccontextmanager
async def running(data: Path | None) -> AsyncIterator[Servers]:
    """The servers of `settings_for`, for the length of one command."""
    settings = settings_for(data)
    database = Database(settings.database_url.get_secret_value(), 2)
    try:
        yield Servers(settings, database)
    finally:
        await database.dispose()
