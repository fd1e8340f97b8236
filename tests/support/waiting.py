"""Waiting for what another connection or process does."""

import asyncio
from collections.abc import Awaitable, Callable

import asyncpg

BLOCKED = """
SELECT count(*) FROM pg_stat_activity WHERE pg_backend_pid() = ANY (pg_blocking_pids(pid))
"""
PATIENCE_S = 20


async def eventually(holds: Callable[[], Awaitable[bool]]) -> None:
    """Return as soon as something that another process does is so."""
    async with asyncio.timeout(PATIENCE_S):
        while not await holds():
            await asyncio.sleep(0.05)


async def blocked_by(holder: asyncpg.Connection) -> None:
    """Return as soon as somebody waits for a lock that this connection holds."""
    async with asyncio.timeout(PATIENCE_S):
        while not await holder.fetchval(BLOCKED):
            await asyncio.sleep(0.01)
