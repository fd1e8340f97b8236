"""The product in the test's process, on a Temporal server and a database that run: worker and service."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import httpx
from temporalio.client import Client, Interceptor
from temporalio.testing import WorkflowEnvironment

from runtime.database import Database
from runtime.engine.builds import make_current
from runtime.engine.workers import run_together
from runtime.settings import Settings
from runtime.temporal import connect, way_of
from service.app import create_app
from service.parts import Parts
from tests.support.box import BOX_KEY
from tests.support.processes.servers import plain_client
from tests.support.signed.keys import GATEWAY_KEY, GATEWAY_PUBLIC
from tests.support.votes.portal import portal_settings
from worker import workers_of


def settings_for(env: WorkflowEnvironment, database: Database) -> Settings:
    """Settings of these servers, with the keys of the tests."""
    return Settings(
        database_url=database.url,
        credential_key="0f" * 32,
        receipt_key="1e" * 32,
        bids_key="8b" * 32,
        counts_age_s=0,  # what a test has just done is counted
        box_key=BOX_KEY,
        gateway_key=GATEWAY_KEY,
        gateway_public=GATEWAY_PUBLIC,
        temporal_address=env.client.service_client.config.target_host,
        temporal_namespace=env.client.namespace,
        **portal_settings(),
    )


@asynccontextmanager
async def working(
    env: WorkflowEnvironment, client: Client, database: Database, settings: Settings
) -> AsyncIterator[None]:
    """The workers as the product runs them, of the current build.

    The server that skips time knows no builds: it gives its tasks to whoever polls.
    """
    async with run_together(workers_of(client, database, settings)):
        if not env.supports_time_skipping:
            await make_current(client, settings.task_queue, settings.build_id)
        yield


@asynccontextmanager
async def serving(
    env: WorkflowEnvironment,
    database: Database,
    interceptors: Sequence[Interceptor] = (),
    given: Settings | None = None,
) -> AsyncIterator[tuple[Parts, httpx.AsyncClient]]:
    """The parts of the service and its HTTP API, with the worker as the product runs it.

    `interceptors` stand between Temporal and that worker. With settings that are `given` the worker has a
    client of these settings too, with their codec.
    """
    settings = given or settings_for(env, database)
    app = create_app(settings)
    api = app.api
    if given is None:
        client = await plain_client(env, interceptors)
    else:
        address, namespace = settings.temporal_address, settings.temporal_namespace
        client = await connect(address, namespace, way=way_of(settings))
    async with (
        working(env, client, database, settings),
        api.router.lifespan_context(api),
        httpx.AsyncClient(
            transport=httpx.ASGITransport(app), base_url="http://test", timeout=60
        ) as http,
    ):
        yield api.state.parts, http
