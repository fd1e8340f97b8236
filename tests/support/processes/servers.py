"""Temporal's servers for tests: the real one, and the one that skips time."""

import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from temporalio.api.operatorservice.v1 import AddSearchAttributesRequest
from temporalio.client import Client, Interceptor
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.testing import WorkflowEnvironment

from models.values.search_attributes import SEARCH_ATTRIBUTES
from runtime.temporal import INDEXED_AS
from workflows.search_attributes import DUE_AT, NEEDS_ATTENTION, PLACE, RENOVATION_STAGE, TITLE

DEV_SERVER = Path(sys.executable).with_name("temporal")
TEST_SERVER = Path(sys.executable).with_name("temporal-test-server")


@asynccontextmanager
async def time_skipping() -> AsyncIterator[WorkflowEnvironment]:
    """A server of one clock, with our search attributes; it cannot list them, only take them."""
    async with await WorkflowEnvironment.start_time_skipping(
        data_converter=pydantic_data_converter, test_server_existing_path=str(TEST_SERVER)
    ) as env:
        await env.client.operator_service.add_search_attributes(
            AddSearchAttributesRequest(
                namespace=env.client.namespace,
                search_attributes={each.name: INDEXED_AS[each.kind] for each in SEARCH_ATTRIBUTES},
            )
        )
        yield env


async def plain_client(
    env: WorkflowEnvironment, interceptors: Sequence[Interceptor] = ()
) -> Client:
    """A client that never skips time by itself: `result()` of the environment's own one does, and
    leaves the clock of this server unable to sleep afterwards.
    """
    target = env.client.service_client.config.target_host
    return await Client.connect(
        target, data_converter=pydantic_data_converter, interceptors=interceptors
    )


@asynccontextmanager
async def dev_server(
    *values: str, ui_port: int | None = None, more: Sequence[str] = ()
) -> AsyncIterator[WorkflowEnvironment]:
    """The real server, in memory, with our search attributes and the product's settings.

    `values` are more of its dynamic configuration, as name=value; with a port it shows its UI there.
    """
    settings = ("history.transferProcessorMaxPollRPS=1000", *values)
    async with await WorkflowEnvironment.start_local(
        data_converter=pydantic_data_converter,
        dev_server_existing_path=str(DEV_SERVER),
        search_attributes=[DUE_AT, NEEDS_ATTENTION, PLACE, RENOVATION_STAGE, TITLE],
        dev_server_log_level="error",
        ui=ui_port is not None,
        ui_port=ui_port,
        dev_server_extra_args=[
            *(each for value in settings for each in ("--dynamic-config-value", value)),
            *more,
        ],
    ) as env:
        yield env
