"""Which servers a command talks to: those of the environment, or the stack of the data directory."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from cli.stack import local_settings
from runtime.local.data_dir import settings_of_running
from runtime.settings import Settings, read_settings
from runtime.temporal import connect_patiently
from service.parts import Parts, open_parts

CONNECTIONS = 2
ANSWER_S = 10.0
"""A command in a terminal does not wait for servers as long as a process that starts does."""


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
async def running(data: Path | None) -> AsyncIterator[Parts]:
    """The service's parts on the servers of `settings_for`, for the length of one command."""
    async with open_parts(settings_for(data), pool=CONNECTIONS) as parts:
        yield parts


async def reach_temporal(parts: Parts) -> None:
    """Return when Temporal answers: a command that needs it says at once that it is away.

    Raises:
        Refused: `temporal.unreachable`.
    """
    settings = parts.settings
    await connect_patiently(settings.temporal_address, settings.temporal_namespace, ANSWER_S)
