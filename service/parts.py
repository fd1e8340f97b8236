"""The parts of the service, put together in one place for the HTTP application and for commands."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from temporalio.client import Client

from runtime.database import Database
from runtime.intake.journal import GatheredJournal
from runtime.record.heads import heads_of
from runtime.record.journal import Journal
from runtime.seals import signer_of
from runtime.settings import Settings
from runtime.temporal import connect, way_of
from service.access.tickets import TicketCheck, TicketKeys, keys_of
from service.ballots.intake import Intake
from service.ballots.lookup import Lookup
from service.clock.moving import CaseClocks
from service.edge.ready import ReadyCounts
from service.gateway import Gateway
from service.history.kept import KeptEvidence
from service.programs.public_keys import PortalKeys


@dataclass(frozen=True, kw_only=True)
class Parts:
    """The parts of a running service."""

    settings: Settings
    database: Database
    journal: Journal
    gathered: GatheredJournal
    """For what many send at once to one case."""
    client: Client
    gateway: Gateway
    clocks: CaseClocks
    intake: Intake
    keys: TicketKeys
    tickets: TicketCheck
    lookup: Lookup
    portal_keys: PortalKeys
    ready: ReadyCounts
    ready_cases: ReadyCounts
    """What everybody reads of a case, with turns of its own: it waits for no count of a large vote."""
    evidence: KeptEvidence
    """The evidence of cases: made one at a time in a process, whoever asks."""


@asynccontextmanager
async def open_parts(
    settings: Settings, client: Client | None = None, *, pool: int | None = None
) -> AsyncIterator[Parts]:
    """The parts, started, for as long as the caller works with them.

    `client` is Temporal where the caller has reached it; else it is reached when it is first asked.
    `pool` is how many connections the database may have, else as the settings say.
    """
    url = settings.database_url.get_secret_value()
    database = Database(url, pool or settings.database_pool, settings.statement_timeout_s)
    if client is None:
        address, namespace = settings.temporal_address, settings.temporal_namespace
        client = await connect(address, namespace, lazy=True, way=way_of(settings))
    heads, signer = heads_of(settings), signer_of(settings)
    journal = Journal(database, heads, signer)
    gathered = GatheredJournal(database, heads, signer, room=settings.intake_queue)
    gateway = Gateway(client, database, settings)
    intake = Intake(url, settings.receipt_key, queue=settings.intake_queue)
    keys = keys_of(settings)
    ready = ReadyCounts(settings.counts_age_s)
    await intake.start()
    try:
        yield Parts(
            settings=settings,
            database=database,
            journal=journal,
            gathered=gathered,
            client=client,
            gateway=gateway,
            clocks=CaseClocks(database, journal, gateway),
            intake=intake,
            keys=keys,
            tickets=TicketCheck(keys, settings.credential_key),
            lookup=Lookup(database, ready),
            ready=ready,
            ready_cases=ReadyCounts(settings.counts_age_s),
            evidence=KeptEvidence(),
            portal_keys=PortalKeys(settings.portal_jwks),
        )
    finally:
        await gathered.stop()
        await intake.stop()
        await database.dispose()
