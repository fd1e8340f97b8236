"""What every route works with: made once by the composition root, found on the application."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from fastapi import Request
from temporalio.client import Client

from runtime.database import Database
from runtime.record.journal import Journal
from runtime.settings import Settings
from runtime.temporal import connect
from service.ballots.intake import Intake
from service.ballots.lookup import Lookup
from service.clock.moving import CaseClocks
from service.gateway import Gateway
from service.http.credentials import VoterCheck


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
    voters: VoterCheck
    lookup: Lookup


@asynccontextmanager
async def open_parts(settings: Settings) -> AsyncIterator[Parts]:
    """The parts, started; Temporal is reached when it is first asked."""
    url = settings.database_url.get_secret_value()
    database = Database(url, settings.database_pool)
    client = await connect(settings.temporal_address, settings.temporal_namespace, lazy=True)
    gateway = Gateway(client, database, settings)
    intake = Intake(url, settings.receipt_key, queue=settings.intake_queue)
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
            voters=VoterCheck(settings.credential_key),
            lookup=Lookup(database),
        )
    finally:
        await intake.stop()
        await database.dispose()


def running_parts(request: Request) -> Parts:
    """The running parts, for `Depends`."""
    parts: Parts = request.app.state.parts
    return parts
