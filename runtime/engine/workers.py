"""How workers run: two in one process, of the build that the settings name (see `runtime.engine.builds`).

The one of the task queue itself walks the procedure and writes what people wait for. The one beside
it has slots of its own for activities of a row per resident, so that no count keeps an act waiting.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta
from typing import Any

from temporalio.client import Client
from temporalio.common import VersioningBehavior, WorkerDeploymentVersion
from temporalio.worker import PollerBehaviorAutoscaling, Worker, WorkerDeploymentConfig
from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner, SandboxRestrictions

from models.messages.ids import bulk_queue
from runtime.engine.builds import deployment_of
from runtime.settings import WorkerSettings

PASSED_THROUGH = (
    "workflows",
    "activities",
    "models",
    "rules",
    "formats",
    "proof",
    "pydantic",
    "structlog",
    "cryptography",
)
"""Loaded once per process, and not once per workflow that starts or replays. What the sandbox would
forbid in our own pure modules, import contracts, the linter and tests forbid.
"""


def build_workers(
    client: Client,
    settings: WorkerSettings,
    workflows: Sequence[type],
    activities: Sequence[Callable[..., Any]],
) -> tuple[Worker, Worker]:
    """The worker of the task queue and the one of its bulk queue, of the build of the settings.

    The first has every activity too: histories of before send the bulky ones to it.
    """
    version = WorkerDeploymentConfig(
        version=WorkerDeploymentVersion(deployment_of(settings.task_queue), settings.build_id),
        use_worker_versioning=True,
        default_versioning_behavior=VersioningBehavior.AUTO_UPGRADE,
    )
    grace = timedelta(seconds=settings.shutdown_grace_s)
    main = Worker(
        client,
        task_queue=settings.task_queue,
        workflows=workflows,
        activities=activities,
        workflow_runner=SandboxedWorkflowRunner(
            restrictions=SandboxRestrictions.default.with_passthrough_modules(*PASSED_THROUGH)
        ),
        max_cached_workflows=settings.max_cached_workflows,
        max_concurrent_activities=settings.max_concurrent_activities,
        workflow_task_poller_behavior=PollerBehaviorAutoscaling(minimum=2, initial=4, maximum=16),
        activity_task_poller_behavior=PollerBehaviorAutoscaling(minimum=1, initial=4, maximum=16),
        graceful_shutdown_timeout=grace,
        deployment_config=version,
    )
    bulk = Worker(
        client,
        task_queue=bulk_queue(settings.task_queue),
        activities=activities,
        # One connection of the pool at least is always left for what people wait for.
        max_concurrent_activities=min(
            settings.max_concurrent_bulk_activities, settings.database_pool - 1
        ),
        activity_task_poller_behavior=PollerBehaviorAutoscaling(minimum=1, initial=1, maximum=4),
        graceful_shutdown_timeout=grace,
        deployment_config=version,
    )
    return main, bulk


@asynccontextmanager
async def run_together(workers: Sequence[Worker]) -> AsyncIterator[None]:
    """Let them work inside the block; at its end all of them stop together, within one grace period."""
    async with AsyncExitStack() as running:
        for worker in workers:
            await running.enter_async_context(worker)
        try:
            yield
        finally:
            await asyncio.gather(*(worker.shutdown() for worker in workers))
