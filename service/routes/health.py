"""Is the process alive, and can it serve?"""

import asyncio
from collections.abc import Awaitable
from datetime import timedelta
from typing import Literal

import structlog
from fastapi import APIRouter
from sqlalchemy import text
from temporalio.api.workflowservice.v1 import DescribeNamespaceRequest

from models.values.base import Value
from models.values.refusal import problem, refuse_if_any
from service.parts import Parts
from service.routes.dependencies import RunningParts

PATIENCE_S = 3.0
router = APIRouter(prefix="/health", tags=["health"])
log = structlog.get_logger("health")


class Health(Value):
    """The answer of a healthy service."""

    status: Literal["ok"] = "ok"


@router.get("/live")
async def live() -> Health:
    """The process answers."""
    return Health()


@router.get("/ready")
async def ready(parts: RunningParts) -> Health:
    """The database has its schema and Temporal knows the namespace; 503 names what does not."""
    looks = {"database": _database(parts), "temporal": _temporal(parts)}
    answers = await asyncio.gather(*(_answers(name, look) for name, look in looks.items()))
    missing = [name for name, good in zip(looks, answers, strict=True) if not good]
    refuse_if_any(problem("service.not_ready", where=name, part=name) for name in missing)
    return Health()


async def _answers(name: str, look: Awaitable[None]) -> bool:
    try:
        async with asyncio.timeout(PATIENCE_S):
            await look
    except Exception as error:  # noqa: BLE001 - whatever the reason, this part cannot serve
        log.info("part_not_ready", part=name, reason=type(error).__name__)
        return False
    return True


async def _database(parts: Parts) -> None:
    async with parts.database.session() as session:
        await session.execute(text("SELECT 1 FROM renovation LIMIT 1"))


async def _temporal(parts: Parts) -> None:
    await parts.client.workflow_service.describe_namespace(
        DescribeNamespaceRequest(namespace=parts.client.namespace),
        timeout=timedelta(seconds=PATIENCE_S),
    )
