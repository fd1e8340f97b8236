"""The worker: takes workflow and activity tasks from Temporal. Start it with `python worker.py`."""

import asyncio
import os
import signal
import sys
from collections.abc import Sequence

import structlog
import uvloop
from temporalio.client import Client
from temporalio.worker import Worker

from activities.registry import build_activities
from models.values.refusal import Refused, refusal
from proof.seals import GatewayKeys
from runtime.anchors.keys import anchors_of
from runtime.ballots.bundles import BundleMaker
from runtime.ballots.sealing import BoxKeys
from runtime.bidding.envelopes import envelopes_of, refuse_lost_keys
from runtime.database import Database
from runtime.engine.workers import build_workers, run_together
from runtime.gc import calm_collector
from runtime.language.sentences import sentence
from runtime.leaving import run_and_leave
from runtime.liveness import beat
from runtime.logging import configure_logging
from runtime.record.heads import heads_of
from runtime.replaying import drop_while_replaying
from runtime.settings import WorkerSettings, environment_names, read_settings, require
from runtime.temporal import reach
from workflows.registry import WORKFLOWS

log = structlog.get_logger("worker")
OVERTIME_S = 5
"""Seconds after the grace period at which a worker that cannot stop is ended."""


def workers_of(
    client: Client, database: Database, settings: WorkerSettings
) -> tuple[Worker, Worker]:
    """The engine with our workflows and activities: the worker of the queue, and its bulk worker."""
    activities = build_activities(
        database,
        box_keys_of(settings),
        gateway_keys_of(settings),
        heads_of(settings),
        envelopes_of(settings),
        anchors_of(settings),
    )
    return build_workers(client, settings, WORKFLOWS, activities)


def box_keys_of(settings: WorkerSettings) -> BoxKeys:
    """The keys of the ballot boxes, which the worker alone has.

    Raises:
        Refused: `settings.missing`.
    """
    if settings.box_key is None:
        name = environment_names(WorkerSettings)["box_key"]
        raise refusal("settings.missing", where=name, name=name)
    return BoxKeys(settings.box_key)


def gateway_keys_of(settings: WorkerSettings) -> GatewayKeys:
    """The keys by which the acts of people are known to have come through the gateway.

    Raises:
        Refused: `settings.missing`.
    """
    if not settings.gateway_public:
        name = environment_names(WorkerSettings)["gateway_public"]
        raise refusal("settings.missing", where=name, name=name)
    return GatewayKeys.read(settings.gateway_public)


async def run(settings: WorkerSettings) -> None:
    """Work until SIGTERM or SIGINT, then finish what is running within the grace period."""
    stopping = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopping.set)
    client = await reach(settings, settings.connect_timeout_s)
    database = Database(settings.database_url.get_secret_value(), settings.database_pool)
    try:
        await refuse_lost_keys(database, settings)
        await keep_heads(database, settings)
        workers = workers_of(client, database, settings)
        async with run_together(workers):
            log.info("worker_started", task_queue=settings.task_queue, build=settings.build_id)
            beating = _beat(settings, workers)
            making = asyncio.create_task(BundleMaker(database, box_keys_of(settings)).run())
            await stopping.wait()
            making.cancel()
            if beating is not None:
                beating.cancel()
            # Pollers of a server that is gone would be waited for without end; dying is safe here.
            patience_s = settings.shutdown_grace_s + OVERTIME_S
            asyncio.get_running_loop().call_later(patience_s, os._exit, 1)
        log.info("worker_stopped")
    finally:
        await database.dispose()


async def keep_heads(database: Database, settings: WorkerSettings) -> None:
    """Add the heads that a process which was killed could not keep outside of the database."""
    heads = heads_of(settings)
    if heads is not None and (added := await heads.catch_up(database)):
        log.info("heads_kept", added=added)


def _beat(settings: WorkerSettings, workers: Sequence[Worker]) -> asyncio.Task[None] | None:
    if settings.ready_file is None:
        return None

    def working() -> bool:
        return all(worker.is_running for worker in workers)

    return asyncio.create_task(beat(settings.ready_file, working))


def main() -> None:
    """Read the settings, configure the logs, run; a refusal is one clear line and exit code 1."""
    try:
        settings = read_settings(WorkerSettings)
        require(settings, "box_key", "heads_key", "bids_key")
        configure_logging(settings.log_level, settings.log_format, drop_while_replaying)
        calm_collector()
        uvloop.run(run(settings))
    except Refused as refusal:
        for problem in refusal.problems:
            print(f"worker: {sentence(problem)}", file=sys.stderr)  # noqa: T201 - logs may not be set
        sys.exit(1)


if __name__ == "__main__":
    run_and_leave(main)
