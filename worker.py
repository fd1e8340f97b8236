"""The worker: takes workflow and activity tasks from Temporal. Start it with `python worker.py`."""

import asyncio
import os
import signal
import sys
from datetime import timedelta

import structlog
import uvloop
from temporalio.client import Client
from temporalio.worker import PollerBehaviorAutoscaling, Worker
from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner, SandboxRestrictions

from activities.registry import build_activities
from models.values.refusal import Refused, refusal
from runtime.ballots.sealing import BoxKeys
from runtime.database import Database
from runtime.language.sentences import sentence
from runtime.leaving import run_and_leave
from runtime.liveness import beat
from runtime.logging import configure_logging
from runtime.replaying import drop_while_replaying
from runtime.settings import Settings, environment_names, read_settings
from runtime.temporal import connect_patiently
from workflows.registry import WORKFLOWS

log = structlog.get_logger("worker")
PASSED_THROUGH = (
    "workflows",
    "activities",
    "models",
    "rules",
    "formats",
    "proof",
    "pydantic",
    "structlog",
)
"""Loaded once per process, and not once per workflow that starts or replays. What the sandbox would
forbid in our own pure modules, import contracts, the linter and tests forbid.
"""
OVERTIME_S = 5
"""Seconds after the grace period at which a worker that cannot stop is ended."""


def build_worker(client: Client, database: Database, settings: Settings) -> Worker:
    """The engine with our workflows and activities; pollers scale themselves, the cache is bounded."""
    return Worker(
        client,
        task_queue=settings.task_queue,
        workflows=WORKFLOWS,
        activities=build_activities(database, box_keys_of(settings)),
        workflow_runner=SandboxedWorkflowRunner(
            restrictions=SandboxRestrictions.default.with_passthrough_modules(*PASSED_THROUGH)
        ),
        max_cached_workflows=settings.max_cached_workflows,
        max_concurrent_activities=settings.max_concurrent_activities,
        workflow_task_poller_behavior=PollerBehaviorAutoscaling(minimum=2, initial=4, maximum=16),
        activity_task_poller_behavior=PollerBehaviorAutoscaling(minimum=1, initial=4, maximum=16),
        graceful_shutdown_timeout=timedelta(seconds=settings.shutdown_grace_s),
    )


def box_keys_of(settings: Settings) -> BoxKeys:
    """The keys of the ballot boxes, which the worker alone has.

    Raises:
        Refused: `settings.missing`.
    """
    if settings.box_key is None:
        name = environment_names(Settings)["box_key"]
        raise refusal("settings.missing", where=name, name=name)
    return BoxKeys(settings.box_key)


async def run(settings: Settings) -> None:
    """Work until SIGTERM or SIGINT, then finish what is running within the grace period."""
    stopping = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopping.set)
    client = await connect_patiently(
        settings.temporal_address, settings.temporal_namespace, settings.connect_timeout_s
    )
    database = Database(settings.database_url.get_secret_value(), settings.database_pool)
    try:
        worker = build_worker(client, database, settings)
        async with worker:
            log.info("worker_started", task_queue=settings.task_queue)
            beating = _beat(settings, worker)
            await stopping.wait()
            if beating is not None:
                beating.cancel()
            # Pollers of a server that is gone would be waited for without end; dying is safe here.
            patience_s = settings.shutdown_grace_s + OVERTIME_S
            asyncio.get_running_loop().call_later(patience_s, os._exit, 1)
        log.info("worker_stopped")
    finally:
        await database.dispose()


def _beat(settings: Settings, worker: Worker) -> asyncio.Task[None] | None:
    if settings.ready_file is None:
        return None
    return asyncio.create_task(beat(settings.ready_file, lambda: worker.is_running))


def main() -> None:
    """Read the settings, configure the logs, run; a refusal is one clear line and exit code 1."""
    try:
        settings = read_settings(Settings)
        configure_logging(settings.log_level, settings.log_format, drop_while_replaying)
        uvloop.run(run(settings))
    except Refused as refusal:
        for problem in refusal.problems:
            print(f"worker: {sentence(problem)}", file=sys.stderr)  # noqa: T201 - logs may not be set
        sys.exit(1)


if __name__ == "__main__":
    run_and_leave(main)
