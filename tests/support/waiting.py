"""Waiting for what another connection or process does."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

import asyncpg
from temporalio.client import WorkflowHandle
from temporalio.service import RPCError

BLOCKED = """
SELECT count(*) FROM pg_stat_activity WHERE pg_backend_pid() = ANY (pg_blocking_pids(pid))
"""
QUEUED = """
SELECT count(*) FROM pg_stat_activity
WHERE datname = current_database() AND cardinality(pg_blocking_pids(pid)) > 0
"""
PATIENCE_S = 120


async def eventually(holds: Callable[[], Awaitable[bool]]) -> None:
    """Return as soon as something that another process does is so."""
    async with asyncio.timeout(PATIENCE_S):
        while not await holds():
            await asyncio.sleep(0.05)


async def blocked_by(holder: asyncpg.Connection, waiting: int = 1) -> None:
    """Return as soon as so many wait for a lock that this connection holds, or behind one who does."""
    async with asyncio.timeout(PATIENCE_S):
        while await holder.fetchval(BLOCKED if waiting == 1 else QUEUED) < waiting:
            # In a transaction, who is connected is looked up once, unless one asks anew.
            await holder.execute("SELECT pg_stat_clear_snapshot()")
            await asyncio.sleep(0.01)


async def begun(handle: WorkflowHandle[Any, Any]) -> None:
    """Return as soon as the engine knows the workflow: the record names a stage before it begins."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            with suppress(RPCError):
                await handle.describe()
                return
            await asyncio.sleep(0.05)
