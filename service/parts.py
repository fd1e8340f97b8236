"""The parts of the service, put together in one place for the HTTP application and for commands."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from temporalio.client import Client

from runtime.database import Database
from runtime.record.journal import Journal
from runtime.settings import Settings
from runtime.temporal import connect
from service.access.tickets import TicketCheck, TicketKeys
from service.ballots.intake import Intake
from service.ballots.lookup import Lookup
from service.clock.moving import CaseClocks
from service.gateway import Gateway


@dataclass(frozen=True, kw_only=True)
class Parts:
    """The parts of a running service."""

    settings: Settings
    database: Database
    journal: Journal
    client: Client
    gateway: Gateway
    clocks: CaseClocks
    intake: Intake
    keys: TicketKeys
    tickets: TicketCheck
    lookup: Lookup


@asynccontextmanager
async def open_parts(
    settings: Settings, client: Client | None = None, *, pool: int | None = None
) -> AsyncIterator[Parts]:
    """The parts, started, for as long as the caller works with them.

    `client` is Temporal where the caller has reached it; else it is reached when it is first asked.
    `pool` is how many connections the database may have, else as the settings say.
    """
    url = settings.database_url.get_secret_value()
    database = Database(url, pool or settings.database_pool)
    if client is None:
        client = await connect(settings.temporal_address, settings.temporal_namespace, lazy=True)
    gateway = Gateway(client, database, settings)
    intake = Intake(url, settings.receipt_key, queue=settings.intake_queue)
    keys = TicketKeys(settings.credential_key)
    await intake.start()
    try:
        yield Parts(
            settings=settings,
            database=database,
            journal=Journal(database),
            client=client,
            gateway=gateway,
            clocks=CaseClocks(database, gateway),
            intake=intake,
            keys=keys,
            tickets=TicketCheck(keys, settings.credential_key),
            lookup=Lookup(database),
        )
    finally:
        await intake.stop()
        await database.dispose()
